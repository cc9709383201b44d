#include "top/report.hpp"

#include <fmt/format.h>

#include <vector>

#include "terminal/text.hpp"
#include "threads/picture.hpp"
#include "top/frame.hpp"
#include "top/object_page.hpp"
#include "top/thread_page.hpp"

namespace command {
namespace {

using nlohmann::json;

json json_of(const ObjectWaits& waits) {
    json object{{"kind", waits.kind},
                {"object", fmt::format("{:#x}", waits.object)},
                {"waiting", waits.waiting},
                {"waited_seconds", waits.waited},
                {"longest_seconds", waits.longest},
                {"owners", waits.owners}};
    if (waits.where.line != 0) {
        object["where"] = {{"file", waits.where.file}, {"line", waits.where.line}, {"function", waits.where.function}};
    }
    return object;
}

void add_cpu(json& object, const std::optional<CpuUse>& used) {
    if (!used) return;
    object["cpu_seconds"] = used->seconds;
    if (used->share) object["cpu_share"] = *used->share;
}

}  // namespace

std::string text_of(Page& page, std::size_t columns) {
    page.arrange("");
    std::vector<Row> rows;
    for (std::size_t i = 0; i < page.size(); ++i) rows.push_back(page.row(i));
    const auto widths = columns == 0 ? natural_widths(page.columns(), rows) : widths_for(page.columns(), columns);
    std::string text = heading_of(page.columns(), widths, page.sorted_by(), page.is_reversed()) + "\n";
    for (const Row& row : rows) text += line_of(row.cells, page.columns(), widths) + "\n";
    return text;
}

std::string report_of(Watched& watched, std::size_t columns) {
    ThreadPage threads(watched);
    ObjectPage objects(watched);
    std::string text;
    for (const Line& line : head_of(watched)) {
        std::string fit = fitted(line.text, columns == 0 ? columns_of(line.text) : columns);
        text += fit.erase(fit.find_last_not_of(' ') + 1) + "\n";
    }
    text += fmt::format("\n{}", text_of(threads, columns));
    objects.arrange("");
    if (objects.size() != 0) text += fmt::format("\n{}", text_of(objects, columns));
    return text;
}

json json_of(Watched& watched) {
    const auto& threads = watched.snapshot().threads;
    json document = json_of(watched.snapshot());
    document["pid"] = watched.pid();
    document["command"] = watched.command();
    add_cpu(document, watched.cpu());
    for (std::size_t i = 0; i < threads.size(); ++i) add_cpu(document["threads"][i], watched.cpu_of(threads[i]));
    json objects = json::array();
    for (const ObjectWaits& waits : watched.objects()) objects.push_back(json_of(waits));
    document["objects"] = std::move(objects);
    return document;
}

}  // namespace command
