#pragma once

/// \file
/// Values as bytes, for other processes that run the same program: archives of cereal in memory.
///
/// What cereal knows can be passed: numbers, the standard library's strings, containers, optionals, tuples, variants,
/// smart pointers and times, and classes with a `serialize(archive)` (uscilab.github.io/cereal). So can trivially
/// copyable structs without pointers, by their bytes, and what has a descriptor that another process can attach to.

#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/bitset.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/common.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/multiprocessing/processes/descriptors.hpp"
#include "threadwise/detail/multiprocessing/processes/packed_call.hpp"
#include "threadwise/detail/multiprocessing/shareable.hpp"

namespace threadwise::multiprocessing::detail {

/// Where values are written to.
class OutArchive : public cereal::OutputArchive<OutArchive, cereal::AllowEmptyClassElision> {
public:
    explicit OutArchive(Passing passing = Passing::bytes)
        : cereal::OutputArchive<OutArchive, cereal::AllowEmptyClassElision>(this), passing_(passing) {}

    void write(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }

    /// Throws ValueError where only bytes can be passed, OSError for what is no descriptor.
    void pass(int descriptor) {
        if (passing_ == Passing::bytes) refuse_descriptor();
        const int number = descriptors_.add_duplicate(descriptor);
        write(&number, sizeof(number));
    }

    std::string& bytes() noexcept { return bytes_; }
    Descriptors& descriptors() noexcept { return descriptors_; }

private:
    std::string bytes_;
    Descriptors descriptors_;
    Passing passing_;
};

/// Where they are read from, in the same order.
class InArchive : public cereal::InputArchive<InArchive, cereal::AllowEmptyClassElision> {
public:
    explicit InArchive(std::span<const std::byte> bytes)
        : cereal::InputArchive<InArchive, cereal::AllowEmptyClassElision>(this), bytes_(bytes) {}

    void read(void* data, std::size_t size) {
        if (size > bytes_.size()) refuse_short_message();
        if (size != 0) std::memcpy(data, bytes_.data(), size);
        bytes_ = bytes_.subspan(size);
    }

    template <class Number>
    Number read_number() {
        Number number{};
        read(&number, sizeof(number));
        return number;
    }

private:
    std::span<const std::byte> bytes_;
};

// How cereal writes and reads what it does not take apart any further.
template <class T>
    requires std::is_arithmetic_v<T>
void save(OutArchive& archive, const T& value) { archive.write(&value, sizeof(value)); }
template <class T>
    requires std::is_arithmetic_v<T>
void load(InArchive& archive, T& value) { archive.read(&value, sizeof(value)); }
template <class T>
void save(OutArchive& archive, const cereal::BinaryData<T>& data) {
    archive.write(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void load(InArchive& archive, cereal::BinaryData<T>& data) {
    archive.read(data.data, static_cast<std::size_t>(data.size));
}
template <class Archive, class T>
    requires(std::same_as<Archive, OutArchive> || std::same_as<Archive, InArchive>)
void serialize(Archive& archive, cereal::NameValuePair<T>& pair) { archive(pair.value); }
template <class Archive, class T>
    requires(std::same_as<Archive, OutArchive> || std::same_as<Archive, InArchive>)
void serialize(Archive& archive, cereal::SizeTag<T>& tag) { archive(tag.size); }

/// What other processes attach to by its descriptor: Shared, Value, Array, SharedMemory.
template <class T>
concept Attachable = requires(const T& object, int descriptor) {
    { object.fileno() } -> std::convertible_to<int>;
    { T::attach(descriptor) } -> std::same_as<T>;
};

template <class T>
inline constexpr bool is_known_to_cereal = cereal::traits::is_output_serializable<T, OutArchive>::value&&
    cereal::traits::is_input_serializable<T, InArchive>::value;

template <class T>
inline constexpr bool is_function_pointer = std::is_pointer_v<T>&& std::is_function_v<std::remove_pointer_t<T>>;

/// What a value is while it is passed on: what views show becomes the thing itself.
template <class T>
struct PassedAs {
    using Type = T;
};
template <>
struct PassedAs<const char*> {
    using Type = std::string;
};
template <>
struct PassedAs<char*> {
    using Type = std::string;
};
template <>
struct PassedAs<std::string_view> {
    using Type = std::string;
};
template <class T, std::size_t extent>
struct PassedAs<std::span<T, extent>> {
    using Type = std::vector<std::remove_cv_t<T>>;
};
template <class T>
using Passed = typename PassedAs<std::decay_t<T>>::Type;

template <class T>
void pack_as(OutArchive& out, const T& value) {
    constexpr bool can_be_passed =
        Attachable<T> || is_function_pointer<T> || is_known_to_cereal<T> || can_be_passed_by_bytes<T>;
    static_assert(can_be_passed,
                  "threadwise: this type cannot be passed to another process: give it a serialize(archive) as cereal "
                  "knows it, include cereal's header for it, or pass what it consists of; pointers and references mean "
                  "nothing there");
    if constexpr (Attachable<T>) {
        out.pass(value.fileno());
    } else if constexpr (is_function_pointer<T>) {
        const CodeAddress address = code_address(reinterpret_cast<const void*>(value));
        out.write(&address, sizeof(address));
    } else if constexpr (is_known_to_cereal<T>) {
        out(value);
    } else if constexpr (can_be_passed) {
        out.write(&value, sizeof(value));
    }
}

/// Writes the value as a Passed<Value>.
template <class Value>
void pack(OutArchive& out, const Value& value) {
    using T = Passed<const Value&>;
    if constexpr (std::same_as<T, std::decay_t<const Value&>>) {
        pack_as<T>(out, value);
    } else if constexpr (std::same_as<T, std::string>) {
        pack_as<T>(out, T(value));
    } else {
        pack_as<T>(out, T(value.begin(), value.end()));
    }
}

/// Reads what pack() has written.
template <class T>
T unpack(InArchive& in) {
    if constexpr (Attachable<T>) {
        return T::attach(in.read_number<int>());
    } else if constexpr (is_function_pointer<T>) {
        return reinterpret_cast<T>(const_cast<void*>(find_code(in.read_number<CodeAddress>())));
    } else {
        static_assert(std::is_default_constructible_v<T>,
                      "threadwise: what is passed to another process is made there by its default constructor, which "
                      "this type has not");
        T value{};
        if constexpr (is_known_to_cereal<T>) {
            in(value);
        } else {
            in.read(&value, sizeof(value));
        }
        return value;
    }
}

}  // namespace threadwise::multiprocessing::detail

CEREAL_REGISTER_ARCHIVE(threadwise::multiprocessing::detail::OutArchive)
CEREAL_REGISTER_ARCHIVE(threadwise::multiprocessing::detail::InArchive)
CEREAL_SETUP_ARCHIVE_TRAITS(threadwise::multiprocessing::detail::InArchive,
                            threadwise::multiprocessing::detail::OutArchive)
