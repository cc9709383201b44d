// Refused by the compiler: the operation returns a reference
#include <algorithm>
#include <vector>

#include "threadwise/parallel_reduce.hpp"

long greatest(const std::vector<long>& values) {
    return threadwise::parallel_reduce(values, 0L,
                                       [](const long& a, const long& b) -> const long& { return std::max(a, b); });
}
