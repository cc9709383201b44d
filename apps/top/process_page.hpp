#pragma once
// The processes that use threadwise, to choose from.

#include <optional>
#include <string_view>
#include <vector>

#include "threads/process_list.hpp"
#include "top/page.hpp"

namespace command {

class ProcessPage final : public Page {
public:
    ProcessPage();

    void look() { processes_ = list_processes(); }

    void arrange(std::string_view filter) override;
    std::size_t size() const override { return order_.size(); }
    Row row(std::size_t index) override { return row_of(processes_[order_[index]]); }

    /// The selected process; none: there is none.
    std::optional<int> selected_pid() const;

private:
    static Row row_of(const ListedProcess& process);
    SortKey key_of(const ListedProcess& process) const;

    std::vector<ListedProcess> processes_;
    std::vector<std::size_t> order_;
};

}  // namespace command
