#include "threading/thread_state.hpp"

#include <cxxabi.h>

#include <exception>

#include "platform/native_thread.hpp"
#include "runtime/recycler.hpp"
#include "runtime/registry.hpp"
#include "runtime/shutdown.hpp"
#include "threadwise/excepthook.hpp"

namespace threadwise {

void ThreadState::main(void* first) {
    runtime::notice_exit();
    runtime::RecyclableThread os_thread(static_cast<ThreadState*>(first)->stack_size);
    for (auto* next = static_cast<ThreadRecord*>(static_cast<ThreadState*>(first)); next != nullptr;
         next = os_thread.await_next()) {
        auto& state = static_cast<ThreadState&>(*next);  // kept alive by the registry until the thread has ended
        // Before the registry says that it runs: who waits for that may look at the name.
        platform::name_this_thread(runtime::registry::short_name_of(state));
        runtime::registry::bind(state);
        state.run();
        state.target.reset();
        if (!os_thread.end_and_offer(state)) return;
    }
}

void ThreadState::run() {
    // Also when pthread_exit() unwinds, but not when exit() destroys the thread_local objects.
    struct Return {
        bool& has_returned;
        ~Return() { has_returned = true; }
    } const note_return{has_returned};
    try {
        if (object != nullptr) {
            object->run();
        } else if (target) {
            target->run(stop.get_token());
        }
    } catch (const abi::__forced_unwind&) {
        throw;  // pthread_exit() or cancellation: glibc insists on getting through
    } catch (...) {
        excepthook({std::current_exception(), current_thread()});
    }
}

}  // namespace threadwise
