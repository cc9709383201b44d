#pragma once

/// \file
/// The errors of queues, by the names they have in Python's module `queue`.

#include <stdexcept>
#include <string>

#include "threadwise/export.hpp"

namespace threadwise {

/// There was no item: not at once, or not within the timeout.
class THREADWISE_API Empty : public std::runtime_error {
public:
    Empty();
    ~Empty() override;
};

/// There was no room: not at once, or not within the timeout.
class THREADWISE_API Full : public std::runtime_error {
public:
    Full();
    explicit Full(const std::string& what);
    ~Full() override;
};

/// The queue was shut down: nothing can be put any more, or nothing is left to get.
class THREADWISE_API ShutDown : public std::runtime_error {
public:
    ShutDown();
    ~ShutDown() override;
};

}  // namespace threadwise
