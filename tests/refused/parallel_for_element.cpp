// Refused by the compiler: the body cannot be called with an index
#include <string>
#include <vector>

#include "threadwise/parallel_for.hpp"

void loop(const std::vector<std::string>& names) {
    threadwise::parallel_for(names, [](std::string& name) { name.clear(); });
}
