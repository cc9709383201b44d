#include "threadwise/embed/foreign_threads.hpp"

#include <memory>
#include <utility>

#include "runtime/records/registry.hpp"

namespace threadwise {

void embed::describe_foreign_thread(std::uint32_t ident, std::string name, bool daemon) {
    const std::shared_ptr<runtime::ThreadRecord> record = runtime::registry::find(ident);
    if (record == nullptr || record->origin == runtime::ThreadRecord::Origin::started) return;
    runtime::registry::rename(*record, std::move(name));
    if (!record->is_main) runtime::registry::set_daemon(*record, daemon);
}

}  // namespace threadwise
