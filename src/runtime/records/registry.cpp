#include "runtime/records/registry.hpp"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "platform/freeze.hpp"
#include "platform/internal_lock.hpp"
#include "platform/symbol.hpp"
#include "platform/this_thread.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/lifetime/shutdown.hpp"
#include "runtime/lifetime/thread_life.hpp"
#include "threadwise/detail/runtime/ident.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {

constinit thread_local std::uint32_t detail::this_ident = 0;
constinit thread_local detail::ReaderSlots* detail::this_reader_slots = nullptr;

namespace runtime {
namespace {

// initial-exec: read by signal handlers too, where a call that may allocate is not allowed.
[[gnu::tls_model("initial-exec")]] constinit thread_local ThreadRecord* bound_record = nullptr;

struct Registry {
    platform::InternalLock lock;
    std::vector<std::shared_ptr<ThreadRecord>> records;
    bool closed = false;
    std::shared_ptr<ThreadRecord> main = std::make_shared<ThreadRecord>(ThreadRecord::Origin::main);
    /// For a foreign thread that first comes by where nothing may be thrown, in a destructor, while memory is short.
    std::shared_ptr<ThreadRecord> spare;
    /// In a forked child: what belongs to threads that it does not have. Never destroyed.
    struct LeftBehind {
        std::vector<std::shared_ptr<ThreadRecord>> records;
        LeftBehind* by_earlier_forks;
    };
    LeftBehind* left_behind = nullptr;

    Registry() {
        main->name = "MainThread";
        main->native_id = platform::initial_native_id();
        advance_life(*main, Life::running);
        records.push_back(main);
        make_room();
        hold_over_fork(lock, ForkOrder::registry);
    }

    /// With the lock. There is room for it already, so that one allocation that fails does no harm.
    void add(std::shared_ptr<ThreadRecord> record) {
        try {
            make_room();
        } catch (const std::bad_alloc&) {
            if (records.size() == records.capacity()) throw;
        }
        records.push_back(std::move(record));
    }

    /// For one more record than there will be.
    void make_room() {
        if (records.size() + 1 >= records.capacity()) records.reserve(2 * records.capacity() + 2);
    }
};

Registry& the_registry() {
    // Never destroyed: threads may come and go while static objects are being destroyed.
    static auto& registry = *new Registry;
    return registry;
}

// Made when the library is loaded, if not earlier: from then on signal handlers can use it. The thread that loads the
// library is known from then on, if it is the initial one, so that its exit() is noticed.
[[maybe_unused]] const bool made_at_load = [] {
    the_registry();
    if (platform::is_initial_thread()) this_record();
    return true;
}();

constinit std::atomic<std::uint32_t> last_ident{0};

/// The forked child's: idents up to `last` belong to threads that it does not have, but for the one that forked.
struct Lost {
    std::uint32_t last = 0;
    std::uint32_t survivor = 0;
};
constinit Lost lost{};  // written where there is one thread alone

std::uint32_t next_ident() noexcept {
    // After 2^30 threads numbers come again; that one of them is then still alive costs no more than a wrong name in a
    // dump, but for RLock, whose owner would have to be that old thread.
    std::uint32_t ident = 0;
    // relaxed: nothing but the number itself is shared.
    while (ident == 0) ident = (last_ident.fetch_add(1, std::memory_order_relaxed) + 1) & owner_mask;
    return ident;
}

std::shared_ptr<ThreadRecord> make_foreign_record() {
    auto record = std::make_shared<ThreadRecord>(ThreadRecord::Origin::foreign);
    record->daemon = true;  // nobody waits for it when the process ends
    record->name = "Dummy-" + std::to_string(record->ident);
    return record;
}

std::shared_ptr<ThreadRecord> exchange_spare(std::shared_ptr<ThreadRecord> record) noexcept {
    const std::lock_guard hold(the_registry().lock);
    the_registry().spare.swap(record);
    return record;
}

/// A new one, or the spare one; and another spare one, if there is memory for it.
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

/// Takes the record off the list and hands it to the caller: whether it dies then must not be decided under the lock.
std::shared_ptr<ThreadRecord> take_off(const ThreadRecord& record) noexcept {
    Registry& registry = the_registry();
    const std::lock_guard hold(registry.lock);
    const auto it = std::ranges::find(registry.records, &record, &std::shared_ptr<ThreadRecord>::get);
    if (it == registry.records.end()) return nullptr;
    std::shared_ptr<ThreadRecord> taken = std::move(*it);
    registry.records.erase(it);
    return taken;
}

/// The calling thread ends.
void leave() noexcept {
    ThreadRecord& record = *bound_record;
    pass_checkpoint(record);
    erase_local_values(record);
    registry::unbind();
    registry::finish(record);
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

void list(std::shared_ptr<ThreadRecord> record) {
    Registry& registry = the_registry();
    {
        const std::lock_guard hold(registry.lock);
        if (!registry.closed || record->origin != ThreadRecord::Origin::started) {
            return registry.add(std::move(record));
        }
    }
    hold_if_overtaken();
    throw RuntimeError("can't start new thread: the process is ending");
}

void unlist(const ThreadRecord& record) noexcept { take_off(record); }

void bind(ThreadRecord& record) {
    platform::at_thread_exit([](void*) { leave(); }, nullptr);
    bound_record = &record;
    this_block_cache = &record.blocks;
    detail::this_ident = record.ident;
    detail::this_reader_slots = &record.reader_slots;
    detail::this_bias_slot = &*record.bias_slot;
    if (record.origin != ThreadRecord::Origin::foreign) platform::let_freeze(&record.stopping);
    record.native_id = platform::native_id();
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
    detail::this_reader_slots = nullptr;
    detail::this_bias_slot = nullptr;
}

void finish(const ThreadRecord& record) noexcept { advance_life(*take_off(record), Life::finished); }

ThreadRecord& main_record() noexcept { return *the_registry().main; }

void for_each(FunctionRef<void(ThreadRecord&)> visit) {
    Registry& registry = the_registry();
    const std::lock_guard hold(registry.lock);
    for (const auto& record : registry.records) visit(*record);
}

std::shared_ptr<ThreadRecord> find(std::uint32_t ident) {
    Registry& registry = the_registry();
    const std::lock_guard hold(registry.lock);
    for (const auto& record : registry.records) {
        if (record->ident == ident) return record;
    }
    return nullptr;
}

std::size_t size() {
    Registry& registry = the_registry();
    const std::lock_guard hold(registry.lock);
    return registry.records.size();
}

bool has_foreign() {
    Registry& registry = the_registry();
    const std::lock_guard hold(registry.lock);
    return std::ranges::any_of(registry.records,
                               [](const auto& record) { return record->origin == ThreadRecord::Origin::foreign; });
}

void close() noexcept {
    const std::lock_guard hold(the_registry().lock);
    the_registry().closed = true;
}

void forget_other_threads() noexcept {
    // The lock is held. The others' records stay in memory: what their threads were to run lies there half used.
    Registry& registry = the_registry();
    // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new): a child without memory for this has none for anything
    registry.left_behind = new Registry::LeftBehind{std::move(registry.records), registry.left_behind};
    auto& others = registry.left_behind->records;
    for (const auto& record : others) {
        if (record.get() != bound_record) advance_life(*record, Life::finished);
    }
    others.push_back(std::move(registry.spare));  // its ident is none of the child's
    registry.spare = nullptr;
    registry.main = bound_record->shared_from_this();
    registry.main->native_id = platform::native_id();
    registry.records = {registry.main};
    registry.make_room();
    registry.closed = false;
    lost = {.last = last_ident.load(), .survivor = bound_record->ident};
}

bool is_lost(std::uint32_t ident) noexcept { return ident != 0 && ident <= lost.last && ident != lost.survivor; }

std::string name_of(ThreadRecord& record) {
    platform::InternalLock& lock = the_registry().lock;
    const void* function = nullptr;
    {
        const std::lock_guard hold(lock);
        if (record.function == nullptr) return record.name;
        function = record.function;
    }
    const std::string name = platform::function_name(function);  // may take long
    const std::lock_guard hold(lock);
    if (record.function != nullptr && !name.empty()) record.name += " (" + name + ")";
    record.function = nullptr;
    return record.name;
}

std::array<char, 16> short_name_of(const ThreadRecord& record) noexcept {
    std::array<char, 16> name{};
    const std::lock_guard hold(the_registry().lock);
    record.name.copy(name.data(), name.size() - 1);
    return name;
}

void rename(ThreadRecord& record, std::string name) {
    const std::lock_guard hold(the_registry().lock);
    record.name.swap(name);
    record.function = nullptr;
}

}  // namespace registry
}  // namespace runtime
}  // namespace threadwise
