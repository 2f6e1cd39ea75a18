#include "actors/receipts/room_audiences.hpp"

#include <algorithm>
#include <utility>

namespace causeway::receipts {

room_audiences::answer room_audiences::find(const std::string& room_id, std::string_view server) {
  if (!rooms_.contains(room_id)) put(room_id, {});
  auto& one = *rooms_.find(room_id);
  if (one.as_of != 0 && out_.now() - one.as_of < believed_ms) {
    const bool is_in = one.now && std::binary_search(one.now->begin(), one.now->end(), server);
    return is_in ? answer::inside : answer::outside;
  }
  if (one.asked != 0) return answer::asked;
  if (one.questions >= questions_max) {
    one = {nullptr, out_.now(), 0, 0};
    return answer::outside;
  }
  one.asked = out_.next_token();
  ++one.questions;
  asked_.emplace(one.asked, question{room_id, out_.now() + answer_ms_max});
  out_.send_at_once({actor_kind::room, room_id}, room_servers_request{out_.self(), one.asked});
  return answer::asked;
}

void room_audiences::told(const room_servers_response& m) {
  const auto asked = asked_.find(m.asked);
  if (asked == asked_.end()) return;
  const auto room_id = asked->second.room_id;
  know(room_id, std::make_shared<const std::vector<std::string>>(m.servers));
}

void room_audiences::on_deadline() {
  while (!asked_.empty() && asked_.begin()->second.until <= out_.now()) {
    if (auto* one = rooms_.find(asked_.begin()->second.room_id)) one->asked = 0;
    asked_.erase(asked_.begin());
  }
}

} // namespace causeway::receipts
