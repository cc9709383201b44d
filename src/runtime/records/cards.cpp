#include "runtime/records/cards.hpp"

#include <new>
#include <utility>

#include "platform/processes/shared_pages.hpp"
#include "platform/this_thread.hpp"
#include "runtime/records/card.hpp"
#include "runtime/trace/ring_area.hpp"
#include "threadwise/version.hpp"

namespace threadwise::runtime {
namespace {

/// More threads than that are not seen from outside.
constexpr std::uint32_t capacity = 32'768;

using platform::CommittedPart;

/// Of the cards and of what is before them; the rings come next.
constexpr std::size_t size_of_cards = CommittedPart::round_up(sizeof(CardFile) + capacity * sizeof(Card));

constinit platform::SharedPages pages;
constinit CommittedPart committed;
constinit trace::RingArea rings;
constinit CardFile* file = nullptr;
constinit Card* free_cards = nullptr;  // linked by their native ids, which hold the address of the next

/// With rings of so many slots.
constexpr std::size_t file_size(std::size_t slots) noexcept {
    return size_of_cards + (slots == 0 ? 0 : CommittedPart::round_up(trace::size_of_rings(slots)));
}

void describe_file(std::size_t ring_slots) noexcept {
    file = new (pages.data) CardFile;
    file->magic = card_magic;
    file->layout = card_layout;
    file->card_size = sizeof(Card);
    file->cards_offset = sizeof(CardFile);
    file->capacity = capacity;
    file->pid = static_cast<std::uint32_t>(platform::initial_native_id());
    file->rings_offset = size_of_cards;
    file->ring_slots = static_cast<std::uint32_t>(ring_slots);
    file->ring_count = trace::ring_count;
    version().copy(file->library_version.data(), file->library_version.size() - 1);
    file->complete.store(1, std::memory_order_release);  // release: after all of the above
}

/// One that has never been used; null: there is none, or no memory for it.
Card* next_unused() noexcept {
    if (file == nullptr) return nullptr;
    const std::uint32_t index = file->used.load(std::memory_order_relaxed);  // relaxed: under the lock
    const std::size_t begin = sizeof(CardFile) + index * sizeof(Card);
    if (index == capacity || !committed.grow_to(begin + sizeof(Card))) return nullptr;
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
    free_cards = nullptr;
}

/// Whether there is a file then, with rings of so many slots.
bool open_with(std::size_t ring_slots) noexcept {
    pages = platform::open_shared_pages(card_file_name, file_size(ring_slots));
    if (pages.data == nullptr) return false;
    committed = {pages.data};
    if (!committed.grow_to(sizeof(CardFile))) {
        platform::close_shared_pages(std::exchange(pages, {}));
        return false;
    }
    rings = ring_slots == 0 ? trace::RingArea() : trace::RingArea(pages.data + size_of_cards, ring_slots);
    describe_file(ring_slots);
    return true;
}

std::uint32_t number_of(const Card& card) noexcept {
    return static_cast<std::uint32_t>(&card - reinterpret_cast<const Card*>(pages.data + sizeof(CardFile)));
}

/// A thread's first and last events.
void record_life(ThreadRecord& record, trace::EventType type) noexcept {
    const std::int64_t now = trace::nanoseconds_at(platform::now());
    record.ring.write(
        {.type = type, .ident = record.ident, .begin = now, .end = now, .subject = record.native_id.load()});
}

/// For those that read the ring once the card is another thread's.
void record_name(ThreadRecord& record) noexcept {
    trace::EventText text{};
    record.name.copy(text.data(), length_within(record.name, text.size()));
    record.ring.write(trace::named(record.ident, text));
}

}  // namespace

void cards::open() noexcept {
    const std::size_t slots = trace::wanted_slots();
    // There may be no address space for the rings, or a limit on the size of files.
    if (!open_with(slots) && slots != 0) open_with(0);
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
    record.ring = rings.at(number_of(*card));
    card->ident = record.ident;
}

void cards::show_running(ThreadRecord& record) noexcept {
    if (record.card == nullptr) return;
    record.card->native_id = record.native_id.load();
    const bool is_new = record.card->state.exchange(CardState::runs) == CardState::starts;
    if (is_new && !record.ring.is_off()) record_life(record, trace::EventType::started);
}

void cards::take_back(ThreadRecord& record) noexcept {
    Card* const card = std::exchange(record.card, nullptr);
    if (card == nullptr) return;
    record.site.leave();
    if (!record.ring.is_off() && record.native_id.load() != 0) {
        record_name(record);
        record_life(record, trace::EventType::ended);
    }
    record.ring = {};
    card->ident = 0;
    put_among_free(*card);
}

void cards::lose(ThreadRecord& record) noexcept {
    record.card = nullptr;
    record.ring = {};
    record.site.leave();
}

}  // namespace threadwise::runtime
