#include "inspect/card_reader.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "platform/clock.hpp"
#include "platform/cpu.hpp"
#include "runtime/trace/ring_area.hpp"

namespace threadwise::inspect {
namespace {

using runtime::Card;
using runtime::CardFile;
using runtime::CardPlace;
using runtime::CardState;
using runtime::SequenceLocked;
using runtime::WaitKind;
using runtime::WaitSite;

/// A thread is quick to write, unless it is stopped meanwhile.
template <class Value>
std::optional<Value> read_patiently(const SequenceLocked<Value>& locked) noexcept {
    constexpr int tries = 1'000;
    for (int i = 0; i < tries; ++i) {
        if (std::optional<Value> value = locked.try_read()) return value;
        platform::pause();
    }
    return std::nullopt;
}

/// Whether that is the place of the wait with that site.
bool is_place_of(const CardPlace& place, const WaitSite& site, std::uint32_t version) noexcept {
    if (place.site_version != 0) return place.site_version == version;
    return place.line == site.where.line() && place.file_key == site.where.file_name() &&
           place.function_key == site.where.function_name();
}

Place place_of(const Card& card, const WaitSite& site, std::uint32_t version) {
    Place place;
    const auto written = read_patiently(card.place);
    // Another place's, or none: the thread has not slept in this wait.
    if (!written || !is_place_of(*written, site, version)) return place;
    place.file = written->file.view();
    place.function = written->function.view();
    place.line = written->line;
    return place;
}

/// Of the site whose version that is; 0: nobody, or not known.
std::uint32_t holder_of(const Card& card, std::uint32_t version) noexcept {
    const std::uint64_t noted = card.holder.load(std::memory_order_acquire);  // acquire: as a sequence lock's words
    return (noted >> 32U) == version ? static_cast<std::uint32_t>(noted) & runtime::owner_mask : 0;
}

void read_wait(CardReader::Seen& seen, const Card& card, const WaitSite& site, std::uint32_t version) {
    Wait& wait = seen.info.wait;
    wait.kind = (site.across_processes ? "multiprocessing." : "") + std::string(to_string(site.kind));
    wait.object = reinterpret_cast<std::uintptr_t>(site.object);
    wait.held = site.owner_word != nullptr && site.kind != WaitKind::future;
    const std::uint32_t owner = site.owner_word != nullptr ? holder_of(card, version) : site.owner;
    if (site.across_processes) {
        wait.thread_there = owner;
    } else if (owner != 0) {
        wait.owners.push_back(owner);
    }
    wait.since = std::clamp(site.since, Instant{}, platform::now());
    if (site.deadline != platform::never) wait.deadline = site.deadline;
    wait.where = place_of(card, site, version);
    seen.owner_word = reinterpret_cast<std::uintptr_t>(site.owner_word);
    seen.owner_shift = site.owner_shift & 31U;  // whatever the byte is
}

/// While the card is that thread's.
CardReader::Seen read_card(const Card& card, std::uint32_t ident) {
    CardReader::Seen seen;
    seen.card = &card;
    seen.info.ident = ident;
    seen.info.native_id = card.native_id.load();
    seen.info.daemon = card.is_daemon.load() != 0;
    seen.is_main = card.is_main.load() != 0;
    seen.info.state = card.state.load() == CardState::starts ? State::starts : State::runs;
    if (const auto name = read_patiently(card.name)) seen.info.name = name->view();
    seen.site_version = card.site.version();
    const auto site = read_patiently(card.site);
    // Half written: the thread runs, though it may have been stopped there.
    if (!site || site->kind == WaitKind::none) return seen;
    seen.info.state = State::waits;
    read_wait(seen, card, *site, seen.site_version);
    if (!seen.still_waits()) {
        // It has gone on meanwhile, and what was read may be of two waits.
        seen.info.state = State::runs;
        seen.info.wait = {};
        seen.owner_word = 0;
    }
    return seen;
}

}  // namespace

CardReader::CardReader(platform::SharedView view) noexcept : view_(std::move(view)), kind_(look()) {}

CardReader::Kind CardReader::look() const noexcept {
    if (view_.bytes().size() < sizeof(CardFile)) return Kind::other_version;
    const CardFile& read = file();
    if (read.complete.load(std::memory_order_acquire) == 0) return Kind::incomplete;  // acquire: before the rest
    if (read.magic != runtime::card_magic || read.layout != runtime::card_layout || read.card_size != sizeof(Card) ||
        read.cards_offset != sizeof(CardFile)) {
        return Kind::other_version;
    }
    return Kind::readable;
}

const CardFile& CardReader::file() const noexcept { return *reinterpret_cast<const CardFile*>(view_.bytes().data()); }

const Card& CardReader::card(std::uint32_t index) const noexcept {
    return *reinterpret_cast<const Card*>(view_.bytes().data() + sizeof(CardFile) + index * sizeof(Card));
}

std::uint32_t CardReader::used() const noexcept {
    const std::size_t capacity = (view_.bytes().size() - sizeof(CardFile)) / sizeof(Card);
    // acquire: pairs with the release that comes after a card's beginning.
    return std::min(file().used.load(std::memory_order_acquire), static_cast<std::uint32_t>(capacity));
}

bool CardReader::Seen::still_waits() const noexcept {
    return card->site.version() == site_version && card->ident.load() == info.ident;
}

std::vector<CardReader::Seen> CardReader::read() const {
    std::vector<Seen> threads;
    for (std::uint32_t index = 0; index < used(); ++index) {
        const Card& read = card(index);
        const std::uint32_t ident = read.ident.load();
        if (ident == 0) continue;
        Seen seen = read_card(read, ident);
        // Otherwise that thread has ended, and what was read may be of two.
        if (read.ident.load() != ident) continue;
        seen.number = index;
        threads.push_back(std::move(seen));
    }
    return threads;
}

runtime::trace::ReadRing CardReader::read_ring(std::uint32_t number) const {
    const std::uint64_t slots = file().ring_slots;
    const std::uint64_t begin = file().rings_offset;
    const std::uint64_t size = view_.bytes().size();
    if (!std::has_single_bit(slots) || slots > runtime::trace::most_slots || number >= file().ring_count) return {};
    const std::uint64_t offset = number * runtime::trace::size_of_ring(slots);
    const bool is_inside = begin % alignof(runtime::trace::Ring) == 0 && begin <= size && offset < size - begin &&
                           runtime::trace::size_of_ring(slots) <= size - begin - offset;
    if (!is_inside) return {};
    return runtime::trace::read(*reinterpret_cast<const runtime::trace::Ring*>(view_.bytes().data() + begin + offset),
                                slots);
}

}  // namespace threadwise::inspect
