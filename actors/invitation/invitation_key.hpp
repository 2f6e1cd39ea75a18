#pragma once
#include <string>
#include <string_view>

namespace causeway::invitation {

/// `room_id|user_id`: the key of an invitation actor. User ids begin with '@'.
std::string key_of(std::string_view room_id, std::string_view user_id);

} // namespace causeway::invitation
