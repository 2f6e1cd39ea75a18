#include "tools/causeway/command_table.hpp"

#include <array>
#include <charconv>
#include <iterator>

/// Options that more than one command has.
namespace causeway::tools {

/// A variable of the shell that was not set is not the wish to read no file.
std::string a_file_name(const std::string& text) { return text.empty() ? "needs the name of a file" : std::string{}; }

namespace {

template <std::uint32_t Least, std::uint32_t Most>
std::string a_number(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong == std::errc{} && end == text.data() + text.size() && number >= Least && number <= Most) return {};
  return "takes a number from " + std::to_string(Least) + " to " + std::to_string(Most);
}

constexpr std::uint32_t rows_max = 100'000;

} // namespace

std::span<const parameter> common_options() {
  static const std::array<parameter, 7> all = {{
    {"--json", "", "Print JSON, as the broker answers it", [](command_line& x) -> place { return &x.broker.how.json; }},
    {"--config", "FILE", "Configuration file; default: /etc/causeway/causeway.toml, where there is one",
     [](command_line& x) -> place { return &x.config_file; }, &a_file_name},
    {"--set", "SECTION.KEY=VALUE", "Override a value of the configuration; may be repeated",
     [](command_line& x) -> place { return &x.set; }},
    {"--socket", "ENDPOINT", "The broker's admin endpoint; default: edge.admin_endpoint of the configuration",
     [](command_line& x) -> place { return &x.socket; }},
    {"--server-key", "KEY", "The broker's CURVE public key, for an endpoint on another machine",
     [](command_line& x) -> place { return &x.broker.where.server_key; }},
    {"--secret-key-file", "FILE", "File with our CURVE secret key",
     [](command_line& x) -> place { return &x.broker.where.secret_key_file; }},
    {"--timeout-ms", "N", "How long to wait for the broker's answer; default: 10000",
     [](command_line& x) -> place { return &x.broker.where.answer_timeout_ms; }, &a_number<100, 600'000>},
  }};
  return all;
}

std::vector<parameter> list_takes(std::vector<parameter> own) {
  static const std::array<parameter, 10> all = {{
    {"--filter", "WHAT",
     "Only rows that hold this text, or COLUMN=TEXT, COLUMN~PART, COLUMN>N (< <= >= !=); may be "
     "repeated. Times compare by how far away they are: retry-at<5min",
     [](command_line& x) -> place { return &x.broker.rows.filters; }},
    {"--sort", "COLUMN[:desc]", "Sort by a column; without it what is in trouble comes first",
     [](command_line& x) -> place { return &x.broker.rows.sort; }},
    {"--top", "N", "Only the first N rows", [](command_line& x) -> place { return &x.broker.rows.top; },
     &a_number<1, rows_max>},
    {"--since", "WHEN", "Only rows with a time in them that is later: 15min, 2h, 19:00, 2026-11-29T19:00Z",
     [](command_line& x) -> place { return &x.broker.rows.since; }},
    {"--columns", "A,B,...", "These columns, in this order",
     [](command_line& x) -> place { return &x.broker.how.columns; }},
    {"--wide", "", "Every column", [](command_line& x) -> place { return &x.broker.how.wide; }},
    {"--watch", "[SECONDS]", "Again every so many seconds (default 2) until Ctrl-C",
     [](command_line& x) -> place { return &x.broker.watch; }},
    {"--limit", "N", "Most rows that the broker sends; default: 1000",
     [](command_line& x) -> place { return &x.broker.with.limit; }, &a_number<1, rows_max>},
    {"--archive", "FILE", "Read a support archive (`causeway bundle`) instead of asking a broker",
     [](command_line& x) -> place { return &x.broker.archive; }, &a_file_name},
    {"--explain", "", "Say what the columns mean", [](command_line& x) -> place { return &x.broker.how.explain; }},
  }};
  own.insert(own.end(), all.begin(), all.end());
  return own;
}

} // namespace causeway::tools
