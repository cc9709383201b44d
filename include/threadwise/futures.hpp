#pragma once
// All of Python's concurrent.futures, and task groups.

#include "threadwise/as_completed.hpp"
#include "threadwise/executor.hpp"
#include "threadwise/executor_errors.hpp"
#include "threadwise/future.hpp"
#include "threadwise/parallel_find.hpp"
#include "threadwise/parallel_for.hpp"
#include "threadwise/parallel_invoke.hpp"
#include "threadwise/parallel_merge.hpp"
#include "threadwise/parallel_reduce.hpp"
#include "threadwise/parallel_scan.hpp"
#include "threadwise/parallel_sort.hpp"
#include "threadwise/parallel_transform.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"
#include "threadwise/wait.hpp"
