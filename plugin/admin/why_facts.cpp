#include "plugin/admin/why_facts.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/request_phase.hpp"
#include "plugin/admin/explain.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace causeway::admin::why {
namespace {

namespace json = matrix::json;

std::string_view name(store::verdict x) {
  switch (x) {
  case store::verdict::accepted: return "accepted";
  case store::verdict::rejected: return "rejected";
  case store::verdict::soft_failed: return "soft_failed";
  case store::verdict::outlier: return "outlier";
  }
  return "";
}

std::string text_in(const json::value& x, std::string_view key) {
  const auto* text = x.find_string(key);
  return text ? *text : std::string{};
}

std::int64_t number_in(const json::value& x, std::string_view key) {
  const auto* number = x.find_integer(key);
  return number ? *number : 0;
}

/// What an actor says of itself; null where it is not known.
json::value status_of(const query_results& found) {
  if (!found.status || found.status->empty()) return nullptr;
  auto parsed = json::parse(*found.status);
  return parsed ? std::move(*parsed) : json::value{nullptr};
}

/// The first copy that is staged, null: none is.
const store::put_inbox* staged_copy(const query_results& found) {
  const auto* staged = found.find<store::staged_found>(part::staged);
  return staged && !staged->copies.empty() ? &staged->copies.front() : nullptr;
}

void add_ids(std::set<std::string>& to, const json::value& pdu, std::string_view member) {
  constexpr std::size_t cited_max = 60; // 20 prev_events, 10 auth_events; a PDU that has more is not staged
  const auto* list = pdu.find_array(member);
  if (!list) return;
  for (const auto& x : *list) {
    // Room versions 1 and 2: [id, hashes].
    const auto* pair = x.as_array();
    const auto* id = pair && !pair->empty() ? pair->front().as_string() : x.as_string();
    if (id && to.size() < cited_max) to.insert(*id);
  }
}

/// What the hops of an event say of each server.
std::map<std::string, event_server_row> servers_in(const std::vector<hop_row>& hops) {
  std::map<std::string, event_server_row> all;
  for (const auto& h : hops) {
    if (h.server.empty() ||
        (h.stage != "sent" && h.stage != "failed" && h.stage != "acknowledged" && h.stage != "refused"))
      continue;
    auto& s = all[h.server];
    s.server_name = h.server;
    if (h.attempt > 0) s.attempts = h.attempt;
    if (!h.transaction.empty()) s.transaction = h.transaction;
    if (h.stage == "sent") s.sent_ts = h.at_ts;
    if (h.stage == "acknowledged") s.delivered_ts = h.at_ts;
    if (h.stage == "failed" || h.stage == "refused") {
      s.phase = h.phase;
      s.last_fault = h.answer;
    }
    if (h.stage == "refused") s.state = "refused";
    else if (h.stage == "acknowledged" && s.state != "refused") s.state = "delivered";
  }
  return all;
}

/// What the room says of the gap that an event leaves.
void take_gap(facts& to, arrival_row& of_room, const json::value& gap) {
  of_room.asked = text_in(gap, "server");
  of_room.rounds = number_in(gap, "rounds");
  of_room.attempts = number_in(gap, "attempts");
  of_room.retry_ts = number_in(gap, "retry_ts");
  of_room.give_up_ts = number_in(gap, "give_up_ts");
  if (const auto* answers = gap.find_array("answers"))
    for (const auto& x : *answers)
      to.answers.push_back({text_in(x, "server"), text_in(x, "question"), text_in(x, "answer"), number_in(x, "ts")});
}

} // namespace

std::string last_wait(const std::vector<hop_row>& hops) {
  std::string phase;
  for (const auto& h : hops) {
    if (h.stage == "waiting_for_key") phase = "waiting_for_keys";
    if (h.stage == "waiting_for_parents" || h.stage == "verified") phase = "waiting_for_parents";
  }
  return phase;
}

bool take_event(facts& to, const query_results& found, std::string_view own_server) {
  const auto* events = found.find<store::events_loaded>(part::event);
  if (events && !events->events.empty() && events->events.front().event) {
    const auto& x = *events->events.front().event;
    to.event_id = x.event_id;
    to.room_id = x.room_id;
    to.sender = x.sender;
    to.type = x.type;
    to.written_ts = x.origin_server_ts;
    to.verdict = name(events->events.front().judged);
  } else if (const auto* copy = staged_copy(found)) {
    const auto pdu = json::parse(copy->pdu);
    to.event_id = copy->event_id;
    to.room_id = copy->room_id;
    if (pdu) {
      to.sender = text_in(*pdu, "sender");
      to.type = text_in(*pdu, "type");
      to.written_ts = number_in(*pdu, "origin_server_ts");
    }
  } else {
    return false;
  }
  to.way = matrix::server_name_of(to.sender) == own_server ? direction::out : direction::in;
  if (to.verdict.empty() || to.verdict == "outlier")
    if (const auto* staged = found.find<store::staged_found>(part::staged))
      for (const auto& x : staged->copies) {
        auto& row = to.arrivals.emplace_back();
        row.origin = x.origin;
        row.received_ts = x.received_ts;
      }
  return true;
}

void take_message(facts& to, const query_results& found) {
  if (const auto* named = found.find<store::message_found>(part::message)) to.chat_message_id = named->chat_message_id;
}

void take_servers(facts& to, const query_results& found) {
  auto all = servers_in(to.hops);
  const auto* owed = found.find<store::owed_found>(part::owed);
  if (owed) {
    to.owed = owed->servers;
    for (const auto& debt : owed->debts) {
      const auto& d = debt.destination;
      auto& s = all[d.server_name];
      const bool is_in_it =
        std::find(d.transaction_pdus.begin(), d.transaction_pdus.end(), to.event_id) != d.transaction_pdus.end();
      s.server_name = d.server_name;
      s.state = is_in_it && d.failures == 0 ? "in_flight" : "queued";
      s.attempts = d.failures;
      s.first_failure_ts = d.first_failure_ts;
      s.retry_at_ts = d.failures > 0 ? d.retry_at_ts : 0;
      // The row cuts the text elsewhere than the hop, which alone knows what the gateway has said of the phase.
      if (s.last_fault.empty() || !d.last_fault.starts_with(s.last_fault))
        s.phase = causeway::name(phase_of(d.last_fault));
      s.last_fault = d.last_fault;
      s.before = debt.before;
      s.first_event_id = debt.first_event_id;
      s.transaction = is_in_it ? d.transaction_id : std::string{};
      s.delivered_ts = 0;
      s.paused_since_ts = d.paused_since_ts;
      if (found.why_excluded) s.excluded = found.why_excluded(d.server_name);
    }
    for (const auto& refusal : owed->refusals) {
      auto& s = all[refusal.server_name];
      s.server_name = refusal.server_name;
      s.state = "refused";
      s.phase = causeway::name(phase_of(refusal.reason));
      s.last_fault = refusal.reason;
    }
  }
  for (auto& [server_name, s] : all)
    if (!s.state.empty()) to.servers.push_back(std::move(s));
}

void take_notification(facts& to, const query_results& found) {
  const auto session = status_of(found);
  const auto* connections = session.find_array("connections");
  if (connections) {
    to.chat.known = true;
    to.chat.connected = static_cast<std::int64_t>(connections->size());
  }
  const auto* open = found.find<store::notification_found>(part::notification);
  if (!open || to.way == direction::out) return;
  if (!open->refusal && !open->stream && !to.arrivals.empty()) return; // of what waits nothing was told yet
  auto& n = to.notification.emplace();
  n.state = open->refusal ? "refused" : "acknowledged";
  if (open->refusal) {
    n.reason = open->refusal->reason;
    n.stream = open->refusal->stream;
    n.cursor = open->refusal->cursor;
  }
  if (!open->stream) return;
  n.state = "waiting";
  n.name = open->name;
  n.stream = *open->stream;
  n.cursor = open->cursor;
  for (const auto& s : open->streams)
    if (s.number == *open->stream) {
      n.acknowledged = s.acknowledged;
      n.head = s.head;
    }
  const auto* streams = session.find_array("streams");
  if (!streams || *open->stream >= streams->size()) return;
  const auto& s = (*streams)[*open->stream];
  n.in_flight = number_in(s, "in_flight");
  n.paused_ms = number_in(s, "paused_ms");
  n.unacknowledged_ms = number_in(s, "unacknowledged_ms");
  n.peer = text_in(s, "peer");
  if (number_in(s, "sent") >= n.cursor && n.in_flight > 0) n.state = "sent";
  if (!connections) return;
  for (const auto& c : *connections) {
    if (text_in(c, "peer") != n.peer) continue;
    to.chat.credit_messages = number_in(c, "credit_messages");
    to.chat.credit_bytes = number_in(c, "credit_bytes");
    to.chat.has_credit = n.in_flight > 0 ? to.chat.credit_messages > 0 && to.chat.credit_bytes > 0
                                         : !is_little_credit(to.chat.credit_messages, to.chat.credit_bytes);
  }
}

void take_actors(facts& to, const query_results& found) {
  if (!found.actors) return;
  const bool is_in_graph = !to.verdict.empty() && to.verdict != "outlier";
  const bool is_told = !to.notification || to.notification->state == "acknowledged";
  const auto is_ours = [&](const actor_row& a) {
    if (a.kind == "room") return a.key == to.room_id && !is_in_graph;
    if (a.kind == "session") return !is_told;
    if (a.kind != "remote_server") return false;
    return std::any_of(to.servers.begin(), to.servers.end(), [&](const event_server_row& s) {
      return s.server_name == a.key && s.state != "delivered" && s.state != "refused";
    });
  };
  for (const auto& a : *found.actors)
    if (a.phase == "parked" && is_ours(a)) to.parked.push_back(a);
}

bool take_parked_rooms(facts& to, const query_results& found, std::string_view room_id) {
  if (found.actors)
    for (const auto& a : *found.actors)
      if (a.kind == "room" && is_parked(a) && (room_id.empty() || a.key == room_id)) to.parked.push_back(a);
  return !to.parked.empty();
}

bool take_damage(facts& to, const query_results& found, std::string_view event_id) {
  const auto at = found.answers.find(part::event);
  const auto* why = at == found.answers.end() ? nullptr : std::get_if<fault>(&at->second);
  if (!why || why->code != fault_code::store_damaged) return false;
  to.event_id = event_id;
  to.damage = to_string(*why);
  if (found.actors)
    for (const auto& a : *found.actors)
      if (a.kind == "room" && is_parked(a) && a.last_fault.find(event_id) != std::string::npos) to.parked.push_back(a);
  if (!to.parked.empty()) to.room_id = to.parked.front().key;
  return true;
}

bool may_be_event_id(std::string_view text) {
  constexpr std::size_t hash_characters = 43; // of SHA-256 in unpadded base64
  if (!matrix::is_event_id(text)) return false;
  const auto rest = text.substr(1);
  if (const auto colon = rest.find(':'); colon != std::string_view::npos)
    return colon > 0 && matrix::is_server_name(rest.substr(colon + 1));
  return rest.size() == hash_characters && std::ranges::all_of(rest, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '+' || c == '/';
         });
}

std::vector<std::string> cited_by(const json::value& pdu) {
  std::set<std::string> ids;
  add_ids(ids, pdu, "prev_events");
  add_ids(ids, pdu, "auth_events");
  return {ids.begin(), ids.end()};
}

std::vector<std::string> cited(const query_results& found) {
  const auto* copy = staged_copy(found);
  const auto pdu = copy ? json::parse(copy->pdu) : result<json::value>{fault{}};
  return pdu ? cited_by(*pdu) : std::vector<std::string>{};
}

bool take_citing(facts& to, const query_results& found, const std::string& event_id) {
  const auto* staged = found.find<store::staged_listed>(part::staged);
  if (!staged) return false;
  std::set<std::string> seen; // another server's copy says the same
  for (const auto& x : staged->staged) {
    const auto pdu = x.pdu.find(event_id) == std::string::npos ? result<json::value>{fault{}} : json::parse(x.pdu);
    if (!pdu) continue;
    const auto ids = cited_by(*pdu);
    if (std::find(ids.begin(), ids.end(), event_id) == ids.end() || !seen.insert(x.event_id).second) continue;
    to.room_id = x.room_id;
    to.cited_in.push_back(x);
  }
  return !to.cited_in.empty();
}

std::vector<event_signer> signers(const query_results& found) {
  const auto* copy = staged_copy(found);
  const auto pdu = copy ? json::parse(copy->pdu) : result<json::value>{fault{}};
  return pdu ? signers_of(*pdu) : std::vector<event_signer>{};
}

void take_waiting(facts& to, const query_results& found, const std::vector<std::string>& cited) {
  std::set<std::string> known;
  if (const auto* parents = found.find<store::events_loaded>(part::parents)) {
    for (const auto& x : parents->events)
      if (x.event) known.insert(x.event->event_id);
    for (const auto& id : cited)
      if (!known.contains(id)) to.missing.push_back(id);
  }
  if (const auto* rooms = found.find<store::rooms_listed>(part::rooms); rooms && !rooms->rooms.empty())
    to.chat_room_id = rooms->rooms.front().chat_room_id;
  const auto room = status_of(found);
  arrival_row of_room;
  if (const auto* under_way = room.find_array("under_way"))
    for (const auto& w : *under_way)
      if (text_in(w, "event_id") == to.event_id) {
        of_room.phase = text_in(w, "phase");
        of_room.give_up_ts = number_in(w, "give_up_ts");
      }
  if (const auto* gaps = room.find_array("gaps"))
    for (const auto& g : *gaps)
      if (text_in(g, "event_id") == to.event_id) take_gap(to, of_room, g);
  // The room names the first ones only; what it has done last about this one is kept with its hops. And while it
  // verifies the event once more, that has waited for the key all the same.
  const auto waited = last_wait(to.hops);
  auto& phase = of_room.phase;
  if (phase.empty() || (phase == "verifying" && waited == "waiting_for_keys")) phase = waited;
  for (auto& a : to.arrivals) {
    a.phase = phase;
    a.missing = static_cast<std::int64_t>(to.missing.size());
    a.asked = of_room.asked;
    a.rounds = of_room.rounds;
    a.attempts = of_room.attempts;
    a.retry_ts = of_room.retry_ts;
    a.give_up_ts = of_room.give_up_ts;
    if (phase == "waiting_for_keys") a.key_server = matrix::server_name_of(to.sender);
  }
}

void take_signer(facts& to, const std::vector<event_signer>& signers, const query_results& found) {
  for (const auto& x : signers) {
    const auto* loaded = found.find<store::destination_loaded>(part::keys_of(x.server));
    if (!loaded) continue;
    auto known = known_keys_of(loaded->keys, nullptr);
    const bool lacks = known.ids.empty() || !missing_key_ids(x, known).empty();
    if (to.key.signer.server.empty() || lacks) to.key = {x, std::move(known)};
    if (lacks) break;
  }
  if (to.key.signer.server.empty()) return;
  for (auto& a : to.arrivals) a.key_server = to.key.signer.server;
}

void take_keys(facts& to, const query_results& found, const std::string& server) {
  const auto* loaded = found.find<store::destination_loaded>(part::keys_of(server));
  if (to.key.signer.server.empty()) to.key.signer.server = server;
  auto& known = to.key.known;
  known = known_keys_of(loaded ? loaded->keys : store::put_server_keys{}, status_of(found));
  const auto missing = missing_key_ids(to.key.signer, known);
  for (auto& a : to.arrivals) {
    a.key_ids = few_of(missing, missing.size());
    a.keys_known = few_of(known.ids, known.ids.size());
    a.key_fault = known.fault;
    if (known.fault.empty() && !missing.empty())
      a.key_fault =
        known.ids.empty() ? "no key of " + server + " is known" : server + " publishes only " + a.keys_known;
    a.retry_ts = known.asked_again_ts;
  }
}

bool take_event_of_hops(facts& to, std::string_view event_id) {
  constexpr std::string_view room = "room ";
  to.event_id = event_id;
  to.way = direction::out;
  for (const auto& h : to.hops) {
    if (h.actor.starts_with(room)) to.room_id = h.actor.substr(room.size());
    if (h.stage == "transaction_accepted" || h.stage == "room_received") to.way = direction::in;
  }
  return !to.hops.empty();
}

void take_hops(facts& to, std::vector<hop_row> hops, std::size_t limit, std::string_view node) {
  to.hops_total = static_cast<std::int64_t>(hops.size());
  std::int64_t before = hops.empty() ? 0 : hops.front().at_ts;
  for (auto& h : hops) {
    h.node = node;
    h.since_previous_ms = h.at_ts - std::exchange(before, h.at_ts);
  }
  if (hops.size() > limit) {
    const auto half = static_cast<std::ptrdiff_t>(limit / 2);
    hops.erase(hops.begin() + half, hops.end() - (static_cast<std::ptrdiff_t>(limit) - half));
  }
  to.hops = std::move(hops);
}

std::vector<std::string> events_of_transaction(const query_results& found, std::string_view id) {
  std::vector<std::string> events;
  if (const auto* answer = found.find<store::received_transaction_found>(part::transaction); answer && answer->response)
    if (const auto body = json::parse(*answer->response))
      if (const auto* pdus = body->find_object("pdus"))
        for (const auto& x : *pdus) events.push_back(x.key);
  if (const auto* listed = found.find<store::destinations_listed>(part::destinations))
    for (const auto& x : listed->destinations)
      if (x.destination.transaction_id == id)
        events.insert(events.end(), x.destination.transaction_pdus.begin(), x.destination.transaction_pdus.end());
  return events;
}

} // namespace causeway::admin::why
