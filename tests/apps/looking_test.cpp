// threadwise ps and threadwise dump.

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "apps/support/run_command.hpp"
#include "files/temporary_folder.hpp"
#include "support/backend.hpp"
#include "support/command_output.hpp"
#include "support/subject.hpp"
#include "support/threads.hpp"
#include "threads/svg_graph.hpp"
#include "threadwise/trace.hpp"

namespace {

using namespace test;
using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using threadwise::testing::output_of_command;
using threadwise::testing::Subject;
using threadwise::testing::wait_until;

class Looking : public ::testing::Test {
protected:
    void SetUp() override { THREADWISE_NEEDS("file for other processes"); }
};

CommandResult dump(int pid, const std::string& option = "") {
    std::vector<std::string> words{"dump", std::to_string(pid)};
    if (!option.empty()) words.push_back(option);
    return run_threadwise(words);
}

TEST_F(Looking, ListsTheProcesses) {
    const Subject subject({"deadlock"});
    const CommandResult table = run_threadwise({"ps"});
    EXPECT_EQ(table.code, 0) << table.errors;
    EXPECT_THAT(table.output, HasSubstr("PID THREADS WAITING"));
    EXPECT_THAT(table.output, ContainsRegex(std::to_string(subject.pid()) +
                                            " +3 +2 +[0-9]+[.][0-9] s +1  [^\n]*seen_program deadlock\n"));

    const json listed = json::parse(run_threadwise({"ps", "--json"}).output);
    bool found = false;
    for (const auto& process : listed["processes"]) {
        if (process["pid"] != subject.pid()) continue;
        found = true;
        EXPECT_EQ(process["threads"], 3);
        EXPECT_EQ(process["waiting"], 2);
        EXPECT_EQ(process["cycles"], 1);
    }
    EXPECT_TRUE(found);
}

TEST_F(Looking, ShowsADeadlockFirst) {
    const Subject subject({"deadlock"});
    const CommandResult text = dump(subject.pid());
    EXPECT_EQ(text.code, 0) << text.errors;
    EXPECT_THAT(text.output,
                ContainsRegex("^process [0-9]+: [^\n]*seen_program deadlock\n"
                              "cycle: \"[a-z]+wards\" waits for RLock of \"[a-z]+wards\", which waits for RLock of "));
    EXPECT_THAT(text.output, HasSubstr("\n\"MainThread\" (ident "));

    const CommandResult graph = dump(subject.pid(), "--dot");
    EXPECT_THAT(graph.output, ContainsRegex("^digraph waits [{]\n"));
    EXPECT_THAT(graph.output, HasSubstr("label=\"forwards\", color=red"));
    EXPECT_THAT(graph.output, ContainsRegex("[0-9]+ -> [0-9]+ [[]label=\"RLock\", color=red[]];"));
}

TEST_F(Looking, DrawsADeadlock) {
    const Subject subject({"deadlock"});
    const CommandResult drawing = dump(subject.pid(), "--svg");
    EXPECT_EQ(drawing.code, 0) << drawing.errors;
    std::istringstream text(drawing.output);
    boost::property_tree::ptree svg;
    boost::property_tree::read_xml(text, svg);  // throws if it is not well-formed
    EXPECT_EQ(svg.get<std::string>("svg.<xmlattr>.xmlns"), "http://www.w3.org/2000/svg");
    EXPECT_THAT(drawing.output, HasSubstr(">forwards</text>"));
    EXPECT_THAT(drawing.output, HasSubstr(">backwards</text>"));
    EXPECT_THAT(drawing.output, ContainsRegex(">waits for RLock 0x[0-9a-f]+, [0-9.]+ s, at seen_program.cpp:[0-9]+<"));
    EXPECT_THAT(drawing.output, ContainsRegex("path class=\"wait cycle\"[^\n]*\n[^\n]*\n[^\n]*class=\"wait cycle\""));
    EXPECT_THAT(drawing.output, Not(HasSubstr("MainThread"))) << "it waits for nobody, and nobody for it";
    EXPECT_EQ(run_threadwise({"dump", "1", "--svg", "--json"}).code, 2);
}

TEST(SvgGraph, IsWellFormedWhateverThreadsAreCalled) {
    using threadwise::inspect::State;
    threadwise::inspect::Snapshot snapshot;
    for (std::uint32_t ident = 1; ident <= 60; ++ident) {
        snapshot.threads.push_back({.name = "<&\"\x1b\xff]]> 日本", .ident = ident, .state = State::waits, .wait = {}});
        snapshot.threads.back().wait.owners = {ident - 1, ident + 1, 999};
        snapshot.threads.back().wait.kind = "Lock";
        snapshot.threads.back().wait.where = {"/a/<b>.cpp", "f", 7};
    }
    for (const bool some : {true, false}) {
        if (!some) snapshot.threads.clear();
        std::istringstream text(command::svg_of(snapshot));
        boost::property_tree::ptree svg;
        boost::property_tree::read_xml(text, svg);
        EXPECT_EQ(svg.get_child("svg").count("g"), snapshot.threads.size());
    }
}

TEST_F(Looking, PrintsJson) {
    const Subject subject({"waits"});
    json waiter;
    ASSERT_TRUE(wait_until([&] {
        const json shown = json::parse(dump(subject.pid(), "--json").output);
        for (const auto& thread : shown["threads"]) {
            if (thread["name"] == "waiter") waiter = thread;
        }
        return waiter.contains("wait") && waiter["wait"].contains("where");
    }));
    EXPECT_EQ(waiter["state"], "waits");
    EXPECT_EQ(waiter["daemon"], true);
    EXPECT_EQ(waiter["wait"]["kind"], "Lock");
    EXPECT_EQ(waiter["wait"]["owners"].size(), 1U);
    EXPECT_GT(waiter["wait"]["seconds_left"], 3'000);
    EXPECT_THAT(waiter["wait"]["where"]["file"], ::testing::EndsWith("seen_program.cpp"));
}

TEST_F(Looking, WatchesUntilTheProcessEnds) {
    Subject subject({"waits"});
    RunningCommand watching(threadwise_with({"dump", std::to_string(subject.pid()), "--watch", "--json"}));
    EXPECT_EQ(json::parse(watching.read_line())["pid"], subject.pid());
    subject.end();
    const CommandResult result = watching.finish();
    EXPECT_EQ(result.code, 7);
    EXPECT_THAT(result.errors, HasSubstr("has ended"));
}

TEST_F(Looking, WatchesNoLongerThanItIsRead) {
    const Subject subject({"waits"});
    const std::string watch = THREADWISE_COMMAND " dump " + std::to_string(subject.pid()) + " --watch --json";
    EXPECT_THAT(output_of_command(watch + " 2>&1 | head -n 1").text, HasSubstr("\"pid\""));
}

TEST_F(Looking, EndsSilentlyWhenItsReaderLeaves) {
    for (const char* subcommand : {"ps", "manual"}) {
        const CommandResult unread = RunningCommand(threadwise_with({subcommand}), [] {
                                         std::array<int, 2> ends{};
                                         if (::pipe(ends.data()) == -1) ::_exit(127);
                                         ::close(ends[0]);
                                         ::dup2(ends[1], STDOUT_FILENO);
                                     }).finish();
        EXPECT_EQ(unread.code, 128 + SIGPIPE);
        EXPECT_EQ(unread.errors, "");
    }
}

CommandResult record(int pid, const std::vector<std::string>& options) {
    std::vector<std::string> words{"record", std::to_string(pid)};
    words.insert(words.end(), options.begin(), options.end());
    return run_threadwise(words);
}

TEST_F(Looking, RecordsAStoppedProcess) {
    const Subject subject({"waits"});
    ASSERT_EQ(subject.said(), "ready");
    subject.stop();
    const CommandResult lines = record(subject.pid(), {"--format", "json", "--last", "1h"});
    EXPECT_EQ(lines.code, 2) << "there are no hours";
    const CommandResult right = record(subject.pid(), {"--format", "json", "--last", "10m"});
    ASSERT_EQ(right.code, 0) << right.errors;
    std::istringstream text(right.output);
    std::vector<std::string> kinds;
    for (std::string line; std::getline(text, line);) {
        const json read = json::parse(line);
        if (read.contains("wait")) kinds.push_back(read["wait"]);
    }
    EXPECT_THAT(kinds, ::testing::Contains("Lock"));
}

TEST_F(Looking, TurnsWhatAProgramHasWrittenIntoATrace) {
    const command::TemporaryFolder folder;
    const std::string lines = folder.path() / "trace.jsonl";
    const std::string trace = folder.path() / "trace.pftrace";
    threadwise::trace::write(lines);
    const CommandResult result = run_threadwise({"record", lines, "-o", trace});
    ASSERT_EQ(result.code, 0) << result.errors;
    std::ostringstream written;
    written << std::ifstream(trace).rdbuf();
    EXPECT_THAT(written.str(), HasSubstr("MainThread"));

    std::ofstream(lines) << "{\"threadwise_trace\":1,\"pid\":1,\"command\":\"\",\"taken\":1}\n{\"wait\":\"Lock\"}\n";
    const CommandResult wrong = run_threadwise({"record", lines});
    EXPECT_EQ(wrong.code, 2);
    EXPECT_THAT(wrong.errors, HasSubstr("trace.jsonl:2: a wait comes before any thread"));
    EXPECT_EQ(run_threadwise({"record", lines + ".not"}).code, 2);
    EXPECT_EQ(run_threadwise({"record", lines, "--format", "xml"}).code, 2);
}

TEST_F(Looking, SaysWhyAProcessCannotBeLookedAt) {
    Subject ended({"waits"});
    ended.end();
    const CommandResult gone = dump(ended.pid());
    EXPECT_EQ(gone.code, 3);
    EXPECT_EQ(record(ended.pid(), {"-o", "/dev/null"}).code, 3);
    EXPECT_THAT(gone.errors, HasSubstr("there is no process " + std::to_string(ended.pid())));

    const Subject closed({"closes-descriptors"});
    const CommandResult none = dump(closed.pid());
    EXPECT_EQ(none.code, 5);
    EXPECT_THAT(none.errors, HasSubstr("does not show its threads"));

    const Subject other({"other-version"});
    EXPECT_EQ(dump(other.pid()).code, 6);
    EXPECT_EQ(record(other.pid(), {"-o", "/dev/null"}).code, 6);
    EXPECT_THAT(run_threadwise({"ps"}).output, HasSubstr(std::to_string(other.pid()) + "       -"));

    EXPECT_EQ(run_threadwise({"dump"}).code, 2);
}

TEST_F(Looking, RefusesWhatIsNoNumberOfAProcess) {
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{"nobody"}, {""}, {"--", "nobody"}}) {
        for (const std::string subcommand : {"dump", "top"}) {
            std::vector<std::string> words{subcommand};
            words.insert(words.end(), wrong.begin(), wrong.end());
            const CommandResult result = run_threadwise(words);
            EXPECT_EQ(result.code, 2);
            EXPECT_THAT(result.errors, HasSubstr("PID"));
        }
    }
}

}  // namespace
