#include "actors/directory/user_asks.hpp"

#include "messages/chat/codec.hpp"
#include "messages/matrix/identifiers.hpp"

#include <charconv>

namespace causeway::directory {

bool user_asks::wants(const std::string& user_id) const {
  if (!node_.settings().federation.ask_user || !node_.is_local(user_id)) return false;
  // Nobody of ours can have another name.
  if (!matrix::is_user_id(user_id, matrix::user_id_grammar::strict)) return false;
  const auto known = absent_.find(user_id);
  return known == absent_.end() || known->second <= out_.now();
}

bool user_asks::ask(const std::string& user_id, const std::string& origin, waiting who) {
  if (const auto open = by_user_.find(user_id); open != by_user_.end()) {
    auto& q = questions_.at(open->second);
    if (q.who.size() >= waiting_max) return false;
    q.who.push_back(std::move(who));
    return true;
  }
  if (questions_.size() >= questions_max) return false;
  auto& of_server = by_origin_[origin];
  if (of_server >= questions_of_server_max) return false;
  ++of_server;
  const auto number = out_.next_token();
  auto& q = questions_[number];
  q = {std::to_string(number), user_id, origin, {}, out_.now() + node_.settings().federation.ask_user_timeout_ms};
  q.who.push_back(std::move(who));
  by_user_.emplace(user_id, number);
  const chat::ask_user n{q.ask, user_id, std::string{matrix::localpart_of(user_id)}};
  out_.send_at_once({actor_kind::session, ""}, ephemeral_notification{n.name, "ask|" + user_id, chat::encode(n)});
  set_timer();
  return true;
}

user_asks::by_number::const_iterator user_asks::find(const std::string& ask) const {
  token number = 0;
  const auto [end, problem] = std::from_chars(ask.data(), ask.data() + ask.size(), number);
  if (problem != std::errc{} || end != ask.data() + ask.size()) return questions_.end();
  return questions_.find(number);
}

std::optional<std::string> user_asks::user_of(const std::string& ask) const {
  const auto at = find(ask);
  if (at == questions_.end()) return {};
  return at->second.user_id;
}

user_asks::ended user_asks::answered(const std::string& ask) { return end(questions_.find(find(ask)->first)); }

user_asks::ended user_asks::end(by_number::iterator at) {
  auto q = std::move(at->second);
  questions_.erase(at);
  by_user_.erase(q.user_id);
  if (const auto of_server = by_origin_.find(q.origin); --of_server->second == 0) by_origin_.erase(of_server);
  return {std::move(q.user_id), std::move(q.who)};
}

void user_asks::set_absent(const std::string& user_id) {
  while (!absent_until_.empty() && (absent_until_.front().first <= out_.now() || absent_until_.size() >= absent_max)) {
    const auto& [until, oldest] = absent_until_.front();
    if (const auto it = absent_.find(oldest); it != absent_.end() && it->second == until) absent_.erase(it);
    absent_until_.pop_front();
  }
  const auto until = out_.now() + time_ms{node_.settings().federation.ask_user_cache_s} * 1'000;
  absent_[user_id] = until;
  absent_until_.emplace_back(until, user_id);
}

std::vector<user_asks::ended> user_asks::take_overdue() {
  std::vector<ended> out;
  // In order of the time they were asked, which is that of their ends unless the time-out was changed meanwhile.
  while (!questions_.empty() && questions_.begin()->second.until <= out_.now()) out.push_back(end(questions_.begin()));
  set_timer();
  return out;
}

void user_asks::set_timer() {
  if (!questions_.empty()) out_.wake_at(questions_.begin()->second.until, timer);
}

} // namespace causeway::directory
