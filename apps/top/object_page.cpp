#include "top/object_page.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "terminal/durations.hpp"
#include "top/wait_texts.hpp"

namespace command {
namespace {

enum ObjectColumn : std::size_t { what, waited, waiting, longest, holder, where };

constexpr std::array<Column, 6> object_columns{{
    {.title = "WAITED FOR", .width = 12, .wanted = 24, .share = 3, .importance = 6},
    {.title = "WAITED", .width = 9, .is_number = true, .importance = 5},
    {.title = "WAITING", .width = 8, .is_number = true, .importance = 4},
    {.title = "LONGEST", .width = 9, .is_number = true, .importance = 2},
    {.title = "HOLDER", .width = 8, .share = 2, .importance = 3},
    {.title = "AT", .width = 12, .share = 2, .importance = 1},
}};

}  // namespace

ObjectPage::ObjectPage(const Watched& watched) : Page(object_columns, ObjectColumn::waited), watched_(watched) {}

Page::SortKey ObjectPage::key_of(const ObjectWaits& waits) const {
    switch (sorted_by()) {
        // Workers without work wait for nothing that anybody keeps from them.
        case waited: return {is_idle_work(waits.kind) ? waits.waited - 1e9 : waits.waited, {}};
        case waiting: return {static_cast<double>(waits.waiting), {}};
        case longest: return {waits.longest, {}};
        case holder: return {0, watched_.names_of(waits.owners)};
        case where: return {0, where_text(waits.where)};
        default: return {0, object_text(waits.kind, waits.object)};
    }
}

void ObjectPage::arrange(std::string_view filter) {
    order_.clear();
    for (std::size_t i = 0; i < watched_.objects().size(); ++i) {
        if (filter.empty() || contains(row_of(i).cells, filter)) order_.push_back(i);
    }
    sort(order_, [&](std::size_t index) { return key_of(watched_.objects()[index]); });
}

Row ObjectPage::row_of(std::size_t object) const {
    const ObjectWaits& waits = watched_.objects()[object];
    Row row{.cells = std::vector<std::string>(object_columns.size())};
    auto& cells = row.cells;
    cells[what] = object_text(waits.kind, waits.object);
    cells[waited] = human_seconds(waits.waited);
    cells[waiting] = std::to_string(waits.waiting);
    cells[longest] = waits.waiting == 0 ? "-" : human_seconds(waits.longest);
    cells[holder] = watched_.names_of(waits.owners);
    cells[where] = where_text(waits.where);
    if (is_idle_work(waits.kind)) row.style = Style::faint;
    return row;
}

}  // namespace command
