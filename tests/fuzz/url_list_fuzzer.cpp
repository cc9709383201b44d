// Lists of URLs, and the names that URLs give: no name leads out of the folder.

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "base/failure.hpp"
#include "download/download_plan.hpp"
#include "download/url_list.hpp"
#include "fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::istringstream input(std::string(reinterpret_cast<const char*>(data), size));
    try {
        for (const auto& target : command::plan_downloads(command::read_url_list(input), nullptr)) {
            require(!target.name.empty() && target.name.front() != '/');
            const std::string name = "/" + target.name + "/";
            require(name.find("/../") == std::string::npos && name.find('\0') == std::string::npos);
        }
    } catch (const command::Failure& failure) {
        require(failure.code() == command::request_wrong && *failure.what() != '\0');
    }
    return 0;
}
