#include "messages/matrix/identifiers.hpp"
#include "plugin/admin/verbs.hpp"
#include "plugin/admin/why_facts.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <string>
#include <utility>

namespace causeway::admin {

namespace {

namespace part = why::part;

/// One question of an operator on its way. Each step asks what the one before it has shown to be of interest; none
/// waits longer than an answer may take.
struct inquiry {
  why::facts known;
  std::vector<std::string> cited;    ///< by the staged event
  std::vector<event_signer> signers; ///< of the same
  std::vector<std::string> others;   ///< of the same transaction
};
using inquiry_ptr = std::shared_ptr<inquiry>;

bool is_event_id(std::string_view text) { return text.starts_with('$'); }

void answer_why(desk& at, const job& work, const inquiry_ptr& x) {
  auto body = why::view(x->known, at.now_ms());
  matrix::json::array others;
  for (const auto& id : x->others) others.push_back(detail::to_value(id));
  body.set("others", matrix::json::value{std::move(others)});
  at.answer(work, std::move(body));
}

/// A shell that reads `$9Mlq…` takes the first of it for the name of a variable.
std::string quoting_hint(const std::string& name) {
  constexpr std::size_t rest_of_id_min = 20;
  const bool is_rest = name.size() >= rest_of_id_min && std::all_of(name.begin(), name.end(), [](unsigned char c) {
                         return std::isalnum(c) != 0 || c == '-' || c == '_';
                       });
  return is_rest
           ? ". An event id begins with $, which a shell takes away with what follows: put it into single quotes, "
             "'$...'"
           : "";
}

/// An event that was neither stored nor staged nor seen. A parked room stores nothing of what comes, so it may be
/// one of its own; what is no event's id never is.
void answer_unknown(desk& at, const job& work, const query_results& found) {
  auto x = std::make_shared<inquiry>();
  x->known.way = why::direction::in;
  x->known.is_known = false;
  x->known.event_id = work.with.event;
  x->known.supervision = at.who().supervision;
  x->known.alarms = at.node().list_alarms();
  const auto& alarms = x->known.alarms;
  // What comes meanwhile is refused, so nothing can be known of it.
  if (std::any_of(alarms.begin(), alarms.end(), [](const alarm_row& a) { return a.name == "store"; }))
    return answer_why(at, work, x);
  const auto room = matrix::is_room_id(work.with.room) ? work.with.room : std::string{};
  if (why::may_be_event_id(work.with.event) && why::take_parked_rooms(x->known, found, room))
    return answer_why(at, work, x);
  at.refuse(work, {fault_code::not_found, "nothing is known of " + work.with.event +
                                            ": no event, no message of the chat server and no transaction of that id "
                                            "is stored or was seen in the last hour" +
                                            quoting_hint(work.with.event)});
}

/// It may be what a staged event waits for.
void look_for_who_waits(desk& at, const job& work, const query_results& found) {
  constexpr std::size_t staged_told_max = 500, event_id_bytes_max = 255;
  if (!is_event_id(work.with.event) || work.with.event.size() > event_id_bytes_max)
    return answer_unknown(at, work, found);
  questions ask;
  ask.store = {{part::staged, store::list_staged{{}, staged_told_max, work.with.event}}};
  at.gather(work, std::move(ask), [found](desk& d, const job& j, const query_results& f) {
    auto x = std::make_shared<inquiry>();
    x->known.way = why::direction::in;
    x->known.is_known = false;
    x->known.event_id = j.with.event;
    if (!why::take_citing(x->known, f, j.with.event)) return answer_unknown(d, j, found);
    answer_why(d, j, x);
  });
}

std::pair<std::string, store::query> keys_question(const std::string& server) {
  return {part::keys_of(server), store::load_destination{server, 1}};
}

/// What the server that has the key has told of its keys, and why not more.
void ask_for_keys(desk& at, const job& work, const inquiry_ptr& x) {
  const auto& server = x->known.arrivals.front().key_server;
  questions ask;
  ask.store.push_back(keys_question(server));
  ask.status = {{actor_kind::remote_server, server}};
  at.gather(work, std::move(ask), [x, server](desk& d, const job& j, const query_results& f) {
    why::take_keys(x->known, f, server);
    answer_why(d, j, x);
  });
}

void ask_who_has_the_key(desk& at, const job& work, const inquiry_ptr& x) {
  questions ask;
  for (const auto& signer : x->signers)
    if (signer.server != at.who().server_name) ask.store.push_back(keys_question(signer.server));
  if (ask.store.empty()) return ask_for_keys(at, work, x);
  at.gather(work, std::move(ask), [x](desk& d, const job& j, const query_results& f) {
    why::take_signer(x->known, x->signers, f);
    ask_for_keys(d, j, x);
  });
}

/// What the room does about an event that waits. Its actor is only asked where it is in memory and not parked.
void ask_the_room(desk& at, const job& work, const inquiry_ptr& x, bool is_awake) {
  const auto& known = x->known;
  questions ask;
  ask.store = {{part::rooms, store::list_rooms{known.room_id, 1}}};
  if (!x->cited.empty()) ask.store.emplace_back(part::parents, store::load_events{known.room_id, x->cited});
  if (is_awake && !known.arrivals.empty()) ask.status = {{actor_kind::room, known.room_id}};
  at.gather(work, std::move(ask), [x](desk& d, const job& j, const query_results& f) {
    why::take_waiting(x->known, f, x->cited);
    const auto& arrivals = x->known.arrivals;
    if (!arrivals.empty() && !arrivals.front().key_server.empty()) return ask_who_has_the_key(d, j, x);
    answer_why(d, j, x);
  });
}

bool runs(const query_results& found, std::string_view kind, std::string_view key) {
  return found.actors && std::any_of(found.actors->begin(), found.actors->end(), [&](const actor_row& a) {
           return a.kind == kind && a.key == key && a.phase == "running";
         });
}

void look_at_event(desk& at, const job& work, const std::string& event_id, std::vector<std::string> others) {
  auto x = std::make_shared<inquiry>();
  x->others = std::move(others);
  x->known.supervision = at.who().supervision;
  why::take_hops(x->known, at.node().find_hops(event_id), work.with.limit, at.who().node_name);
  questions ask;
  ask.store = {{part::event, store::find_event{event_id}},
               {part::staged, store::find_staged{event_id}},
               {part::message, store::find_message{{}, event_id}},
               {part::owed, store::find_owed{event_id}},
               {part::notification, store::find_notification{event_id}}};
  ask.actors = true;
  ask.status = {{actor_kind::session, ""}};
  at.gather(work, std::move(ask), [x, event_id](desk& d, const job& j, const query_results& f) {
    if (why::take_damage(x->known, f, event_id)) return answer_why(d, j, x);
    if (!why::take_event(x->known, f, d.who().server_name) && !why::take_event_of_hops(x->known, event_id))
      return answer_unknown(d, j, f);
    why::take_message(x->known, f);
    why::take_servers(x->known, f);
    why::take_notification(x->known, f);
    why::take_actors(x->known, f);
    x->known.alarms = d.node().list_alarms();
    if (!x->known.arrivals.empty()) {
      x->cited = why::cited(f);
      x->signers = why::signers(f);
    }
    ask_the_room(d, j, x, runs(f, "room", x->known.room_id));
  });
}

/// By what was found under the name that was given: an event, a message of the chat server, a transaction.
void look_at_name(desk& at, const job& work, const query_results& found) {
  const auto& name = work.with.event;
  const auto* events = found.find<store::events_loaded>(part::event);
  const auto* staged = found.find<store::staged_found>(part::staged);
  why::facts damaged;
  if ((events && !events->events.empty()) || (staged && !staged->copies.empty()) ||
      why::take_damage(damaged, found, name))
    return look_at_event(at, work, name, {});
  const auto* message = found.find<store::message_found>(part::message);
  if (message && !message->event_id.empty()) return look_at_event(at, work, message->event_id, {});
  auto of_transaction = at.node().events_of_transaction(name);
  for (auto& id : why::events_of_transaction(found, name))
    if (std::find(of_transaction.begin(), of_transaction.end(), id) == of_transaction.end())
      of_transaction.push_back(std::move(id));
  if (of_transaction.empty() && !at.node().find_hops(name).empty()) of_transaction = {name};
  if (of_transaction.empty()) return look_for_who_waits(at, work, found);
  auto first = std::move(of_transaction.front());
  of_transaction.erase(of_transaction.begin());
  look_at_event(at, work, first, std::move(of_transaction));
}

void look_up_name(desk& at, const job& work, const std::string& room_id) {
  const auto& name = work.with.event;
  questions ask;
  ask.store = {{part::event, store::find_event{name}},
               {part::staged, store::find_staged{name}},
               {part::message, store::find_message{room_id, name}}};
  if (!is_event_id(name)) {
    ask.store.emplace_back(part::destinations, store::list_destinations{});
    if (!work.with.server.empty())
      ask.store.emplace_back(part::transaction, store::find_received_transaction{work.with.server, name});
  }
  ask.actors = true;
  at.gather(work, std::move(ask), &look_at_name);
}

void explain_event(desk& at, const job& work) {
  if (work.with.room.empty()) return look_up_name(at, work, {});
  store::list_rooms question{work.with.room};
  at.gather(work, {{{part::rooms, std::move(question)}}, {}, false}, [](desk& d, const job& j, const query_results& f) {
    const auto room = views::resolve_room(f, j.with.room);
    if (!room) return d.refuse(j, room.error());
    look_up_name(d, j, room->room_id);
  });
}

} // namespace

std::span<const verb> event_verbs() {
  static constexpr std::array<verb, 1> all = {{
    {{"why", false, "event",
      "Why an event is late, or was: its way through the node, who has still to get it, and the cause in one sentence. "
      "By its id, by the chat server's id of the message (with `room` where rooms share ids), or by the id of a "
      "transaction (with `server` for one that came more than an hour ago)."},
     &explain_event},
  }};
  return all;
}

} // namespace causeway::admin
