#include "tools/causeway/top/panes.hpp"

#include "tools/causeway/pages.hpp"
#include "tools/causeway/terminal.hpp"
#include "tools/causeway/why_pages.hpp"

#include <array>
#include <cstdio>

namespace causeway::tools::top {

namespace {

namespace json = matrix::json;

constexpr std::array<pane_column, 7> actor_pane = {{{"kind", "KIND", 13},
                                                    {"key", "KEY"},
                                                    {"phase", "PHASE", 10},
                                                    {"mailbox", "WAIT", 6, true},
                                                    {"oldest_waiting_ts", "AGE", 6, true},
                                                    {"rate_milli", "RATE/S", 8, true},
                                                    {"handling_ns", "TIME", 7, true}}};
constexpr std::array<pane_column, 7> server_pane = {{{"server_name", "SERVER"},
                                                     {"state", "STATE", 15},
                                                     {"queued", "QUEUED", 7, true},
                                                     {"oldest_waiting_ts", "OLDEST", 7, true},
                                                     {"failures", "FAILS", 6, true},
                                                     {"retry_at_ts", "NEXT TRY", 9, true},
                                                     {"last_fault", "LAST FAULT"}}};
constexpr std::array<pane_column, 7> invite_pane = {{{"state", "STATE", 12},
                                                     {"direction", "DIRECTION", 10},
                                                     {"user_id", "USER"},
                                                     {"room_id", "ROOM"},
                                                     {"since_ts", "SINCE", 6, true},
                                                     {"attempts", "TRIES", 6, true},
                                                     {"retry_at_ts", "NEXT TRY", 9, true}}};
constexpr std::array<pane_column, 7> peer_pane = {{{"role", "ROLE", 8},
                                                   {"peer", "PEER"},
                                                   {"version", "VERSION"},
                                                   {"lag", "LAG", 8, true},
                                                   {"credit_messages", "CREDIT", 8, true},
                                                   {"in_flight", "SENT", 7, true},
                                                   {"silent_ms", "SILENT", 7, true}}};

constexpr std::array<pane_column, 7> node_pane = {{{"name", "NODE"},
                                                   {"state", "STATE", 9},
                                                   {"version", "VERSION", 10},
                                                   {"lease_left_ms", "LEASE", 7, true},
                                                   {"shards", "SHARDS", 6, true},
                                                   {"epoch", "EPOCH", 6, true},
                                                   {"endpoints", "LISTENS AT"}}};

constexpr std::array<pane, 5> all_panes = {{
  {"Actors", "actors", "actors", actor_pane, 4, false, "phase"},
  {"Servers", "servers", "servers", server_pane, 5, false, "state"},
  {"Invitations", "invites", "invitations", invite_pane, 0, false, "state"},
  {"Peers", "edge", "peers", peer_pane, 3, true, ""},
  {"Nodes", "nodes", "nodes", node_pane, 3, true, "state"}, // who counts as alive first
}};

/// At most seven columns: "850ms", "9.5s", "40s", "12m", "3h05", "2d".
std::string compact(std::int64_t milliseconds) {
  std::array<char, 32> text{};
  const auto print = [&](const char* format, auto... values) {
    std::snprintf(text.data(), text.size(), format, values...);
    return std::string{text.data()};
  };
  const long long ms = milliseconds < 0 ? 0 : milliseconds;
  const long long seconds = ms / 1'000, minutes = seconds / 60, hours = minutes / 60;
  if (ms < 1'000) return print("%lldms", ms);
  if (seconds < 10) return print("%lld.%llds", seconds, ms % 1'000 / 100);
  if (seconds < 120) return print("%llds", seconds);
  if (minutes < 120) return print("%lldm", minutes);
  if (hours < 48) return print("%lldh%02lld", hours, minutes % 60);
  return print("%lldd", hours / 24);
}

std::string tenths(std::int64_t thousandths) {
  if (thousandths >= 1'000'000) return std::to_string(thousandths / 1'000);
  return std::to_string(thousandths / 1'000) + "." + std::to_string(thousandths % 1'000 / 100);
}

std::string short_time(std::int64_t nanoseconds) {
  if (nanoseconds < 10'000'000) return std::to_string(nanoseconds / 1'000) + "us";
  return compact(nanoseconds / 1'000'000);
}

std::string text_in(const json::value& row, std::string_view column) {
  const auto* text = row.find_string(column);
  return text ? *text : std::string{};
}

question about(std::string command, admin::arguments with, const std::string& key) {
  return {command + " " + key, std::move(command), std::move(with)};
}

question page_of_actor(const json::value& row) {
  const auto kind = text_in(row, "kind"), key = text_in(row, "key");
  admin::arguments with;
  if (kind == "room") {
    with.room = key;
    return about("room.show", with, key);
  }
  if (kind == "remote_server") {
    with.server = key;
    return about("server.show", with, key);
  }
  const auto bar = key.rfind('|'); // a room id may hold one, a user id may not
  if (kind == "invitation" && bar != std::string::npos) {
    with.room = key.substr(0, bar);
    with.user = key.substr(bar + 1);
    return about("invite.show", with, key);
  }
  with.kind = kind;
  with.key = key;
  return about("actor.show", with, kind + " " + key);
}

} // namespace

std::span<const pane> panes() { return all_panes; }

std::string key_of(const pane& of, const json::value& row) {
  if (of.command == "actors") return text_in(row, "kind") + " " + text_in(row, "key");
  if (of.command == "servers") return text_in(row, "server_name");
  if (of.command == "invites") return text_in(row, "room_id") + "|" + text_in(row, "user_id");
  if (of.command == "nodes") return text_in(row, "incarnation");
  return text_in(row, "role") + " " + text_in(row, "peer");
}

question page_question(const pane& of, const json::value& row) {
  if (of.command == "actors") return page_of_actor(row);
  admin::arguments with;
  if (of.command == "servers") {
    with.server = text_in(row, "server_name");
    return about("server.show", with, with.server);
  }
  if (of.command == "invites") {
    with.room = text_in(row, "room_id");
    with.user = text_in(row, "user_id");
    return about("invite.show", with, key_of(of, row));
  }
  return {"row " + key_of(of, row), "", {}};
}

std::string page_text(const question& asked, const json::object& body, std::int64_t now_ms) {
  if (asked.command == "room.show") return room_page(body, now_ms);
  if (asked.command == "server.show") return server_page(body, now_ms);
  if (asked.command == "invite.show") return invite_page(body, now_ms);
  if (asked.command == "actor.show") return actor_page(body, now_ms);
  column_names fields;
  for (const auto& x : body) fields.push_back(x.key);
  return sheet(body, fields, now_ms);
}

std::string pane_cell(std::string_view column, const json::value& row, std::int64_t now_ms) {
  const auto* value = row.find(column);
  const auto* number = value ? value->as_integer() : nullptr;
  if (!number) return cell(column, value, now_ms);
  if (column.ends_with("rate_milli")) return tenths(*number);
  if (column.ends_with("handling_ns")) return short_time(*number);
  if (column.ends_with("_ms")) return *number < 0 ? "-" + compact(-*number) : compact(*number);
  if (!is_time(column)) return std::to_string(*number);
  if (*number == 0) return "-";
  return *number > now_ms ? "in " + compact(*number - now_ms) : compact(now_ms - *number);
}

} // namespace causeway::tools::top
