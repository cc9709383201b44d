#pragma once
// The end of the process, as threads see it.
//
// When main returns or anybody calls exit(), before any static object is destroyed: the functions registered with
// at_shutdown() run, newest first; all non-daemon threads are joined; then all other threads of the library are held:
// at the door where they come by, or stopped where they are. If one of them cannot be stopped in good time, the process
// ends with its status, but without destroying its static objects.

#include <functional>

namespace threadwise::runtime {

/// Runs when the process begins to end, before threads are joined; on the thread that ends it. An exception is reported
/// on stderr, as is pthread_exit(); the end goes on. False: all such functions have run already.
bool at_shutdown(std::function<void()> function);

/// To be called before an error is thrown that another thread's exit() is the cause of. Does not return on the main
/// thread, which might end the process with another status by letting the error out of main(). Other threads get the
/// error, daemons too, while the process waits for threads: one of those may wait for them.
void hold_if_exiting();

}  // namespace threadwise::runtime
