#include "manual/man_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "threadwise/version.hpp"

namespace command {
namespace {

/// Text as it is to appear: hyphens that can be copied, and no line that begins like a request.
std::string plain(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\\') {
            escaped += "\\e";
        } else if (c == '-') {
            escaped += "\\-";
        } else {
            escaped += c;
        }
    }
    const bool is_request = escaped.starts_with('.') || escaped.starts_with('\'');
    return is_request ? "\\&" + escaped : escaped;
}

std::string full_name(const CommandEntry& entry) {
    return entry.name.empty() ? "threadwise" : "threadwise-" + entry.name;
}

std::string in_capitals(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

/// \fB\-j\fR, \fB\-\-jobs\fR \fIN\fR
std::string heading_of(const OptionEntry& option) {
    std::string heading;
    for (const std::string& name : option.names) {
        heading += fmt::format("{}\\fB{}\\fR", heading.empty() ? "" : ", ", plain(name));
    }
    return option.value.empty() ? heading : fmt::format("{} \\fI{}\\fR", heading, plain(option.value));
}

std::string synopsis_of(const CommandEntry& entry) {
    if (entry.name.empty()) {
        return fmt::format("{}\n", R"(\fBthreadwise\fR \fISUBCOMMAND\fR [\fIOPTION\fR...] [\fIARGUMENT\fR...])");
    }
    std::string text = fmt::format(R"(\fBthreadwise {}\fR [\fIOPTION\fR...])", plain(entry.name));
    for (const OptionEntry& positional : entry.positionals) {
        const std::string value = fmt::format("\\fI{}\\fR{}", plain(positional.value), positional.repeats ? "..." : "");
        text += positional.is_needed ? " " + value : " [" + value + "]";
    }
    return text + "\n";
}

std::string items(std::string_view title, const std::vector<OptionEntry>& entries, bool with_values) {
    if (entries.empty()) return "";
    std::string text = fmt::format(".SH {}\n", title);
    for (const OptionEntry& entry : entries) {
        const std::string heading = with_values ? heading_of(entry) : fmt::format("\\fI{}\\fR", plain(entry.value));
        text += fmt::format(".TP\n{}\n{}.\n", heading, plain(entry.description));
    }
    return text;
}

std::string subcommands(const std::vector<CommandEntry>& table) {
    std::string text = ".SH SUBCOMMANDS\n";
    for (const CommandEntry& entry : table) {
        if (entry.name.empty()) continue;
        text += fmt::format(".TP\n\\fBthreadwise\\-{}\\fR(1)\n{}.\n", plain(entry.name), plain(entry.description));
    }
    return text;
}

std::string examples(const CommandEntry& entry) {
    if (entry.examples.empty()) return "";
    std::string text = ".SH EXAMPLES\n.nf\n";
    for (const std::string& line : entry.examples) text += plain(line) + "\n";
    return text + ".fi\n";
}

}  // namespace

std::string man_page(const std::vector<CommandEntry>& table, const CommandEntry& entry) {
    std::string text = fmt::format(".TH {} 1 \"\" \"threadwise {}\" \"User Commands\"\n",
                                   plain(in_capitals(full_name(entry))), threadwise::version());
    const std::string short_description = entry.name.empty()
                                              ? "many downloads at once, and a look into threads"
                                              : entry.description.substr(0, entry.description.find("; "));
    text += fmt::format(".SH NAME\n{} \\- {}\n", plain(full_name(entry)), plain(short_description));
    text += ".SH SYNOPSIS\n" + synopsis_of(entry);
    text +=
        fmt::format(".SH DESCRIPTION\n{}{}\n", plain(entry.description), entry.description.ends_with('.') ? "" : ".");
    for (const std::string& note : entry.notes) text += ".PP\n" + plain(note) + "\n";
    text += items("ARGUMENTS", entry.positionals, false) + items("OPTIONS", entry.options, true);
    if (entry.name.empty()) return text + subcommands(table);
    return text + examples(entry) + ".SH SEE ALSO\n\\fBthreadwise\\fR(1)\n";
}

}  // namespace command
