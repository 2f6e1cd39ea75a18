#include "actors/room/membership_service.hpp"

#include "actors/answers.hpp"
#include "messages/invitation_key.hpp"
#include "actors/room/history_visibility.hpp"
#include "actors/room/served.hpp"
#include "actors/room/stripped_state.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <set>

namespace causeway::room {
namespace {

using matrix::endpoint;
using matrix::json::object;

/// How long a call may wait for an invitation to be taken into the graph.
constexpr time_ms hold_ms = 15'000;
/// Members after whom a room without a name is called.
constexpr std::size_t heroes_max = 5;

} // namespace

bool membership_service::held_for_invite(const federation_call& m, const std::string& user) {
  if (!invitations_.is_uncommitted(user) || room_.graph.membership(user) == matrix::membership::invite) return false;
  if (held_.empty()) alarm_.set(out_.now() + hold_ms);
  held_.push_back({out_.now(), user, m});
  // They have heard of it, so their server has it: our next attempt need not wait.
  out_.send_at_once({actor_kind::invitation, invitation::key_of(room_.id, user)}, server_alive{m.origin});
  return true;
}

void membership_service::release(const std::string& user) {
  std::vector<held_call> released;
  for (auto& h : std::exchange(held_, {})) {
    if (h.user == user) released.push_back(std::move(h));
    // It may be in the room a moment later: not a refusal for good.
    else if (out_.now() - h.since >= hold_ms)
      refuse(out_, h.call, {fault_code::timed_out, "the invitation is not yet in the room; repeat"});
    else held_.push_back(std::move(h));
  }
  if (held_.empty()) alarm_.clear();
  else alarm_.set(held_.front().since + hold_ms);
  for (const auto& h : released) events_.call_released(h.call);
}

void membership_service::make(const federation_call& m, matrix::membership wanted) {
  if (!room_.takes_part()) return refuse(out_, m, {fault_code::not_found, "room " + room_.id});
  const auto& user = m.match->parameters.at(1);
  const bool joins = wanted == matrix::membership::join, leaves = wanted == matrix::membership::leave;
  if (!matrix::is_user_id(user)) return refuse(out_, m, {fault_code::invalid_param, "user id"});
  if (matrix::server_name_of(user) != m.origin)
    return refuse(out_, m, {fault_code::forbidden, "the user belongs to another server"});
  if (!leaves) {
    bool known = false;
    std::size_t versions = 0;
    for (const auto& [key, value] : m.match->query)
      if (key == "ver") {
        ++versions;
        known = known || value == room_.head.room_version;
      }
    if (versions == 0 && !joins)
      return refuse(out_, m, {fault_code::missing_param, "ver"}); // there was no knocking before it had to be said
    if (versions == 0) known = room_.head.room_version == "1";
    if (!known)
      return reply(out_, m, 400,
                   matrix::json::canonical(object{{"errcode", "M_INCOMPATIBLE_ROOM_VERSION"},
                                                  {"error", "the room has version " + room_.head.room_version},
                                                  {"room_version", room_.head.room_version}}));
    if (!room_.head.federated) return refuse(out_, m, {fault_code::forbidden, "the room does not federate"});
  }
  if (auto fine = room_.acl_admits(m.origin); !fine) return refuse(out_, m, fine.error());
  if (held_for_invite(m, user)) return;
  const auto now_is = room_.graph.membership(user);
  if (leaves && now_is != matrix::membership::invite && now_is != matrix::membership::join &&
      now_is != matrix::membership::knock)
    return refuse(out_, m, {fault_code::forbidden, user + " is not in the room, nor invited, nor do they knock"});
  if (joins && joins_.needs_authorisation(user)) return joins_.authorise(user, make_join_call{m});
  offer(m, wanted, {});
}

void membership_service::offer(const federation_call& m, matrix::membership wanted, const std::string& authoriser) {
  const auto& user = m.match->parameters.at(1);
  object content{{"membership", name(wanted)}};
  if (!authoriser.empty()) content.set("join_authorised_via_users_server", authoriser);
  // The rules are run on the very event the other server will sign; our signature on the trial copy means nothing.
  auto trial = authoring_.draft_event({"m.room.member", user, user, std::move(content)});
  if (!trial) return refuse(out_, m, trial.error());
  object shape = (*trial)->source;
  shape.erase("hashes");
  shape.erase("signatures");
  shape.erase("event_id");
  shape.erase("origin"); // ours, in an event that is theirs
  reply(out_, m, 200,
        matrix::json::canonical(object{{"event", std::move(shape)}, {"room_version", room_.head.room_version}}));
}

void membership_service::send(const federation_call& m, matrix::membership wanted) {
  if (!room_.takes_part()) return refuse(out_, m, {fault_code::not_found, "room " + room_.id});
  if (!m.body || !m.body->as_object()) return refuse(out_, m, {fault_code::bad_json, "a JSON object is expected"});
  auto formed = matrix::make_event(*m.body->as_object(), room_.graph.rules());
  if (!formed) return refuse(out_, m, {fault_code::bad_json, formed.error().detail});
  const auto& x = *formed;
  if (x->room_id != room_.id) return refuse(out_, m, {fault_code::invalid_param, "room_id differs from the path"});
  if (x->event_id != m.match->parameters.at(1))
    return refuse(out_, m, {fault_code::invalid_param, "the event id differs from the path"});
  if (x->type != "m.room.member" || !x->state_key || x->membership() != wanted)
    return refuse(out_, m,
                  {fault_code::invalid_param,
                   std::string{"an m.room.member event with membership "} + name(wanted) + " is expected"});
  if (*x->state_key != x->sender) return refuse(out_, m, {fault_code::invalid_param, "sender and state_key differ"});
  if (matrix::server_name_of(x->sender) != m.origin)
    return refuse(out_, m, {fault_code::forbidden, "the sender belongs to another server"});
  if (auto fine = room_.acl_admits(m.origin); !fine) return refuse(out_, m, fine.error());
  if (held_for_invite(m, *x->state_key)) return;
  const auto* via = x->membership() == matrix::membership::join && x->rules().restricted_join
                      ? x->content().find("join_authorised_via_users_server")
                      : nullptr;
  if (via && via->as_string() && room_.node.is_local(*via->as_string())) {
    // It counts with our signature only, and our signature says that the conditions are met now.
    if (joins_.needs_authorisation(x->sender)) return joins_.authorise(x->sender, send_join_call{m, x});
    return verify(m, matrix::add_signature(*x, room_.node.server_name, room_.node.key));
  }
  verify(m, x);
}

void membership_service::verify(const federation_call& m, const matrix::event_ptr& x) {
  pending_.verify({x}, question::arriving_membership{m, x});
}

void membership_service::authorised(authorised_step next, const result<std::string>& authoriser) {
  const auto* make = std::get_if<make_join_call>(&next);
  const auto* send = std::get_if<send_join_call>(&next);
  const auto& call = make ? make->call : send->call;
  if (!authoriser) return refuse(out_, call, authoriser.error());
  if (!room_.takes_part())
    return refuse(out_, call, {fault_code::not_found, "room " + room_.id}); // it was left while others were asked
  if (make) offer(call, matrix::membership::join, *authoriser);
  else verify(call, matrix::add_signature(*send->join, room_.node.server_name, room_.node.key));
}

bool membership_service::ask_for_parents(const federation_call& m, const matrix::event_ptr& x) {
  // The room may have been made again since the template: the states around all but the newest events are on disk only.
  auto unplaced = authoring_.parents().missing(*x);
  if (unplaced.empty() || authoring_.parents().is_retrying()) return false;
  events_verified again;
  again.asked = pending_.expect(question::arriving_membership{m, x}, pending_questions::verifier_patience_ms);
  again.checks = {event_check::valid};
  authoring_.parents().fetch(std::move(unplaced), std::move(again));
  return true;
}

void membership_service::finish_send(const federation_call& m, const matrix::event_ptr& x) {
  const bool joins = x->membership() == matrix::membership::join;
  const auto* known = room_.graph.find(x->event_id);
  if (x->prev_events.empty() || !std::all_of(x->prev_events.begin(), x->prev_events.end(),
                                             [&](const auto& id) { return room_.graph.is_placed(id); })) {
    if (!known || known->judged != store::verdict::accepted) {
      if (ask_for_parents(m, x)) return;
      return refuse(out_, m,
                    {fault_code::invalid_param, "prev_events are too old or unknown here; ask for a new template"});
    }
    // A repeat of what was taken long ago: the state before it is on disk.
    pending_.ask_store(store::load_events{room_.id, x->prev_events, true}, question::state_before_membership{m});
    return;
  }
  if (!room_.graph.missing_auth_events(*x).empty())
    return refuse(out_, m, {fault_code::invalid_param, "auth_events are unknown here"});
  if (known && known->judged != store::verdict::accepted && known->judged != store::verdict::outlier)
    return refuse(out_, m, {fault_code::forbidden, "the event was refused before"});
  const auto before = writer_.state_before(x->prev_events);
  if (!known || known->judged == store::verdict::outlier) {
    const auto verdict = room_.graph.judge(*x, before);
    // One that would be soft-failed is refused too: its sender would sit in a room that nobody else sees them in.
    if (verdict.judged != store::verdict::accepted) return refuse(out_, m, {fault_code::forbidden, verdict.reason});
    // An answer to an invitation that was taken back meanwhile is none to the one that stands: the merge would undo
    // what we say 200 to. A member stays one, whatever their second join cites: the answer to the first was lost.
    if (const auto stands = room_.graph.state_event("m.room.member", x->sender);
        stands && stands->membership() != x->membership() &&
        std::find(x->auth_events.begin(), x->auth_events.end(), stands->event_id) == x->auth_events.end())
      return refuse(out_, m,
                    {fault_code::invalid_param,
                     "the membership of " + x->sender + " has changed since the template; ask for a new one"});
    if (policy_holds(m, x)) return;
    std::set<std::string> servers;
    for (auto& s : room_.servers()) servers.insert(std::move(s));
    // The origin of a join has it; that of a leave or a knock may be in the room by another member and has to get it
    // like all others.
    if (joins) servers.erase(m.origin);
    auto changes = writer_.add(x, before, verdict);
    authoring_.queue_for(x, {servers.begin(), servers.end()});
    events_.state_changed(changes);
    if (joins) push_head_to(m.origin, x->event_id);
  }
  const bool old_form = m.match->info->id == endpoint::send_join_v1 || m.match->info->id == endpoint::send_leave_v1;
  std::string body = "{}";
  if (joins) body = joined_body(m, *x, before);
  else if (x->membership() == matrix::membership::knock)
    body = "{\"knock_room_state\":" + stripped_state(room_, {}) + "}";
  if (old_form) body = "[200," + body + "]";
  reply(out_, m, 200, std::move(body));
}

void membership_service::push_head_to(const std::string& server, const std::string& but) {
  // What was said between make_join and send_join, by whomever, would not reach the newcomer otherwise. Of what lies
  // before their join they get no more than the room's history visibility allows.
  history_viewer viewer{room_.graph, server};
  for (const auto& id : room_.graph.extremities()) {
    const auto* n = room_.graph.find(id);
    if (id == but || !n || matrix::server_name_of(n->event->sender) == server) continue;
    const store::stored_event placed{n->event, n->judged, n->before.group, n->after.group, 1};
    if (viewer.may_see(placed, n->before)) authoring_.queue_for(n->event, {server});
  }
}

std::string membership_service::joined_body(const federation_call& m, const matrix::event& join,
                                            const state_ref& before) const {
  const auto* wish = m.match->find_query("omit_members");
  const bool looks_in_both = wish && *wish == "true";
  const bool omit =
    looks_in_both && room_.graph.members_in(before).joined > room_.node.settings().room.omit_members_above;
  auto state = omit ? room_.graph.events_but_members(before) : room_.graph.events_of(before);
  // A room without a name is shown by some of its members.
  std::size_t heroes =
    room_.graph.state_event(before, "m.room.name") || room_.graph.state_event(before, "m.room.canonical_alias")
      ? 0
      : heroes_max;
  if (omit) {
    if (auto own = room_.graph.state_event(before, "m.room.member", join.sender)) state.push_back(std::move(own));
    if (heroes > 0)
      room_.graph.for_each_member(before, [&](const matrix::event_ptr& e) {
        if (e->membership() == matrix::membership::join && *e->state_key != join.sender) {
          state.push_back(e);
          --heroes;
        }
        return heroes > 0;
      });
  }
  std::vector<std::string> ids = join.auth_events;
  std::set<std::string_view> in_state;
  for (const auto& e : state) {
    ids.push_back(e->event_id);
    in_state.insert(e->event_id);
  }
  // Whose authority the rest depends on is in the auth chain, member or not. It is told whole: there are servers that
  // look for an event's authority in this list alone (Rocket.Chat, ejabberd). Who may leave members out has to look in
  // both, and Synapse, too, tells it the rest only.
  std::set<std::string> chain_ids(join.auth_events.begin(), join.auth_events.end());
  for (auto& id : room_.graph.auth_chain(ids)) chain_ids.insert(std::move(id));
  std::vector<matrix::event_ptr> chain;
  for (const auto& id : chain_ids)
    if (const auto* n = room_.graph.find(id); n && !(looks_in_both && in_state.contains(id))) chain.push_back(n->event);
  std::string body = "{";
  write_events(body, "auth_chain", chain);
  body += ",\"event\":" + join.to_json() + ",\"members_omitted\":" + (omit ? "true" : "false") + ",\"origin\":";
  matrix::json::write_string(body, room_.node.server_name);
  body += ",\"servers_in_room\":" + write_ids(room_.graph.servers_in(before)) + ",";
  write_events(body, "state", state);
  body += "}";
  return body;
}

bool membership_service::policy_holds(const federation_call& m, const matrix::event_ptr& x) {
  const auto guard = policy_.server();
  if (!guard || matrix::has_policy_signature(*x, *guard)) return false;
  if (policy_.is_us(*guard)) {
    refuse(out_, m, policy_.denied_by_us());
    return true;
  }
  policy_.ask(x, *guard, m);
  return true;
}

void membership_service::answered(const question::arriving_membership& q, const events_verified& m) {
  if (m.checks.front() != event_check::valid)
    refuse(out_, q.call, {fault_code::bad_signature, "the event's signature or hash is not valid"});
  else finish_send(q.call, q.event);
}

void membership_service::answered(const question::arriving_membership& q, const timed_out&) {
  refuse(out_, q.call, {fault_code::timed_out, "the signature could not be checked in time; repeat"});
}

void membership_service::answered(const question::state_before_membership& q, const store_answered& m) {
  const auto* found = std::get_if<store::events_loaded>(m.answer.get());
  if (!found) return refuse(out_, q.call, {fault_code::internal, "the store did not answer"});
  writer_.remember(*found);
  const auto* n = room_.graph.find(q.call.match->parameters.at(1));
  if (!n || n->event->prev_events.empty() || !authoring_.parents().missing(*n->event).empty())
    refuse(out_, q.call, {fault_code::not_found, "the state before the event is unknown here"});
  else finish_send(q.call, n->event);
}

void membership_service::answered(const question::state_before_membership& q, const timed_out&) {
  refuse(out_, q.call, {fault_code::timed_out, "the store did not answer"});
}

} // namespace causeway::room
