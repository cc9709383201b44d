#pragma once

/// \file
/// How calls for other processes become bytes, and are made there. Needs cereal's headers (Debian: libcereal-dev).

#include "threadwise/detail/multiprocessing/processes/packed_call.hpp"

#if __has_include(<cereal/cereal.hpp>)

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "threadwise/detail/multiprocessing/processes/archive.hpp"
#include "threadwise/detail/multiprocessing/processes/descriptors.hpp"
#include "threadwise/detail/threads/check_call.hpp"

namespace threadwise::multiprocessing::detail {

/// A function object of which the type says everything: a lambda without captures, std::plus.
template <class Function>
concept Stateless = std::is_empty_v<Function> && std::default_initializable<Function>;

template <class Function>
void pack_function(OutArchive& out, const Function& function) {
    static_assert(!std::is_member_pointer_v<Function>,
                  "threadwise: a pointer to a member cannot be passed to another process: pass a lambda that calls it");
    if constexpr (!Stateless<Function>) {
        static_assert(
            is_function_pointer<Function> || is_known_to_cereal<Function>,
            "threadwise: a lambda with captures cannot be passed to another process: pass what it captures as "
            "arguments; a function object needs a serialize(archive) as cereal knows it");
        pack_as<Function>(out, function);
    }
}

template <class Function>
Function unpack_function(InArchive& in) {
    if constexpr (Stateless<Function>) {
        return Function{};
    } else {
        return unpack<Function>(in);
    }
}

template <Results results, class Function, class... Arguments>
void run_packed(std::span<const std::byte> bytes, std::string& result) {
    InArchive call(bytes);
    auto function = unpack_function<Function>(call);
    std::tuple<Arguments...> arguments{unpack<Arguments>(call)...};  // braces: in this order
    const auto invoke = [&function](Arguments&... each) -> decltype(auto) {
        return std::invoke(std::move(function), std::move(each)...);
    };
    using Result = std::invoke_result_t<Function, Arguments...>;
    if constexpr (results == Results::dropped || std::is_void_v<Result>) {
        std::apply(invoke, arguments);
    } else {
        OutArchive out;
        pack(out, std::apply(invoke, arguments));
        result += out.bytes();
    }
}

template <Results results, class Function, class... Arguments>
PackedCall pack_call(Passing passing, const Function& function, const Arguments&... arguments) {
    using F = std::decay_t<const Function&>;
    threadwise::detail::check_call<F, Passed<const Arguments&>...>();
    OutArchive out(passing);
    pack_function<F>(out, function);
    (pack(out, arguments), ...);
    const RunPacked run = &run_packed<results, F, Passed<const Arguments&>...>;
    return {.run = code_address(reinterpret_cast<const void*>(run)),
            .bytes = std::move(out.bytes()),
            .descriptors = std::move(out.descriptors())};
}

}  // namespace threadwise::multiprocessing::detail

#else

namespace threadwise::multiprocessing::detail {

template <Results results, class Function, class... Arguments>
PackedCall pack_call(Passing /*passing*/, const Function& /*function*/, const Arguments&... /*arguments*/) {
    static_assert(sizeof(Function) == 0,
                  "threadwise: calls in other processes need the headers of cereal, which are not installed (Debian: "
                  "libcereal-dev)");
    return {};
}

}  // namespace threadwise::multiprocessing::detail

#endif
