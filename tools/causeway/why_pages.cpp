#include "tools/causeway/why_pages.hpp"

#include "plugin/admin/explain.hpp"
#include "plugin/admin/why_rows.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::tools {

namespace {

namespace json = matrix::json;
using names = std::vector<std::string_view>;

std::string text_in(const json::value& x, std::string_view key) {
  const auto* text = x.find_string(key);
  return text ? printable(*text) : std::string{};
}

std::int64_t number_in(const json::value& x, std::string_view key) {
  const auto* number = x.find_integer(key);
  return number ? *number : 0;
}

std::string table_of(const json::value& whole, std::string_view member, std::string_view title, const names& columns,
                     std::int64_t now_ms) {
  const auto* rows = whole.find_array(member);
  if (!rows || rows->empty()) return {};
  return "\n" + std::string{title} + "\n" + table(*rows, columns, now_ms);
}

/// "14:03:27.120": hops lie closer together than "12 min ago" tells.
std::string clock_time(std::int64_t ts) {
  const auto seconds = static_cast<std::time_t>(ts / 1'000);
  std::tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return "-";
  char text[40];
  const auto n = std::snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", local.tm_hour, local.tm_min, local.tm_sec,
                               static_cast<int>(ts % 1'000));
  return {text, static_cast<std::size_t>(n)};
}

/// The node all hops were seen on; nothing where they were seen on several, or nobody has said where.
std::string node_of_all(const json::array& hops) {
  const auto first = text_in(hops.front(), "node");
  const bool are_alike =
    std::all_of(hops.begin(), hops.end(), [&](const auto& h) { return text_in(h, "node") == first; });
  return are_alike ? first : std::string{};
}

/// One line: time, pause, stage, where, and what is known beside it. @param told  what is said of the node already
std::string hop_line(const json::value& h, const std::string& told) {
  const auto pause = number_in(h, "since_previous_ms");
  auto line = "  " + clock_time(number_in(h, "at_ts")) + "  " + (pause > 0 ? "+" + admin::human_duration(pause) : "");
  line.resize(std::max<std::size_t>(line.size() + 1, 27), ' ');
  line += text_in(h, "stage");
  line.resize(std::max<std::size_t>(line.size() + 1, 48), ' ');
  line += text_in(h, "actor");
  if (const auto node = text_in(h, "node"); node != told) line += " on " + node;
  if (const auto server = text_in(h, "server"); !server.empty() && !text_in(h, "actor").ends_with(server))
    line += ", " + server;
  if (const auto n = number_in(h, "attempt"); n > 0) line += ", attempt " + std::to_string(n);
  if (const auto phase = text_in(h, "phase"); !phase.empty()) line += ", in " + phase;
  if (const auto answer = text_in(h, "answer"); !answer.empty()) line += ": " + answer;
  return line + "\n";
}

/// Attempts of the same outcome that follow each other: hops [first, first + length), and again `times` times at all.
struct repeated_hops {
  std::size_t length = 0, times = 0;
};

/// Whether two hops differ in nothing but time, attempt and transaction.
bool are_alike(const json::value& a, const json::value& b) {
  static constexpr std::string_view told[] = {"stage", "actor", "node", "server", "phase", "answer"};
  return std::all_of(std::begin(told), std::end(told),
                     [&](std::string_view key) { return text_in(a, key) == text_in(b, key); });
}

repeated_hops repeats_at(const json::array& hops, std::size_t first) {
  constexpr std::size_t length_max = 4;
  repeated_hops best;
  for (std::size_t length = 1; length <= length_max; ++length) {
    std::size_t end = first + length;
    while (end < hops.size() && are_alike(hops[end], hops[end - length])) ++end;
    const auto times = (end - first) / length;
    if (times > 1 && length * times > best.length * best.times) best = {length, times};
  }
  return best;
}

/// @param folds  repeats are told by their first and their last
std::string way(const json::value& whole, bool folds) {
  constexpr std::size_t folded_from = 4; // fewer are as short as what is said of them
  const auto* hops = whole.find_array("hops");
  if (!hops || hops->empty())
    return "\nIts way through the node is not kept: it lies more than an hour back, or before the last start.\n";
  const auto node = node_of_all(*hops);
  auto text = "\nIts way through the node" + (node.empty() ? "" : " " + node) + "\n";
  for (std::size_t i = 0; i < hops->size();) {
    const auto found = folds ? repeats_at(*hops, i) : repeated_hops{};
    const bool is_folded = found.times >= folded_from;
    const auto shown = is_folded ? found.length : 1;
    for (std::size_t k = 0; k < shown; ++k) text += hop_line((*hops)[i + k], node);
    i += shown;
    if (!is_folded) continue;
    i += found.length * (found.times - 2);
    text += "  ... the same " + std::to_string(found.times - 2) + " more times; see --all\n";
    for (std::size_t k = 0; k < found.length; ++k, ++i) text += hop_line((*hops)[i], node);
  }
  if (const auto total = number_in(whole, "hops_total"); total > static_cast<std::int64_t>(hops->size()))
    text += "  ... " + std::to_string(hops->size()) + " of " + std::to_string(total) + " hops; see --limit\n";
  return text;
}

/// What the broker says of an actor that is parked; nothing of one that runs.
std::string waits_of(const json::value& whole) {
  const auto* list = whole.find_array("waits_for");
  std::string text;
  for (const auto& x : list ? *list : json::array{})
    if (const auto* sentence = x.as_string()) text += "\n" + printable(*sentence) + "\n";
  return text;
}

bool waits_for_key(const json::value& whole) {
  const auto* rows = whole.find_array("arrivals");
  return rows &&
         std::any_of(rows->begin(), rows->end(), [](const auto& x) { return !text_in(x, "key_server").empty(); });
}

std::string whole_page(const json::object& body, std::int64_t now_ms, bool folds) {
  const json::value whole{body};
  auto text = text_in(whole, "because") + "\n";
  if (const auto command = text_in(whole, "command"); !command.empty()) text += "Next: " + command + "\n";
  if (const auto* event = whole.find_object("event"))
    text += "\n" +
            sheet(*event,
                  {"event_id", "chat_message_id", "room_id", "chat_room_id", "type", "sender", "written_ts", "verdict"},
                  now_ms);
  text += table_of(whole, "servers", "Servers it goes to",
                   {"server_name", "state", "attempts", "retry_at_ts", "phase", "last_fault", "delivered_ts"}, now_ms);
  names arrival = {"origin", "received_ts", "phase", "missing", "attempts", "retry_ts", "give_up_ts"};
  if (waits_for_key(whole))
    arrival = {"origin", "received_ts", "phase", "key_server", "key_ids", "keys_known", "retry_ts", "give_up_ts"};
  text += table_of(whole, "arrivals", "Received, and waiting", arrival, now_ms);
  if (const auto* missing = whole.find_array("waits_for_events"); missing && !missing->empty()) {
    text += "\nEvents that it waits for\n";
    for (const auto& id : *missing)
      if (const auto* one = id.as_string()) text += "  " + printable(*one) + "\n";
  }
  text += table_of(whole, "answers", "What was answered about them", {"ts", "server", "question", "answer"}, now_ms);
  if (const auto* notification = whole.find_object("notification"))
    text += "\nThe chat server's notification\n" +
            sheet(*notification, names_of(admin::columns<admin::notification_row>()), now_ms);
  text += table_of(whole, "parked", "Parked actors", {"kind", "key", "failures", "last_fault"}, now_ms);
  text += way(whole, folds);
  if (const auto* others = whole.find_array("others"); others && !others->empty()) {
    text += "\nOther events of the transaction\n";
    for (const auto& id : *others)
      if (const auto* one = id.as_string()) text += "  " + printable(*one) + "\n";
  }
  return text;
}

} // namespace

std::string why_page(const json::object& body, std::int64_t now_ms) { return whole_page(body, now_ms, true); }

std::string why_page_of_all(const json::object& body, std::int64_t now_ms) { return whole_page(body, now_ms, false); }

std::string actor_page(const json::object& body, std::int64_t now_ms) {
  const json::value whole{body};
  std::string text;
  if (const auto* row = whole.find_object("actor")) {
    text += sheet(*row, names_of(admin::columns<admin::actor_row>()), now_ms);
    text += waits_of(whole);
  }
  if (whole.find("says") == nullptr) return text; // of an archive: nobody was asked
  const auto* says = whole.find_object("says");
  if (!says) return text + "\nIt does not answer.\n";
  names shown;
  for (const auto& x : *says) shown.push_back(x.key);
  return text + "\nWhat it says of itself\n" + sheet(*says, shown, now_ms);
}

std::string trace_page(const json::object& body, std::int64_t) {
  const json::value whole{body};
  const auto* rows = whole.find_array("messages");
  if (!rows || rows->empty()) return "It has handled nothing in that time.\n";
  std::string text;
  for (const auto& x : *rows) {
    text += clock_time(number_in(x, "at_ts")) + "  " + text_in(x, "message") + ", " +
            std::to_string(number_in(x, "took_us")) + " us";
    if (const auto made = text_in(x, "effects"); !made.empty()) text += ": " + made;
    text += "\n";
  }
  return text;
}

} // namespace causeway::tools
