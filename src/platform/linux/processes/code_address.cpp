#include "platform/processes/code_address.hpp"

#include <cstddef>

#include "platform/linux/loaded_objects.hpp"

namespace threadwise::platform {
namespace {

/// FNV-1a.
class Fingerprint {
public:
    void add(const void* bytes, std::size_t size) noexcept {
        const auto* const begin = static_cast<const unsigned char*>(bytes);
        for (std::size_t i = 0; i < size; ++i) value_ = (value_ ^ begin[i]) * 0x100000001b3;
    }
    std::uint64_t value() const noexcept { return value_; }

private:
    std::uint64_t value_ = 0xcbf29ce484222325;
};

const void* at(const dl_phdr_info& object, std::uint64_t offset) noexcept {
    return reinterpret_cast<const void*>(object.dlpi_addr + offset);
}

/// The segments' sizes, and the notes, of which the build id is one.
std::uint64_t fingerprint_of(const dl_phdr_info& object) noexcept {
    Fingerprint print;
    for (std::size_t i = 0; i < object.dlpi_phnum; ++i) {
        const ElfW(Phdr)& header = object.dlpi_phdr[i];
        if (header.p_type == PT_LOAD) print.add(&header, sizeof(header));
        if (header.p_type == PT_NOTE) print.add(at(object, header.p_vaddr), header.p_memsz);
    }
    return print.value();
}

bool holds_code(const dl_phdr_info& object, std::uint64_t offset) noexcept {
    for (std::size_t i = 0; i < object.dlpi_phnum; ++i) {
        const ElfW(Phdr)& header = object.dlpi_phdr[i];
        const bool is_code = header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0;
        if (is_code && offset >= header.p_vaddr && offset - header.p_vaddr < header.p_memsz) return true;
    }
    return false;
}

struct Search {
    const void* code = nullptr;
    CodeAddress address;
};

}  // namespace

CodeAddress code_address_of(const void* code) noexcept {
    Search search{.code = code, .address = {}};
    visit_objects(
        [](dl_phdr_info* object, std::size_t, void* data) {
            auto& wanted = *static_cast<Search*>(data);
            if (!holds(*object, wanted.code)) return 0;
            wanted.address = {.file = fingerprint_of(*object),
                              .offset = reinterpret_cast<std::uintptr_t>(wanted.code) - object->dlpi_addr};
            return 1;
        },
        &search);
    return search.address;
}

const void* find_code(CodeAddress address) noexcept {
    Search search{.code = nullptr, .address = address};
    visit_objects(
        [](dl_phdr_info* object, std::size_t, void* data) {
            auto& wanted = *static_cast<Search*>(data);
            if (!holds_code(*object, wanted.address.offset)) return 0;
            if (fingerprint_of(*object) != wanted.address.file) return 0;
            wanted.code = at(*object, wanted.address.offset);
            return 1;
        },
        &search);
    return search.code;
}

}  // namespace threadwise::platform
