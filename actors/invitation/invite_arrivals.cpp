#include "actors/invitation/invite_arrivals.hpp"

#include "actors/answers.hpp"
#include "actors/invitation/room_preview.hpp"
#include "actors/room_type.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/verifier.hpp"

#include <algorithm>

namespace causeway::invitation {
namespace {

using matrix::endpoint;
using matrix::json::object;

fault problem_of(event_check checked, std::string_view sender) {
  const std::string server{matrix::server_name_of(sender)};
  switch (checked) {
  case event_check::missing_signature: return {fault_code::bad_signature, "the event is not signed by " + server};
  case event_check::no_key:
    return {fault_code::bad_signature, "the event is signed with a key of " + server + " that cannot be had"};
  case event_check::bad_hash: return {fault_code::bad_hash, "the event's content hash does not match"};
  default: return {fault_code::bad_signature, "the signature of " + server + " is not valid"};
  }
}

/// Where the room id is the hash of the create event, the invitation can prove which room it is for.
bool proves_room(const matrix::json::value* state, const matrix::room_version_rules& rules,
                 const std::string& room_id) {
  const auto* list = state ? state->as_array() : nullptr;
  return list && std::any_of(list->begin(), list->end(), [&](const auto& entry) {
           const auto* type = entry.find_string("type");
           if (!type || *type != "m.room.create" || !entry.as_object()) return false;
           const auto create = matrix::make_event(*entry.as_object(), rules);
           return create && '!' + (*create)->event_id.substr(1) == room_id;
         });
}

} // namespace

void invite_arrivals::receive(const federation_call& m) {
  if (open_) {
    waiting_.push_back(m);
    if (waiting_.size() > waiting_max) {
      refuse(record_.out, waiting_.front(), {fault_code::limit_exceeded, "the same invitation is under way"});
      waiting_.pop_front();
    }
    return;
  }
  open_ = read(m);
  if (!open_) return;
  const auto asked = ask(step::verifying);
  record_.out.send_at_once({actor_kind::verifier, ""}, verify_events{record_.self(), asked, {open_->invite.event}});
}

std::optional<invite_arrivals::arrival> invite_arrivals::read(const federation_call& m) {
  const auto no = [&](const fault& why) -> std::optional<arrival> {
    refuse(record_.out, m, why);
    return std::nullopt;
  };
  if (!m.body || !m.body->as_object()) return no({fault_code::bad_json, "a JSON object is expected"});
  arrival a;
  a.call = m;
  const object* pdu = nullptr;
  const matrix::json::value* state = nullptr;
  if (m.match->info->id == endpoint::invite_v1) {
    pdu = m.body->as_object();
    a.invite.room_version = "1"; // the old form carries no version
    if (const auto* u = m.body->find("unsigned")) state = u->find("invite_room_state");
  } else {
    const auto* version = m.body->find_string("room_version");
    if (!version) return no({fault_code::missing_param, "room_version"});
    a.invite.room_version = *version;
    pdu = m.body->find_object("event");
    state = m.body->find("invite_room_state");
  }
  if (!pdu) return no({fault_code::missing_param, "event"});
  const auto* rules = matrix::find_room_version(a.invite.room_version);
  if (!rules) {
    reply(record_.out, m, 400,
          matrix::json::canonical(object{{"errcode", "M_INCOMPATIBLE_ROOM_VERSION"},
                                         {"error", "room version " + a.invite.room_version + " is not known here"},
                                         {"room_version", a.invite.room_version}}));
    return std::nullopt;
  }
  // Its own server asks, so whatever else excuses an invite from that signature, here it is to be had.
  const auto* signatures = pdu->find("signatures");
  if (!signatures || !signatures->find_object(m.origin))
    return no({fault_code::bad_signature, "the event is not signed by " + m.origin});
  auto e = matrix::make_event(*pdu, *rules);
  if (!e) {
    const bool is_json_at_fault = e.error().code == fault_code::bad_json || e.error().code == fault_code::not_canonical;
    return no({is_json_at_fault ? e.error().code : fault_code::invalid_param, to_string(e.error())});
  }
  if (auto why = problem_with(**e, m)) return no(*why);
  if (rules->room_id_is_create_hash && !proves_room(state, *rules, record_.room_id))
    return no({fault_code::missing_param, "invite_room_state has no m.room.create event of this room"});
  a.invite.invite_room_state = room_preview(state, (*e)->sender);
  a.invite.type = type_of_invited(**e, state); // by all that was told, of which the preview keeps what people are shown
  a.invite.event = *e;
  return a;
}

std::optional<fault> invite_arrivals::problem_with(const matrix::event& x, const federation_call& m) const {
  if (x.room_id != record_.room_id || m.match->parameters.at(0) != record_.room_id)
    return fault{fault_code::invalid_param, "room_id differs from the path"};
  if (x.event_id != m.match->parameters.at(1))
    return fault{fault_code::invalid_param, "the event id differs from the path"};
  if (x.type != "m.room.member" || x.membership() != matrix::membership::invite || !x.state_key ||
      *x.state_key != record_.user_id)
    return fault{fault_code::invalid_param, "an m.room.member event with membership invite is expected"};
  if (matrix::server_name_of(x.sender) != m.origin)
    return fault{fault_code::forbidden, "the sender belongs to another server"};
  return std::nullopt;
}

bool invite_arrivals::verified(const events_verified& m) {
  if (!at_.is(m.asked) || at_.about() != step::verifying) return false;
  const auto checked = m.checks.size() == 1 ? m.checks.front() : event_check::bad_signature;
  const auto& [call, invite] = *open_;
  const auto& x = *invite.event;
  if (checked != event_check::valid) {
    answer(problem_of(checked, x.sender));
    return true;
  }
  const auto signers = matrix::required_signers(x, matrix::kept_as::whole);
  if (std::find(signers.begin(), signers.end(), call.origin) != signers.end()) {
    place();
    return true;
  }
  // By the rules it needs no signature of its sender's server. That server asks itself, so here it counts all the same.
  keys_request k;
  k.reply_to = record_.self();
  k.asked = ask(step::inviters_keys);
  for (const auto& s : *x.source.find("signatures")->find_object(call.origin)) k.key_ids.push_back(s.key);
  record_.out.send_at_once({actor_kind::remote_server, call.origin}, std::move(k));
  return true;
}

bool invite_arrivals::keys_are_here(const keys_response& m) {
  if (!at_.is(m.asked) || at_.about() != step::inviters_keys) return false;
  const auto& x = *open_->invite.event;
  if (matrix::check_event_signature(x, matrix::signed_bytes(x.source, x.rules()), open_->call.origin, *m.keys) ==
      matrix::signature_verdict::valid)
    place();
  else answer(problem_of(event_check::bad_signature, x.sender));
  return true;
}

void invite_arrivals::place() {
  auto& event = open_->invite.event;
  event = matrix::add_signature(*event, record_.node.server_name, record_.node.key);
  counted_ = event->event_id;
  // Where we take part in the room it says what becomes of the invite, and tells us, before anybody else hears of it.
  const auto asked = ask(step::placing);
  record_.out.send_at_once(record_.room(), invite_arrived{record_.self(), asked, open_->call.origin, event});
}

void invite_arrivals::placed(const invite_placed& m) {
  if (!at_.is(m.asked) || at_.about() != step::placing) return;
  if (m.where == invite_place::outside) incoming_.take(open_->invite);
  // What was taken once is taken, whatever has happened since: its answer was lost, and who repeats it would take a
  // refusal for the end of it.
  const bool is_repeat = incoming_.has_taken(*open_->invite.event);
  answer(m.where == invite_place::refused && !is_repeat ? m.why : fault{});
}

void invite_arrivals::answer(const fault& why) {
  at_.forget();
  const auto [call, invite] = *std::exchange(open_, std::nullopt);
  if (why.code != fault_code::none) {
    refuse(record_.out, call, why);
  } else {
    const auto body = "{\"event\":" + invite.event->to_json() + "}";
    reply(record_.out, call, 200, call.match->info->id == endpoint::invite_v1 ? "[200," + body + "]" : body);
  }
  for (const auto& next : std::exchange(waiting_, {})) receive(next);
}

void invite_arrivals::expire() {
  if (at_.is_overdue(record_.out.now())) answer({fault_code::timed_out, "the invitation could not be handled in time"});
}

} // namespace causeway::invitation
