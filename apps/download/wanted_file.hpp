#pragma once
// A file that a request to download asks for.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "files/digest.hpp"

namespace command {

struct WantedFile {
    std::string url;
    std::string name;                        ///< to keep the file under; "" for the one that the URL gives
    std::string where = {};                  ///< where the request has it ("urls.txt, line 3"); "": the command line
    std::vector<std::string> mirrors = {};   ///< further URLs of the same file, the best one first
    Digest digest = {};                      ///< empty if the request does not say it
    std::optional<std::uint64_t> size = {};  ///< if the request says it
    bool is_private = true;                  ///< whether the user chose the URLs, which may learn private options
};

}  // namespace command
