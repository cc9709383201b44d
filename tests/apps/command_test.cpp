// The command as a whole.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "apps/support/run_command.hpp"
#include "threadwise/version.hpp"

namespace {

using namespace test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Command, KnowsItsVersion) {
    const auto result = run_threadwise({"--version"});
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.output, "threadwise " + std::string(threadwise::version()) + "\n");
}

TEST(Command, HelpsWithExamples) {
    EXPECT_THAT(run_threadwise({"--help"}).output, HasSubstr("download"));
    for (const char* subcommand :
         {"download", "serve", "checksum", "demo", "ps", "dump", "record", "completion", "manual"}) {
        const auto result = run_threadwise({subcommand, "--help"});
        EXPECT_EQ(result.code, 0);
        EXPECT_THAT(result.output, HasSubstr(std::string("Examples:\n  threadwise ") + subcommand));
    }
}

TEST(Command, FailsWhenItsHelpCannotBeWritten) {
    for (const char* option : {"--help", "--version", "help"}) {
        const auto result =
            RunningCommand({"sh", "-c", "\"$0\" \"$1\" > /dev/full", THREADWISE_COMMAND, option}).finish();
        EXPECT_EQ(result.code, 1) << option;
        EXPECT_THAT(result.errors, HasSubstr("cannot write"));
    }
}

TEST(Command, RefusesWhatItDoesNotKnow) {
    for (const auto& arguments :
         std::vector<std::vector<std::string>>{{"upload"}, {"--nonsense"}, {"help", "upload"}}) {
        const auto result = run_threadwise(arguments);
        EXPECT_EQ(result.code, 2);
        EXPECT_THAT(result.errors, HasSubstr("threadwise --help"));
        EXPECT_EQ(result.output, "");
    }
}

TEST(Command, SuggestsWhatMayHaveBeenMeant) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> mistyped{
        {{"dowload"}, "did you mean download?"},
        {{"sevre"}, "did you mean serve?"},
        {{"hlep"}, "did you mean help?"},
        {{"--hlep"}, "did you mean --help?"},
        {{"download", "--jbos", "3"}, "did you mean --jobs?"},
        {{"download", "--existing", "kepe", "http://localhost/a"}, "did you mean keep?"},
        {{"checksum", "--qiuet", "list"}, "did you mean --quiet?"},
    };
    for (const auto& [arguments, suggestion] : mistyped) {
        const auto result = run_threadwise(arguments);
        EXPECT_EQ(result.code, 2) << suggestion;
        EXPECT_THAT(result.errors, HasSubstr(suggestion));
    }
    EXPECT_THAT(run_threadwise({"upload"}).errors, Not(HasSubstr("did you mean")));
}

TEST(Command, TakesChoicesByNameAlone) {
    const auto result = run_threadwise({"download", "--existing", "1", "http://localhost/a"});
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.errors, HasSubstr("\"1\" is none of fail|keep|replace"));
}

/// What bash offers for the last of the words.
std::string offered_by_bash(const std::vector<std::string>& words) {
    std::string script = std::string("source <(") + THREADWISE_COMMAND +
                         " completion bash)\n"
                         "compopt() { :; }\n"  // bash has it in a completion alone
                         "COMP_WORDS=(\"$@\")\nCOMP_CWORD=$(($# - 1))\n_threadwise\necho \"${COMPREPLY[*]}\"";
    std::vector<std::string> command{"bash", "-c", std::move(script), "bash"};
    command.insert(command.end(), words.begin(), words.end());
    return RunningCommand(std::move(command)).finish().output;
}

TEST(Command, IsCompletedByBash) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
        {{"threadwise", "dow"}, "download\n"},
        {{"threadwise", "help", "che"}, "checksum\n"},
        {{"threadwise", "download", "--ex"}, "--existing\n"},
        {{"threadwise", "download", "--existing", ""}, "fail keep replace\n"},
        {{"threadwise", "download", "--existing", "=", "k"}, "keep\n"},
        {{"threadwise", "download", "--existing", "="}, "fail keep replace\n"},
        {{"threadwise", "download", "--jobs", ""}, "\n"},
        {{"threadwise", "completion", "z"}, "zsh\n"},
        {{"threadwise", "manual", "ser"}, "serve\n"},
        {{"threadwise", "serve", "/et"}, "/etc\n"},
        {{"threadwise", "checksum", "/proc/uptim"}, "/proc/uptime\n"},
        {{"threadwise", "nonsense", ""}, "\n"},
    };
    for (const auto& [words, offered] : cases) EXPECT_EQ(offered_by_bash(words), offered) << words.back();
}

TEST(Command, IsCompletedByOtherShells) {
    for (const auto& [shell, check] : {std::pair("zsh", "zsh -n"), {"fish", "fish --no-execute"}}) {
        const std::string script = std::string("command -v ") + shell + " > /dev/null || exit 0; " +
                                   THREADWISE_COMMAND + " completion " + shell + " | " + check + " /dev/stdin";
        const auto result = RunningCommand({"sh", "-c", script}).finish();
        EXPECT_EQ(result.code, 0) << shell;
        EXPECT_EQ(result.errors, "") << shell;
        EXPECT_THAT(run_threadwise({"completion", shell}).output, HasSubstr("fail keep replace"));
    }
    EXPECT_EQ(run_threadwise({"completion"}).code, 2);
    EXPECT_THAT(run_threadwise({"completion", "bahs"}).errors, HasSubstr("did you mean bash?"));
}

TEST(Command, HasManualPages) {
    const std::string page = run_threadwise({"manual", "download"}).output;
    EXPECT_THAT(page, StartsWith(".TH THREADWISE\\-DOWNLOAD 1 "));
    for (const char* part :
         {"\\fB\\-d\\fR, \\fB\\-\\-directory\\fR \\fIDIR\\fR\n", ".SH EXAMPLES\n.nf\nthreadwise download"}) {
        EXPECT_THAT(page, HasSubstr(part));
    }
    EXPECT_THAT(run_threadwise({"manual"}).output, HasSubstr("\\fBthreadwise\\-checksum\\fR(1)"));
    const auto mistyped = run_threadwise({"manual", "dowload"});
    EXPECT_EQ(mistyped.code, 2);
    EXPECT_THAT(mistyped.errors, HasSubstr("did you mean download?"));
    const std::string script =
        std::string("command -v groff > /dev/null || exit 0; for page in '' download checksum ps; do ") +
        THREADWISE_COMMAND + " manual $page | groff -ww -man -Tutf8 > /dev/null; done";
    EXPECT_EQ(RunningCommand({"sh", "-c", script}).finish().errors, "") << "groff warns of nothing";
}

TEST(Command, HelpsWhoeverAsks) {
    EXPECT_EQ(run_threadwise({"help"}).output, run_threadwise({"--help"}).output);
    EXPECT_EQ(run_threadwise({"help", "download"}).output, run_threadwise({"download", "--help"}).output);
    const auto nothing = run_threadwise({});
    EXPECT_EQ(nothing.code, 2);
    EXPECT_EQ(nothing.output, "");
    EXPECT_THAT(nothing.errors, HasSubstr("Usage: threadwise"));
}

TEST(Command, DemonstratesWhatConcurrencyIsWorth) {
    const std::vector<std::string> small{"demo", "--files", "8", "--jobs", "4", "--latency", "1", "--rate", "0"};
    const auto text = run_threadwise(small);
    EXPECT_EQ(text.code, 0) << text.errors;
    EXPECT_THAT(text.output, HasSubstr("one after another"));
    EXPECT_THAT(text.output, HasSubstr("4 at once"));
    EXPECT_THAT(text.output, HasSubstr("all 16 downloads have the right SHA-256"));

    auto arguments = small;
    arguments.emplace_back("--json");
    const auto json = run_threadwise(arguments);
    EXPECT_EQ(json.code, 0) << json.errors;
    const auto document = nlohmann::json::parse(json.output);
    EXPECT_EQ(document["files"], 8);
    EXPECT_GT(document["ratio"], 0);
}

}  // namespace
