#pragma once
#include "messages/shard.hpp"

#include <string>
#include <string_view>

namespace causeway::invitation {

/// `room_id|user_id`: the key of an invitation actor. User ids begin with '@'.
inline std::string key_of(std::string_view room_id, std::string_view user_id) {
  return std::string{room_id}.append("|").append(user_id);
}

struct names {
  std::string room_id, user_id;
};
/// @throws std::logic_error: `key_of` has not made it
names names_in(const std::string& key);

/// That of the room. @param key  one that `key_of` has not made has that of its whole text
shard_number shard_of(std::string_view key);

} // namespace causeway::invitation
