#include "runtime/lifetime/joining.hpp"

#include <utility>

#include "runtime/records/checkpoint.hpp"
#include "runtime/records/registry.hpp"

namespace threadwise::runtime {

Wakeup await_life(ThreadRecord& record, Life life, platform::Instant deadline, std::stop_token stop,
                  SourceLocation where, bool may_fail) {
    auto reached = [&] { return has_reached(record, life); };
    if (reached()) return Wakeup::woken;
    Waiting waiting({.kind = WaitKind::join,
                     .may_fail = may_fail,
                     .object = &record,
                     .owner = record.ident,
                     .where = where,
                     .deadline = deadline},
                    std::move(stop));
    if (waiting.spin(&record.life, reached)) return Wakeup::woken;
    for (;;) {
        const bool in_vain = life == Life::finished && never_finishes(record);
        if (in_vain && may_skip_vain_wait(waiting.record())) return Wakeup::woken;
        const Wakeup wakeup = waiting.park(&record.life, [&] { return still_to_come(record, life); });
        if (wakeup == Wakeup::refused || reached()) return Wakeup::woken;
        if (wakeup != Wakeup::woken) return wakeup;
    }
}

void await_life_uninterrupted(ThreadRecord& record, Life life) {
    bool interrupted = false;
    while (await_life(record, life, platform::never, {}, SourceLocation(), false) != Wakeup::woken) {
        interrupted |= take_interrupt(this_record());
    }
    if (interrupted) interrupt(this_record());
}

}  // namespace threadwise::runtime
