#pragma once
// Objects of the library's own, one of a type, that live as long as the process.

namespace threadwise::runtime {

/// The one T, made by its default constructor while the library is loaded, if it is not asked for earlier: on first use
/// by one thread it could be half made in a child that another forks. Never destroyed: threads come and go, and daemons
/// go on, while static objects are being destroyed. A lock inside is to be held over fork (hold_over_fork), which the
/// constructor sees to.
template <class T>
class MadeAtLoad {
public:
    static T& get() {
        static_cast<void>(made);  // so that it is instantiated
        static T& object = *new T;
        return object;
    }

private:
    static inline const bool made = (get(), true);
};

}  // namespace threadwise::runtime
