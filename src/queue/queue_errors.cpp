#include "threadwise/queue_errors.hpp"

namespace threadwise {

Empty::Empty() : std::runtime_error("the queue is empty") {}
Full::Full() : std::runtime_error("the queue is full") {}
Full::Full(const std::string& what) : std::runtime_error(what) {}
ShutDown::ShutDown() : std::runtime_error("the queue has been shut down") {}

// Here, so that each type has its identity in one place, the library.
Empty::~Empty() = default;
Full::~Full() = default;
ShutDown::~ShutDown() = default;

}  // namespace threadwise
