// A program's own operator new and delete may use threadwise, as those of a leak tracer do: nothing is allocated or
// freed under a lock of threadwise's, nor where the calling thread has no record yet.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/backend.hpp"
#include "support/process_main.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/futures.hpp"
#include "threadwise/process_pool_executor.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/threading.hpp"

namespace {

using namespace threadwise;

/// What operator new uses; null until a test has made it.
struct Tracer {
    Lock lock;
    std::array<Local<int>, 32> locals;
    std::atomic<ThreadPoolExecutor*> pool{nullptr};
    std::atomic<ProcessPoolExecutor*> processes{nullptr};
    std::atomic<std::size_t> calls{0};

    void note_allocation() {
        const std::size_t call = note_release();
        const Local<int> mine;
        *mine = 1;
        *locals.at(call % locals.size()) = 2;
        if (ThreadPoolExecutor* const used = pool) use_pool(*used);
    }

    static void use_pool(ThreadPoolExecutor& used) {
        try {
            used.fire_and_forget([] {});
            used.submit({.priority = 1}, [] {});
        } catch (const RuntimeError&) {
            // While the pool's first thread is being started.
        }
    }

    std::size_t note_release() {
        const std::size_t call = calls++;
        const std::scoped_lock hold(lock);
        if (const ProcessPoolExecutor* const used = processes) static_cast<void>(used->queued());
        static_cast<void>(enumerate().size() + active_count() + current_thread().name().size());
        if (call % 256 == 0) {
            std::ostringstream text;
            dump(text);
            set_excepthook({});
        }
        return call;
    }
};

std::atomic<Tracer*> tracer{nullptr};
thread_local bool traces = false;  // what the tracer allocates itself is not traced

template <class Note>
void trace(Note note) noexcept {
    Tracer* const current = tracer;
    if (current == nullptr || traces) return;
    traces = true;
    note(*current);
    traces = false;
}

}  // namespace

// Not inline: the compiler would take the calls of malloc and free for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    trace([](Tracer& current) { current.note_allocation(); });
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
// The sanitizer's would not go through the one above.
void* operator new(std::size_t size, const std::nothrow_t& /*unused*/) noexcept {
    try {
        return operator new(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    trace([](Tracer& current) { current.note_release(); });
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept { operator delete(memory); }

namespace {

class OperatorNew : public ::testing::Test {
protected:
    void SetUp() override { tracer = &used_; }
    void TearDown() override {
        tracer = nullptr;
        EXPECT_GT(used_.calls, 0U);
    }

    Tracer used_;
};

const std::string text(100, 'x');

TEST_F(OperatorNew, MayBeTheFirstThatAForeignThreadUses) {
    for (int round = 0; round < 5; ++round) {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([] {
                const std::string copy = text;
                EXPECT_NE(get_ident(), 0U);
            });
        }
    }
}

TEST_F(OperatorNew, MayBeUsedByThreadsAndLocals) {
    for (int round = 0; round < 5; ++round) {
        Local<std::string> local([] { return text; });
        std::vector<std::unique_ptr<Thread>> threads;
        for (int i = 0; i < 4; ++i) {
            threads.push_back(std::make_unique<Thread>([&] { *local += text; }));
            threads.back()->start();
        }
        for (const auto& thread : threads) thread->join();
    }
}

void called_by_a_thread_whose_name_it_completes() {}

TEST_F(OperatorNew, MayBeUsedByNames) {
    Thread named({.name = text}, [] { EXPECT_EQ(current_thread().name(), text); });
    named.start();
    named.join();
    named.set_name(text + text);
    EXPECT_EQ(named.name(), text + text);
    Thread completed(called_by_a_thread_whose_name_it_completes);
    EXPECT_EQ(completed.name().find("Thread-"), 0U);
}

TEST_F(OperatorNew, MayBeUsedByQueues) {
    Queue<std::string> queue(3);
    LifoQueue<std::string> stack;
    PriorityQueue<std::string> heap;
    Thread getter([&] {
        for (int i = 0; i < 50; ++i) EXPECT_EQ(queue.get().size() + stack.get().size() + heap.get().size(), 300U);
    });
    getter.start();
    for (int i = 0; i < 50; ++i) {
        queue.put(text);
        stack.put(text);
        heap.put(text);
    }
    getter.join();
}

TEST_F(OperatorNew, MayUseThePoolThatUsesIt) {
    ThreadPoolExecutor pool(3);
    used_.pool = &pool;
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(pool.submit([copy = text] { return copy.size(); }).result(), 100U);
        pool.submit({.priority = i % 3 - 1}, [copy = text] {});
        pool.fire_and_forget([copy = text] {});
    }
    used_.pool = nullptr;
}

std::size_t size_of(const std::string& copy) { return copy.size(); }

TEST_F(OperatorNew, MayUseThePoolOfProcessesThatUsesIt) {
    THREADWISE_NEEDS("processes");
    ProcessPoolExecutor pool(2);
    used_.processes = &pool;
    std::vector<Future<std::size_t>> futures;
    for (int i = 0; i < 20; ++i) futures.push_back(pool.submit(size_of, text));
    for (const auto& future : futures) EXPECT_EQ(future.result(), 100U);
    pool.shutdown();
    used_.processes = nullptr;
}

TEST_F(OperatorNew, MayWaitWhileAPoolStartsThreads) {
    // What waits for the tracer's lock frees its slot, and so has threads started, as others do at that moment.
    for (int round = 0; round < 100; ++round) {
        ThreadPoolExecutor pool(3);
        used_.pool = &pool;
        for (int i = 0; i < 4; ++i) pool.submit([copy = text] { return copy.size(); });
        EXPECT_EQ(pool.submit([copy = text] { return copy.size(); }).result(), 100U);
        used_.pool = nullptr;
    }
}

TEST_F(OperatorNew, MayBeUsedByPoolsAndFutures) {
    ThreadPoolExecutor pool(3);
    std::vector<Future<std::size_t>> futures;
    for (int i = 0; i < 50; ++i) {
        futures.push_back(pool.submit([copy = text] { return copy.size(); }));
        futures.push_back(pool.submit({.priority = i % 3 - 1}, [copy = text] { return copy.size(); }));
        pool.fire_and_forget([copy = text] {});
    }
    for (const auto& future : futures) {
        EXPECT_EQ(future.then([copy = text](const Future<std::size_t>& done) { return done.result(); }).result(), 100U);
    }
    TaskGroup group(pool);
    for (int i = 0; i < 50; ++i) group.run([copy = text] {});
    group.wait();
}

}  // namespace
