#include "bench.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace bench {
namespace {

[[noreturn]] void usage(const char* program) {
    std::fprintf(stderr, "usage: %s [--only REGEX] [--quick]\n", program);
    std::exit(2);
}

void print(const Question& question, const Subject& subject, const std::vector<double>& figures) {
    std::vector<double> sorted = figures;
    std::sort(sorted.begin(), sorted.end());
    std::printf(R"({"question": "%s", "subject": "%s", "value": %.6g, "unit": "%s", "min": %.6g, "max": %.6g)",
                question.name.c_str(), subject.name.c_str(), sorted[sorted.size() / 2], question.unit.c_str(),
                sorted.front(), sorted.back());
    const char* separator = ", \"rounds\": [";
    for (const double figure : figures) {
        std::printf("%s%.6g", separator, figure);
        separator = ", ";
    }
    std::puts("]}");
    std::fflush(stdout);
}

}  // namespace

Run::Run(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--quick") {
            rounds_ = 3;
        } else if (argument == "--only" && i + 1 < argc) {
            only_ = std::regex(argv[++i]);
        } else {
            usage(argv[0]);
        }
    }
}

bool Run::wanted(const Question& question) const { return std::regex_search(question.name, only_); }

void Run::ask(const std::vector<Question>& questions, const std::vector<Subject>& subjects) const {
    if (std::none_of(questions.begin(), questions.end(), [this](const Question& q) { return wanted(q); })) return;

    std::vector<std::vector<std::vector<double>>> figures(questions.size());  // by question, subject, round
    for (auto& of_question : figures) of_question.resize(subjects.size());
    for (const Subject& subject : subjects) subject.sample();
    for (std::size_t round = 0; round < rounds_; ++round) {
        for (std::size_t s = 0; s < subjects.size(); ++s) {
            const std::vector<double> sample = subjects[s].sample();
            for (std::size_t q = 0; q < questions.size(); ++q) figures[q][s].push_back(sample.at(q));
        }
    }
    for (std::size_t q = 0; q < questions.size(); ++q) {
        for (std::size_t s = 0; s < subjects.size(); ++s) print(questions[q], subjects[s], figures[q][s]);
    }
}

}  // namespace bench
