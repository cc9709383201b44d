// Requests to the file server, as bytes: each answer is about a file below the folder, and its header is well-formed.

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include "files/enclosure.hpp"
#include "files/temporary_folder.hpp"
#include "fuzz/require.hpp"
#include "server/answer.hpp"
#include "server/request_message.hpp"

namespace {

namespace http = boost::beast::http;

/// A folder with a file, a folder and a way out.
struct Served {
    command::TemporaryFolder scratch;
    command::Enclosure folder;

    Served() : folder(prepare(scratch.path() / "served")) {}

    static std::filesystem::path prepare(const std::filesystem::path& path) {
        std::filesystem::create_directories(path / "folder");
        std::ofstream(path / "a") << "0123456789";
        std::ofstream(path / ".." / "secret") << "secret";
        std::filesystem::create_symlink("../secret", path / "out");
        return path;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Served served;
    http::request_parser<http::string_body> parser;
    parser.header_limit(16384);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(data, size), error);
    if (error || !parser.is_header_done()) return 0;

    const command::Answer answer =
        command::answer_to(command::file_request(parser.get()), served.folder, true, 1'000'000'000);
    require(answer.status >= 200 && answer.status < 600);
    for (const auto& [name, text] : answer.headers) require(text.find_first_of("\r\n") == std::string::npos);
    if (answer.file) {
        const std::string path = answer.file->file.path();
        require(path.starts_with(served.folder.folder().string() + "/"));
        for (const auto& piece : answer.content) require(piece.part.end <= 10);
    }
    return 0;
}
