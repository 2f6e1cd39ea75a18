#include "actors/room/message_names.hpp"

namespace causeway::room {

const std::string* message_names::find(const std::string& own_id) const {
  const auto found = events_.find(own_id);
  return found == events_.end() ? nullptr : &found->second;
}

void message_names::bind(const std::string& own_id, const std::string& event_id) {
  if (!events_.try_emplace(own_id, event_id).second) return;
  ++bound_;
  order_.push_back(own_id);
  if (order_.size() <= kept_max) return;
  events_.erase(order_.front());
  order_.pop_front();
}

} // namespace causeway::room
