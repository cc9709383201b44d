/// The mutexes that are measured beside each other.
#pragma once

#include <mutex>
#include <vector>

#include "bench.hpp"
#include "futex.hpp"
#include "threadwise/lock.hpp"
#ifdef BENCH_ABSEIL
#include "abseil.hpp"
#endif
#ifdef BENCH_BOOST
#include <boost/thread/mutex.hpp>
#endif
#ifdef BENCH_TBB
#include <oneapi/tbb/mutex.h>
#endif

namespace bench {

/// `sample.template operator()<Mutex>()` measures one.
template <class SampleOf>
std::vector<Subject> each_mutex(SampleOf sample) {
    return {
        {"threadwise", sample.template operator()<threadwise::Lock>()},
        {"std::mutex", sample.template operator()<std::mutex>()},
        {"inline futex mutex", sample.template operator()<FutexMutex>()},
#ifdef BENCH_ABSEIL
        {"absl::Mutex", sample.template operator()<AbseilMutex>()},
#endif
#ifdef BENCH_BOOST
        {"boost::mutex", sample.template operator()<boost::mutex>()},
#endif
#ifdef BENCH_TBB
        {"tbb::mutex", sample.template operator()<tbb::mutex>()},
#endif
    };
}

}  // namespace bench
