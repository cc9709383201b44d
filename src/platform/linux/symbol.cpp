#include "platform/symbol.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "platform/linux/loaded_objects.hpp"

namespace threadwise::platform {
namespace {

/// The object that a code address lies in: the program itself or a shared library.
struct LoadedObject {
    const char* file = nullptr;  ///< for as long as the object is loaded
    std::uintptr_t offset = 0;   ///< of its addresses in memory to those in the file
};

struct Search {
    const void* address;
    std::optional<LoadedObject> found;
};

int match_object(dl_phdr_info* info, std::size_t /*size*/, void* argument) {
    auto& search = *static_cast<Search*>(argument);
    if (!holds(*info, search.address)) return 0;
    const bool is_program = info->dlpi_name == nullptr || *info->dlpi_name == '\0';
    // Nothing is allocated here, where the loader's lock is held.
    search.found = LoadedObject{is_program ? "/proc/self/exe" : info->dlpi_name, info->dlpi_addr};
    return 1;
}

class MappedFile {
public:
    explicit MappedFile(const char* path) noexcept {
        const int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) return;
        struct stat status {};
        if (fstat(file, &status) == 0 && status.st_size > 0) {
            const auto size = static_cast<std::size_t>(status.st_size);
            void* const begin = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
            if (begin != MAP_FAILED) bytes_ = {static_cast<const std::byte*>(begin), size};
        }
        close(file);
    }
    ~MappedFile() {
        if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    /// `count` objects at an offset; none if the file does not hold them.
    template <class Object>
    std::span<const Object> at(std::size_t offset, std::size_t count) const noexcept {
        if (offset > bytes_.size() || count > (bytes_.size() - offset) / sizeof(Object)) return {};
        return {reinterpret_cast<const Object*>(bytes_.data() + offset), count};
    }

private:
    std::span<const std::byte> bytes_;
};

using Header = ElfW(Ehdr);
using Section = ElfW(Shdr);
using Symbol = ElfW(Sym);

std::string linker_name(const MappedFile& file, std::uintptr_t address) {
    const auto header = file.at<Header>(0, 1);
    if (header.empty()) return {};
    const auto sections = file.at<Section>(header[0].e_shoff, header[0].e_shnum);
    for (const Section& section : sections) {
        const bool has_symbols = section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM;
        if (!has_symbols || section.sh_link >= sections.size()) continue;
        const Section& strings = sections[section.sh_link];
        const auto names = file.at<char>(strings.sh_offset, strings.sh_size);
        for (const Symbol& symbol : file.at<Symbol>(section.sh_offset, section.sh_size / sizeof(Symbol))) {
            const bool is_it = (symbol.st_info & 0xF) == STT_FUNC && symbol.st_value == address;
            if (is_it && symbol.st_name < names.size()) return names.data() + symbol.st_name;
        }
    }
    return {};
}

}  // namespace

std::string function_name(const void* address) {
    Search search{address, {}};
    visit_objects(match_object, &search);
    if (!search.found) return {};
    const MappedFile file(search.found->file);
    return unqualified(
        demangled(linker_name(file, reinterpret_cast<std::uintptr_t>(address) - search.found->offset).c_str()));
}

}  // namespace threadwise::platform
