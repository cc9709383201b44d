#include "threads/looking.hpp"

namespace command {

Failure failure_of(const threadwise::inspect::ProcessError& error) {
    using Reason = threadwise::inspect::ProcessError::Reason;
    switch (error.reason()) {
        case Reason::no_such_process:
            return {no_such_process, error.what(), "threadwise ps lists the processes that there are"};
        case Reason::not_permitted: return {not_permitted, error.what(), "run this as that user, or as root"};
        case Reason::not_published:
            return {not_published, error.what(), "threadwise ps lists the processes that show theirs"};
        case Reason::other_version: return {other_version, error.what(), "use the threadwise command of that version"};
        case Reason::ended: break;
    }
    return {process_ended, error.what(), ""};
}

std::string refuse_empty(const std::string& argument) {
    return argument.empty() ? "the number of a process is missing: the argument is empty" : "";
}

}  // namespace command
