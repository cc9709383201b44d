#include "runtime/waiting/blocking_hooks.hpp"

#include "threadwise/detail/waiting/interpreter_hooks.hpp"
#include "threadwise/embed/blocking_hooks.hpp"

namespace threadwise {

constinit thread_local BlockingHooks* detail::interpreter_hooks = nullptr;

/// The door's way into the chain that the hooks of a thread form.
struct BlockingHooksChain {
    static void before(BlockingHooks* newest) noexcept {
        for (BlockingHooks* hooks = newest; hooks != nullptr; hooks = hooks->older_) hooks->before_wait();
    }

    static void sleep(BlockingHooks* newest) noexcept {
        for (BlockingHooks* hooks = newest; hooks != nullptr; hooks = hooks->older_) hooks->before_sleep();
    }

    static void after(BlockingHooks* newest) noexcept {
        if (newest == nullptr) return;
        after(newest->older_);
        newest->after_wait();
    }

    static bool wants_signal(BlockingHooks* newest) noexcept {
        for (BlockingHooks* hooks = newest; hooks != nullptr; hooks = hooks->older_) {
            if (hooks->on_signal()) return true;
        }
        return false;
    }
};

BlockingHooksScope::BlockingHooksScope(BlockingHooks& hooks) {
    runtime::ThreadRecord& record = runtime::this_record();
    hooks.older_ = record.hooks;
    record.hooks = &hooks;
}

BlockingHooksScope::~BlockingHooksScope() {
    runtime::ThreadRecord& record = runtime::this_record();
    record.hooks = record.hooks->older_;
}

namespace runtime {

void run_before_wait(ThreadRecord& record) noexcept {
    BlockingHooks* const interpreter = detail::interpreter_hooks;
    if ((record.hooks == nullptr && interpreter == nullptr) || record.in_hook) return;
    record.in_hook = true;
    if (interpreter != nullptr) interpreter->before_wait();
    BlockingHooksChain::before(record.hooks);
    record.in_hook = false;
}

void run_before_sleep(ThreadRecord& record) noexcept {
    if (record.hooks == nullptr || record.in_hook) return;
    record.in_hook = true;
    BlockingHooksChain::sleep(record.hooks);
    record.in_hook = false;
}

void run_after_wait(ThreadRecord& record) noexcept {
    BlockingHooks* const interpreter = detail::interpreter_hooks;
    if ((record.hooks == nullptr && interpreter == nullptr) || record.in_hook) return;
    record.in_hook = true;
    BlockingHooksChain::after(record.hooks);
    if (interpreter != nullptr) interpreter->after_wait();
    record.in_hook = false;
}

bool any_hook_wants_signal(ThreadRecord& record) noexcept {
    return !record.in_hook && BlockingHooksChain::wants_signal(record.hooks);
}

}  // namespace runtime
}  // namespace threadwise
