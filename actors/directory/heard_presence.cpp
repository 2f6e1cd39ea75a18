#include "actors/directory/heard_presence.hpp"

#include "actors/alarm_time.hpp"
#include "messages/chat/codec.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <iterator>

namespace causeway::directory {

using matrix::presence_state;

void heard_presence::take(const presence_received& m, const std::vector<std::string>& shared) {
  if (!node_.settings().federation.presence) return clear();
  if (!node_.admits(m.origin)) return;
  for (const auto& x : m.users) {
    if (const auto q = questions_.find(x.user_id); q != questions_.end()) q->second.now = x;
    else if (const auto at = users_.find(x.user_id);
             at != users_.end() &&
             (x.state == presence_state::offline || out_.now() - at->second.member_as_of < member_ms))
      keep(x, false);
    else if (x.state != presence_state::offline || at != users_.end()) ask(x, m.origin, shared);
  }
}

void heard_presence::ask(const matrix::presence& x, const std::string& origin, const std::vector<std::string>& shared) {
  if (const auto* until = strangers_.find(x.user_id)) {
    if (*until > out_.now()) return;
    strangers_.erase(x.user_id);
  }
  const auto open = questions_of_.find(origin);
  if (questions_.size() >= questions_max || (open != questions_of_.end() && open->second >= questions_of_server_max))
    return;
  ++questions_of_[origin];
  auto& q = questions_[x.user_id];
  q.now = x;
  q.until = out_.now() + answer_ms_max;
  q.rooms.assign(shared.begin(),
                 std::next(shared.begin(), static_cast<std::ptrdiff_t>(std::min(shared.size(), rooms_max))));
  ask_more(x.user_id, q);
}

void heard_presence::ask_more(const std::string& user_id, question& q) {
  for (; q.open.size() < rooms_at_once && !q.rooms.empty(); q.rooms.pop_front()) {
    const auto asked = out_.next_token();
    q.open.insert(asked);
    asked_.emplace(asked, user_id);
    out_.send_at_once({actor_kind::room, q.rooms.front()}, room_servers_request{out_.self(), asked, user_id});
  }
  if (q.open.empty()) end(user_id, false);
}

bool heard_presence::answered(const room_servers_response& m) {
  const auto asked = asked_.find(m.asked);
  if (asked == asked_.end()) return false;
  const auto user_id = std::move(asked->second);
  asked_.erase(asked);
  auto& q = questions_.at(user_id);
  q.open.erase(m.asked);
  if (m.servers.empty()) ask_more(user_id, q);
  else end(user_id, true);
  return true;
}

void heard_presence::end(const std::string& user_id, bool is_member) {
  const auto q = questions_.extract(user_id);
  for (const auto asked : q.mapped().open) asked_.erase(asked);
  const auto count = questions_of_.find(std::string{matrix::server_name_of(user_id)});
  if (count != questions_of_.end() && --count->second == 0) questions_of_.erase(count);
  if (is_member) return keep(q.mapped().now, true);
  if (users_.contains(user_id)) { // has left the rooms we share
    keep({user_id}, false);
    erase(user_id);
  }
  strangers_.put(user_id, out_.now() + stranger_ms);
}

void heard_presence::keep(const matrix::presence& x, bool is_asked) {
  const std::string server{matrix::server_name_of(x.user_id)};
  auto at = users_.find(x.user_id);
  if (at == users_.end()) {
    if (x.state == presence_state::offline) return;
    if (const auto share = of_server_.find(server);
        share != of_server_.end() && share->second.size() >= users_of_server_max)
      keep({std::string{share->second.begin()->second}}, false);
    if (users_.size() >= users_max) keep({std::string{by_heard_.begin()->second}}, false);
    at = users_.try_emplace(x.user_id).first;
  } else {
    by_heard_.erase({at->second.heard, x.user_id});
    of_server_[server].erase({at->second.heard, x.user_id});
  }
  auto& known = at->second;
  known.heard = out_.now();
  by_heard_.emplace(known.heard, x.user_id);
  of_server_[server].emplace(known.heard, x.user_id);
  if (is_asked) known.member_as_of = out_.now();
  // When they were active last is told along, and is no news by itself.
  const bool is_news = known.now.state != x.state || known.now.status != x.status || known.now.is_active != x.is_active;
  known.now = x;
  if (x.last_active_ago_ms) known.last_active_ts = std::max<time_ms>(out_.now() - *x.last_active_ago_ms, 0);
  if (is_news) notify(known);
  if (x.state == presence_state::offline) erase(x.user_id);
}

void heard_presence::erase(const std::string& user_id) {
  const auto at = users_.find(user_id);
  if (at == users_.end()) return;
  by_heard_.erase({at->second.heard, user_id});
  const auto share = of_server_.find(std::string{matrix::server_name_of(user_id)});
  if (share != of_server_.end()) {
    share->second.erase({at->second.heard, user_id});
    if (share->second.empty()) of_server_.erase(share);
  }
  users_.erase(at);
}

void heard_presence::clear() {
  users_.clear();
  by_heard_.clear();
  of_server_.clear();
  questions_.clear();
  questions_of_.clear();
  asked_.clear();
  strangers_.clear();
}

void heard_presence::notify(const user& x) {
  chat::presence_changed n{x.now.user_id, x.now.state, x.now.status, x.now.is_active, {}};
  if (x.last_active_ts != 0) n.last_active_ts = x.last_active_ts;
  out_.send_at_once({actor_kind::session, ""},
                    ephemeral_notification{n.name, "presence|" + x.now.user_id, chat::encode(n)});
}

void heard_presence::chat_server_connected() {
  std::size_t count = 0;
  for (auto at = by_heard_.rbegin(); at != by_heard_.rend() && count < told_again_max; ++at, ++count)
    notify(users_.at(at->second));
}

time_ms heard_presence::deadline() const {
  auto next = by_heard_.empty() ? 0 : by_heard_.begin()->first + believed_ms;
  for (const auto& [user_id, q] : questions_) next = earlier(next, q.until);
  return next;
}

void heard_presence::on_deadline() {
  if (!node_.settings().federation.presence) return clear();
  std::vector<std::string> late;
  for (const auto& [user_id, q] : questions_)
    if (q.until <= out_.now()) late.push_back(user_id);
  for (const auto& user_id : late) end(user_id, users_.contains(user_id)); // of whom it is known, it stands
  while (!by_heard_.empty() && by_heard_.begin()->first + believed_ms <= out_.now())
    keep({std::string{by_heard_.begin()->second}}, false); // offline
}

} // namespace causeway::directory
