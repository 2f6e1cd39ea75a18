#include "actors/directory/user_updates.hpp"

#include <algorithm>
#include <utility>

namespace causeway::directory {
namespace {

/// Carried out for nobody: whoever has said user.deactivate is answered already.
chat_command unasked(chat::command body, const std::string& room_id) {
  chat_command m;
  m.body = std::make_shared<const chat::command>(std::move(body));
  m.room_id = room_id;
  return m;
}

} // namespace

void user_updates::load(const std::vector<store::put_user>& users) {
  for (const auto& user : users) {
    if (user.update != store::user_update::none) begin(user.user_id);
    else if (user.deactivated_ts != 0 && out_.now() - user.deactivated_ts < joins_end_ms) leave(user.user_id);
  }
}

void user_updates::leave(const std::string& user_id) {
  if (users_.find(user_id)->update != store::user_update::leave)
    out_.write(users_.change(user_id, [](store::put_user& row) { row.update = store::user_update::leave; }));
  begin(user_id);
}

void user_updates::joined(const local_users_joined& m) {
  for (const auto& user : m.users)
    if (const auto* row = users_.find(user); row && row->deactivated_ts != 0) {
      out_.log(log_level::info, "A813 deactivated user has come into a room; leaves it",
               {{"user", user}, {"room", m.room_id}});
      leave(user);
    }
}

void user_updates::begin(const std::string& user_id) {
  if (auto open = open_.find(user_id); open != open_.end()) {
    open->second.is_old = true;
    return;
  }
  if (is_waiting_.insert(user_id).second) waiting_.push_back(user_id);
  advance();
}

void user_updates::advance() {
  while (!waiting_.empty() && open_.size() < users_at_once_max) {
    const auto user = std::move(waiting_.front());
    waiting_.pop_front();
    is_waiting_.erase(user);
    start(user, open_[user]);
  }
}

void user_updates::wait(pass& p, time_ms ms) {
  p.until = out_.now() + ms;
  auto next = p.until;
  for (const auto& [user, other] : open_) next = std::min(next, other.until);
  out_.wake_at(next, timer);
}

void user_updates::start(const std::string& user, pass& p) {
  const auto pauses = p.pauses;
  p = {};
  p.pauses = pauses;
  const auto* row = users_.find(user);
  if (!row || row->update != store::user_update::leave) return ask_rooms(user, p);
  store::find_invitations open;
  open.user_id = user;
  open.which = store::invitations_wanted::open;
  p.asked = out_.next_token();
  out_.ask(p.asked, std::move(open));
  wait(p, patience_ms);
}

void user_updates::ask_rooms(const std::string& user, pass& p) {
  p.at = step::rooms;
  p.asked = out_.next_token();
  out_.ask(p.asked, store::find_member_rooms{user, p.after, rooms_read_max});
  wait(p, patience_ms);
}

void user_updates::ask_room(const std::string& user, pass& p) {
  const auto* row = users_.find(user);
  const auto room = std::move(p.rooms.front());
  p.rooms.pop_front();
  p.at = step::room;
  p.asked = out_.next_token();
  member_update_request m{out_.self(), p.asked, user, row->update == store::user_update::leave, {}, {}};
  if (!m.leaves) {
    m.display_name = row->display_name;
    m.avatar_url = row->avatar_url;
  }
  out_.send({actor_kind::room, room}, std::move(m));
  wait(p, patience_ms);
}

bool user_updates::found(const store_answered& m) {
  const auto open =
    std::find_if(open_.begin(), open_.end(), [&](const auto& one) { return one.second.asked == m.asked; });
  if (m.asked == 0 || open == open_.end()) return false;
  auto& [user, p] = *open;
  p.asked = 0;
  if (const auto* invitations = std::get_if<store::invitations_found>(m.answer.get()))
    invitations_found(user, p, *invitations);
  else if (const auto* rooms = std::get_if<store::member_rooms_found>(m.answer.get())) {
    p.rooms.assign(rooms->room_ids.begin(), rooms->room_ids.end());
    p.after = rooms->next;
    p.is_read = rooms->next == 0;
    go_on(user, p);
  } else { // the store is busy, or does not read
    p.is_unfinished = p.is_read = true;
    go_on(user, p);
  }
  return true;
}

void user_updates::invitations_found(const std::string& user, pass& p, const store::invitations_found& found) {
  for (const auto& i : found.invitations) {
    p.is_unfinished = true; // until none is open
    const address room{actor_kind::room, i.room_id};
    if (i.direction == invitation_direction::knock)
      out_.send(room, unasked(chat::knock_retract{i.room_id, user, {}}, i.room_id));
    else if (i.direction == invitation_direction::incoming)
      out_.send(room, unasked(chat::invite_answer{i.room_id, user, false, {}}, i.room_id));
  }
  ask_rooms(user, p);
}

void user_updates::updated(const member_updated& m) {
  const auto open =
    std::find_if(open_.begin(), open_.end(), [&](const auto& one) { return one.second.asked == m.asked; });
  if (m.asked == 0 || open == open_.end()) return;
  auto& [user, p] = *open;
  p.asked = 0;
  p.is_unfinished = p.is_unfinished || !m.is_done;
  go_on(user, p);
}

void user_updates::go_on(const std::string& user, pass& p) {
  if (!p.rooms.empty()) return ask_room(user, p);
  if (!p.is_read) return ask_rooms(user, p);
  end(user, p);
}

void user_updates::end(const std::string& user, pass& p) {
  if (p.is_old) {
    p.pauses = 0;
    return start(user, p);
  }
  if (p.is_unfinished) {
    p.at = step::pause;
    return wait(p, std::min(pause_ms_min << std::min(p.pauses++, 10u), pause_ms_max));
  }
  out_.write(users_.change(user, [](store::put_user& row) { row.update = store::user_update::none; }));
  open_.erase(std::string{user}); // which `user` is the key of
  advance();
}

void user_updates::on_timer() {
  std::vector<std::string> due;
  for (const auto& [user, p] : open_)
    if (p.until <= out_.now()) due.push_back(user);
  for (const auto& user : due) {
    auto& p = open_.at(user);
    if (p.at == step::pause) {
      start(user, p);
      continue;
    }
    p.asked = 0; // whoever was asked has failed with the question
    p.is_unfinished = true;
    if (p.at == step::room) go_on(user, p);
    else {
      p.is_read = true;
      go_on(user, p);
    }
  }
  time_ms next = 0;
  for (const auto& [user, p] : open_) next = next == 0 ? p.until : std::min(next, p.until);
  if (next != 0) out_.wake_at(next, timer);
}

} // namespace causeway::directory
