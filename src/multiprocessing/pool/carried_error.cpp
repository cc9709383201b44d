#include "multiprocessing/pool/carried_error.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <typeinfo>

#include "multiprocessing/memory/os_error.hpp"
#include "runtime/base/exception_text.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/executor_errors.hpp"
#include "threadwise/multiprocessing/errors.hpp"
#include "threadwise/process_pool_options.hpp"

namespace threadwise::multiprocessing {
namespace {

/// A type that is made of its text.
struct KnownType {
    const std::type_info* type;
    std::exception_ptr (*make)(const std::string& what);
};

template <class Error>
constexpr KnownType known{.type = &typeid(Error),
                          .make = [](const std::string& what) { return std::make_exception_ptr(Error(what)); }};

const std::array known_types{
    known<std::runtime_error>, known<std::logic_error>,    known<std::invalid_argument>,
    known<std::domain_error>,  known<std::length_error>,   known<std::out_of_range>,
    known<std::range_error>,   known<std::overflow_error>, known<std::underflow_error>,
    known<RuntimeError>,       known<ValueError>,          known<TimeoutError>,
    known<InterruptedError>,   known<CancelledError>,      known<EOFError>,
    known<BrokenProcessPool>,  known<RemoteError>,
};

/// What comes before the text: an index of known_types, or one of these.
enum Tag : std::uint32_t { unknown = 1000, os_error };

struct Header {
    std::uint32_t tag = unknown;
    std::int32_t number = 0;  ///< of an OSError
};

Header header_of(const std::exception& error) noexcept {
    if (const auto* const os = dynamic_cast<const OSError*>(&error))
        return {.tag = os_error, .number = os->code().value()};
    for (std::uint32_t i = 0; i < known_types.size(); ++i) {
        if (*known_types.at(i).type == typeid(error)) return {.tag = i};
    }
    return {};
}

std::string packed(const Header& header, std::string_view text) {
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
    return bytes += text;
}

std::exception_ptr make_os_error(int number, std::string what) {
    // The text ends with what the number means, which is added again.
    const std::string meaning = ": " + std::generic_category().message(number);
    if (what.ends_with(meaning)) what.resize(what.size() - meaning.size());
    try {
        throw_os_error(number, what);
    } catch (...) {
        return std::current_exception();
    }
}

}  // namespace

std::string pack_error(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& known_error) {
        const Header header = header_of(known_error);
        return packed(header, header.tag == unknown ? runtime::exception_text(error) : known_error.what());
    } catch (...) {
        return packed({}, runtime::exception_text(error));
    }
}

std::exception_ptr unpack_error(std::span<const std::byte> bytes) {
    Header header;
    if (bytes.size() < sizeof(header)) return std::make_exception_ptr(RemoteError("an exception without a text"));
    std::memcpy(&header, bytes.data(), sizeof(header));
    bytes = bytes.subspan(sizeof(header));
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (header.tag == os_error) return make_os_error(header.number, text);
    if (header.tag < known_types.size()) return known_types.at(header.tag).make(text);
    return std::make_exception_ptr(RemoteError(text));
}

}  // namespace threadwise::multiprocessing
