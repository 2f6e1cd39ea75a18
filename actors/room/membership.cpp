// Other servers' users join, knock, leave and reject through us. The rules are run before the other server signs, and again when it has.
// Source: server-server-api, "Joining Rooms", "Knocking upon a room", "Leaving Rooms (Rejecting Invites)".
#include "actors/room/history_visibility.hpp"
#include "actors/room/room_machine.hpp"
#include "actors/room/served.hpp"

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

bool room_machine::held_for_invite(const federation_call& m, const std::string& user) {
  if (!inviting_.contains(user) || graph_.membership(user) == "invite") return false;
  if (held_calls_.empty()) out_.wake_at(out_.now() + hold_ms, "held");
  held_calls_.push_back({out_.now(), user, m});
  // He has heard of it, so his server has it: our next attempt need not wait.
  out_.send_at_once({actor_kind::invitation, room_id_ + "|" + user}, server_alive{m.origin});
  return true;
}

void room_machine::release_held(const std::string& user) {
  std::vector<held_call> released;
  for (auto& h : std::exchange(held_calls_, {})) {
    if (h.user == user) released.push_back(std::move(h));
    // It may be in the room a moment later: not a refusal for good.
    else if (out_.now() - h.since >= hold_ms) refuse(h.call, {fault_code::timed_out, "the invitation is not yet in the room; repeat"});
    else held_calls_.push_back(std::move(h));
  }
  if (!held_calls_.empty()) out_.wake_at(held_calls_.front().since + hold_ms, "held");
  for (const auto& h : released) serve(h.call);
}

void room_machine::membership_template(const federation_call& m, const char* membership) {
  if (!exists_ || head_.phase != store::room_phase::joined) return refuse(m, {fault_code::not_found, "room " + room_id_});
  const auto& user = m.match->parameters.at(1);
  const bool joins = std::string_view{membership} == "join", leaves = std::string_view{membership} == "leave";
  if (!matrix::is_user_id(user)) return refuse(m, {fault_code::invalid_param, "user id"});
  if (matrix::server_name_of(user) != m.origin) return refuse(m, {fault_code::forbidden, "the user belongs to another server"});
  if (!leaves) {
    bool known = false;
    std::size_t versions = 0;
    for (const auto& [key, value] : m.match->query)
      if (key == "ver") {
        ++versions;
        known = known || value == head_.room_version;
      }
    if (versions == 0 && !joins) return refuse(m, {fault_code::missing_param, "ver"}); // there was no knocking before it had to be said
    if (versions == 0) known = head_.room_version == "1";
    if (!known)
      return reply(m, 400, matrix::json::canonical(object{{"errcode", "M_INCOMPATIBLE_ROOM_VERSION"},
                                                          {"error", "the room has version " + head_.room_version},
                                                          {"room_version", head_.room_version}}));
    if (!head_.federated) return refuse(m, {fault_code::forbidden, "the room does not federate"});
  }
  if (auto fine = acl_allows(m.origin); !fine) return refuse(m, fine.error());
  if (held_for_invite(m, user)) return;
  const auto now_is = graph_.membership(user);
  if (leaves && now_is != "invite" && now_is != "join" && now_is != "knock")
    return refuse(m, {fault_code::forbidden, user + " is not in the room, nor invited, nor does he knock"});
  if (joins && needs_authorisation(user)) return authorise(user, make_join_call{m});
  offer_membership(m, membership, {});
}

void room_machine::offer_membership(const federation_call& m, const char* membership, const std::string& authoriser) {
  const auto& user = m.match->parameters.at(1);
  object content{{"membership", membership}};
  if (!authoriser.empty()) content.set("join_authorised_via_users_server", authoriser);
  // The rules are run on the very event the other server will sign; our signature on the trial copy means nothing.
  auto trial = draft_event({"m.room.member", user, user, std::move(content)});
  if (!trial) return refuse(m, trial.error());
  object shape = (*trial)->source;
  shape.erase("hashes");
  shape.erase("signatures");
  shape.erase("event_id");
  shape.erase("origin"); // ours, in an event that is theirs
  reply(m, 200, matrix::json::canonical(object{{"event", std::move(shape)}, {"room_version", head_.room_version}}));
}

void room_machine::take_membership(const federation_call& m, const char* membership) {
  if (!exists_ || head_.phase != store::room_phase::joined) return refuse(m, {fault_code::not_found, "room " + room_id_});
  if (!m.body || !m.body->as_object()) return refuse(m, {fault_code::bad_json, "a JSON object is expected"});
  auto formed = matrix::make_event(*m.body->as_object(), graph_.rules());
  if (!formed) return refuse(m, {fault_code::bad_json, formed.error().detail});
  const auto& x = *formed;
  if (x->room_id != room_id_) return refuse(m, {fault_code::invalid_param, "room_id differs from the path"});
  if (x->event_id != m.match->parameters.at(1)) return refuse(m, {fault_code::invalid_param, "the event id differs from the path"});
  if (x->type != "m.room.member" || !x->state_key || x->membership() != membership)
    return refuse(m, {fault_code::invalid_param, std::string{"an m.room.member event with membership "} + membership + " is expected"});
  if (*x->state_key != x->sender) return refuse(m, {fault_code::invalid_param, "sender and state_key differ"});
  if (matrix::server_name_of(x->sender) != m.origin) return refuse(m, {fault_code::forbidden, "the sender belongs to another server"});
  if (auto fine = acl_allows(m.origin); !fine) return refuse(m, fine.error());
  if (held_for_invite(m, *x->state_key)) return;
  const auto* via = x->membership() == "join" && x->rules().restricted_join ? x->content().find("join_authorised_via_users_server") : nullptr;
  if (via && via->as_string() && node_.is_local(*via->as_string())) {
    // It counts with our signature only, and our signature says that the conditions are met now.
    if (needs_authorisation(x->sender)) return authorise(x->sender, send_join_call{m, x});
    return verify_membership(m, matrix::add_signature(*x, node_.server_name, node_.key));
  }
  verify_membership(m, x);
}

void room_machine::verify_membership(const federation_call& m, const matrix::event_ptr& x) {
  const auto asked = out_.next_token();
  out_.send_at_once({actor_kind::verifier, ""}, verify_events{{actor_kind::room, room_id_}, asked, {x}});
  joining_peers_.emplace(asked, arriving_membership{m, x, out_.now()});
}

bool room_machine::ask_for_parents(const federation_call& m, const matrix::event_ptr& x) {
  // The room may have been made again since the template: the states around all but the newest events are on disk only.
  std::vector<std::string> unplaced;
  for (const auto& id : x->prev_events)
    if (!graph_.is_placed(id)) unplaced.push_back(id);
  if (unplaced.empty() || parents_told_) return false;
  events_verified again;
  again.asked = out_.next_token();
  again.checks = {event_check::valid};
  joining_peers_.emplace(again.asked, arriving_membership{m, x, out_.now()});
  const auto asked = out_.next_token();
  out_.ask(asked, store::load_events{room_id_, std::move(unplaced), true});
  parents_wanted_.emplace(asked, std::move(again));
  return true;
}

void room_machine::finish_send_membership(const federation_call& m, const matrix::event_ptr& x) {
  const bool joins = x->membership() == "join";
  const auto* known = graph_.find(x->event_id);
  if (x->prev_events.empty() || !std::all_of(x->prev_events.begin(), x->prev_events.end(), [&](const auto& id) { return graph_.is_placed(id); })) {
    if (!known || known->judged != store::verdict::accepted) {
      if (ask_for_parents(m, x)) return;
      return refuse(m, {fault_code::invalid_param, "prev_events are too old or unknown here; ask for a new template"});
    }
    // A repeat of what was taken long ago: the state before it is on disk.
    const auto asked = out_.next_token();
    out_.ask(asked, store::load_events{room_id_, x->prev_events, true});
    reading_[asked] = m;
    return;
  }
  if (!graph_.missing_auth_events(*x).empty()) return refuse(m, {fault_code::invalid_param, "auth_events are unknown here"});
  if (known && known->judged != store::verdict::accepted && known->judged != store::verdict::outlier)
    return refuse(m, {fault_code::forbidden, "the event was refused before"});
  const auto before = graph_.state_before(x->prev_events, out_.writes());
  if (!known || known->judged == store::verdict::outlier) {
    const auto verdict = graph_.judge(*x, before);
    // One that would be soft-failed is refused too: its sender would sit in a room that nobody else sees him in.
    if (verdict.judged != store::verdict::accepted) return refuse(m, {fault_code::forbidden, verdict.reason});
    // An answer to an invitation that was taken back meanwhile is none to the one that stands: the merge would undo what we say 200 to. A member
    // stays one, whatever his second join cites: the answer to the first was lost.
    if (const auto stands = graph_.state_event("m.room.member", x->sender);
        stands && stands->membership() != x->membership() && std::find(x->auth_events.begin(), x->auth_events.end(), stands->event_id) == x->auth_events.end())
      return refuse(m, {fault_code::invalid_param, "the membership of " + x->sender + " has changed since the template; ask for a new one"});
    if (policy_holds(m, x)) return;
    std::set<std::string> servers;
    for (auto& s : servers_in_room()) servers.insert(std::move(s));
    // The origin of a join has it; that of a leave or a knock may be in the room by another member and has to get it like all others.
    if (joins) servers.erase(m.origin);
    auto changes = graph_.add(x, before, verdict, out_.writes());
    queue_for(x, {servers.begin(), servers.end()});
    tell_state_changes(changes);
    if (joins) push_head_to(m.origin, x->event_id);
  }
  const bool old_form = m.match->info->id == endpoint::send_join_v1 || m.match->info->id == endpoint::send_leave_v1;
  std::string body = "{}";
  if (joins) body = joined_body(m, *x, before);
  else if (x->membership() == "knock") body = "{\"knock_room_state\":" + stripped_state({}) + "}";
  if (old_form) body = "[200," + body + "]";
  reply(m, 200, std::move(body));
}

void room_machine::push_head_to(const std::string& server, const std::string& but) {
  // What was said between make_join and send_join, by whomever, would not reach the newcomer otherwise. Of what lies before his join he gets no more
  // than the room's history visibility allows.
  history_viewer viewer{graph_, server};
  for (const auto& id : graph_.extremities()) {
    const auto* n = graph_.find(id);
    if (id == but || !n || matrix::server_name_of(n->event->sender) == server) continue;
    const store::stored_event placed{n->event, n->judged, n->before.group, n->after.group, 1};
    if (viewer.may_see(placed, n->before)) queue_for(n->event, {server});
  }
}

std::string room_machine::stripped_state(std::string_view inviter) const {
  // Full PDUs, always with m.room.create (MSC4311): what strict servers demand and lenient ones accept.
  matrix::json::array list;
  auto add = [&](std::string_view type, std::string_view key) {
    if (auto e = graph_.state_event(type, key)) list.emplace_back(e->source);
  };
  for (const auto* type : {"m.room.create", "m.room.join_rules", "m.room.canonical_alias", "m.room.avatar", "m.room.name",
                           "m.room.encryption", "m.room.topic"})
    add(type, "");
  if (!inviter.empty()) add("m.room.member", inviter);
  if (!inviter.empty() && is_direct()) {
    // What has no name is called after its people, and is a group by their number.
    auto others = heroes_max;
    graph_.for_each_member(graph_.current(), [&](const matrix::event_ptr& e) {
      if (e->membership() == "join" && *e->state_key != inviter) {
        list.emplace_back(e->source);
        --others;
      }
      return others > 0;
    });
  }
  return matrix::json::canonical(matrix::json::value{std::move(list)});
}

std::string room_machine::joined_body(const federation_call& m, const matrix::event& join, const state_ref& before) const {
  const auto* wish = m.match->find_query("omit_members");
  const bool looks_in_both = wish && *wish == "true";
  const bool omit = looks_in_both && graph_.members_in(before).joined > node_.room.omit_members_above;
  auto state = omit ? graph_.events_but_members(before) : graph_.events_of(before);
  // A room without a name is shown by some of its members.
  std::size_t heroes = graph_.state_event(before, "m.room.name") || graph_.state_event(before, "m.room.canonical_alias") ? 0 : heroes_max;
  if (omit) {
    if (auto own = graph_.state_event(before, "m.room.member", join.sender)) state.push_back(std::move(own));
    if (heroes > 0)
      graph_.for_each_member(before, [&](const matrix::event_ptr& e) {
        if (e->membership() == "join" && *e->state_key != join.sender) {
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
  // Whose authority the rest depends on is in the auth chain, member or not. It is told whole: there are servers that look for an event's authority in
  // this list alone (Rocket.Chat, ejabberd). Who may leave members out has to look in both, and Synapse, too, tells it the rest only.
  std::set<std::string> chain_ids(join.auth_events.begin(), join.auth_events.end());
  for (auto& id : graph_.auth_chain(ids)) chain_ids.insert(std::move(id));
  std::vector<matrix::event_ptr> chain;
  for (const auto& id : chain_ids)
    if (const auto* n = graph_.find(id); n && !(looks_in_both && in_state.contains(id))) chain.push_back(n->event);
  std::string body = "{";
  write_events(body, "auth_chain", chain);
  body += ",\"event\":" + join.to_json() + ",\"members_omitted\":" + (omit ? "true" : "false") + ",\"origin\":";
  matrix::json::write_string(body, node_.server_name);
  body += ",\"servers_in_room\":" + write_ids(graph_.servers_in(before)) + ",";
  write_events(body, "state", state);
  body += "}";
  return body;
}

} // namespace causeway::room
