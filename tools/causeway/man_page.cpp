#include "tools/causeway/man_page.hpp"

#include "tools/causeway/command_table.hpp"

#include <algorithm>

namespace causeway::tools {

namespace {

/// Text as roff prints it: a backslash is doubled, a hyphen stays one that can be searched and copied, and a line does
/// not begin with what roff takes for a request.
std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
  for (const char c : text) {
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else if (c == '\'') out += "\\(aq";
    else if (c == '`') out += "\\(ga";
    else if (c == '~') out += "\\(ti";
    else if (c == '^') out += "\\(ha";
    else out += c;
  }
  return out;
}

std::string in_quotes(std::string_view text) { return "\"" + roff(text) + "\""; }

std::string tagged(std::string_view tag, std::string_view text) {
  return ".TP\n.B " + roff(tag) + "\n" + roff(text) + "\n";
}

std::string with_value(const parameter& x) {
  return std::string{x.name} + (x.value.empty() ? "" : " " + std::string{x.value});
}

bool is_of_every_list(const parameter& x) {
  const auto all = list_takes();
  return std::any_of(all.begin(), all.end(), [&](const parameter& y) { return y.name == x.name && y.doc == x.doc; });
}

bool is_list(const command& x) {
  return std::any_of(x.takes.begin(), x.takes.end(), [](const parameter& p) { return p.name == "--sort"; });
}

std::string entry_of(const command& x) {
  std::string out = ".TP\n.B " + roff("causeway " + usage(x)) + "\n" + roff(x.sentence) + ".";
  if (x.changes) out += " Needs the role admin.";
  if (is_list(x)) out += " A list, see\n.BR " + std::string{"\"OPTIONS OF LISTS\""} + " .";
  out += "\n";
  for (const auto& p : x.takes)
    if (!is_of_every_list(p)) out += ".RS\n" + tagged(with_value(p), std::string{p.doc} + ".") + ".RE\n";
  for (const auto& e : x.exits)
    out += ".IP\n" + roff("Exit code " + std::to_string(e.code) + ": " + std::string{e.meaning} + ".") + "\n";
  return out + ".IP\n.EX\n" + roff("causeway " + std::string{x.example}) + "\n.EE\n";
}

} // namespace

std::string man_page(std::string_view version) {
  std::string out = ".\\\" Made from the table of commands by `causeway man`.\n"
                    ".TH CAUSEWAY 1 \"\" " +
                    in_quotes("Causeway " + std::string{version}) +
                    " \"User Commands\"\n"
                    ".SH NAME\ncauseway \\- look at a running Matrix federation broker, steer it, set it up\n"
                    ".SH SYNOPSIS\n.B causeway\n.I COMMAND\n.RI [ OPTION ...]\n"
                    ".SH DESCRIPTION\n" +
                    roff("Asks the broker of this machine (causewayd) over its admin endpoint and prints the answer. "
                         "A noun in the plural lists; `NOUN show` tells all about one, and what it waits for.") +
                    "\n";
  for (const auto& goal : purposes()) {
    std::string title{goal.title};
    for (auto& c : title) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    out += ".SH " + in_quotes(title) + "\n";
    for (const auto& x : commands())
      if (x.what_for == goal.what) out += entry_of(x);
  }
  out += ".SH \"OPTIONS OF LISTS\"\n";
  for (const auto& x : list_takes()) out += tagged(with_value(x), std::string{x.doc} + ".");
  out += ".SH \"OPTIONS OF ALL COMMANDS\"\n";
  for (const auto& x : common_options()) out += tagged(with_value(x), std::string{x.doc} + ".");
  out += ".SH \"EXIT STATUS\"\n";
  for (const auto& x : usual_exit_codes()) out += tagged(std::to_string(x.code), std::string{x.meaning} + ".");
  return out + ".SH FILES\n" +
         tagged("/etc/causeway/causeway.toml",
                "The configuration; `causeway config example` prints one with every key.") +
         ".SH \"SEE ALSO\"\n.BR causewayd (8)\n";
}

} // namespace causeway::tools
