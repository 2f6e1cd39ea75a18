#include "actors/room/resident_join.hpp"

#include "actors/handshake.hpp"
#include "actors/room/joining.hpp"
#include "actors/room/remote_join.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

/// How long the signed join may wait for what it rests on.
constexpr time_ms resident_patience_ms = 60'000;

} // namespace

std::vector<std::string> resident_join::residents_that_may_grant() const {
  const auto levels = room_.graph.levels();
  std::vector<std::pair<std::int64_t, std::string>> users;
  room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
    if (e->membership() == matrix::membership::join && !room_.node.is_local(*e->state_key))
      if (const auto level = levels.of_user(*e->state_key); level >= levels.of_action("invite"))
        users.emplace_back(level, *e->state_key);
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

void resident_join::begin(const join_request& m, const fault& why) {
  join j{m, residents_that_may_grant(), 0, 0, nullptr, why, out_.now()};
  j.wanted.room_version = room_.head.room_version;
  if (joins_.size() >= joins_max)
    return events_.join_ended(m, {fault_code::limit_exceeded, "too many joins of this room at once"});
  joins_.push_back(std::move(j));
  ask(std::prev(joins_.end()));
}

void resident_join::ask(join_ref it) {
  if (it->at == it->via.size()) {
    const auto ended = std::move(*it);
    joins_.erase(it);
    return events_.join_ended(ended.wanted, ended.last);
  }
  peer_request r;
  r.endpoint = matrix::endpoint::make_join;
  r.parameters = {room_.id, it->wanted.user_id};
  r.query = {{"ver", room_.head.room_version}};
  r.timeout_ms = room_.node.settings().federation.make_join_timeout_ms;
  it->asked = pending_.ask_server(it->via[it->at], std::move(r), question::of_resident{});
}

void resident_join::next(join_ref it, const fault& why) {
  out_.log(log_level::info, "R118 resident did not authorize the join; trying the next server",
           {{"room", room_.id}, {"via", it->via[it->at]}, {"why", to_string(why)}});
  it->last = why;
  it->event.reset();
  ++it->at;
  ask(it);
}

resident_join::join_ref resident_join::find(token asked) {
  return std::find_if(joins_.begin(), joins_.end(), [&](const auto& j) { return j.asked == asked; });
}

void resident_join::answered(question::of_resident, const peer_answer& m) {
  const auto it = find(m.asked);
  if (it == joins_.end()) return; // its event came by another way
  it->asked = 0;
  if (m.status != 200) next(it, refusal_of(m));
  else if (!it->event) template_received(it, m);
  else signed_join_received(it, m);
}

void resident_join::answered(question::of_resident, const timed_out& m) {
  const auto it = find(m.asked);
  if (it == joins_.end()) return;
  it->asked = 0;
  next(it, {fault_code::timed_out, "no answer"});
}

void resident_join::template_received(join_ref it, const peer_answer& m) {
  auto x = join_of_template(room_, m, it->wanted, out_.now());
  if (!x) return next(it, x.error());
  if (!restricted_join_of(**x))
    return next(it, {fault_code::peer_bad_answer, "make_join: the template names nobody who lets the user in"});
  it->event = *x;
  peer_request r;
  r.endpoint = matrix::endpoint::send_join_v2;
  r.parameters = {room_.id, it->event->event_id};
  r.query = {{"omit_members", "true"}}; // the room is known here
  r.body = it->event->to_json();
  r.timeout_ms = room_.node.settings().federation.send_join_timeout_ms;
  r.response_bytes_max = limits::response_bytes_max;
  it->asked = pending_.ask_server(it->via[it->at], std::move(r), question::of_resident{});
}

void resident_join::signed_join_received(join_ref it, const peer_answer& m) {
  const auto& ours = *it->event;
  auto body = matrix::json::parse_streamed(m.body, {"state", "auth_chain"},
                                           [](std::string_view, matrix::json::value&&) { return true; });
  if (!body) return next(it, {fault_code::peer_bad_answer, "send_join: " + to_string(body.error())});
  auto x = with_authorising_signature(ours, *body);
  if (!x) return next(it, x.error());
  it->event = *x;
  it->since = out_.now();
  set_alarm();
  events_.join_signed(*x, it->via[it->at]);
}

void resident_join::event_completed(const matrix::event& x, const std::string& error) {
  const auto it = std::find_if(joins_.begin(), joins_.end(),
                               [&](const auto& j) { return j.event && j.event->event_id == x.event_id; });
  if (it == joins_.end()) return;
  if (room_.graph.membership(it->wanted.user_id) != matrix::membership::join)
    return next(it, {fault_code::peer_bad_answer,
                     "send_join: " + (error.empty() ? "the join does not pass the rules here" : error)});
  const auto ended = std::move(*it);
  joins_.erase(it);
  events_.join_ended(ended.wanted, {});
}

void resident_join::set_alarm() {
  alarm_.clear();
  for (const auto& j : joins_)
    if (j.asked == 0) alarm_.set(earlier(alarm_.at(), j.since + resident_patience_ms));
}

void resident_join::on_deadline() {
  alarm_.clear();
  for (auto it = joins_.begin(); it != joins_.end();) {
    if (it->asked != 0 || out_.now() - it->since < resident_patience_ms) {
      ++it;
      continue;
    }
    const auto ended = std::move(*it);
    it = joins_.erase(it);
    // The other servers may see them in the room, and so do we when what the join rests on comes.
    events_.join_ended(ended.wanted, {fault_code::peer_timeout, "the join is signed and waits for what it rests on"},
                       true);
  }
  set_alarm();
}

} // namespace causeway::room
