#include "threadwise/process_pool_options.hpp"

namespace threadwise {

BrokenProcessPool::~BrokenProcessPool() = default;
RemoteError::~RemoteError() = default;

}  // namespace threadwise
