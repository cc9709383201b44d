#include "http/transfer_outcome.hpp"

#include <fmt/format.h>

namespace command {
namespace {

using Kind = TransferOutcome::Kind;

}  // namespace

TransferOutcome outcome_with(Kind kind, std::string problem, std::string advice) {
    TransferOutcome result;
    result.kind = kind;
    result.problem = std::move(problem);
    result.advice = std::move(advice);
    return result;
}

TransferOutcome outcome_of_code(CURLcode code, const std::string& details, std::chrono::seconds timeout) {
    const std::string what = details.empty() ? curl_easy_strerror(code) : details;
    switch (code) {
        case CURLE_OK: return {};
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return outcome_with(Kind::transient, what,
                                "check how the host is spelled, and that this machine has a network");
        case CURLE_COULDNT_CONNECT:
            return outcome_with(Kind::transient, what, "check the host and the port, and that the server runs");
        case CURLE_OPERATION_TIMEDOUT:
            return outcome_with(Kind::transient, fmt::format("nothing arrived for {} s", timeout.count()),
                                "try again later, or allow more time with --timeout SECONDS");
        case CURLE_PARTIAL_FILE:
            return outcome_with(Kind::transient, fmt::format("the server cut the file short: {}", what),
                                "try again later");
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return outcome_with(Kind::transient, fmt::format("the connection broke: {}", what), "try again later");
        case CURLE_UNSUPPORTED_PROTOCOL:
            return outcome_with(Kind::permanent, fmt::format("the server does not speak HTTP as it should: {}", what),
                                "check the URL, its port above all");
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_BAD_CONTENT_ENCODING:
            return outcome_with(Kind::permanent, fmt::format("the server's answer makes no sense: {}", what),
                                "ask those who run the server, or fetch the file elsewhere");
        case CURLE_PEER_FAILED_VERIFICATION:
            return outcome_with(Kind::permanent, fmt::format("the server cannot prove who it is: {}", what),
                                "check the URL; do not trust what this server sends");
        case CURLE_SSL_CERTPROBLEM:
            return outcome_with(Kind::permanent, fmt::format("the client's certificate cannot be used: {}", what),
                                "check the files that --cert and --key name; a key must not be encrypted");
        case CURLE_SSL_CACERT_BADFILE:
            return outcome_with(Kind::permanent, what, "check the file that --cacert or SSL_CERT_FILE names");
        default: return outcome_with(Kind::permanent, what, "check the URL");
    }
}

TransferOutcome outcome_of_status(long status) {
    const std::string problem = fmt::format("the server answered {}", status);
    switch (status) {
        case 401:
        case 403:
            return outcome_with(Kind::permanent, problem + " (not allowed)",
                                "check that the file may be read by everybody, or say who you are with --netrc, --user "
                                "or --header");
        case 407:
            return outcome_with(Kind::permanent, problem + " (the proxy asks who you are)",
                                "write it like --proxy http://USER:PASSWORD@HOST:PORT");
        case 404:
        case 410: return outcome_with(Kind::permanent, problem + " (there is no such file)", "check the URL");
        case 408:
        case 429:
            return outcome_with(Kind::transient, problem + " (too many requests)",
                                "try again later, with a smaller --jobs");
        default: break;
    }
    if (status >= 500) return outcome_with(Kind::transient, problem + " (an error of the server)", "try again later");
    return outcome_with(Kind::permanent, problem + " instead of a file", "check the URL");
}

}  // namespace command
