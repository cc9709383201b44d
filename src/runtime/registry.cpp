#include "runtime/registry.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "platform/internal_lock.hpp"
#include "platform/this_thread.hpp"
#include "threadwise/detail/ident.hpp"

namespace threadwise {

constinit thread_local std::uint32_t detail::this_ident = 0;

namespace runtime {
namespace {

constinit thread_local ThreadRecord* bound_record = nullptr;

struct Registry {
    platform::InternalLock lock;
    std::vector<std::shared_ptr<ThreadRecord>> records;
};

Registry& the_registry() {
    // Never destroyed: threads may come and go while static objects are being destroyed.
    static auto& registry = *new Registry;
    return registry;
}

std::uint32_t next_ident() noexcept {
    // After 2^30 threads numbers come again; that one of them is then still alive costs no more than a wrong name in a
    // dump, but for RLock, whose owner would have to be that old thread.
    static std::atomic<std::uint32_t> last{0};
    std::uint32_t ident = 0;
    // relaxed: nothing but the number itself is shared.
    while (ident == 0) ident = (last.fetch_add(1, std::memory_order_relaxed) + 1) & owner_mask;
    return ident;
}

void register_foreign_thread() {
    const bool initial = platform::is_initial_thread();
    auto record = std::make_shared<ThreadRecord>(initial ? ThreadRecord::Origin::main : ThreadRecord::Origin::foreign);
    record->daemon = !initial;
    record->name = initial ? "MainThread" : "Dummy-" + std::to_string(record->ident);
    registry::enter(std::move(record));
    platform::at_thread_exit([](void*) { registry::leave(); }, nullptr);
}

}  // namespace

ThreadRecord::ThreadRecord(Origin origin_of_thread) : ident(next_ident()), origin(origin_of_thread) {}

ThreadRecord& this_record() {
    if (bound_record == nullptr) [[unlikely]]
        register_foreign_thread();
    return *bound_record;
}

ThreadRecord* this_record_if_any() noexcept { return bound_record; }

namespace registry {

void enter(std::shared_ptr<ThreadRecord> record) {
    record->native_id = platform::native_id();
    bound_record = record.get();
    detail::this_ident = record->ident;
    Registry& registry = the_registry();
    const std::lock_guard hold(registry.lock);
    registry.records.push_back(std::move(record));
}

void leave() noexcept {
    Registry& registry = the_registry();
    std::shared_ptr<ThreadRecord> record;  // dies outside of the lock
    const std::lock_guard hold(registry.lock);
    for (auto it = registry.records.begin(); it != registry.records.end(); ++it) {
        if (it->get() != bound_record) continue;
        record = std::move(*it);
        registry.records.erase(it);
        break;
    }
    bound_record = nullptr;
    detail::this_ident = 0;
}

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

std::string name_of(const ThreadRecord& record) {
    const std::lock_guard hold(the_registry().lock);
    return record.name;
}

void rename(ThreadRecord& record, std::string name) {
    const std::lock_guard hold(the_registry().lock);
    record.name.swap(name);
}

}  // namespace registry
}  // namespace runtime
}  // namespace threadwise
