#include "tools/causeway/broker_commands.hpp"

#include "tools/causeway/listing.hpp"
#include "tools/causeway/pages.hpp"
#include "tools/causeway/terminal.hpp"

#include <functional>
#include <string_view>

namespace causeway::tools {

namespace {

namespace json = matrix::json;

int explain(const std::vector<admin::column>& columns) { return put_out({exit_ok, legend(columns), {}}); }

/// Asks once; `show` is the answer as text for a person.
template <class Show>
printed run(const broker_request& x, std::string_view command, Show show) {
  const auto [answer, now] = answer_to(x, command);
  if (answer.outcome != reply::kind::done) return failure(x, answer);
  return {exit_ok, x.how.json ? json::canonical(answer.body) + "\n" : show(answer.body, now), {}};
}

} // namespace

int print_page(const broker_request& x, std::string_view command, page_function page) {
  return put_out(run(x, command, page));
}

int list_rooms(const broker_request& x) {
  return list<admin::room_row>(x, "rooms", "rooms", room_columns, "There are no rooms.");
}

int list_servers(const broker_request& x) {
  return list<admin::server_row>(
    x, "servers", "servers", server_columns,
    "Nothing was ever to be sent to another server. Those of a room: `causeway room show`.");
}

int list_invites(const broker_request& x) {
  return list<admin::invite_row>(x, "invites", "invitations", invite_columns,
                                 x.with.all ? "There are no invitations."
                                            : "There are no open invitations (--all shows those that are over).");
}

int list_dead_letters(const broker_request& x) {
  return list<admin::dead_letter_row>(x, "dead_letters", "dead_letters", dead_letter_columns,
                                      "The chat server has refused nothing for good.");
}

int retry_dead_letter(const broker_request& x) {
  return put_out(run(x, "dead_letter.retry", [](const json::object& body, std::int64_t) {
    return "The " + printable(text_of(body, "event")) + " goes to the chat server again, as its newest notification.\n";
  }));
}

int drop_dead_letter(const broker_request& x) {
  return put_out(run(x, "dead_letter.drop", [](const json::object& body, std::int64_t) {
    return "The " + printable(text_of(body, "event")) + " is forgotten.\n";
  }));
}

int show_status(const broker_request& x) {
  if (x.how.explain) return explain(admin::columns<admin::alarm_row>());
  const auto [answer, now] = answer_to(x, "status");
  if (answer.outcome != reply::kind::done) return put_out(failure(x, answer));
  return put_out({is_well(answer.body) ? exit_ok : exit_problem,
                  x.how.json ? json::canonical(answer.body) + "\n" : status_page(answer.body, now),
                  {}});
}

int list_actors(const broker_request& x) {
  return list<admin::actor_row>(x, "actors", "actors", actor_columns, "No actor is in memory.");
}

int list_receipts(const broker_request& x) {
  return show_list(x, {"receipts", "servers", admin::columns<admin::receipt_debt_row>(),
                       names_of(admin::columns<admin::receipt_debt_row>()),
                       "Every server has been told what our users have read.", &actor_part});
}

int list_keys(const broker_request& x) {
  return show_list(x, {"keys", "keys", admin::columns<admin::key_row>(), names_of(admin::columns<admin::key_row>()),
                       "No key of that server is known.", &keys_waited_for});
}

int show_room(const broker_request& x) {
  if (x.how.explain) return explain(admin::columns<admin::room_row>());
  return put_out(run(x, "room.show", &room_page));
}

int show_server(const broker_request& x) {
  if (x.how.explain) return explain(admin::columns<admin::server_row>());
  return put_out(run(x, "server.show", &server_page));
}

int retry_server(const broker_request& x) {
  return put_out(run(x, "server.retry", [&](const json::object&, std::int64_t) {
    return "The next attempt to reach " + x.with.server + " is made now; `causeway server show " + x.with.server +
           "` tells how it goes.\n";
  }));
}

int show_invite(const broker_request& x) {
  if (x.how.explain) return explain(admin::columns<admin::invite_row>());
  return put_out(run(x, "invite.show", &invite_page));
}

} // namespace causeway::tools
