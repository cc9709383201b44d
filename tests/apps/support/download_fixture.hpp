#pragma once
// What the tests of `threadwise download` share.

#include <gtest/gtest.h>

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/support/folder_contents.hpp"
#include "apps/support/run_command.hpp"
#include "files/digest.hpp"
#include "files/temporary_folder.hpp"

namespace test {

inline const std::string content = [] {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += static_cast<char>(i * 7 + i / 256);
    return text;
}();

inline std::string digest_of(const std::string& text) {
    command::Hasher hasher;
    hasher.update(std::as_bytes(std::span(text)));
    return hasher.digest().hex;
}

class Download : public testing::Test {
public:
    // Fast retries, so that tests that need them do not wait.
    CommandResult download(std::vector<std::string> arguments) {
        const std::vector<std::string> always{"download", "--backoff", "0.001", "-d", out};
        arguments.insert(arguments.begin(), always.begin(), always.end());
        return run_threadwise(std::move(arguments));
    }

    std::string list(const std::string& text) {
        const auto path = scratch.path() / "list";
        write_file(path, text);
        return path;
    }

    command::TemporaryFolder scratch;
    std::filesystem::path out = scratch.path() / "out";
};

}  // namespace test
