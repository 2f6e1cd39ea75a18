#include "actors/room/successor_following.hpp"

#include "actors/room/event_text.hpp"
#include "actors/room/succession.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace causeway::room {

using matrix::json::object;

void successor_following::observe(const state_change& c) {
  if (c.key.first != "m.room.tombstone" || !c.key.second.empty() || !c.after) return;
  const auto& tombstone = *c.after;
  // What we upgrade ourselves has its own way, and a room goes on once.
  if (!room_.takes_part() || room_.node.is_local(tombstone.sender) || is_there()) return;
  if (!work_ && !room_.head.succession.empty()) return;
  auto to = replacement_in(tombstone);
  if (to.empty() || (work_ && work_->tombstone == tombstone.event_id)) return;
  work w{std::move(to), tombstone.sender, tombstone.event_id, out_.now()};
  writer_.put_succession(matrix::json::canonical(
    object{{"at", "following"}, {"room_id", w.room_id}, {"by", w.by}, {"tombstone", w.tombstone}, {"since", w.since}}));
  begin(std::move(w));
}

void successor_following::load() {
  if (!room_.takes_part() || room_.head.succession.empty()) return;
  const auto row = matrix::json::parse(room_.head.succession);
  const auto* at = row ? row->find_string("at") : nullptr;
  if (!at || *at != "following") return;
  const auto* room_id = row->find_string("room_id");
  const auto* by = row->find_string("by");
  const auto* tombstone = row->find_string("tombstone");
  const auto* since = row->find_integer("since");
  if (room_id && by && tombstone && since) begin({*room_id, *by, *tombstone, *since});
}

void successor_following::begin(work w) {
  work_ = std::move(w);
  waiting_.clear();
  failed_.clear();
  asked_.clear(); // what is told of an earlier successor concerns nobody any more
  tried_ = 0;
  rounds_ = 0;
  for (const auto& user : room_.graph.members().local_joined()) waiting_.emplace_back(user);
  ask();
}

std::vector<std::string> successor_following::via() const {
  std::vector<std::string> found;
  const auto add = [&](std::string_view server) {
    if (matrix::is_server_name(server) && server != room_.node.server_name && found.size() < via_max &&
        std::find(found.begin(), found.end(), server) == found.end())
      found.emplace_back(server);
  };
  add(matrix::server_name_of(work_->by));
  add(matrix::server_name_of(work_->room_id)); // from version 12 on a room id names no server
  for (const auto& server : room_.servers()) add(server);
  return found;
}

void successor_following::ask_for(const std::string& user) {
  join_request w;
  w.user_id = user;
  w.via = via();
  w.is_direct = room_.is_direct();
  if (const auto member = room_.graph.state_event("m.room.member", user)) {
    w.display_name = text_of(*member, "displayname");
    w.avatar_url = text_of(*member, "avatar_url");
  }
  w.predecessor = room_.id;
  w.type = room_.type();
  asked_.insert(user);
  out_.send({actor_kind::room, work_->room_id}, std::move(w));
}

void successor_following::ask() {
  const auto at_once = is_there() ? joins_max : 1;
  while (!waiting_.empty() && asked_.size() < at_once && (is_there() || tried_ < tried_max)) {
    const auto user = std::move(waiting_.front());
    waiting_.pop_front();
    ++tried_;
    if (room_.graph.membership(user) == matrix::membership::join) ask_for(user); // else they have left meanwhile
  }
  if (asked_.empty()) end_of_round();
  else alarm_.set(out_.now() + join_patience_ms);
}

void successor_following::joined(const successor_joined& m) {
  if (!work_ || m.room_id != work_->room_id || asked_.erase(m.user_id) == 0) return;
  if (m.why.code == fault_code::none) {
    if (!is_there())
      go_on_as(room_, out_, writer_, notifier_, {m.room_id, m.room_version, work_->by, work_->tombstone, out_.now()});
  } else if (m.why.code == fault_code::conflict && !is_there()) {
    out_.log(log_level::warning, "R141 room upgrade not followed: the successor does not name this room",
             {{"room", room_.id}, {"successor", m.room_id}, {"by", work_->by}});
    return end();
  } else {
    last_ = m.why;
    failed_.push_back(m.user_id);
  }
  ask();
}

void successor_following::end_of_round() {
  // Who was not asked for yet comes first.
  waiting_.insert(waiting_.end(), std::make_move_iterator(failed_.begin()), std::make_move_iterator(failed_.end()));
  failed_.clear();
  tried_ = 0;
  if (waiting_.empty()) return end();
  if (out_.now() - work_->since >= follow_for_ms) {
    out_.log(log_level::warning, "R142 room upgrade not followed by all: giving up",
             {{"room", room_.id},
              {"successor", work_->room_id},
              {"users", std::to_string(waiting_.size())},
              {"why", to_string(last_)}});
    return end();
  }
  const auto pause = std::min(pause_ms_max, pause_ms_min << std::min(rounds_, 10U));
  ++rounds_;
  alarm_.set(out_.now() + pause);
  out_.log(log_level::info, "R143 room upgrade: a join of the successor failed, to be repeated",
           {{"room", room_.id}, {"successor", work_->room_id}, {"why", to_string(last_)}});
}

void successor_following::on_deadline() {
  alarm_.clear();
  if (!work_) return;
  if (!room_.takes_part()) return end();
  failed_.insert(failed_.end(), asked_.begin(), asked_.end());
  if (!asked_.empty()) last_ = {fault_code::timed_out, "no answer"};
  asked_.clear();
  ask();
}

void successor_following::end() {
  work_.reset();
  waiting_.clear();
  failed_.clear();
  asked_.clear();
  alarm_.clear();
  writer_.put_succession({});
}

void successor_following::describe(object& o, time_ms) const {
  if (!work_) return;
  o.set("following", object{{"successor", work_->room_id},
                            {"joins_under_way", static_cast<std::int64_t>(asked_.size())},
                            {"users_waiting", static_cast<std::int64_t>(waiting_.size() + failed_.size())},
                            {"last_fault", last_.code == fault_code::none ? std::string{} : to_string(last_)}});
}

} // namespace causeway::room
