#include "top/live.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace command {

using threadwise::inspect::ProcessError;
using Kind = Key::Kind;

Live::Live(Screen& screen, std::optional<int> pid, Seconds interval)
    : screen_(screen), has_list_(!pid), interval_(interval) {
    if (pid) opened_ = std::make_unique<Opened>(*pid);
}

Live::End Live::run(const std::stop_token& stop) {
    for (;;) {
        look_when_due();
        draw_all();
        // While the picture is kept there is nothing to be done but what keys say.
        const auto left = is_frozen_ ? std::chrono::hours(1) : next_look_ - Clock::now();
        const auto at_most = std::chrono::ceil<std::chrono::milliseconds>(std::max(left, Clock::duration::zero()));
        const Key key = screen_.next_key(at_most, stop);
        if (const auto end = obey(key)) return *end;
    }
}

void Live::look_when_due() {
    const auto now = Clock::now();
    if (is_frozen_ || now < next_look_) return;
    look();
    next_look_ = now + std::chrono::duration_cast<Clock::duration>(interval_);
}

void Live::look() {
    if (!opened_) {
        processes_.look();
        return;
    }
    try {
        opened_->watched.look();
    } catch (const ProcessError& error) {
        if (!has_list_) throw;
        message_ = error.what();
        opened_.reset();
        processes_.look();
    }
}

Page& Live::page() {
    if (!opened_) return processes_;
    if (shows_objects_) return opened_->objects;
    return opened_->threads;
}

std::vector<Line> Live::head() {
    std::vector<Line> lines;
    if (opened_) {
        lines = head_of(opened_->watched);
    } else {
        lines.push_back({"processes that use threadwise; Enter looks at one", Style::heading});
    }
    Line& last = lines.back();
    if (!filter_.empty()) last.text += fmt::format(", filter \"{}\"", filter_);
    if (is_frozen_) last.text += ", frozen";
    return lines;
}

Line Live::foot() const {
    if (edits_filter_) return {fmt::format("filter: {}_  (Enter: keep it, Esc: all rows)", filter_), Style::heading};
    if (!message_.empty()) return {message_, Style::alarm};
    return {keys_at_foot(screen_.size().columns, opened_ != nullptr), Style::faint};
}

void Live::draw_all() {
    if (shows_help_) {
        draw(screen_, help_lines());
        return;
    }
    page().arrange(filter_);
    draw(screen_, head(), page(), foot());
}

std::optional<Live::End> Live::obey(const Key& key) {
    switch (key.kind) {
        case Kind::stopped: return End::stopped;
        case Kind::closed: return End::terminal_gone;
        case Kind::none:
        case Kind::redraw: return std::nullopt;
        default: break;
    }
    message_.clear();
    if (std::exchange(shows_help_, false) && key.text != "q") return std::nullopt;
    if (edits_filter_ && edit_filter(key)) return std::nullopt;
    if (move_selection(key.kind)) return std::nullopt;
    if (key.kind == Kind::tab) show_next_page();
    if (key.kind == Kind::enter) open_selected();
    if (key.kind == Kind::escape) back();
    return key.text.size() == 1 ? obey_letter(key.text.front()) : std::nullopt;
}

std::optional<Live::End> Live::obey_letter(char letter) {
    switch (letter) {
        case 'q': return End::quit;
        case 's': page().sort_by_next(1); break;
        case 'S': page().sort_by_next(-1); break;
        case 'r': page().reverse(); break;
        case '/': edits_filter_ = true; break;
        case 't':
            if (opened_ && !shows_objects_) opened_->threads.toggle_tree();
            break;
        case ' ':
            is_frozen_ = !is_frozen_;
            next_look_ = {};
            break;
        case '+': change_interval(0.5); break;
        case '-': change_interval(2); break;
        case '?':
        case 'h': shows_help_ = true; break;
        default: break;
    }
    return std::nullopt;
}

bool Live::edit_filter(const Key& key) {
    switch (key.kind) {
        case Kind::text: filter_ += key.text; return true;
        case Kind::backspace:
            // To the beginning of a character: its other bytes are 10xxxxxx.
            while (!filter_.empty() && (static_cast<unsigned char>(filter_.back()) & 0xC0U) == 0x80U)
                filter_.pop_back();
            if (!filter_.empty()) filter_.pop_back();
            return true;
        case Kind::escape: filter_.clear(); [[fallthrough]];
        case Kind::enter: edits_filter_ = false; return true;
        default: return false;
    }
}

bool Live::move_selection(Kind kind) {
    const auto all = static_cast<std::ptrdiff_t>(page().size());
    const auto shown = static_cast<std::ptrdiff_t>(rows_of_table(screen_.size().rows, head().size()));
    switch (kind) {
        case Kind::up: page().move(-1); return true;
        case Kind::down: page().move(1); return true;
        case Kind::page_up: page().move(-shown); return true;
        case Kind::page_down: page().move(shown); return true;
        case Kind::home: page().move(-all); return true;
        case Kind::end: page().move(all); return true;
        default: return false;
    }
}

void Live::show_next_page() {
    if (opened_) shows_objects_ = !shows_objects_;
}

void Live::open_selected() {
    const auto pid = opened_ ? std::nullopt : processes_.selected_pid();
    if (!pid) return;
    try {
        opened_ = std::make_unique<Opened>(*pid);
        filter_.clear();
        is_frozen_ = shows_objects_ = false;
        next_look_ = {};
    } catch (const ProcessError& error) {
        message_ = error.what();
    }
}

void Live::back() {
    if (!filter_.empty()) {
        filter_.clear();
    } else if (has_list_ && opened_) {
        opened_.reset();
        is_frozen_ = false;
        next_look_ = {};
    }
}

void Live::change_interval(double factor) {
    constexpr Seconds least(0.05);
    constexpr Seconds most(60);
    interval_ = std::clamp(interval_ * factor, std::min(least, interval_), std::max(most, interval_));
    message_ = fmt::format("looks every {:.2f} s", interval_.count());
    next_look_ = std::min(next_look_, Clock::now() + std::chrono::duration_cast<Clock::duration>(interval_));
}

}  // namespace command
