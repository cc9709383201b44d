#include "threadwise/multiprocessing/owner_died.hpp"

namespace threadwise::multiprocessing {

OwnerDiedError::~OwnerDiedError() = default;

}  // namespace threadwise::multiprocessing
