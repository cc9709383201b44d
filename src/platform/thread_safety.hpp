#pragma once
// Which lock guards what, written so that clang checks it (-Wthread-safety): a member that is read or written without
// its lock, or a function that is called without it, does not compile in `scripts/lint clang`. Nothing for gcc, and no
// code. Macros, as clang takes these attributes in GNU's spelling alone where they name other members.

#if defined(__clang__)
#define THREADWISE_SAFETY(attribute) __attribute__((attribute))
#else
#define THREADWISE_SAFETY(attribute)
#endif

/// A class that is a lock; a class whose objects hold a lock while they live.
#define THREADWISE_LOCK THREADWISE_SAFETY(capability("lock"))
#define THREADWISE_HOLD THREADWISE_SAFETY(scoped_lockable)

/// A member that is used with the lock held alone.
#define THREADWISE_GUARDED_BY(lock) THREADWISE_SAFETY(guarded_by(lock))

/// A function that is called with the lock held; that takes it; that releases it (without arguments: the object's own).
#define THREADWISE_REQUIRES(...) THREADWISE_SAFETY(requires_capability(__VA_ARGS__))
#define THREADWISE_ACQUIRES(...) THREADWISE_SAFETY(acquire_capability(__VA_ARGS__))
#define THREADWISE_RELEASES(...) THREADWISE_SAFETY(release_capability(__VA_ARGS__))

/// A function that returns that lock.
#define THREADWISE_RETURNS_LOCK(lock) THREADWISE_SAFETY(lock_returned(lock))

/// A function that is not checked: beside each stands why it needs no lock, as in a forked child, or takes it in a way
/// that clang cannot follow.
#define THREADWISE_UNCHECKED THREADWISE_SAFETY(no_thread_safety_analysis)
