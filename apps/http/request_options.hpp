#pragma once
// How files are asked for.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace command {

/// The same for all requests of a run. What is marked as private goes to the origin (scheme, host and port) of a URL
/// that the user gave, and nowhere else: not where a redirection leads, and not to the mirrors of a Metalink file.
struct RequestOptions {
    std::chrono::seconds timeout{30};       ///< for connecting, and the longest time in which nothing arrives
    std::vector<std::string> headers = {};  ///< "Name: value"; private
    std::string user = {};                  ///< "NAME:PASSWORD" for URLs that have none in them; private
    bool use_netrc = false;                 ///< take users and passwords from netrc_file; private
    std::string netrc_file = {};            ///< "": ~/.netrc
    std::string cookie_file = {};           ///< Netscape's format; each cookie goes to its domain alone
    std::string certificate = {};           ///< of the client (PEM); private
    std::string key = {};                   ///< of the certificate (PEM); "": it is in the certificate's file
    std::string referer = {};               ///< private
    std::string user_agent = "threadwise";
    std::string ca_file = {};      ///< certificates to trust (PEM); "": the system's
    bool use_proxy = true;         ///< one at all
    std::string proxy = {};        ///< its URL; "": what http_proxy and its like say
    std::uint64_t rate = 0;        ///< bytes a second of one transfer; 0: no limit
    bool may_leave_https = false;  ///< whether a redirection may lead from https to http
};

}  // namespace command
