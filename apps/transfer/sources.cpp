#include "transfer/sources.hpp"

#include <algorithm>
#include <utility>

#include "http/file_url.hpp"

namespace command {

bool has_source(const DownloadTarget& target, std::string_view url) {
    return url == url_without_password(target.url) ||
           std::ranges::find(target.mirrors, url, url_without_password) != target.mirrors.end();
}

Sources::Sources(const DownloadTarget& target) : urls_{target.url} {
    urls_.insert(urls_.end(), target.mirrors.begin(), target.mirrors.end());
}

void Sources::prefer(std::string_view url) {
    const auto found =
        std::ranges::find(urls_, url, [](const std::string& source) { return parse_file_url(source).plain_url; });
    if (found != urls_.end()) std::rotate(urls_.begin(), found, urls_.end());
}

bool Sources::turn_to_next() {
    if (++failed_ >= urls_.size()) {
        failed_ = 0;
        return false;
    }
    std::rotate(urls_.begin(), urls_.begin() + 1, urls_.end());
    return true;
}

bool Sources::drop(std::string problem) {
    if (urls_.size() == 1) return false;
    dropped_.push_back({std::move(urls_.front()), std::move(problem)});
    urls_.erase(urls_.begin());
    failed_ = 0;
    return true;
}

}  // namespace command
