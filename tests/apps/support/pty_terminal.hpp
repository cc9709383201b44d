#pragma once
// The command on a terminal: a pseudo-terminal, and of xterm what the picture is made with.

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "apps/support/run_command.hpp"

namespace test {

/// What a terminal shows after the bytes that it was sent. A character is one of UTF-8, and takes one column.
class Picture {
public:
    Picture(std::size_t columns, std::size_t rows) { resize(columns, rows); }

    void resize(std::size_t columns, std::size_t rows) {
        columns_ = columns;
        rows_.resize(rows);
        for (auto& row : rows_) row.resize(columns, blank_);
        first_ = 0;
        last_row_ = rows - 1;
        row_ = std::min(row_, rows - 1);
        column_ = std::min(column_, columns - 1);
    }

    void write(std::string_view bytes) {
        unread_ += bytes;
        while (const std::size_t used = obey_one(unread_)) unread_.erase(0, used);
    }

    /// Its rows, each without the blanks at its end.
    std::string text() const {
        std::string all;
        for (const auto& row : rows_) {
            std::string line;
            for (const std::string& cell : row) line += cell;
            all += line.erase(line.find_last_not_of(' ') + 1) + "\n";
        }
        return all;
    }

private:
    /// How many of the bytes are used up; 0: it is not known yet what they mean.
    std::size_t obey_one(std::string_view bytes) {
        if (bytes.empty()) return 0;
        if (bytes[0] == '\x1b') return obey_escape(bytes);
        if (static_cast<unsigned char>(bytes[0]) < ' ') {
            if (bytes[0] == '\r') column_ = 0;
            if (bytes[0] == '\n') next_row();
            if (bytes[0] == '\b') column_ -= column_ == 0 ? 0 : 1;
            if (bytes[0] == '\t') column_ = std::min((column_ / 8 + 1) * 8, columns_ - 1);
            return 1;
        }
        std::size_t size = 1;
        while (size < bytes.size() && (static_cast<unsigned char>(bytes[size]) & 0xC0U) == 0x80U) ++size;
        const auto first = static_cast<unsigned char>(bytes[0]);
        const std::size_t whole = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (size < whole) return 0;
        put(std::string(bytes.substr(0, size)));
        return size;
    }

    void put(const std::string& character) {
        if (column_ < columns_) rows_[row_][column_] = character;
        ++column_;
        last_ = character;
    }

    void next_row() {
        if (row_ == last_row_) {
            scroll(first_, 1);
        } else {
            row_ = std::min(row_ + 1, rows_.size() - 1);
        }
    }

    void previous_row() {
        if (row_ == first_) {
            scroll(first_, -1);
        } else {
            row_ -= row_ == 0 ? 0 : 1;
        }
    }

    /// The rows from there to the lower margin go up, or down, and blank ones follow.
    void scroll(std::size_t from, std::ptrdiff_t by) {
        const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = rows_.begin() + static_cast<std::ptrdiff_t>(last_row_) + 1;
        if (by > 0) {
            std::fill(std::shift_left(begin, end, by), end, std::vector(columns_, blank_));
        } else {
            std::fill(begin, std::shift_right(begin, end, -by), std::vector(columns_, blank_));
        }
    }

    std::size_t obey_escape(std::string_view bytes) {
        if (bytes.size() < 2) return 0;
        if (bytes[1] == '(' || bytes[1] == ')') return bytes.size() < 3 ? 0 : 3;
        if (bytes[1] == 'M') previous_row();
        if (bytes[1] != '[') return 2;
        const std::size_t end = bytes.find_first_not_of("0123456789;?", 2);
        if (end == std::string_view::npos) return 0;
        obey_sequence(bytes.substr(2, end - 2), bytes[end]);
        return end + 1;
    }

    void obey_sequence(std::string_view parameters, char what) {
        const auto number = [&](std::size_t index, std::size_t otherwise) {
            std::string rest(parameters);
            for (; index > 0; --index)
                rest.erase(0, rest.find(';') == std::string::npos ? rest.size() : rest.find(';') + 1);
            const int value = std::atoi(rest.c_str());
            return value > 0 ? static_cast<std::size_t>(value) : otherwise;
        };
        auto& row = rows_[row_];
        const auto here = static_cast<std::ptrdiff_t>(std::min(column_, columns_));
        const std::size_t n = number(0, 1);
        switch (what) {
            case 'H':
                row_ = std::min(n, rows_.size()) - 1;
                column_ = std::min(number(1, 1), columns_) - 1;
                break;
            case 'd': row_ = std::min(n, rows_.size()) - 1; break;
            case 'G': column_ = std::min(n, columns_) - 1; break;
            case 'A': row_ -= std::min(n, row_); break;
            case 'B': row_ = std::min(row_ + n, rows_.size() - 1); break;
            case 'C': column_ = std::min(column_ + n, columns_ - 1); break;
            case 'D': column_ -= std::min(n, column_); break;
            case 'X': std::fill_n(row.begin() + here, std::min(n, columns_ - column_), blank_); break;
            case 'P':
                row.erase(row.begin() + here,
                          row.begin() + here + static_cast<std::ptrdiff_t>(std::min(n, columns_ - column_)));
                row.resize(columns_, blank_);
                break;
            case '@':
                row.insert(row.begin() + here, n, blank_);
                row.resize(columns_);
                break;
            case 'r':
                first_ = n - 1;
                last_row_ = std::min(number(1, rows_.size()), rows_.size()) - 1;
                row_ = column_ = 0;
                break;
            case 'S': scroll(first_, static_cast<std::ptrdiff_t>(n)); break;
            case 'T': scroll(first_, -static_cast<std::ptrdiff_t>(n)); break;
            case 'M': scroll(row_, static_cast<std::ptrdiff_t>(n)); break;
            case 'L': scroll(row_, -static_cast<std::ptrdiff_t>(n)); break;
            case 'b':
                for (std::size_t i = 0; i < n; ++i) put(last_);
                break;
            case 'K':
                if (number(0, 0) == 0) std::fill(row.begin() + here, row.end(), blank_);
                if (number(0, 0) == 1) std::fill(row.begin(), row.begin() + here + 1, blank_);
                break;
            case 'J':
                if (number(0, 0) == 0) std::fill(row.begin() + here, row.end(), blank_);
                for (std::size_t i = number(0, 0) == 0 ? row_ + 1 : 0; i < rows_.size(); ++i)
                    std::ranges::fill(rows_[i], blank_);
                break;
            default: break;  // styles and modes
        }
    }

    const std::string blank_ = " ";
    std::vector<std::vector<std::string>> rows_;
    std::size_t columns_ = 0;
    std::size_t row_ = 0;
    std::size_t column_ = 0;
    std::size_t first_ = 0;  ///< the upper margin
    std::size_t last_row_ = 0;
    std::string last_ = " ";
    std::string unread_;
};

/// `threadwise` as a user starts it from a shell on a terminal of its own.
class TerminalCommand {
public:
    TerminalCommand(std::vector<std::string> arguments, unsigned short columns, unsigned short rows)
        : picture_(columns, rows) {
        const winsize size{rows, columns, 0, 0};
        if (::openpty(&screen_, &program_, nullptr, nullptr, &size) != 0) throw std::runtime_error("openpty");
        ::fcntl(screen_, F_SETFD, FD_CLOEXEC);
        ::fcntl(program_, F_SETFD, FD_CLOEXEC);
        const int terminal = program_;
        command_ = std::make_unique<RunningCommand>(threadwise_with(std::move(arguments)), [terminal] {
            ::setsid();
            ::ioctl(terminal, TIOCSCTTY, 0);
            for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(terminal, stream);
            const rlimit no_core{0, 0};
            ::setrlimit(RLIMIT_CORE, &no_core);
        });
    }
    ~TerminalCommand() {
        close_terminal();
        if (command_) finish();
    }
    TerminalCommand(const TerminalCommand&) = delete;
    TerminalCommand& operator=(const TerminalCommand&) = delete;

    void type(std::string_view keys) const { static_cast<void>(::write(screen_, keys.data(), keys.size())); }

    void resize(unsigned short columns, unsigned short rows) {
        read_what_is_there(0);
        picture_.resize(columns, rows);
        const winsize size{rows, columns, 0, 0};
        ::ioctl(screen_, TIOCSWINSZ, &size);
    }

    void send(int signal) const { command_->send(signal); }

    /// Reads until the terminal shows something of which that is true; false if it does not.
    template <class Condition>
    bool shows(Condition is_right) {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!is_right(picture_.text())) {
            if (std::chrono::steady_clock::now() > give_up) return false;
            read_what_is_there(100);
        }
        return true;
    }
    bool shows_text(const std::string& part) {
        return shows([&](const std::string& text) { return text.find(part) != std::string::npos; });
    }
    bool hides_text(const std::string& part) {
        return shows([&](const std::string& text) { return text.find(part) == std::string::npos; });
    }

    std::string picture() const { return picture_.text(); }

    /// All that was written to the terminal.
    const std::string& written() const { return written_; }

    termios modes() const {
        termios modes{};
        ::tcgetattr(program_, &modes);
        return modes;
    }

    /// The terminal goes, as when its window is closed.
    void close_terminal() {
        for (int* const end : {&screen_, &program_}) {
            if (*end != -1) ::close(std::exchange(*end, -1));
        }
    }

    /// Its exit code, once it has ended.
    int finish() {
        // What it writes must be read, or it waits; its output ends when it does.
        std::thread ending([this] { code_ = command_->finish().code; });
        while (screen_ != -1 && ::kill(command_->pid(), 0) == 0) read_what_is_there(10);
        ending.join();
        command_.reset();
        if (screen_ != -1) read_what_is_there(0);
        return code_;
    }

private:
    void read_what_is_there(int milliseconds) {
        pollfd waited{screen_, POLLIN, 0};
        while (::poll(&waited, 1, milliseconds) == 1) {
            std::array<char, 16384> bytes{};
            const ssize_t count = ::read(screen_, bytes.data(), bytes.size());
            if (count <= 0) return;
            const std::string_view read(bytes.data(), static_cast<std::size_t>(count));
            written_ += read;
            picture_.write(read);
            milliseconds = 0;
        }
    }

    Picture picture_;
    int screen_ = -1;
    int program_ = -1;
    std::unique_ptr<RunningCommand> command_;
    std::string written_;
    int code_ = -1;
};

}  // namespace test
