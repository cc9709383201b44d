#pragma once
// The program and the shared libraries that are loaded.

#include <link.h>

#include <cstddef>

namespace threadwise::platform {

/// dl_iterate_phdr(), fit for programs that fork: calls `visit` for each object until one call returns other than 0.
void visit_objects(int (*visit)(dl_phdr_info*, std::size_t, void*), void* data);

/// Whether the address lies in what was loaded of the object.
bool holds(const dl_phdr_info& object, const void* address) noexcept;

}  // namespace threadwise::platform
