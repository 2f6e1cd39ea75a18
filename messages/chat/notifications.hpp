#pragma once
#include "messages/alternatives.hpp"
#include "messages/chat/asks.hpp"
#include "messages/chat/dead_letters.hpp"
#include "messages/chat/federation.hpp"
#include "messages/chat/invitations.hpp"
#include "messages/chat/lookups.hpp"
#include "messages/chat/media.hpp"
#include "messages/chat/members.hpp"
#include "messages/chat/messages.hpp"
#include "messages/chat/presence.hpp"
#include "messages/chat/receipts.hpp"
#include "messages/chat/roles.hpp"
#include "messages/chat/room_changes.hpp"
#include "messages/chat/rooms.hpp"
#include "messages/chat/users.hpp"

#include <cstddef>
#include <variant>

/// Notifications and answers of the chat contract, version 1: what the broker tells a chat server. Rooms carry both
/// names: `room` (the chat server's id, empty while none is bound) and `matrix_room_id`. Users are Matrix ids. Times
/// are milliseconds since 1970. The structs stand in the headers of their conversations.
namespace causeway::chat {

using notification_content =
  std::variant<room_created, room_members, invitation_received, invitation_changed, member_changed, message_received,
               message_deleted, delivery_changed, system_message, room_removed_for, role_changed, message_edited,
               reaction_added, reaction_removed, room_changed, room_upgraded, room_refounded, dead_letter,
               permission_drift>;
/// Durable ones; `join_progress`, `typing_changed`, `receipt_changed`, `presence_changed`, `media_available` and
/// `ask_user` are ephemeral.
struct notification : notification_content {
  using content = notification_content;
  notification() noexcept;
  template <alternative_of<content> T>
  notification(T x) noexcept : notification(place_in<T, content>, &x) {}
  notification(const notification&);
  notification(notification&&) noexcept;
  notification& operator=(const notification&);
  notification& operator=(notification&&) noexcept;
  ~notification();

private:
  notification(std::size_t place, void* alternative) noexcept;
};

/// The contract's name, e.g. "message.received".
const char* name(const notification& x);

using answer_content =
  std::variant<empty_answer, room_created_answer, room_joined_answer, room_knocked_answer, state_answer, invited_answer,
               event_answer, user_answer, room_view, invitations_answer, sent_answer, media_put_answer,
               media_get_answer, user_view, banned_answer, role_answer, can_answer, federation_view,
               room_upgraded_answer, public_rooms_answer, servers_answer, verify_users_answer, dead_letters_answer,
               readers_answer, read_positions_answer, profile_answer>;
/// Bodies of a RESULT that is ok.
struct answer : answer_content {
  using content = answer_content;
  answer() noexcept;
  template <alternative_of<content> T>
  answer(T x) noexcept : answer(place_in<T, content>, &x) {}
  answer(const answer&);
  answer(answer&&) noexcept;
  answer& operator=(const answer&);
  answer& operator=(answer&&) noexcept;
  ~answer();

private:
  answer(std::size_t place, void* alternative) noexcept;
};

} // namespace causeway::chat
