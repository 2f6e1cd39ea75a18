#include "config/manual_page.hpp"

#include "config/fields.hpp"
#include "config/loader.hpp"
#include "config/options.hpp"

namespace causeway::config {

namespace {

/// Text as troff prints it: its escapes, hyphens that can be pasted into a shell, and no line that begins a request.
std::string troff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else out += c;
  }
  return out;
}

constexpr std::string_view how_it_is_read =
  ".SH DESCRIPTION\n"
  "The configuration of\n.BR causewayd (8)\nand\n.BR causeway (1),\nin TOML. "
  "Each of these overrides those before it, value by value; lists are replaced whole:\n"
  ".IP 1. 4\nthe file itself;\n"
  ".IP 2. 4\n.I conf.d/*.toml\nbeside it, in order of name;\n"
  ".IP 3. 4\nvariables of the environment,\n.BR CAUSEWAY_\\fISECTION\\fB__\\fIKEY ;\n"
  ".IP 4. 4\n.B \\-\\-set\n.IR section . key = value\non the command line.\n"
  ".PP\n.B causeway config check\ntells every mistake with file and line, and suggests a key for one that is unknown.\n"
  ".B causeway config show \\-\\-origin\ntells where each value comes from.\n"
  ".PP\nWhat is marked\n.B [reload]\nis taken over from the changed file by SIGHUP\n"
  ".RB ( \"systemctl reload causewayd\" ).\nEverything else counts from the next start on; the log names each changed "
  "key and which of the two it was (N713 to N718).\n";

} // namespace

std::string manual_page(std::string_view version) {
  std::string out =
    ".\\\" Printed by `causeway config man` from the table of options.\n.TH CAUSEWAY.TOML 5 \"\" \"Causeway " +
    troff(version) +
    "\" \"File formats\"\n.SH NAME\ncauseway.toml \\- configuration of the Matrix federation broker "
    "Causeway\n.SH SYNOPSIS\n.I " +
    troff(default_file) + "\n";
  out += how_it_is_read;
  out += ".SH OPTIONS\n";
  const options defaults;
  for (const auto& part : sections()) {
    out += ".SS [" + troff(part.name) + "]\n" + troff(part.doc) + "\n";
    for (const auto& x : fields()) {
      if (x.section != part.name) continue;
      out += ".TP\n.B " + troff(x.name) + "\n" + troff(describe(x)) + "\n";
      if (x.required) out += "Required.\n";
      else out += "Default: \\fB" + troff(to_toml(x.read(defaults))) + "\\fR.\n";
    }
  }
  out += ".SH FILES\n.I " + std::string{default_file} +
         ".example\nhas every key with its default, commented out.\n"
         ".SH SEE ALSO\n.BR causewayd (8),\n.BR causeway (1)\n";
  return out;
}

} // namespace causeway::config
