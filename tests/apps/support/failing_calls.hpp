#pragma once
// System calls that fail in a program under test.

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace test {

/// From now on, in this process and the program that it becomes, the system call `number` fails with `error`. Made of
/// system calls only, so that it may run after fork(). Ends the process with `not_allowed` where the system refuses.
inline void let_call_fail(unsigned number, unsigned error, int not_allowed) {
    std::array<sock_filter, 4> instructions{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),  // the call's number
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{instructions.size(), instructions.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1) {
        ::_exit(not_allowed);
    }
}

}  // namespace test
