#include "plugin/admin/explain.hpp"
#include "plugin/admin/verbs.hpp"

#include <array>
#include <map>
#include <string>
#include <utility>

namespace causeway::admin {

namespace {

namespace json = matrix::json;

json::value session_of(const query_results& found) {
  if (!found.status || found.status->empty()) return nullptr;
  auto parsed = json::parse(*found.status);
  return parsed ? std::move(*parsed) : json::value{nullptr};
}

std::string text_in(const json::value& x, std::string_view key) {
  const auto* text = x.find_string(key);
  return text ? *text : std::string{};
}

std::int64_t number_in(const json::value& x, std::string_view key) {
  const auto* number = x.find_integer(key);
  return number ? *number : 0;
}

/// ", the oldest for 48 s", and where to look; nothing where it is not known.
std::string unacknowledged_for(std::int64_t since_ts, std::int64_t now_ms) {
  if (since_ts == 0) return ".";
  return ", the oldest for " + human_duration(now_ms - since_ts) +
         ". It is to acknowledge or refuse each: see its log; here nothing is wrong, and what waits is kept.";
}

std::string stream_waits_for(const stream_row& x, std::int64_t now_ms) {
  if (x.lag == 0) return {};
  const auto n = std::to_string(x.lag) + (x.lag == 1 ? " notification waits: " : " notifications wait: ");
  if (x.peer.empty()) return n + "no chat server takes this stream.";
  if (x.paused_ms > 0)
    return n + x.peer + " has refused one, which it gets again in " + human_duration(x.paused_ms) + ".";
  if (x.in_flight > 0)
    return n + x.peer + " has not acknowledged " + std::to_string(x.in_flight) + " that it has" +
           unacknowledged_for(x.unacknowledged_since_ts, now_ms);
  return n + x.peer + " has given no credit for more.";
}

std::vector<stream_row> streams_of(const json::value& session, std::int64_t now_ms) {
  std::vector<stream_row> rows;
  const auto* list = session.find_array("streams");
  if (!list) return rows;
  for (const auto& s : *list) {
    auto& row = rows.emplace_back();
    row.stream = static_cast<std::int64_t>(rows.size()) - 1;
    row.head = number_in(s, "head");
    row.acked = number_in(s, "acked");
    row.lag = number_in(s, "lag");
    row.in_flight = number_in(s, "in_flight");
    row.paused_ms = number_in(s, "paused_ms");
    row.peer = text_in(s, "peer");
    if (const auto ms = number_in(s, "unacknowledged_ms"); ms > 0) row.unacknowledged_since_ts = now_ms - ms;
    row.waits_for = stream_waits_for(row, now_ms);
  }
  return rows;
}

std::vector<peer_row> chat_peers(const json::value& session, std::int64_t now_ms) {
  std::vector<peer_row> rows;
  const auto* list = session.find_array("connections");
  if (!list) return rows;
  const auto streams = streams_of(session, now_ms);
  for (const auto& c : *list) {
    auto& row = rows.emplace_back();
    row.role = "chat";
    row.peer = text_in(c, "peer");
    row.version = text_in(c, "client");
    row.credit_messages = number_in(c, "credit_messages");
    row.credit_bytes = number_in(c, "credit_bytes");
    row.in_flight = number_in(c, "in_flight");
    row.open_commands = number_in(c, "open_commands");
    row.silent_ms = number_in(c, "silent_ms");
    for (const auto& s : streams) {
      if (s.peer != row.peer) continue;
      row.lag += s.lag;
      if (s.unacknowledged_since_ts > 0 &&
          (row.unacknowledged_since_ts == 0 || s.unacknowledged_since_ts < row.unacknowledged_since_ts))
        row.unacknowledged_since_ts = s.unacknowledged_since_ts;
      row.streams += (row.streams.empty() ? "" : ", ") + std::to_string(s.stream) + " (" + std::to_string(s.lag) + ")";
    }
    if (row.in_flight == 0 && row.lag > 0 && is_little_credit(row.credit_messages, row.credit_bytes))
      row.waits_for = "It lets us send " + credit_in_words(row.credit_messages, row.credit_bytes) +
                      ", which is too little for what waits, and has nothing to acknowledge: see its settings.";
    if (row.in_flight > 0 && row.unacknowledged_since_ts > 0)
      row.waits_for = "It has not acknowledged " + std::to_string(row.in_flight) + " that it has" +
                      unacknowledged_for(row.unacknowledged_since_ts, now_ms);
  }
  return rows;
}

void ask_session(desk& at, const job& work, desk::compose then) {
  at.gather(work, {{}, {{actor_kind::session, ""}}, false}, std::move(then));
}

template <class Row>
void answer_list(desk& at, const job& work, const char* name, const std::vector<Row>& rows) {
  at.answer(work, json::object{{name, json::value{to_json(rows)}},
                               {"total", json::value{static_cast<std::int64_t>(rows.size())}}});
}

void list_peers(desk& at, const job& work) {
  ask_session(at, work, [](desk& d, const job& j, const query_results& f) {
    if (!f.status) return d.refuse(j, {fault_code::timed_out, "the session did not answer in time"});
    auto rows = chat_peers(session_of(f), d.now_ms());
    for (auto& x : d.node().list_gateways()) rows.push_back(std::move(x));
    answer_list(d, j, "peers", rows);
  });
}

void list_streams(desk& at, const job& work) {
  ask_session(at, work, [](desk& d, const job& j, const query_results& f) {
    if (!f.status) return d.refuse(j, {fault_code::timed_out, "the session did not answer in time"});
    answer_list(d, j, "streams", streams_of(session_of(f), d.now_ms()));
  });
}

} // namespace

std::span<const verb> edge_verbs() {
  static constexpr std::array<verb, 2> all = {{
    {{"edge", false, "",
      "Who is connected: chat servers and gateways, with version, credit and how far they are behind."},
     &list_peers},
    {{"streams", false, "",
      "Streams of notifications: how far each is acknowledged, who gets it, and what it waits for."},
     &list_streams},
  }};
  return all;
}

} // namespace causeway::admin
