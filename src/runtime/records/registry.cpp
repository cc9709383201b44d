// The list of all threads' records, the calling thread's own record, and the cards by which other processes see them
// (card.hpp).

#include "runtime/records/registry.hpp"

#include <array>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "platform/freeze.hpp"
#include "platform/internal_lock.hpp"
#include "platform/symbol.hpp"
#include "platform/this_thread.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/base/made_at_load.hpp"
#include "runtime/base/system_memory.hpp"
#include "runtime/records/cards.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/records/followed_locks.hpp"
#include "runtime/records/life.hpp"
#include "runtime/records/record_list.hpp"
#include "threadwise/detail/runtime/ident.hpp"

namespace threadwise {

constinit thread_local std::uint32_t detail::this_ident = 0;
constinit thread_local std::uint32_t detail::taking_ident = 0;
constinit thread_local detail::ReaderSlots* detail::this_reader_slots = nullptr;

namespace runtime {
namespace {

// initial-exec: read by signal handlers too, where a call that may allocate is not allowed.
[[gnu::tls_model("initial-exec")]] constinit thread_local ThreadRecord* bound_record = nullptr;

struct Registry {
    platform::InternalLock lock;
    RecordList records THREADWISE_GUARDED_BY(lock);
    bool closed THREADWISE_GUARDED_BY(lock) = false;
    std::shared_ptr<ThreadRecord> main = std::make_shared<ThreadRecord>(ThreadRecord::Origin::main);
    /// For a foreign thread that first uses the library in a destructor, where nothing may be thrown, when memory is
    /// short.
    std::shared_ptr<ThreadRecord> spare THREADWISE_GUARDED_BY(lock);
    /// In a forked child: the records of threads that it does not have. Never destroyed.
    RecordList left_behind THREADWISE_GUARDED_BY(lock);

    Registry() {
        main->name = "MainThread";
        main->is_main = true;
        main->native_id = platform::initial_native_id();
        advance_life(*main, Life::running);
        cards::open();
        list(main);
        cards::show_running(*main);
        hold_over_fork(lock, ForkOrder::registry);
        before_fork([] { this_record(); });  // so that the child has a main thread
        at_fork_in_child(forget_other_threads, ForkOrder::registry);
    }

    void list(std::shared_ptr<ThreadRecord> record) noexcept THREADWISE_REQUIRES(lock) {
        cards::give(*record);
        records.push_back(std::move(record));
    }

    std::shared_ptr<ThreadRecord> unlist(ThreadRecord& record) noexcept THREADWISE_REQUIRES(lock) {
        cards::take_back(record);
        return records.remove(record);
    }

    static void forget_other_threads() noexcept THREADWISE_UNCHECKED;
};

Registry& the_registry() { return MadeAtLoad<Registry>::get(); }

// Made when the library is loaded, if not earlier: from then on signal handlers can use it. The initial thread, if it
// loads the library, is registered at once, so that its exit() is noticed.
[[maybe_unused]] const bool made_at_load = [] {
    the_registry();
    if (platform::is_initial_thread()) this_record();
    return true;
}();

constinit std::atomic<std::uint32_t> last_ident{0};

/// In a forked child: idents up to `last` belong to threads that it does not have, but for `survivor`, which forked.
struct Lost {
    std::uint32_t last = 0;
    std::uint32_t survivor = 0;
};
constinit Lost lost{};  // written where there is one thread alone

std::uint32_t next_ident() noexcept {
    // After 2^30 threads the numbers repeat. Should the old thread with that number still be alive, a dump may show a
    // wrong name; only an RLock that it holds would be mistaken for the new thread's.
    std::uint32_t ident = 0;
    // relaxed: nothing but the number itself is shared.
    while (ident == 0) ident = (last_ident.fetch_add(1, std::memory_order_relaxed) + 1) & owner_mask;
    return ident;
}

std::shared_ptr<ThreadRecord> make_foreign_record() {
    auto record = std::allocate_shared<ThreadRecord>(SystemAllocator<ThreadRecord>(), ThreadRecord::Origin::foreign);
    record->daemon = true;  // nobody waits for it when the process ends
    record->name = "Dummy-" + std::to_string(record->ident);
    return record;
}

std::shared_ptr<ThreadRecord> exchange_spare(std::shared_ptr<ThreadRecord> record) noexcept {
    const platform::InternalHold hold(the_registry().lock);
    the_registry().spare.swap(record);
    return record;
}

/// The spare record, or else a new one. Makes another spare one, if there is memory for it.
std::shared_ptr<ThreadRecord> foreign_record() {
    std::shared_ptr<ThreadRecord> record = exchange_spare(nullptr);
    try {
        std::shared_ptr<ThreadRecord> made = make_foreign_record();
        if (record == nullptr) record = std::exchange(made, make_foreign_record());
        exchange_spare(std::move(made));
    } catch (const std::bad_alloc&) {
        if (record == nullptr) throw;
    }
    return record;
}

[[maybe_unused]] const bool spare_made_at_load = (exchange_spare(make_foreign_record()), true);

void register_this_thread() {
    if (platform::is_initial_thread()) {
        registry::bind(*the_registry().main);
        notice_exit();
        return;
    }
    std::shared_ptr<ThreadRecord> record = foreign_record();
    registry::list(record);
    try {
        registry::bind(*record);
    } catch (...) {
        registry::unlist(*record);
        throw;
    }
}

/// Takes the record off the list and returns it, so that it is not destroyed under the lock.
std::shared_ptr<ThreadRecord> take_off(ThreadRecord& record) noexcept {
    const platform::InternalHold hold(the_registry().lock);
    return the_registry().unlist(record);
}

/// Takes off the list the foreign threads that have ended unnoticed: a thread that first uses the library in the last
/// round of the destructors of thread-specific data is not told of its end.
void take_off_the_vanished() noexcept {
    Registry& registry = the_registry();
    std::array<std::shared_ptr<ThreadRecord>, 16> vanished;
    std::size_t count = 0;
    {
        const platform::InternalHold hold(registry.lock);
        if (registry.records.foreign() == 0) return;
        for (ThreadRecord *record = registry.records.oldest(), *next = nullptr; record != nullptr; record = next) {
            next = record->listing.newer;
            const std::uint64_t native_id = record->native_id.load();
            if (record->origin != ThreadRecord::Origin::foreign || native_id == 0) continue;
            if (!platform::is_native_thread(native_id)) vanished.at(count++) = registry.unlist(*record);
            if (count == vanished.size()) break;
        }
    }
    for (const auto& record : std::span(vanished).first(count)) {
        erase_all(record->locals);
        advance_life(*record, Life::finished);
    }
    if (count == vanished.size()) take_off_the_vanished();
}

/// To be called under the lock. Swaps the names, so that the caller frees the old one without it.
void set_name(ThreadRecord& record, std::string& name) noexcept {
    record.name.swap(name);
    if (record.card != nullptr) record.card->write_name(record.name);
}

struct NameSoFar {
    std::string name;
    const void* function;  ///< its name is still to be added; null: none is
};

/// Nothing is allocated under the lock.
NameSoFar look_at_name(const ThreadRecord& record) {
    NameSoFar found;
    for (std::size_t size = 0;; found.name.reserve(size)) {
        const platform::InternalHold hold(the_registry().lock);
        size = record.name.size();
        if (size > found.name.capacity()) continue;
        found.name = record.name;
        found.function = record.function;
        return found;
    }
}

/// Called as the calling thread ends.
void leave() noexcept {
    ThreadRecord& record = *bound_record;
    pass_checkpoint(record);
    erase_all(record.locals);
    registry::unbind();
    registry::finish(record);
}

/// In a forked child: the calling thread is the main one, and the others have ended without a trace.
void Registry::forget_other_threads() noexcept {
    // The lock is held. The other records stay in memory: what their threads were running may be in use, half done.
    Registry& registry = the_registry();
    const WaitSite own_wait = bound_record->site.read();
    std::shared_ptr<ThreadRecord> self = registry.records.remove(*bound_record);
    cards::lose(*self);
    while (ThreadRecord* const other = registry.records.oldest()) {
        cards::lose(*other);
        registry.left_behind.push_back(registry.records.remove(*other));
        advance_life(*other, Life::finished);
    }
    if (registry.spare != nullptr)
        registry.left_behind.push_back(std::move(registry.spare));  // its ident counts as lost
    registry.main->is_main = false;
    registry.main = self;
    registry.main->is_main = true;
    registry.main->native_id = platform::native_id();
    cards::reopen();
    registry.list(std::move(self));
    cards::show_running(*registry.main);
    registry.main->site.write(own_wait);
    registry.closed = false;
    lost = {.last = last_ident.load(), .survivor = bound_record->ident};
}

}  // namespace

ThreadRecord::ThreadRecord(Origin origin_of_thread) : ident(next_ident()), origin(origin_of_thread) {}

ThreadRecord& this_record() {
    if (bound_record == nullptr) [[unlikely]]
        register_this_thread();
    return *bound_record;
}

ThreadRecord* this_record_if_any() noexcept { return bound_record; }

namespace registry {

bool list(std::shared_ptr<ThreadRecord> record) {
    Registry& registry = the_registry();
    const platform::InternalHold hold(registry.lock);
    if (registry.closed && record->origin == ThreadRecord::Origin::started) return false;
    registry.list(std::move(record));
    return true;
}

void unlist(ThreadRecord& record) noexcept { take_off(record); }

void bind(ThreadRecord& record) {
    platform::at_thread_exit([](void*) { leave(); }, nullptr);
    bound_record = &record;
    this_block_cache = &record.blocks;
    detail::this_ident = record.ident;
    detail::taking_ident = locks_are_followed() ? 0 : record.ident;
    detail::this_reader_slots = &record.reader_slots;
    detail::this_bias_slot = &*record.bias_slot;
    if (record.origin != ThreadRecord::Origin::foreign) platform::let_freeze(&record.stopping);
    record.native_id = platform::native_id();
    cards::show_running(record);
    pass_checkpoint(record);
    advance_life(record, Life::running);
}

void unbind() noexcept {
    platform::at_thread_exit(nullptr, nullptr);
    platform::let_freeze(nullptr);
    this_block_cache->release();
    this_block_cache = nullptr;
    bound_record = nullptr;
    detail::this_ident = 0;
    detail::taking_ident = 0;
    detail::this_reader_slots = nullptr;
    detail::this_bias_slot = nullptr;
}

void finish(ThreadRecord& record) noexcept { advance_life(*take_off(record), Life::finished); }

ThreadRecord& main_record() noexcept { return *the_registry().main; }

void for_each(FunctionRef<void(ThreadRecord&)> visit) {
    Registry& registry = the_registry();
    const platform::InternalHold hold(registry.lock);
    for (ThreadRecord* record = registry.records.oldest(); record != nullptr; record = record->listing.newer) {
        visit(*record);
    }
}

std::vector<std::shared_ptr<ThreadRecord>> all() {
    Registry& registry = the_registry();
    std::vector<std::shared_ptr<ThreadRecord>> found;
    for (std::size_t expected = size();; expected *= 2) {
        constexpr std::size_t newcomers = 16;
        found.reserve(expected + newcomers);
        const platform::InternalHold hold(registry.lock);
        if (registry.records.size() > found.capacity()) continue;
        for (ThreadRecord* record = registry.records.oldest(); record != nullptr; record = record->listing.newer) {
            found.push_back(record->listing.self);
        }
        return found;
    }
}

std::shared_ptr<ThreadRecord> find(std::uint32_t ident) {
    std::shared_ptr<ThreadRecord> found;
    for_each([&](const ThreadRecord& record) {
        if (record.ident == ident) found = record.listing.self;
    });
    return found;
}

std::size_t size() {
    take_off_the_vanished();
    Registry& registry = the_registry();
    const platform::InternalHold hold(registry.lock);
    return registry.records.size();
}

bool has_foreign() {
    Registry& registry = the_registry();
    const platform::InternalHold hold(registry.lock);
    return registry.records.foreign() != 0;
}

void close() noexcept {
    const platform::InternalHold hold(the_registry().lock);
    the_registry().closed = true;
}

bool is_lost(std::uint32_t ident) noexcept { return ident != 0 && ident <= lost.last && ident != lost.survivor; }

std::string name_of(ThreadRecord& record) {
    NameSoFar found = look_at_name(record);
    if (found.function == nullptr) return std::move(found.name);
    const std::string of_function = platform::function_name(found.function);  // may take long
    if (!of_function.empty()) found.name += " (" + of_function + ")";
    std::string completed = found.name;
    {
        const platform::InternalHold hold(the_registry().lock);
        // Not if it was renamed or completed meanwhile: then the older name is returned, which was right before.
        if (std::exchange(record.function, nullptr) != nullptr) set_name(record, completed);
    }
    return std::move(found.name);
}

std::array<char, 16> short_name_of(const ThreadRecord& record) noexcept {
    std::array<char, 16> name{};
    const platform::InternalHold hold(the_registry().lock);
    record.name.copy(name.data(), name.size() - 1);
    return name;
}

void rename(ThreadRecord& record, std::string name) {
    const platform::InternalHold hold(the_registry().lock);
    set_name(record, name);
    record.function = nullptr;
}

void set_daemon(ThreadRecord& record, bool daemon) noexcept {
    const platform::InternalHold hold(the_registry().lock);
    record.daemon = daemon;
    if (record.card != nullptr) record.card->is_daemon = daemon ? 1 : 0;
}

}  // namespace registry
}  // namespace runtime
}  // namespace threadwise
