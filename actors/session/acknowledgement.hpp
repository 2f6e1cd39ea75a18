#pragma once
#include "actors/session/outbox_stream.hpp"
#include "messages/chat/acknowledgement.hpp"
#include "messages/fault.hpp"
#include "messages/store.hpp"

#include <string>
#include <string_view>

namespace causeway::session {

/// What the chat server calls the things it just took over.
using acknowledgement = chat::bindings;

/// Decodes `{bind: {rooms: {..}, messages: {..}}}`; everything is optional, the body may be empty.
/// @returns faults bad_body, too_large
result<acknowledgement> decode_acknowledgement(std::string_view body);

/// Takes `event_id` and `matrix_room_id` of a notification into `sent`, where it has both.
void name_event(const store::outbox_row& row, outbox_stream::sent_row& sent);

} // namespace causeway::session
