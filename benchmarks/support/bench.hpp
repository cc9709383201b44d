/// What a benchmark program is made of: questions, the subjects that answer them, and the run that asks.
///
/// A program builds one `Run` from its command line and calls `ask` once for each question (or for several
/// that one measurement answers together). `benchmarks/run` starts the programs, gathers their lines and
/// judges the figures.
#pragma once

#include <cstddef>
#include <functional>
#include <regex>
#include <string>
#include <vector>

namespace bench {

/// A question by its identifier, as `benchmarks/goals.json` and the results name it. In the units "M/s" and
/// "share" more is better, in every other unit less is.
struct Question {
    std::string name;
    std::string unit;
};

/// Measures once and returns a figure for each of the questions asked, in their order.
using Sample = std::function<std::vector<double>()>;

/// Somebody who answers: "threadwise", "threadwise:VARIANT" or a peer's name, and how to measure it.
struct Subject {
    std::string name;
    Sample sample;
};

class Run {
public:
    /// Understands `--only REGEX` (ask just the questions whose name contains a match) and `--quick` (fewer
    /// rounds, for trying things out). Prints its usage and exits on anything else.
    Run(int argc, char** argv);

    /// Samples every subject in turn, A B C A B C ..., so that a machine that drifts drifts for all of them
    /// alike, and prints a line of JSON for each question and subject with the median, the lowest and the
    /// highest figure. The first round only warms up. Does nothing when `--only` leaves none of the
    /// questions.
    void ask(const std::vector<Question>& questions, const std::vector<Subject>& subjects) const;

private:
    [[nodiscard]] bool wanted(const Question& question) const;

    std::size_t rounds_ = 15;
    std::regex only_{""};  // matches every name
};

}  // namespace bench
