// threadwise top, on a terminal and without one.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/support/pty_terminal.hpp"
#include "apps/support/run_command.hpp"
#include "support/backend.hpp"
#include "support/command_output.hpp"
#include "support/subject.hpp"

namespace {

using namespace test;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using threadwise::testing::output_of_command;
using threadwise::testing::Subject;

class Top : public ::testing::Test {
protected:
    void SetUp() override {
        THREADWISE_NEEDS("file for other processes");
        ::setenv("TERM", "xterm", 1);
        ::unsetenv("NO_COLOR");
    }
};

/// `threadwise top` of that process, which looks 20 times a second, on a terminal.
std::unique_ptr<TerminalCommand> live(const Subject& subject, unsigned short columns = 100, unsigned short rows = 24) {
    return std::make_unique<TerminalCommand>(
        std::vector<std::string>{"top", std::to_string(subject.pid()), "--interval", "0.05"}, columns, rows);
}

constexpr const char* enter_own_screen = "\x1b[?1049h";
constexpr const char* leave_own_screen = "\x1b[?1049l";

bool is_as_before(const termios& modes) { return (modes.c_lflag & ICANON) != 0 && (modes.c_lflag & ECHO) != 0; }

TEST_F(Top, PrintsTextOnce) {
    const Subject subject({"deadlock"});
    const CommandResult result = run_threadwise({"top", std::to_string(subject.pid()), "--once", "--interval", "0.05"});
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_THAT(result.output, ContainsRegex("^[0-9]+ [^\n]*seen_program deadlock\n3 threads, 2 wait, the longest "
                                             "[0-9.]+ s, 1 cycle, CPU [0-9.]+ %\n\nNAME +TID STATE +WAITED↓"));
    EXPECT_THAT(result.output,
                ContainsRegex("\nforwards +[0-9]+ cycle +[0-9.]+ s +[0-9.]+ +[0-9.]+ s RLock 0x[0-9a-f]+ "
                              "+backwards +seen_program.cpp:[0-9]+\n"));
    EXPECT_THAT(result.output, ContainsRegex("\nMainThread +[0-9]+ runs +- "));
    EXPECT_THAT(result.output, ContainsRegex("\n\nWAITED FOR +WAITED↓ [^\n]*\nRLock 0x[0-9a-f]+ +[0-9.]+ s +1 "));
}

TEST_F(Top, ListsProcessesOnce) {
    const Subject subject({"deadlock"});
    const CommandResult text = run_threadwise({"top", "--once"});
    EXPECT_EQ(text.code, 0) << text.errors;
    const std::string pid = std::to_string(subject.pid());
    EXPECT_THAT(text.output, ContainsRegex(pid + " +3 +2 +[0-9.]+ s +1 [^\n]*seen_program deadlock\n"));
    const json listed = json::parse(run_threadwise({"top", "--once", "--json"}).output);
    EXPECT_FALSE(listed["processes"].empty());
}

TEST_F(Top, PrintsALineOfJsonForEachLook) {
    Subject subject({"deadlock"});
    RunningCommand watching(threadwise_with({"top", std::to_string(subject.pid()), "--json", "--interval", "0.05"}));
    for (int look = 0; look < 2; ++look) {
        const json seen = json::parse(watching.read_line());
        EXPECT_EQ(seen["pid"], subject.pid());
        EXPECT_EQ(seen["threads"].size(), 3U);
        EXPECT_TRUE(seen["threads"][0].contains("cpu_share"));
        EXPECT_EQ(seen["cycles"].size(), 1U);
        ASSERT_EQ(seen["objects"].size(), 2U);
        EXPECT_EQ(seen["objects"][0]["kind"], "RLock");
        EXPECT_EQ(seen["objects"][0]["waiting"], 1);
        EXPECT_GT(seen["objects"][0]["waited_seconds"], 0);
    }
    subject.end();
    const CommandResult result = watching.finish();
    EXPECT_EQ(result.code, 7);
    EXPECT_THAT(result.errors, HasSubstr("has ended"));
}

TEST_F(Top, PrintsNoLongerThanItIsRead) {
    const Subject subject({"waits"});
    const std::string top = THREADWISE_COMMAND " top " + std::to_string(subject.pid()) + " --json --interval 0.05";
    EXPECT_THAT(output_of_command(top + " 2>&1 | head -n 1").text, HasSubstr("\"pid\""));
}

TEST_F(Top, SaysWhatItCannotDo) {
    const Subject subject({"waits"});
    const CommandResult no_terminal = run_threadwise({"top", std::to_string(subject.pid())});
    EXPECT_EQ(no_terminal.code, 2);
    EXPECT_THAT(no_terminal.errors, AllOf(HasSubstr("no terminal"), HasSubstr("--once")));
    EXPECT_EQ(run_threadwise({"top", "--interval", "0"}).code, 2);
    EXPECT_EQ(run_threadwise({"top", "nobody"}).code, 2);

    Subject ended({"waits"});
    ended.end();
    EXPECT_EQ(run_threadwise({"top", std::to_string(ended.pid()), "--once"}).code, 3);
    const Subject closed({"closes-descriptors"});
    EXPECT_EQ(run_threadwise({"top", std::to_string(closed.pid()), "--once"}).code, 5);
    const Subject other({"other-version"});
    EXPECT_EQ(run_threadwise({"top", std::to_string(other.pid()), "--once"}).code, 6);
}

TEST_F(Top, SaysSoOnATerminalWithoutTakingIt) {
    Subject ended({"waits"});
    ended.end();
    const auto top = live(ended);
    EXPECT_EQ(top->finish(), 3);
    EXPECT_THAT(top->picture(), HasSubstr("there is no process"));
    EXPECT_THAT(top->written(), Not(HasSubstr(enter_own_screen)));

    ::setenv("TERM", "no-such-terminal", 1);
    const Subject subject({"waits"});
    const auto unknown = live(subject);
    EXPECT_EQ(unknown->finish(), 2);
    EXPECT_THAT(unknown->picture(), AllOf(HasSubstr("\"no-such-terminal\""), HasSubstr("set TERM")));
}

TEST_F(Top, FitsTheTerminal) {
    const Subject subject({"deadlock"});
    const auto top = live(subject, 160, 40);
    EXPECT_TRUE(top->shows_text("NAME")) << top->picture();
    EXPECT_TRUE(top->shows_text("TIME FOR")) << top->picture();
    EXPECT_TRUE(top->shows_text("- slower")) << top->picture();

    top->resize(80, 24);
    EXPECT_TRUE(top->hides_text("TID")) << top->picture();
    EXPECT_TRUE(top->shows_text("forwards")) << top->picture();
    EXPECT_TRUE(top->shows_text("m.cpp:")) << top->picture();

    top->resize(40, 10);
    EXPECT_TRUE(top->hides_text("STATE")) << top->picture();
    EXPECT_TRUE(top->shows_text("\nNAME         WAITED↓ FOR       HOLDER\n")) << top->picture();
    EXPECT_TRUE(top->shows_text("\nq quit  ? keys  Tab page  s sort\n")) << top->picture();

    top->resize(1, 1);
    top->resize(160, 40);
    EXPECT_TRUE(top->shows_text("TIME FOR")) << top->picture();
    top->type("q");
    EXPECT_EQ(top->finish(), 0);
    EXPECT_TRUE(is_as_before(top->modes()));
    EXPECT_THAT(top->written(), AllOf(HasSubstr(enter_own_screen), HasSubstr(leave_own_screen)));
}

TEST_F(Top, ObeysItsKeys) {
    const Subject subject({"deadlock"});
    const auto top = live(subject, 120);
    EXPECT_TRUE(top->shows_text("WAITED↓")) << top->picture();
    top->type("s");
    EXPECT_TRUE(top->shows_text("CPU %↓")) << top->picture();
    top->type("S");
    EXPECT_TRUE(top->shows_text("WAITED↓")) << top->picture();
    top->type("r");
    EXPECT_TRUE(top->shows_text("WAITED↑")) << top->picture();
    top->type("r\t");
    EXPECT_TRUE(top->shows_text("WAITED FOR")) << top->picture();
    EXPECT_TRUE(top->shows_text("RLock 0x")) << top->picture();
    top->type("\t");
    EXPECT_TRUE(top->shows_text("NAME")) << top->picture();
    top->type("t");
    EXPECT_TRUE(top->shows_text("└─ ")) << top->picture();
    top->type("t");
    EXPECT_TRUE(top->hides_text("└─ ")) << top->picture();
    top->type("/MAINx");
    EXPECT_TRUE(top->shows_text("filter: MAINx_")) << top->picture();
    EXPECT_TRUE(top->hides_text("backwards")) << top->picture();
    top->type("\x7f\r");
    EXPECT_TRUE(top->shows_text("MainThread")) << top->picture();
    EXPECT_TRUE(top->shows_text("filter \"MAIN\"")) << top->picture();
    top->type("\x1b");
    EXPECT_TRUE(top->shows_text("backwards")) << top->picture();
    top->type("-");
    EXPECT_TRUE(top->shows_text("looks every 0.10 s")) << top->picture();
    top->type("+");
    EXPECT_TRUE(top->shows_text("looks every 0.05 s")) << top->picture();
    top->type("?");
    EXPECT_TRUE(top->shows_text("Any key leads back")) << top->picture();
    top->type("x");
    EXPECT_TRUE(top->shows_text("backwards")) << top->picture();
    top->type("\f");  // draws all again
    EXPECT_TRUE(top->shows_text("backwards")) << top->picture();
    top->type("q");
    EXPECT_EQ(top->finish(), 0);
}

TEST_F(Top, Scrolls) {
    const Subject subject({"many", "40"});
    const auto top = live(subject, 80, 10);
    top->type("sss");  // by what they wait for, which is the same for all
    EXPECT_TRUE(top->shows_text("FOR↓")) << top->picture();
    EXPECT_TRUE(top->shows_text("waiter-0 ")) << top->picture();
    top->type("\x1b[6~\x1b[6~");
    const auto hides_first = [](const std::string& text) {
        return text.find("waiter-0 ") == std::string::npos && text.find("waiter-") != std::string::npos;
    };
    EXPECT_TRUE(top->shows(hides_first)) << top->picture();
    top->type("\x1bOH");
    EXPECT_TRUE(top->shows_text("waiter-0 ")) << top->picture();
    top->type("\x1bOF");
    EXPECT_TRUE(top->shows(hides_first)) << top->picture();
    top->type("\x1b[5~\x1b[5~\x1b[5~\x1b[5~\x1b[5~\x1b[5~\x1b[5~\x1b[5~");
    EXPECT_TRUE(top->shows_text("waiter-0 ")) << top->picture();
    top->type("\x1bOB\x1bOB\x1bOB\x1bOB\x1bOB\x1bOB\x1bOB");
    EXPECT_TRUE(top->shows(hides_first)) << top->picture();
    top->type("\x1bOA\x1bOA\x1bOA\x1bOA\x1bOA\x1bOA\x1bOAq");
    EXPECT_EQ(top->finish(), 0);
}

TEST_F(Top, KeepsThePictureWhenFrozen) {
    Subject subject({"waits"});
    const auto top = live(subject);
    EXPECT_TRUE(top->shows_text("waiter")) << top->picture();
    top->type(" ");
    EXPECT_TRUE(top->shows_text("frozen")) << top->picture();
    subject.end();
    top->type("\t");
    EXPECT_TRUE(top->shows_text("WAITED FOR")) << top->picture();
    top->type(" ");
    EXPECT_EQ(top->finish(), 7);
    EXPECT_THAT(top->picture(), HasSubstr("has ended"));
    EXPECT_TRUE(is_as_before(top->modes()));
}

TEST_F(Top, LetsAProcessBeChosen) {
    Subject subject({"deadlock"});
    const std::string choose = fmt::format("/{}\r\r", subject.pid());
    TerminalCommand top({"top", "--interval", "0.05"}, 100, 24);
    EXPECT_TRUE(top.shows_text("Enter looks at one")) << top.picture();
    top.type(choose);
    EXPECT_TRUE(top.shows_text("forwards")) << top.picture();
    top.type("\x1b");
    EXPECT_TRUE(top.shows_text("Enter looks at one")) << top.picture();
    EXPECT_TRUE(top.hides_text("forwards")) << top.picture();
    top.type(choose);
    EXPECT_TRUE(top.shows_text("forwards")) << top.picture();
    subject.end();
    EXPECT_TRUE(top.shows_text("has ended")) << top.picture();
    top.type("q");
    EXPECT_EQ(top.finish(), 0);
}

TEST_F(Top, LeavesColorsOutWhereNobodyWantsThem) {
    const Subject subject({"deadlock"});
    const auto colored = live(subject);
    EXPECT_TRUE(colored->shows_text("MainThread"));
    EXPECT_THAT(colored->written(), AllOf(HasSubstr("\x1b[31m"), HasSubstr("\x1b[32m")));
    colored->type("q");
    EXPECT_EQ(colored->finish(), 0);

    ::setenv("NO_COLOR", "1", 1);
    const auto plain = live(subject);
    EXPECT_TRUE(plain->shows_text("MainThread"));
    EXPECT_THAT(plain->written(), Not(AnyOf(HasSubstr("\x1b[31m"), HasSubstr("\x1b[32m"))));
    plain->type("q");
    EXPECT_EQ(plain->finish(), 0);
}

/// Ends it that way once it has drawn; what it ends with.
template <class End>
int code_after(const Subject& subject, End end) {
    const auto top = live(subject);
    EXPECT_TRUE(top->shows_text("MainThread")) << top->picture();
    EXPECT_FALSE(is_as_before(top->modes()));
    end(*top);
    const int code = top->finish();
    EXPECT_TRUE(is_as_before(top->modes())) << code;
    EXPECT_THAT(top->written(), HasSubstr(leave_own_screen)) << code;
    return code;
}

TEST_F(Top, GivesTheTerminalBackHoweverItEnds) {
    Subject subject({"waits"});
    EXPECT_EQ(code_after(subject, [](auto& top) { top.type("\x03"); }), 130);
    EXPECT_EQ(code_after(subject, [](auto& top) { top.send(SIGTERM); }), 143);
    EXPECT_EQ(code_after(subject, [](auto& top) { top.send(SIGHUP); }), 129);
    // As a fault of its own would end it, and Ctrl-Backslash.
    EXPECT_EQ(code_after(subject, [](auto& top) { top.send(SIGABRT); }), 128 + SIGABRT);
    EXPECT_EQ(code_after(subject, [](auto& top) { top.type("\x1c"); }), 128 + SIGQUIT);
    EXPECT_EQ(code_after(subject, [&](auto&) { subject.end(); }), 7);
}

TEST_F(Top, EndsWithItsTerminal) {
    const Subject subject({"waits"});
    const auto top = live(subject);
    EXPECT_TRUE(top->shows_text("MainThread")) << top->picture();
    top->close_terminal();
    EXPECT_EQ(top->finish(), 129);
}

}  // namespace
