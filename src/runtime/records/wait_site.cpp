#include "runtime/records/wait_site.hpp"

namespace threadwise::runtime {

std::string_view to_string(WaitKind kind) noexcept {
    switch (kind) {
        case WaitKind::none: return "nothing";
        case WaitKind::lock: return "Lock";
        case WaitKind::rlock: return "RLock";
        case WaitKind::shared_lock_read: return "SharedLock (to read)";
        case WaitKind::shared_lock_write: return "SharedLock (to write)";
        case WaitKind::condition: return "Condition";
        case WaitKind::semaphore: return "Semaphore";
        case WaitKind::event: return "Event";
        case WaitKind::barrier: return "Barrier";
        case WaitKind::latch: return "Latch";
        case WaitKind::once: return "Once";
        case WaitKind::join: return "Thread.join";
        case WaitKind::sleep: return "sleep";
        case WaitKind::timer: return "Timer";
        case WaitKind::queue_get: return "Queue.get";
        case WaitKind::queue_put: return "Queue.put";
        case WaitKind::queue_join: return "Queue.join";
        case WaitKind::future: return "Future";
        case WaitKind::futures: return "wait on futures";
        case WaitKind::worker: return "work";
        case WaitKind::task_group: return "TaskGroup";
        case WaitKind::executor: return "Executor";
        case WaitKind::interpreter_lock: return "InterpreterLock";
        case WaitKind::process: return "Process";
        case WaitKind::exit: return "the process to end";
        case WaitKind::connection_send: return "Connection.send";
        case WaitKind::connection_recv: return "Connection.recv";
        case WaitKind::descriptors: return "wait";
    }
    return "?";
}

}  // namespace threadwise::runtime
