#pragma once

/// \file
/// All of Python's `threading`: threads, and what they wait for each other with.

#include "threadwise/barrier.hpp"
#include "threadwise/condition.hpp"
#include "threadwise/embed/blocking_hooks.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/event.hpp"
#include "threadwise/excepthook.hpp"
#include "threadwise/hold.hpp"
#include "threadwise/interpreter_lock.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/latch.hpp"
#include "threadwise/local.hpp"
#include "threadwise/lock.hpp"
#include "threadwise/once.hpp"
#include "threadwise/recycling.hpp"
#include "threadwise/rlock.hpp"
#include "threadwise/semaphore.hpp"
#include "threadwise/shared_lock.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/stack_size.hpp"
#include "threadwise/thread.hpp"
#include "threadwise/thread_handle.hpp"
#include "threadwise/timeout.hpp"
#include "threadwise/timer.hpp"
