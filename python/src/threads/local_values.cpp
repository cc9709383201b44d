#include "threads/local_values.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace threadwise::python {
namespace {

/// Which slots in the tables are taken, in all interpreters of the process.
class FreeSlots {
public:
    std::size_t take() {
        const std::scoped_lock hold(lock_);
        if (free_.empty()) {
            free_.reserve(next_ + 1);  // so that give_back() needs no memory
            return next_++;
        }
        const std::size_t slot = free_.back();
        free_.pop_back();
        return slot;
    }

    void give_back(std::size_t slot) noexcept {
        const std::scoped_lock hold(lock_);
        free_.push_back(slot);
    }

private:
    Lock lock_;
    std::vector<std::size_t> free_;
    std::size_t next_ = 0;
};

FreeSlots& free_slots() {
    static auto& made = *new FreeSlots;  // objects of daemon threads may outlive everything
    return made;
}

/// How many tables have gone. Relaxed everywhere: a thread's table goes while it runs, by itself, or while it cannot
/// run Python code, and before its state is used again by another, which the interpreter's own locks order.
std::atomic<std::uint64_t> tables_gone{0};

constexpr const char* table_name = "threadwise.LocalTable";

}  // namespace

/// One thread's.
class LocalTable {
public:
    PyObject* find(const LocalValues& values) const noexcept {
        // The address is not used twice while the entry is there: its weak pointer keeps the memory.
        if (values.slot_ >= entries_.size() || entries_[values.slot_].values != &values) return nullptr;
        return entries_[values.slot_].dictionary;
    }

    void make_slot(const LocalValues& values) {
        if (values.slot_ >= entries_.size()) entries_.resize(values.slot_ + 1);
    }

    /// After make_slot().
    void set(LocalValues& values, PyObject* dictionary) noexcept {
        entries_[values.slot_] = {&values, dictionary, values.weak_from_this()};
    }

    void erase(const LocalValues& values) noexcept { entries_[values.slot_] = {}; }

    /// The thread ends. What dies now may use thread-local objects once more: they get a new table.
    static void destroy(PyObject* capsule) {
        const std::unique_ptr<LocalTable> table(static_cast<LocalTable*>(PyCapsule_GetPointer(capsule, table_name)));
        tables_gone.fetch_add(1, std::memory_order_relaxed);
        for (const Entry& entry : table->entries_) {
            if (const auto values = entry.owner.lock()) values->take(*table).reset();
        }
    }

    /// The calling thread's; null without an exception if it has none.
    static LocalTable* current() {
        if (last_.thread == PyThreadState_Get() && last_.gone == tables_gone.load(std::memory_order_relaxed)) {
            return last_.table;
        }
        return look_up();
    }

    /// The same, made if need be. Null with an exception set without memory.
    static LocalTable* current_or_new();

private:
    struct Entry {
        const LocalValues* values = nullptr;
        PyObject* dictionary = nullptr;
        std::weak_ptr<LocalValues> owner;
    };

    /// The table that was found last by this thread of the system, and when.
    struct Last {
        PyThreadState* thread;
        std::uint64_t gone;
        LocalTable* table;
    };

    static LocalTable* look_up();

    static constinit thread_local Last last_;
    std::vector<Entry> entries_;
};

constinit thread_local LocalTable::Last LocalTable::last_{};

LocalTable* LocalTable::look_up() {
    PyObject* const kept = PyThreadState_GetDict();
    PyObject* const capsule = kept == nullptr ? nullptr : PyDict_GetItemString(kept, table_name);
    if (capsule == nullptr) return nullptr;
    auto* const table = static_cast<LocalTable*>(PyCapsule_GetPointer(capsule, table_name));
    last_ = {PyThreadState_Get(), tables_gone.load(std::memory_order_relaxed), table};
    return table;
}

LocalTable* LocalTable::current_or_new() {
    if (LocalTable* const table = current()) return table;
    PyObject* const kept = PyThreadState_GetDict();
    if (kept == nullptr) return static_cast<LocalTable*>(static_cast<void*>(PyErr_NoMemory()));
    // To make that, the collector may have run, and whatever code with it.
    if (LocalTable* const table = look_up()) return table;
    auto table = std::make_unique<LocalTable>();
    const Ref capsule = Ref::steal(PyCapsule_New(table.get(), table_name, destroy));
    if (!capsule) return nullptr;
    LocalTable* const kept_by_capsule = table.release();
    return PyDict_SetItemString(kept, table_name, capsule.get()) < 0 ? nullptr : kept_by_capsule;
}

LocalValues::LocalValues() : slot_(free_slots().take()) {}

LocalValues::~LocalValues() { free_slots().give_back(slot_); }

PyObject* LocalValues::find() const {
    const LocalTable* const table = LocalTable::current();
    return table == nullptr ? nullptr : table->find(*this);
}

PyObject* LocalValues::add() {
    Ref dictionary = Ref::steal(PyDict_New());
    if (!dictionary) return nullptr;
    try {
        LocalTable* const table = LocalTable::current_or_new();
        if (table == nullptr) return nullptr;
        if (PyObject* const found = table->find(*this)) return found;  // the collector's doing, see there
        table->make_slot(*this);
        {
            const std::scoped_lock hold(lock_);
            dictionaries_.emplace(table, dictionary.get());
        }
        table->set(*this, dictionary.get());
        return dictionary.release();
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
}

Ref LocalValues::remove() {
    LocalTable* const table = LocalTable::current();
    if (table == nullptr || table->find(*this) == nullptr) return {};
    table->erase(*this);
    return take(*table);
}

Ref LocalValues::take(const LocalTable& table) {
    const std::scoped_lock hold(lock_);
    const auto found = dictionaries_.find(&table);
    if (found == dictionaries_.end()) return {};
    Ref dictionary = Ref::steal(found->second);
    dictionaries_.erase(found);
    return dictionary;
}

void LocalValues::clear() {
    decltype(dictionaries_) all;
    {
        const std::scoped_lock hold(lock_);
        all.swap(dictionaries_);
    }
    for (const auto& [table, dictionary] : all) Py_DECREF(dictionary);
}

}  // namespace threadwise::python
