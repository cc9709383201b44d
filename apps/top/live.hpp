#pragma once
// `threadwise top` on a terminal.

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/failure.hpp"
#include "terminal/screen.hpp"
#include "top/frame.hpp"
#include "top/object_page.hpp"
#include "top/process_page.hpp"
#include "top/thread_page.hpp"

namespace command {

using Seconds = std::chrono::duration<double>;

/// A process, as its pages show it.
struct Opened {
    explicit Opened(int pid) : watched(pid), threads(watched), objects(watched) {}

    Watched watched;
    ThreadPage threads;
    ObjectPage objects;
};

/// Looks, draws and obeys keys, until it is told to end.
class Live {
public:
    /// Without a process, begins with the list of processes. Throws ProcessError.
    Live(Screen& screen, std::optional<int> pid, Seconds interval);

    /// Returns when the user wants to quit. Throws ProcessError if the process that it was made for cannot be looked at
    /// any more. Nothing if `stop` came, or the terminal is gone.
    enum class End { quit, stopped, terminal_gone };
    End run(const std::stop_token& stop);

private:
    using Clock = std::chrono::steady_clock;

    void look_when_due();
    void look();
    void draw_all();
    Line foot() const;
    std::vector<Line> head();
    Page& page();

    std::optional<End> obey(const Key& key);
    bool edit_filter(const Key& key);
    bool move_selection(Key::Kind kind);
    std::optional<End> obey_letter(char letter);
    void show_next_page();
    void open_selected();
    void back();
    void change_interval(double factor);

    Screen& screen_;
    const bool has_list_;  ///< it began with it
    Seconds interval_;
    ProcessPage processes_;
    std::unique_ptr<Opened> opened_;
    bool shows_objects_ = false;
    bool is_frozen_ = false;
    bool shows_help_ = false;
    bool edits_filter_ = false;
    std::string filter_;
    std::string message_;  ///< shown at the foot until the next key
    Clock::time_point next_look_{};
};

}  // namespace command
