#include "platform/processes/other_process.hpp"

namespace threadwise::platform {

std::vector<int> process_ids() { return {}; }

SharedView::SharedView(int /*descriptor*/, int /*number*/) noexcept {}
SharedView::~SharedView() = default;
SharedView::SharedView(SharedView&& /*other*/) noexcept {}
SharedView& SharedView::operator=(SharedView&& /*other*/) noexcept { return *this; }

OtherProcess::OtherProcess(int pid) : pid_(pid) {}
OtherProcess::~OtherProcess() = default;
OtherProcess::OtherProcess(OtherProcess&& other) noexcept : pid_(other.pid_) {}

OtherProcess::Standing OtherProcess::standing() const { return Standing::forbidden; }

std::uint32_t OtherProcess::own_pid() const { return static_cast<std::uint32_t>(pid_); }

std::string OtherProcess::command() const { return {}; }

std::vector<SharedView> OtherProcess::shared_views(const char* /*name*/) const { return {}; }

bool OtherProcess::still_shares(const SharedView& /*view*/) const { return false; }

bool OtherProcess::read_words(std::span<const std::uintptr_t> /*addresses*/, std::span<std::uint32_t> /*words*/) const {
    return false;
}

}  // namespace threadwise::platform
