// Refused by the compiler: a string, a vector or an address means nothing in another process|what processes share must
// be trivially copyable
#include <string>

#include "threadwise/multiprocessing/shared_span.hpp"

void share(const threadwise::multiprocessing::SharedMemory& memory) {
    threadwise::multiprocessing::shared_span<std::string> names(memory);
}
