#pragma once
#include "actors/session/outbox_stream.hpp"
#include "messages/fault.hpp"
#include "messages/store.hpp"

#include <map>
#include <string>
#include <string_view>

namespace causeway::session {

/// Entries of each map of an ACK.
inline constexpr std::size_t bindings_max = 10'000;

/// Body of an ACK: what the chat server calls the things it just took over. Both maps from Matrix id to the chat server's.
struct acknowledgement {
  std::map<std::string, std::string> rooms;
  std::map<std::string, std::string> messages;
};

/// Decodes `{bind: {rooms: {..}, messages: {..}}}`; everything is optional, the body may be empty.
/// @returns faults bad_body, too_large
result<acknowledgement> decode_acknowledgement(std::string_view body);

/// Takes `event_id` and `matrix_room_id` of a notification into `sent`, where it has both.
void name_event(const store::outbox_row& row, outbox_stream::sent_row& sent);

} // namespace causeway::session
