#pragma once
// Names of functions and types, as the program's source has them.

#include <string>
#include <typeinfo>

namespace threadwise::platform {

/// The unqualified name of the function that begins at this address, without template arguments and parameters; "" if
/// the program was stripped of its symbols, or the platform has no way to ask. Reads the symbol table from the
/// program's file: some microseconds to milliseconds, by its size.
std::string function_name(const void* address);

/// "std::runtime_error", where typeid's name is "St13runtime_error".
std::string type_name(const std::type_info& type);

/// What a linker's name stands for; itself if it is no C++ name.
std::string demangled(const char* name);

/// "run" of "tasks::Fetch<int>::run(int)".
std::string unqualified(const std::string& function);

}  // namespace threadwise::platform
