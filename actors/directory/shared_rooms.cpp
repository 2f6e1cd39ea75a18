#include "actors/directory/shared_rooms.hpp"

#include <utility>

namespace causeway::directory {

void shared_rooms::found(const std::string& room_id, const matrix::json::value* listing) {
  if (listing && listing->find_array("local_members")) listed(room_id, listing);
  else asked_for_everybody_.insert(room_id);
}

void shared_rooms::listed(const std::string& room_id, const matrix::json::value* listing) {
  forget(room_id);
  const auto* named = listing ? listing->find_array("local_members") : nullptr;
  if (!named) return;
  auto& users = users_of_[room_id];
  for (const auto& user : *named) {
    if (!user.as_string()) continue;
    users.push_back(*user.as_string());
    rooms_of_[*user.as_string()].insert(room_id);
  }
  if (const auto* more = listing->find_bool("more_local_members"); more && *more) asked_for_everybody_.insert(room_id);
}

void shared_rooms::forget(const std::string& room_id) {
  asked_for_everybody_.erase(room_id);
  const auto known = users_of_.find(room_id);
  if (known == users_of_.end()) return;
  for (const auto& user : known->second) {
    const auto rooms = rooms_of_.find(user);
    if (rooms == rooms_of_.end()) continue;
    rooms->second.erase(room_id);
    if (rooms->second.empty()) rooms_of_.erase(rooms);
  }
  users_of_.erase(known);
}

bool shared_rooms::ask(federation_call call, std::string user, time_ms now) {
  if (questions_.size() >= questions_max) return false;
  question q{std::move(call), std::move(user), {}, 0, now};
  if (const auto rooms = rooms_of_.find(q.user); rooms != rooms_of_.end())
    q.rooms.assign(rooms->second.begin(), rooms->second.end());
  q.rooms.insert(q.rooms.end(), asked_for_everybody_.begin(), asked_for_everybody_.end());
  const auto number = ++last_question_;
  ask_more(number, questions_.emplace(number, std::move(q)).first->second);
  return true;
}

void shared_rooms::ask_more(std::uint64_t number, question& q) {
  for (; q.open < asked_at_once && !q.rooms.empty(); q.rooms.pop_front()) {
    const auto asked = ++last_token_;
    asked_.emplace(asked, number);
    ++q.open;
    out_.emplace_back(tell{{actor_kind::room, q.rooms.front()},
                           member_request{{actor_kind::directory, ""}, asked, q.user, q.call.origin}});
  }
  if (q.open > 0) return;
  ended_.push_back({std::move(q.call), false, true});
  questions_.erase(number);
}

void shared_rooms::answered(const member_response& m) {
  const auto asked = asked_.find(m.asked);
  if (asked == asked_.end()) return;
  const auto number = asked->second;
  asked_.erase(asked);
  const auto it = questions_.find(number);
  if (it == questions_.end()) return;
  auto& q = it->second;
  --q.open;
  if (!m.joined) return ask_more(number, q);
  ended_.push_back({std::move(q.call), true, true});
  questions_.erase(it);
}

void shared_rooms::expire(time_ms now) {
  while (!questions_.empty() && now - questions_.begin()->second.since >= patience_ms) {
    const auto number = questions_.begin()->first;
    ended_.push_back({std::move(questions_.begin()->second.call), false, false});
    questions_.erase(questions_.begin());
    std::erase_if(asked_, [&](const auto& x) { return x.second == number; });
  }
}

} // namespace causeway::directory
