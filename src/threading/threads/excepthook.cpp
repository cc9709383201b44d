#include "threadwise/excepthook.hpp"

#include <cxxabi.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "platform/internal_lock.hpp"
#include "runtime/base/exception_text.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/base/made_at_load.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise {
namespace {

struct SetHook {
    platform::InternalLock lock;
    std::shared_ptr<const ExceptHook> hook THREADWISE_GUARDED_BY(lock);

    SetHook() { runtime::hold_over_fork(lock); }
};

SetHook& the_hook() { return runtime::MadeAtLoad<SetHook>::get(); }

std::shared_ptr<const ExceptHook> exchange_hook(std::shared_ptr<const ExceptHook> hook) {
    const platform::InternalHold hold(the_hook().lock);
    return std::exchange(the_hook().hook, std::move(hook));
}

std::shared_ptr<const ExceptHook> current_hook() {
    const platform::InternalHold hold(the_hook().lock);
    return the_hook().hook;
}

void call_hook(const ExceptHookArgs& args) {
    const std::shared_ptr<const ExceptHook> hook = current_hook();
    if (hook == nullptr) return default_excepthook(args);
    std::exception_ptr failure;
    try {
        return (*hook)(args);
    } catch (...) {
        failure = detail::handled_exception();
    }
    std::fprintf(stderr, "The excepthook itself failed: %s\nwhen handling:\n",
                 runtime::exception_text(failure).c_str());
    default_excepthook(args);
}

}  // namespace

void excepthook(const ExceptHookArgs& args) {
    try {
        call_hook(args);
    } catch (const abi::__forced_unwind&) {
        throw;
    } catch (...) {
        std::fputs("threadwise: no memory to report an exception that escaped a thread\n", stderr);
    }
}

ExceptHook set_excepthook(ExceptHook hook) {
    auto set = hook ? std::make_shared<const ExceptHook>(std::move(hook)) : nullptr;
    const std::shared_ptr<const ExceptHook> old = exchange_hook(std::move(set));
    return old ? *old : ExceptHook();
}

void default_excepthook(const ExceptHookArgs& args) {
    // One call, so that the reports of several threads do not mix.
    std::fprintf(stderr, "Exception in thread %s:\n%s\n", args.thread.name().c_str(),
                 runtime::exception_text(args.exception).c_str());
}

}  // namespace threadwise
