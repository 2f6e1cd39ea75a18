#pragma once
#include "messages/edge/field.hpp"
#include "messages/fault.hpp"
#include "messages/invitation.hpp"
#include "messages/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// Bounds and words that several structs of the chat contract share.
namespace causeway::chat {

/// Members of a room.create, mentions of a message: entries.
inline constexpr std::size_t members_max = 10'000;
inline constexpr std::size_t mentions_max = 1'000;
/// Files of one message: each becomes an event.
inline constexpr std::size_t files_max = 20;
/// Rooms whose members may join a channel: entries.
inline constexpr std::size_t members_of_max = 20;
/// Servers named by a room.join or room.knock: entries.
inline constexpr std::size_t via_max = 20;
/// `reason`, `display_name`: bytes.
inline constexpr std::size_t short_text_bytes_max = 4'096;
/// `key` of a reaction: bytes.
inline constexpr std::size_t reaction_key_bytes_max = 255;
/// Members in one notification or answer: a large room must not fill a frame.
inline constexpr std::size_t listed_members_max = 1'000;
/// Invitations in one answer.
inline constexpr std::size_t listed_invitations_max = 1'000;
/// `next` of a list of invitations.
inline constexpr std::size_t invitation_place_bytes_max = 64;
/// Rooms or messages of one ACK: entries.
inline constexpr std::size_t bindings_max = 10'000;

enum class room_type : std::uint8_t { dm, group_dm, channel };
enum class visibility : std::uint8_t { private_, public_, knock };
/// How a text is meant: said, done ("* ann waves"), or by a program, which programs do not answer.
enum class message_kind : std::uint8_t { text, emote, notice };

/// Roles of a room, the most powerful first. Source: CONTRACT.md, "Roles".
enum class role : std::uint8_t { owner, moderator, leader, member, muted };
inline constexpr const char* roles[] = {"owner", "moderator", "leader", "member", "muted"};

/// What a member may want to do in a room.
enum class action : std::uint8_t {
  send,
  react,
  mention_room,
  invite,
  kick,
  ban,
  unban,
  delete_others, ///< messages of others
  set_name,
  set_topic,
  set_avatar,
  set_role,
  upgrade,
  delete_own ///< messages and reactions of their own
};
inline constexpr std::size_t actions_max = 14;

inline constexpr const char* room_types[] = {"dm", "group_dm", "channel"};
/// As the contract spells it, and as it is on disk.
constexpr std::string_view name(room_type x) { return room_types[static_cast<std::size_t>(x)]; }
constexpr std::optional<room_type> find_room_type(std::string_view text) {
  for (const auto x : {room_type::dm, room_type::group_dm, room_type::channel})
    if (name(x) == text) return x;
  return std::nullopt;
}
inline constexpr auto directions = invitation_direction_words;
inline constexpr auto invitation_states = invitation_state_words;
inline constexpr const char* memberships[] = {"join", "invite", "leave", "ban", "knock"};

using edge::broken_rule;

/// What a fault means as the answer to one command.
struct remark {
  fault_code code = fault_code::none;
  const char* says = "";
};

struct empty_answer {
  static constexpr const char* name = "empty";
  static void fields(auto&, auto&) {}
};

} // namespace causeway::chat

namespace causeway::edge {

template <>
struct wire_names<chat::room_type> {
  static constexpr const auto& names = chat::room_types;
};
template <>
struct wire_names<chat::message_kind> {
  static constexpr const char* names[] = {"text", "emote", "notice"};
};
template <>
struct wire_names<chat::action> {
  static constexpr const char* names[] = {"send",       "react",    "mention_room",  "invite",    "kick",
                                          "ban",        "unban",    "delete_others", "set_name",  "set_topic",
                                          "set_avatar", "set_role", "upgrade",       "delete_own"};
};
template <>
struct wire_names<chat::role> {
  static constexpr const auto& names = chat::roles;
};
template <>
struct wire_names<chat::visibility> {
  static constexpr const char* names[] = {"private", "public", "knock"};
};

} // namespace causeway::edge
