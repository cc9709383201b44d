#pragma once
// Which thread has which bias slot.

#include "threadwise/detail/runtime/bias_slot.hpp"

namespace threadwise::runtime {

/// A slot for as long as this lives. There are never more slots than there were threads at once.
class OwnBiasSlot {
public:
    OwnBiasSlot();
    ~OwnBiasSlot();
    OwnBiasSlot(const OwnBiasSlot&) = delete;
    OwnBiasSlot& operator=(const OwnBiasSlot&) = delete;

    detail::BiasSlot& operator*() const noexcept { return slot_; }

private:
    detail::BiasSlot& slot_;
};

}  // namespace threadwise::runtime
