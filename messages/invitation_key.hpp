#pragma once
#include <string>
#include <string_view>

namespace causeway::invitation {

/// `room_id|user_id`: the key of an invitation actor. User ids begin with '@'.
inline std::string key_of(std::string_view room_id, std::string_view user_id) {
  return std::string{room_id}.append("|").append(user_id);
}

} // namespace causeway::invitation
