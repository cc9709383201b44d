// What ProgressBars writes to a terminal.

#include "terminal/progress_bars.hpp"

#include <gmock/gmock.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>

namespace {

using namespace command;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The two ends of a terminal of this size.
class Terminal {
public:
    Terminal(unsigned short rows, unsigned short columns) {
        winsize size{};
        size.ws_row = rows;
        size.ws_col = columns;
        if (openpty(&screen_, &program_, nullptr, nullptr, &size) != 0) throw std::runtime_error("openpty");
        setenv("TERM", "xterm", 1);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal() {
        close(screen_);
        close(program_);
    }

    int descriptor() const { return program_; }

    /// What was written since the last time, of which there is something.
    std::string written() const {
        std::array<char, 65536> buffer{};
        const auto count = read(screen_, buffer.data(), buffer.size());
        return {buffer.data(), static_cast<std::size_t>(count < 0 ? 0 : count)};
    }

private:
    int screen_ = -1;
    int program_ = -1;
};

BatchProgress running_files(int count) {
    BatchProgress progress;
    for (int i = 0; i < count; ++i) {
        progress.push_back(std::make_unique<FileProgress>("file-" + std::to_string(i)));
        progress.back()->set_state(FileProgress::State::running);
    }
    return progress;
}

TEST(ProgressBars, NeverEraseAScreen) {
    // A screen that is erased from its first line on goes into what tmux can scroll back to.
    const Terminal terminal(10, 80);
    const BatchProgress progress = running_files(20);
    {
        ProgressBars bars(progress, terminal.descriptor(), true);
        bars.draw();
        EXPECT_THAT(terminal.written(), HasSubstr("file-0"));
        bars.draw();
        const std::string second = terminal.written();
        EXPECT_THAT(second, StartsWith("\x1b[9F"));
        EXPECT_EQ(std::ranges::count(second, '\n'), 9);
        EXPECT_THAT(second, Not(HasSubstr("\x1b[J")));
    }
    EXPECT_THAT(terminal.written(), Not(HasSubstr("\x1b[J")));
}

TEST(ProgressBars, TakeTheirLinesAway) {
    const Terminal terminal(24, 80);
    const BatchProgress progress = running_files(2);
    {
        ProgressBars bars(progress, terminal.descriptor(), true);
        bars.draw();
        terminal.written();
        progress[0]->set_state(FileProgress::State::done);
        bars.draw();
        // As many lines as before: the last one is empty.
        EXPECT_THAT(terminal.written(), testing::EndsWith("\x1b[K\r\n\x1b[K\r\n"));
    }
    EXPECT_EQ(terminal.written(), "\x1b[3F\x1b[K\r\n\x1b[K\r\n\x1b[K\r\n\x1b[3F");
}

}  // namespace
