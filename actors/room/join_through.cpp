// One of ours joins a restricted room that we are in already, and none of us can let him in: another resident of the room is asked to.
// Its signature makes the join lawful; the event then takes the way of every event of another server.
// Source: server-server-api, "Restricted rooms".
#include "actors/handshake.hpp"
#include "actors/room/joining.hpp"
#include "actors/room/room_machine.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// Residents asked for one join.
constexpr std::size_t residents_max = 5;
/// Joins of one room under way.
constexpr std::size_t joins_by_residents_max = 100;
/// How long the signed join may wait for what it rests on.
constexpr time_ms resident_patience_ms = 60'000;

} // namespace

std::vector<std::string> room_machine::residents_that_may_grant() const {
  const auto levels = graph_.levels();
  std::vector<std::pair<std::int64_t, std::string>> users;
  graph_.for_each_member(graph_.current(), [&](const matrix::event_ptr& e) {
    if (e->membership() == "join" && !node_.is_local(*e->state_key))
      if (const auto level = levels.of_user(*e->state_key); level >= levels.of_action("invite")) users.emplace_back(level, *e->state_key);
    return true;
  });
  std::stable_sort(users.begin(), users.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> servers;
  for (const auto& [level, user] : users) {
    std::string server{matrix::server_name_of(user)};
    if (std::find(servers.begin(), servers.end(), server) != servers.end()) continue;
    servers.push_back(std::move(server));
    if (servers.size() == residents_max) break;
  }
  return servers;
}

void room_machine::join_through(const join_wanted& m, const fault& why) {
  join_by_resident j{m, residents_that_may_grant(), 0, 0, nullptr, why, out_.now()};
  j.wanted.room_version = head_.room_version;
  if (joins_by_residents_.size() >= joins_by_residents_max) return join_ended(m, {fault_code::limit_exceeded, "too many joins of this room at once"});
  joins_by_residents_.push_back(std::move(j));
  ask_resident(std::prev(joins_by_residents_.end()));
}

void room_machine::ask_resident(resident_join it) {
  if (it->at == it->via.size()) {
    const auto ended = std::move(*it);
    joins_by_residents_.erase(it);
    return join_ended(ended.wanted, ended.last);
  }
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = it->asked = out_.next_token();
  r.endpoint = matrix::endpoint::make_join;
  r.parameters = {room_id_, it->wanted.user_id};
  r.query = {{"ver", head_.room_version}};
  r.timeout_ms = node_.federation.make_join_timeout_ms;
  out_.send_at_once({actor_kind::remote_server, it->via[it->at]}, std::move(r));
}

void room_machine::resident_next(resident_join it, const fault& why) {
  out_.log(log_level::info, "join attempt failed", {{"room", room_id_}, {"via", it->via[it->at]}, {"why", to_string(why)}});
  it->last = why;
  it->join.reset();
  ++it->at;
  ask_resident(it);
}

bool room_machine::resident_answer(const peer_answer& m) {
  const auto it = std::find_if(joins_by_residents_.begin(), joins_by_residents_.end(), [&](const auto& j) { return j.asked != 0 && j.asked == m.asked; });
  if (it == joins_by_residents_.end()) return false;
  it->asked = 0;
  if (m.status != 200) resident_next(it, refusal_of(m));
  else if (!it->join) resident_template(it, m);
  else resident_signed(it, m);
  return true;
}

void room_machine::resident_template(resident_join it, const peer_answer& m) {
  auto x = join_of_template(m, it->wanted);
  if (!x) return resident_next(it, x.error());
  if (!restricted_join_of(**x)) return resident_next(it, {fault_code::peer_bad_answer, "make_join: the template names nobody who lets the user in"});
  it->join = *x;
  peer_request r;
  r.reply_to = {actor_kind::room, room_id_};
  r.asked = it->asked = out_.next_token();
  r.endpoint = matrix::endpoint::send_join_v2;
  r.parameters = {room_id_, it->join->event_id};
  r.query = {{"omit_members", "true"}}; // the room is known here
  r.body = it->join->to_json();
  r.timeout_ms = node_.federation.send_join_timeout_ms;
  r.response_bytes_max = limits::response_bytes_max;
  out_.send_at_once({actor_kind::remote_server, it->via[it->at]}, std::move(r));
}

void room_machine::resident_signed(resident_join it, const peer_answer& m) {
  const auto& join = *it->join;
  auto body = matrix::json::parse_streamed(m.body, {"state", "auth_chain"}, [](std::string_view, matrix::json::value&&) { return true; });
  if (!body) return resident_next(it, {fault_code::peer_bad_answer, "send_join: " + to_string(body.error())});
  auto x = with_authorising_signature(join, *body);
  if (!x) return resident_next(it, x.error());
  it->join = *x;
  it->since = out_.now();
  out_.wake_at(out_.now() + resident_patience_ms, "resident");
  const auto id = begin_work(*x, it->via[it->at]);
  ask_to_verify({{id, *x}});
}

void room_machine::resident_join_settled(const matrix::event& x, const std::string& error) {
  const auto it = std::find_if(joins_by_residents_.begin(), joins_by_residents_.end(), [&](const auto& j) { return j.join && j.join->event_id == x.event_id; });
  if (it == joins_by_residents_.end()) return;
  if (graph_.membership(it->wanted.user_id) != "join")
    return resident_next(it, {fault_code::peer_bad_answer, "send_join: " + (error.empty() ? "the join does not pass the rules here" : error)});
  const auto ended = std::move(*it);
  joins_by_residents_.erase(it);
  join_ended(ended.wanted, {});
}

void room_machine::resident_joins_overdue() {
  for (auto it = joins_by_residents_.begin(); it != joins_by_residents_.end();) {
    if (it->asked != 0 || out_.now() - it->since < resident_patience_ms) {
      ++it;
      continue;
    }
    const auto ended = std::move(*it);
    it = joins_by_residents_.erase(it);
    // The other servers may see him in the room, and so do we when what the join rests on comes.
    join_ended(ended.wanted, {fault_code::peer_timeout, "the join is signed and waits for what it rests on"}, true);
  }
  if (!joins_by_residents_.empty()) out_.wake_at(out_.now() + resident_patience_ms, "resident");
}

} // namespace causeway::room
