#include "actors/directory/own_presence.hpp"

#include "actors/alarm_time.hpp"

#include <algorithm>
#include <utility>

namespace causeway::directory {
namespace {

constexpr const char* presence_edu_type = "m.presence";
constexpr std::size_t rooms_read_max = 50;

} // namespace

void own_presence::due_at(const std::string& user_id, user& x, time_ms at) {
  due_.erase({x.due, user_id});
  x.due = at;
  if (at != 0) due_.emplace(at, user_id);
}

void own_presence::erase(const std::string& user_id) {
  const auto at = users_.find(user_id);
  if (at == users_.end()) return;
  due_.erase({at->second.due, user_id});
  if (const auto s = searches_.find(user_id); s != searches_.end()) {
    for (const auto asked : s->second.open) asked_.erase(asked);
    searches_.erase(s);
  }
  users_.erase(at);
}

void own_presence::clear() {
  users_.clear();
  due_.clear();
  searches_.clear();
  asked_.clear();
  servers_.clear();
  owed_ = 0;
  send_at_ = gone_at_ = 0;
}

void own_presence::set(const std::string& user_id, const chat::set_presence& x) {
  if (!node_.settings().federation.presence) return clear();
  gone_at_ = 0;
  auto at = users_.find(user_id);
  if (at == users_.end()) {
    if (x.state == matrix::presence_state::offline) return; // which others take for granted
    if (users_.size() >= users_max) {
      const auto oldest = std::ranges::min_element(users_, {}, [](const auto& one) { return one.second.said; });
      erase(std::string{oldest->first});
    }
    at = users_.try_emplace(user_id).first;
  }
  auto& known = at->second;
  known.said = out_.now();
  known.last_active_ts = std::clamp<time_ms>(x.last_active_ts.value_or(known.last_active_ts), 0, out_.now());
  auto status = x.status.value_or("");
  const bool is_news =
    known.due == 0 || known.state != x.state || known.status != status || known.is_active != x.is_active;
  known.state = x.state;
  known.status = std::move(status);
  known.is_active = x.is_active;
  if (is_news) due_at(user_id, known, out_.now() + gather_ms);
}

void own_presence::forget(const std::string& user_id) {
  const auto at = users_.find(user_id);
  if (at == users_.end()) return;
  at->second.state = matrix::presence_state::offline;
  at->second.status.clear();
  at->second.is_active = false;
  due_at(user_id, at->second, out_.now());
}

void own_presence::chat_server(bool is_there) {
  gone_at_ = is_there || users_.empty() ? 0 : out_.now() + chat_server_gone_ms;
}

void own_presence::joined(const std::vector<std::string>& joined) {
  for (const auto& user_id : joined) {
    const auto at = users_.find(user_id);
    if (at == users_.end()) continue;
    at->second.audience_as_of = 0;
    due_at(user_id, at->second, out_.now() + gather_ms);
  }
}

time_ms own_presence::deadline() const {
  auto next =
    earlier(earlier(gone_at_, send_at_), due_.empty() || searches_.size() >= searches_max ? 0 : due_.begin()->first);
  for (const auto& [user_id, s] : searches_) next = earlier(next, s.until);
  for (const auto& [name, x] : servers_) next = earlier(next, x.until);
  return next;
}

void own_presence::on_deadline() {
  if (!node_.settings().federation.presence) return clear(); // others find out by themselves
  if (gone_at_ != 0 && gone_at_ <= out_.now()) {
    gone_at_ = 0;
    for (auto& [user_id, x] : users_) forget(user_id);
  }
  std::vector<std::string> late;
  for (const auto& [user_id, s] : searches_)
    if (s.until <= out_.now()) late.push_back(user_id);
  for (const auto& user_id : late) end(user_id);
  while (!due_.empty() && due_.begin()->first <= out_.now() && searches_.size() < searches_max) {
    const auto user_id = due_.begin()->second;
    tell(user_id, users_.at(user_id));
  }
  for (auto& [name, x] : servers_)
    if (x.until != 0 && x.until <= out_.now()) { // lost
      x.open = x.until = 0;
      send_at_ = out_.now();
    }
  if (send_at_ == 0 || send_at_ > out_.now()) return;
  send_at_ = 0;
  for (auto at = servers_.begin(); at != servers_.end();) {
    send(at->first, at->second);
    at = at->second.open == 0 && at->second.owed.empty() ? servers_.erase(at) : std::next(at);
  }
}

void own_presence::tell(const std::string& user_id, user& x) {
  due_at(user_id, x, x.state == matrix::presence_state::offline ? 0 : out_.now() + again_ms);
  if (x.audience_as_of != 0 && out_.now() - x.audience_as_of < audience_ms) {
    owe(user_id, x);
    return drop_if_told(user_id);
  }
  if (searches_.contains(user_id)) return; // which tells the newest when it ends
  auto& s = searches_[user_id];
  s.until = out_.now() + answer_ms_max;
  ask_rooms(user_id, s);
}

void own_presence::ask_rooms(const std::string& user_id, search& s) {
  const auto asked = out_.next_token();
  s.open.insert(asked);
  asked_.emplace(asked, user_id);
  out_.ask(asked, store::find_member_rooms{user_id, s.after, rooms_read_max});
}

bool own_presence::answered(const store_answered& m) {
  const auto asked = asked_.find(m.asked);
  if (asked == asked_.end()) return false;
  const auto user_id = std::move(asked->second);
  asked_.erase(asked);
  auto& s = searches_.at(user_id);
  s.open.erase(m.asked);
  s.is_read = true;
  if (const auto* found = std::get_if<store::member_rooms_found>(m.answer.get())) {
    s.rooms.insert(s.rooms.end(), found->room_ids.begin(), found->room_ids.end());
    s.found += found->room_ids.size();
    s.after = found->next;
    s.is_read = found->next == 0 || s.found >= rooms_max;
  }
  go_on(user_id, s);
  return true;
}

bool own_presence::answered(const room_servers_response& m) {
  const auto asked = asked_.find(m.asked);
  if (asked == asked_.end()) return false;
  const auto user_id = std::move(asked->second);
  asked_.erase(asked);
  auto& s = searches_.at(user_id);
  s.open.erase(m.asked);
  s.servers.insert(m.servers.begin(), m.servers.end());
  go_on(user_id, s);
  return true;
}

void own_presence::go_on(const std::string& user_id, search& s) {
  for (; s.open.size() < rooms_at_once && !s.rooms.empty(); s.rooms.pop_front()) {
    const auto asked = out_.next_token();
    s.open.insert(asked);
    asked_.emplace(asked, user_id);
    out_.send_at_once({actor_kind::room, s.rooms.front()}, room_servers_request{out_.self(), asked, user_id});
  }
  if (!s.open.empty()) return;
  if (!s.is_read) return ask_rooms(user_id, s);
  end(user_id);
  on_deadline(); // another user who waited has their turn
}

void own_presence::end(const std::string& user_id) {
  auto s = searches_.extract(user_id);
  for (const auto asked : s.mapped().open) asked_.erase(asked);
  auto& x = users_.at(user_id);
  x.audience.assign(s.mapped().servers.begin(), s.mapped().servers.end());
  x.audience_as_of = out_.now();
  owe(user_id, x);
  drop_if_told(user_id);
}

void own_presence::owe(const std::string& user_id, const user& x) {
  for (const auto& name : x.audience) {
    if (!node_.federates_with(name)) continue;
    auto& to = servers_[name];
    if (to.owed.contains(user_id) || to.owed.size() >= owed_max || owed_ >= owed_total_max) continue;
    to.owed.insert(user_id);
    ++owed_;
    if (to.open == 0 && send_at_ == 0) send_at_ = out_.now() + together_ms;
  }
}

void own_presence::send(const std::string& server_name, server& to) {
  if (to.open != 0 || to.owed.empty()) return;
  std::vector<matrix::presence> all;
  while (!to.owed.empty() && all.size() < matrix::presences_sent_max) {
    const auto user_id = std::move(to.owed.extract(to.owed.begin()).value());
    --owed_;
    const auto at = users_.find(user_id);
    all.push_back(at == users_.end() ? matrix::presence{user_id} : told_of(user_id, at->second));
  }
  to.open = out_.next_token();
  to.until = out_.now() + settle_ms_max;
  out_.send({actor_kind::remote_server, server_name},
            edu_queued{presence_edu_type, "presence", matrix::presence_content(all), 1, out_.self(), to.open});
}

void own_presence::completed(const edu_completed& m) {
  const auto at = servers_.find(m.server_name);
  if (at == servers_.end() || at->second.open != m.asked) return;
  at->second.open = at->second.until = 0;
  if (!m.delivered) { // it is down: what is true when it is back it hears with the next telling
    owed_ -= at->second.owed.size();
    at->second.owed.clear();
  }
  send_at_ = out_.now();
  on_deadline();
}

void own_presence::drop_if_told(const std::string& user_id) {
  const auto at = users_.find(user_id);
  // Whoever is not known is told of as offline, which is what is left to say.
  if (at != users_.end() && at->second.state == matrix::presence_state::offline && at->second.due == 0) erase(user_id);
}

matrix::presence own_presence::told_of(const std::string& user_id, const user& x) const {
  matrix::presence told{user_id, x.state, {}, x.status, x.is_active};
  if (x.last_active_ts != 0) told.last_active_ago_ms = std::max<time_ms>(out_.now() - x.last_active_ts, 0);
  return told;
}

} // namespace causeway::directory
