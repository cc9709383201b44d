#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <climits>
#include <csignal>
#include <new>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>

#include "platform/processes/process.hpp"
#include "platform/processes/shared_futex.hpp"
#include "platform/this_thread.hpp"
#include "runtime/waiting/door.hpp"
#include "support/backend.hpp"
#include "support/sleepers.hpp"
#include "threadwise/dump.hpp"

namespace threadwise::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::wait_for_waiters;
using testing::wait_until;

using Word = std::atomic<std::uint32_t>;

/// A word in memory that forked children share.
class SharedWord {
public:
    SharedWord()
        : memory_(mmap(nullptr, sizeof(Word), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
          word_(::new (memory_) Word(0)) {}
    ~SharedWord() { munmap(memory_, sizeof(Word)); }
    SharedWord(const SharedWord&) = delete;
    SharedWord& operator=(const SharedWord&) = delete;

    Word& operator*() const noexcept { return *word_; }
    Word* operator->() const noexcept { return word_; }

private:
    void* memory_;
    Word* word_;
};

WaitSite site_of(const Word& word, Timeout timeout = forever) {
    return {.kind = WaitKind::event,
            .object = &word,
            .across_processes = true,
            .where = SourceLocation::current(),
            .deadline = deadline_after(timeout)};
}

/// Sleeps until the word is not 0; looks again as every user of the door does.
Wakeup await_change(const Word& word, Timeout timeout = forever, std::stop_token stop = {}) {
    Waiting waiting(site_of(word, timeout), std::move(stop));
    while (word.load() == 0) {
        const Wakeup wakeup = waiting.sleep_shared({word, 0});
        if (wakeup != Wakeup::woken) return wakeup;
    }
    return Wakeup::woken;
}

void change_and_wake(Word& word) {
    word.store(1);
    platform::shared_futex_wake(&word, INT_MAX);
}

TEST(SharedSleep, DoesNotBeginWhereTheWordHasChanged) {
    const Word word{1};
    Waiting waiting(site_of(word));
    EXPECT_EQ(waiting.sleep_shared({word, 0}), Wakeup::woken);
}

TEST(SharedSleep, EndsWhenAThreadOfThisProcessWakesIt) {
    const SharedWord word;
    std::jthread waiter([&] { EXPECT_EQ(await_change(*word), Wakeup::woken); });
    ASSERT_TRUE(wait_for_waiters(&*word, 1));
    change_and_wake(*word);
}

TEST(SharedSleep, EndsWhenAnotherProcessWakesIt) {
    THREADWISE_NEEDS("waits across processes");
    const SharedWord word;
    const pid_t child = fork();
    if (child == 0) {
        change_and_wake(*word);
        _exit(0);
    }
    EXPECT_EQ(await_change(*word), Wakeup::woken);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST(SharedSleep, EndsWhereItsWakerWasKilledAfterItsChange) {
    const SharedWord word;
    std::jthread waiter([&] { EXPECT_EQ(await_change(*word), Wakeup::woken); });
    ASSERT_TRUE(wait_for_waiters(&*word, 1));
    word->store(1);  // and nobody wakes
}

TEST(SharedSleep, TimesOutNotBeforeTheDeadline) {
    const SharedWord word;
    const auto before = platform::now();
    EXPECT_EQ(await_change(*word, 5ms), Wakeup::timed_out);
    EXPECT_GE(platform::now() - before, 5ms);
    EXPECT_EQ(await_change(*word, -1s), Wakeup::timed_out);
}

TEST(SharedSleep, EndsWhenStopIsRequested) {
    const SharedWord word;
    std::stop_source stop;
    std::jthread waiter([&] { EXPECT_EQ(await_change(*word, forever, stop.get_token()), Wakeup::interrupted); });
    ASSERT_TRUE(wait_for_waiters(&*word, 1));
    stop.request_stop();
    waiter.join();
    EXPECT_EQ(await_change(*word, forever, stop.get_token()), Wakeup::interrupted) << "requested before the wait";
}

TEST(SharedSleep, EndsWhenInterrupted) {
    const SharedWord word;
    testing::SharedRecord record;
    std::jthread waiter([&] {
        record.share();
        EXPECT_EQ(await_change(*word), Wakeup::interrupted);
        EXPECT_TRUE(take_interrupt(this_record()));
        EXPECT_EQ(await_change(*word, 1ms), Wakeup::timed_out);
    });
    ASSERT_TRUE(wait_for_waiters(&*word, 1));
    interrupt(record.get());
}

TEST(SharedSleep, IsWrittenDownForDump) {
    const SharedWord word;
    const auto owner = static_cast<std::uint32_t>(platform::native_id());
    std::jthread waiter([&] {
        Waiting waiting(site_of(*word, 1h));
        waiting.name_owner(owner);
        while (word->load() == 0) waiting.sleep_shared({*word, 0});
    });
    std::string text;
    EXPECT_TRUE(wait_until([&] {
        std::ostringstream out;
        dump(out);
        text = out.str();
        return text.find("multiprocessing.Event") != std::string::npos && text.find("held by") != std::string::npos;
    })) << text;
    if (!testing::portable_backend) {
        EXPECT_THAT(text, HasSubstr(" held by \"MainThread\" (ident "));
    }
    change_and_wake(*word);
}

TEST(SharedSleep, OfAHolderElsewhereNamesItsProcess) {
    THREADWISE_NEEDS("waits across processes");
    const SharedWord word;
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    EXPECT_EQ(platform::process_of(static_cast<std::uint64_t>(child)), static_cast<std::uint64_t>(child));
    std::jthread waiter([&] {
        Waiting waiting(site_of(*word));
        waiting.name_owner(static_cast<std::uint32_t>(child));
        while (word->load() == 0) waiting.sleep_shared({*word, 0});
    });
    const std::string wanted =
        " held by process " + std::to_string(child) + " (native id " + std::to_string(child) + ") for ";
    EXPECT_TRUE(wait_until([&] {
        std::ostringstream out;
        dump(out);
        return out.str().find(wanted) != std::string::npos;
    }));
    kill(child, SIGKILL);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    EXPECT_EQ(platform::process_of(static_cast<std::uint64_t>(child)), 0U);
    change_and_wake(*word);
}

/// Two ends of a pipe: what is written to one makes the other ready.
class PipeEnds {
public:
    PipeEnds() : is_made_(pipe(ends_.data()) == 0) {}
    ~PipeEnds() {
        for (const int end : ends_) close(end);
    }
    PipeEnds(const PipeEnds&) = delete;
    PipeEnds& operator=(const PipeEnds&) = delete;

    int reader() const noexcept { return ends_[0]; }
    bool write_byte() const noexcept { return is_made_ && write(ends_[1], "", 1) == 1; }

private:
    std::array<int, 2> ends_{-1, -1};
    bool is_made_;
};

Wakeup await_ready(const PipeEnds& ends, Timeout timeout = forever, std::stop_token stop = {}) {
    Waiting waiting({.kind = WaitKind::process, .object = &ends, .where = {}, .deadline = deadline_after(timeout)},
                    std::move(stop));
    return waiting.sleep_on({.descriptor = ends.reader()});
}

class DescriptorSleep : public ::testing::Test {
protected:
    void SetUp() override { THREADWISE_NEEDS("descriptors"); }
};

TEST_F(DescriptorSleep, EndsWhenTheDescriptorIsReady) {
    const PipeEnds ends;
    std::jthread waiter([&] { EXPECT_EQ(await_ready(ends), Wakeup::woken); });
    ASSERT_TRUE(wait_for_waiters(&ends, 1));
    EXPECT_TRUE(ends.write_byte());
}

TEST_F(DescriptorSleep, EndsAtOnceIfItIsReadyAlready) {
    const PipeEnds ends;
    EXPECT_TRUE(ends.write_byte());
    EXPECT_EQ(await_ready(ends), Wakeup::woken);
}

TEST_F(DescriptorSleep, EndsWithTheTimeout) {
    const PipeEnds ends;
    EXPECT_EQ(await_ready(ends, 1ms), Wakeup::timed_out);
}

TEST_F(DescriptorSleep, EndsByStop) {
    const PipeEnds ends;
    std::stop_source stop;
    std::jthread waiter([&] { EXPECT_EQ(await_ready(ends, forever, stop.get_token()), Wakeup::interrupted); });
    ASSERT_TRUE(wait_for_waiters(&ends, 1));
    stop.request_stop();
}

TEST_F(DescriptorSleep, EndsByInterruptTimeAndAgain) {
    constexpr int times = 20;
    const PipeEnds ends;
    testing::SharedRecord record;
    std::jthread waiter([&] {
        record.share();
        for (int i = 0; i < times; ++i) {
            EXPECT_EQ(await_ready(ends), Wakeup::interrupted);
            EXPECT_TRUE(take_interrupt(this_record()));
        }
    });
    for (int i = 0; i < times; ++i) {
        wait_for_waiters(&ends, 1);
        interrupt(record.get());
        EXPECT_TRUE(wait_until([&] { return !record.get().interrupt_requested.load(); }));
    }
}

TEST_F(DescriptorSleep, OfAForkedChildIsNotItsParents) {
    const PipeEnds ends;
    EXPECT_EQ(await_ready(ends, 0s), Wakeup::timed_out);  // makes the thread's descriptor
    const pid_t child = fork();
    if (child == 0) {
        interrupt(this_record());
        const bool own = await_ready(ends) == Wakeup::interrupted && take_interrupt(this_record()) &&
                         await_ready(ends, 1ms) == Wakeup::timed_out;
        _exit(own ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(await_ready(ends, 1ms), Wakeup::timed_out);
}

}  // namespace
}  // namespace threadwise::runtime
