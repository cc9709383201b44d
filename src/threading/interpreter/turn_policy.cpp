#include "threading/interpreter/turn_policy.hpp"

#include <algorithm>

namespace threadwise::threading {

void TurnPolicy::promise(TurnKind kind, platform::Instant now) noexcept {
    kind_ = kind;
    began_ = now;
    running_ = false;
}

void TurnPolicy::begin_turn(TurnKind kind, platform::Instant began) noexcept {
    kind_ = kind;
    began_ = began;
    running_ = true;
}

bool TurnPolicy::demote(platform::Instant now) noexcept {
    if (kind_ == TurnKind::computing || used(now) < burst_) return false;
    kind_ = TurnKind::computing;
    return true;
}

platform::Instant TurnPolicy::due(TurnKind waiter) const noexcept {
    if (kind_ == TurnKind::returning) return began_ + burst_;
    return waiter == TurnKind::returning ? solvent_from_ : began_ + interval_;
}

void TurnPolicy::observe(platform::Instant now, bool computing_waits) noexcept {
    const auto in_bucket_terms = [this](Duration taken) {
        return std::chrono::duration_cast<Duration>(taken / filling_);
    };
    if (deprived_) {
        const platform::Instant full_since = now - in_bucket_terms(interval_);
        solvent_from_ = std::max(solvent_from_, full_since) + in_bucket_terms(std::min(now - observed_, burst_));
    }
    deprived_ = computing_waits && !(running_ && kind_ == TurnKind::computing);
    observed_ = now;
}

}  // namespace threadwise::threading
