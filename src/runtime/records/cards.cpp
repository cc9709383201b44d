#include "runtime/records/cards.hpp"

#include <new>
#include <utility>

#include "platform/processes/shared_pages.hpp"
#include "platform/this_thread.hpp"
#include "runtime/records/card.hpp"
#include "threadwise/version.hpp"

namespace threadwise::runtime {
namespace {

/// More threads than that are not seen from outside.
constexpr std::uint32_t capacity = 32'768;
/// So many bytes are committed at a time.
constexpr std::size_t step = 16'384;

constexpr std::size_t round_up(std::size_t bytes) noexcept { return (bytes + step - 1) / step * step; }

constexpr std::size_t file_size = round_up(sizeof(CardFile) + capacity * sizeof(Card));

constinit platform::SharedPages pages;
constinit CardFile* file = nullptr;
constinit std::size_t committed = 0;
constinit Card* free_cards = nullptr;  // linked by their native ids, which hold the address of the next

bool commit_up_to(std::size_t end) noexcept {
    if (end <= committed) return true;
    if (!platform::commit_shared_pages(pages.data + committed, round_up(end) - committed)) return false;
    committed = round_up(end);
    return true;
}

void describe_file() noexcept {
    file = new (pages.data) CardFile;
    file->magic = card_magic;
    file->layout = card_layout;
    file->card_size = sizeof(Card);
    file->cards_offset = sizeof(CardFile);
    file->capacity = capacity;
    file->pid = static_cast<std::uint32_t>(platform::initial_native_id());
    version().copy(file->library_version.data(), file->library_version.size() - 1);
    file->complete.store(1, std::memory_order_release);  // release: after all of the above
}

/// One that has never been used; null: there is none, or no memory for it.
Card* next_unused() noexcept {
    if (file == nullptr) return nullptr;
    const std::uint32_t index = file->used.load(std::memory_order_relaxed);  // relaxed: under the lock
    const std::size_t begin = sizeof(CardFile) + index * sizeof(Card);
    if (index == capacity || !commit_up_to(begin + sizeof(Card))) return nullptr;
    Card* const card = new (pages.data + begin) Card;
    file->used.store(index + 1, std::memory_order_release);  // release: after the card's beginning
    return card;
}

/// A card that no thread has, whose ident is 0; null: there is none left.
Card* take() noexcept {
    if (free_cards == nullptr) return next_unused();
    Card* const card = free_cards;
    free_cards = reinterpret_cast<Card*>(card->native_id.exchange(0));
    return card;
}

/// Its ident must be 0 again.
void put_among_free(Card& card) noexcept {
    card.native_id.store(reinterpret_cast<std::uintptr_t>(free_cards));
    free_cards = &card;
}

void close() noexcept {
    if (file == nullptr) return;
    platform::close_shared_pages(std::exchange(pages, {}));
    file = nullptr;
    committed = 0;
    free_cards = nullptr;
}

}  // namespace

void cards::open() noexcept {
    pages = platform::open_shared_pages(card_file_name, file_size);
    if (pages.data == nullptr) return;
    if (commit_up_to(sizeof(CardFile))) {
        describe_file();
    } else {
        platform::close_shared_pages(std::exchange(pages, {}));
    }
}

void cards::reopen() noexcept {
    close();
    open();
}

void cards::give(ThreadRecord& record) noexcept {
    Card* const card = take();
    if (card == nullptr) return;
    card->state = CardState::starts;
    card->native_id = record.native_id.load();
    card->is_daemon = record.daemon.load() ? 1 : 0;
    card->is_main = record.is_main ? 1 : 0;
    card->write_name(record.name);
    record.site.move_to(*card);
    record.last_place = {};
    record.card = card;
    card->ident = record.ident;
}

void cards::show_running(ThreadRecord& record) noexcept {
    if (record.card == nullptr) return;
    record.card->native_id = record.native_id.load();
    record.card->state = CardState::runs;
}

void cards::take_back(ThreadRecord& record) noexcept {
    Card* const card = std::exchange(record.card, nullptr);
    if (card == nullptr) return;
    record.site.leave();
    card->ident = 0;
    put_among_free(*card);
}

void cards::lose(ThreadRecord& record) noexcept {
    record.card = nullptr;
    record.site.leave();
}

}  // namespace threadwise::runtime
