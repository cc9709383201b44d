#include "platform/native_thread.hpp"

#include <pthread.h>

#include <array>
#include <memory>

namespace threadwise::platform {
namespace {

struct Start {
    void (*run)(void*);
    void* argument;
};

// Not noexcept: pthread_exit() and cancellation unwind through here.
void* run_start(void* start) {
    const std::unique_ptr<Start> owned(static_cast<Start*>(start));
    owned->run(owned->argument);
    return nullptr;
}

class Attributes {
public:
    Attributes() noexcept { pthread_attr_init(&attributes_); }
    ~Attributes() { pthread_attr_destroy(&attributes_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;

    bool set_stack_size(std::size_t size) noexcept { return pthread_attr_setstacksize(&attributes_, size) == 0; }
    bool set_detached() noexcept { return pthread_attr_setdetachstate(&attributes_, PTHREAD_CREATE_DETACHED) == 0; }
    const pthread_attr_t* get() const noexcept { return &attributes_; }

private:
    pthread_attr_t attributes_{};
};

}  // namespace

bool start_native_thread(void (*run)(void*), void* argument, std::size_t stack_size) noexcept {
    Attributes attributes;
    if (!attributes.set_detached() || (stack_size != 0 && !attributes.set_stack_size(stack_size))) return false;
    auto* start = new (std::nothrow) Start{run, argument};
    pthread_t thread{};
    if (start != nullptr && pthread_create(&thread, attributes.get(), run_start, start) == 0) return true;
    delete start;
    return false;
}

bool is_stack_size_accepted(std::size_t stack_size) noexcept { return Attributes().set_stack_size(stack_size); }

void name_this_thread(std::string_view name) noexcept {
    std::array<char, 16> cut{};  // with the 0 at the end, all that the kernel keeps
    name.copy(cut.data(), cut.size() - 1);
    pthread_setname_np(pthread_self(), cut.data());
}

}  // namespace threadwise::platform
