#pragma once

/// \file
/// What an item of a queue between processes becomes: its own bytes where those are all there is to it, the characters
/// of a string, else what cereal makes of it.

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "threadwise/detail/multiprocessing/processes/pack_value.hpp"
#include "threadwise/detail/multiprocessing/queues/shared_ring.hpp"
#include "threadwise/detail/multiprocessing/shareable.hpp"

namespace threadwise::multiprocessing::detail {

#if __has_include(<cereal/cereal.hpp>)
template <class T>
inline constexpr bool has_own_way = is_known_to_cereal<T>;
#else
template <class T>
inline constexpr bool has_own_way = false;
#endif

/// Whether an item is copied by its bytes. Not a class that says itself how it is written.
template <class T>
inline constexpr bool is_raw_item = std::is_arithmetic_v<T> || std::is_enum_v<T> ||
                                    (can_be_passed_by_bytes<T> && !has_own_way<T>);
template <class T, std::size_t size>
inline constexpr bool is_raw_item<std::array<T, size>> = is_raw_item<T>;
template <class Rep, class Period>
inline constexpr bool is_raw_item<std::chrono::duration<Rep, Period>> = is_raw_item<Rep>;

template <class T>
inline constexpr std::size_t item_size = is_raw_item<T> ? sizeof(T) : 0;

template <class T>
bool put_item(SharedRing& ring, const T& item, const RingWait& wait) {
    if constexpr (is_raw_item<T>) {
        return ring.put(std::as_bytes(std::span(std::addressof(item), 1)), wait);
    } else if constexpr (std::is_same_v<T, std::string>) {
        return ring.put(std::as_bytes(std::span(item)), wait);
    } else {
        const std::string bytes = pack_value(item);
        return ring.put(std::as_bytes(std::span(bytes)), wait);
    }
}

/// Gets an item and gives it to `use`, or calls `none`.
template <class T, class Use, class None>
auto get_item(SharedRing& ring, const RingWait& wait, Use use, None none) {
    if constexpr (is_raw_item<T>) {
        alignas(T) std::array<std::byte, sizeof(T)> bytes;
        return ring.get(bytes.data(), wait) ? use(std::bit_cast<T>(bytes)) : none();
    } else if constexpr (std::is_same_v<T, std::string>) {
        std::string item;
        return ring.get(item, wait) ? use(std::move(item)) : none();
    } else {
        std::string bytes;
        return ring.get(bytes, wait) ? use(unpack_value<T>(std::as_bytes(std::span(bytes)))) : none();
    }
}

}  // namespace threadwise::multiprocessing::detail
