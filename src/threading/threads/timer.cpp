#include "threadwise/timer.hpp"

#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"

namespace threadwise {
namespace {

class DelayedTarget final : public detail::Target {
public:
    DelayedTarget(Timeout interval, std::unique_ptr<detail::Target> target)
        : interval_(interval), target_(std::move(target)) {}

    void run(std::stop_token stop) override {
        wait(stop);
        if (!stop.stop_requested()) target_->run(std::move(stop));
    }

    const void* function() const noexcept override { return nullptr; }

private:
    void wait(const std::stop_token& stop) {
        runtime::Waiting waiting({.kind = runtime::WaitKind::timer,
                                  .object = this,
                                  .where = {},
                                  .deadline = runtime::deadline_after(interval_)},
                                 stop);
        // It ends by its deadline, by a stop, or by an interrupt. A wake-up was meant for what lay here before.
        runtime::Wakeup wakeup = runtime::Wakeup::woken;
        while (wakeup == runtime::Wakeup::woken) wakeup = waiting.park(this, [] { return true; });
        threading::succeeded(wakeup, stop);
    }

    Timeout interval_;
    std::unique_ptr<detail::Target> target_;
};

}  // namespace

std::unique_ptr<detail::Target> detail::delayed(Timeout interval, std::unique_ptr<Target> target) {
    return std::make_unique<DelayedTarget>(interval, std::move(target));
}

Timer::~Timer() = default;

void Timer::cancel() { request_stop(); }

}  // namespace threadwise
