#include "threadwise/local.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "threadwise/event.hpp"
#include "threadwise/thread.hpp"

namespace threadwise {
namespace {

template <class Body>
void in_thread(Body&& body) {
    Thread thread(std::forward<Body>(body));
    thread.start();
    thread.join();
}

struct Counted {
    Counted() { ++alive; }
    Counted(Counted&&) noexcept { ++alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --alive; }
    static inline std::atomic<int> alive{0};
};

TEST(Local, IsEachThreadsOwn) {
    Local<int> local;
    *local = 1;
    in_thread([&] {
        EXPECT_EQ(*local, 0);
        *local = 2;
        EXPECT_EQ(*local, 2);
    });
    EXPECT_EQ(*local, 1);
}

TEST(Local, BeginsWithWhatItsFactoryMakes) {
    Local<std::string> local([] { return current_thread().name(); });
    EXPECT_EQ(*local, "MainThread");
    EXPECT_EQ(local->size(), 10U);
    in_thread([&] { EXPECT_EQ(*local, current_thread().name()); });
}

TEST(Local, HasNoValueAfterItsFactoryThrew) {
    bool fail = true;
    Local<int> local([&] { return fail ? throw std::runtime_error("not yet") : 3; });
    EXPECT_THROW(local.get(), std::runtime_error);
    EXPECT_FALSE(local.has_value());
    fail = false;
    EXPECT_EQ(*local, 3);
}

TEST(Local, TakesTypesThatOnlyMove) {
    Local<std::unique_ptr<int>> local([] { return std::make_unique<int>(5); });
    EXPECT_EQ(**local, 5);
}

TEST(Local, BeginsAnewAfterAReset) {
    Local<int> local;
    *local = 4;
    local.reset();
    EXPECT_FALSE(local.has_value());
    EXPECT_EQ(*local, 0);
}

TEST(Local, IsDestroyedWithItsThread) {
    Local<Counted> local;
    local.get();
    in_thread([&] {
        local.get();
        EXPECT_EQ(Counted::alive, 2);
    });
    EXPECT_EQ(Counted::alive, 1);
    std::thread([&] { local.get(); }).join();  // a foreign one
    EXPECT_EQ(Counted::alive, 1);
}

TEST(Local, TakesAllThreadsValuesWithIt) {
    auto local = std::make_unique<Local<Counted>>();
    Event made;
    Event end;
    Thread thread([&] {
        local->get();
        made.set();
        end.wait();
        EXPECT_EQ(Counted::alive, 0);
    });
    thread.start();
    made.wait();
    local->get();
    EXPECT_EQ(Counted::alive, 2);
    local.reset();
    EXPECT_EQ(Counted::alive, 0);
    end.set();
    thread.join();
}

TEST(Local, DoesNotInheritFromTheOneBefore) {
    for (int i = 0; i < 3; ++i) {
        Local<int> local;
        EXPECT_EQ(*local, 0);
        *local = 9;
    }
}

TEST(Local, MayBeUsedWhileThreadLocalsAreDestroyed) {
    static Local<std::string> local([] { return std::string(100, 'x'); });
    struct User {
        ~User() { *local += "y"; }
    };
    in_thread([] { static thread_local User user; });
    in_thread([] {
        Local<User> nested;  // a destructor that makes another thread's value, here that of the thread itself
        nested.get();
    });
}

/// Its destructor makes the next one. In memory that no tool counts: the last one is never destroyed.
struct Endless {
    static inline Local<Endless>* local = nullptr;
    static inline std::atomic<int> destroyed{0};
    bool is_value = true;
    static void* operator new(std::size_t size) {
        static std::array<std::byte, 4096> memory;
        static std::size_t used = 0;
        used += std::max(size, alignof(std::max_align_t));
        return memory.data() + used;
    }
    static void operator delete(void* /*memory*/) {}
    Endless() = default;
    Endless(Endless&& other) noexcept { other.is_value = false; }
    Endless& operator=(Endless&&) = delete;
    ~Endless() {
        if (!is_value) return;
        ++destroyed;
        local->get();
    }
};

TEST(Local, ThatIsAlwaysMadeAnewDoesNotKeepItsThread) {
    Local<Endless> local;
    Endless::local = &local;
    in_thread([&] { local.get(); });
    EXPECT_GE(Endless::destroyed, 4);
    std::thread([&] { local.get(); }).join();
    EXPECT_GE(Endless::destroyed, 8);
}

TEST(LocalStress, ComeAndGoInManyThreads) {
    Local<Counted> shared;
    std::vector<Thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 300; ++round) {
                Local<int> own([&] { return round; });
                EXPECT_EQ(*own, round);
                shared.get();
                if (round % 3 == 0) shared.reset();
            }
        });
        threads.back().start();
    }
    for (Thread& thread : threads) thread.join();
    EXPECT_EQ(Counted::alive, 0);
}

}  // namespace
}  // namespace threadwise
