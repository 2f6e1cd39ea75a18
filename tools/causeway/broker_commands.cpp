#include "tools/causeway/broker_commands.hpp"

#include "tools/causeway/terminal.hpp"

#include <cstdio>
#include <optional>
#include <string_view>

namespace causeway::tools {

namespace {

namespace json = matrix::json;
using names = std::vector<std::string_view>;

const names room_columns = {"room_id", "chat_room_id", "type", "phase", "events", "staged", "waits_for"};
const names server_columns = {"server_name", "state",       "queued",      "oldest_waiting_ts",
                              "failures",    "invitations", "retry_at_ts", "last_fault"};
const names invite_columns = {"user_id",  "room_id",     "direction",   "state",     "since_ts",
                              "attempts", "retry_at_ts", "deadline_ts", "last_fault"};
const names actor_columns = {"kind", "key", "phase", "mailbox", "handled", "failures", "since_ts", "last_fault"};
const names member_columns = {"user_id", "membership", "display_name", "by", "since_ts"};
const names event_columns = {"event_id", "type", "sender", "depth", "written_ts"};

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int explain(const std::vector<admin::column>& columns) {
  print(legend(columns));
  return exit_ok;
}

std::string text_of(const json::object& x, std::string_view key) {
  const auto* found = x.find(key);
  const auto* text = found ? found->as_string() : nullptr;
  return text ? *text : std::string{};
}

int failed(const broker_request& x, const reply& answer) {
  const bool refused = answer.outcome == reply::kind::refused;
  if (x.how.json) {
    auto body = refused ? answer.body
                        : json::object{{"code", json::value{"unreachable"}}, {"message", json::value{answer.problem}}};
    print(json::canonical(json::object{{"error", json::value{std::move(body)}}}) + "\n");
  } else if (refused) {
    std::fprintf(stderr, "causeway: %s\n", printable(text_of(answer.body, "message")).c_str());
    if (auto what = text_of(answer.body, "what_to_do"); !what.empty())
      std::fprintf(stderr, "  %s\n", printable(what).c_str());
  } else {
    std::fprintf(stderr, "causeway: cannot reach the broker: %s\n", printable(answer.problem).c_str());
  }
  return refused ? exit_problem : exit_unreachable;
}

/// Asks; `show` prints the answer for a person, `look` sees it however it is printed.
template <class Show, class Look>
int run(const broker_request& x, std::string_view command, Show show, Look look) {
  auto answer = ask(x.where, command, x.with);
  if (answer.outcome != reply::kind::done) return failed(x, answer);
  look(answer.body);
  if (x.how.json) print(json::canonical(answer.body) + "\n");
  else show(answer.body);
  return exit_ok;
}

template <class Show>
int run(const broker_request& x, std::string_view command, Show show) {
  return run(x, command, std::move(show), [](const json::object&) {});
}

template <class Row>
int list(const broker_request& x, std::string_view command, std::string_view member, const names& columns,
         std::string_view none) {
  if (x.how.explain) return explain(admin::columns<Row>());
  return run(x, command, [&](const json::object& body) {
    const json::value whole{body};
    const auto* rows = whole.find_array(member);
    if (!rows || rows->empty()) return print(std::string{none} + "\n");
    print(table(*rows, x.how.wide ? names_of(admin::columns<Row>()) : columns, now_ms()));
    const auto* total = whole.find_integer("total");
    if (total && *total > static_cast<std::int64_t>(rows->size()))
      print("... " + std::to_string(rows->size()) + " of " + std::to_string(*total) + "; see --limit and --filter\n");
  });
}

void print_table(const json::value& whole, std::string_view member, std::string_view title, const names& columns) {
  const auto* rows = whole.find_array(member);
  if (!rows || rows->empty()) return;
  print("\n" + std::string{title} + "\n");
  print(table(*rows, columns, now_ms()));
}

void print_waits(const json::value& whole) {
  const auto* list = whole.find_array("waits_for");
  if (!list) return;
  print("\nWhat waits, and for what\n");
  if (list->empty()) print("  Nothing waits.\n");
  for (const auto& x : *list)
    if (const auto* text = x.as_string()) print("  " + printable(*text) + "\n");
}

void print_actor(const json::value& whole) {
  const auto* actor = whole.find_object("actor");
  print("\nActor\n");
  if (!actor) return print("  not in memory\n");
  names shown;
  for (const auto& x : *actor) shown.push_back(x.key);
  print(sheet(*actor, shown, now_ms()));
}

template <class Row>
void print_sheet(const json::value& whole, std::string_view member) {
  const auto* row = whole.find_object(member);
  if (!row) return;
  auto shown = names_of(admin::columns<Row>());
  std::erase(shown, "waits_for"); // printed in full below
  print(sheet(*row, shown, now_ms()));
}

} // namespace

int list_rooms(const broker_request& x) {
  return list<admin::room_row>(x, "rooms", "rooms", room_columns, "There are no rooms.");
}

int list_servers(const broker_request& x) {
  return list<admin::server_row>(x, "servers", "servers", server_columns, "No other server was ever owed anything.");
}

int list_invites(const broker_request& x) {
  return list<admin::invite_row>(x, "invites", "invitations", invite_columns,
                                 x.with.all ? "There are no invitations."
                                            : "There are no open invitations (--all shows those that are over).");
}

int show_status(const broker_request& x) {
  if (x.how.explain) return explain(admin::columns<admin::alarm_row>());
  bool is_well = true;
  const auto outcome = run(
    x, "status",
    [](const json::object& body) {
      const json::value whole{body};
      print("causeway " + printable(text_of(body, "version")) + ", " + printable(text_of(body, "server_name")) + "\n");
      const auto* rows = whole.find_array("alarms");
      if (!rows || rows->empty()) return print("All is well.\n");
      for (const auto& row : *rows)
        if (const auto* alarm = row.as_object())
          print("\n" + sheet(*alarm, names_of(admin::columns<admin::alarm_row>()), now_ms()));
    },
    [&is_well](const json::object& body) {
      const auto* total = body.find("total");
      const auto* alarms = total ? total->as_integer() : nullptr;
      is_well = alarms == nullptr || *alarms == 0;
    });
  return outcome == exit_ok && !is_well ? exit_problem : outcome;
}

int list_actors(const broker_request& x) {
  return list<admin::actor_row>(x, "actors", "actors", actor_columns, "No actor is in memory.");
}

int list_keys(const broker_request& x) {
  return list<admin::key_row>(x, "keys", "keys", names_of(admin::columns<admin::key_row>()),
                              "No key of that server is known.");
}

int show_room(const broker_request& x) {
  if (x.how.explain) return explain(admin::columns<admin::room_row>());
  return run(x, "room.show", [](const json::object& body) {
    const json::value whole{body};
    print_sheet<admin::room_row>(whole, "room");
    print_waits(whole);
    print_table(whole, "members", "Members", member_columns);
    print_table(whole, "servers", "Servers", server_columns);
    print_table(whole, "invitations", "Invitations", invite_columns);
    print_table(whole, "extremities", "Head of the event graph", event_columns);
    print_table(whole, "staged", "Received, waiting for missing events", {"event_id", "origin", "received_ts"});
    print_actor(whole);
  });
}

int show_server(const broker_request& x) {
  if (x.how.explain) return explain(admin::columns<admin::server_row>());
  return run(x, "server.show", [](const json::object& body) {
    const json::value whole{body};
    print_sheet<admin::server_row>(whole, "server");
    print_waits(whole);
    print_table(whole, "queue", "Queue, oldest first", {"event_id", "room_id", "type", "sender", "written_ts"});
    print_table(whole, "refused", "Refused by the server and not sent any more, latest first",
                {"event_id", "room_id", "type", "reason", "refused_ts"});
    print_table(whole, "invitations", "Open invitations", invite_columns);
    print_table(whole, "keys", "Verify keys", {"key_id", "public_key", "old", "valid_until_ts"});
    print_actor(whole);
  });
}

int retry_server(const broker_request& x) {
  return run(x, "server.retry", [&](const json::object&) {
    print("The next attempt to reach " + x.with.server + " is made now; `causeway server show " + x.with.server +
          "` tells how it goes.\n");
  });
}

int show_invite(const broker_request& x) {
  if (x.how.explain) return explain(admin::columns<admin::invite_row>());
  return run(x, "invite.show", [](const json::object& body) {
    const json::value whole{body};
    print_sheet<admin::invite_row>(whole, "invitation");
    print_waits(whole);
    print("\nServer of the other side\n");
    print_sheet<admin::server_row>(whole, "server");
    print_actor(whole);
  });
}

} // namespace causeway::tools
