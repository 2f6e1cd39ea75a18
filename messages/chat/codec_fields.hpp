#pragma once
#include "messages/chat/commands.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/edge/packing.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/media.hpp"
#include "messages/text.hpp"

/// Which key of a body is which field: the only place that says so. Included by the codec alone.
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

} // namespace causeway::chat

namespace causeway::edge {

template <>
struct wire_names<chat::room_type> {
  static constexpr std::string_view names[] = {"dm", "group_dm", "channel"};
};
template <>
struct wire_names<chat::visibility> {
  static constexpr std::string_view names[] = {"private", "public", "knock"};
};

// -- commands ---------------------------------------------------------------------------------------------------------

template <>
struct contract<chat::room_create> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.required("type", x.type);
    f.optional("visibility", x.access);
    f.optional("name", x.room_name, limits::authored_content_bytes_max);
    f.optional("topic", x.topic, limits::authored_content_bytes_max);
    f.optional_id("alias", x.alias);
    f.user("creator", x.creator);
    f.users("members", x.members, chat::members_max);
    f.ids("members_of", x.members_of, chat::members_of_max);
    f.optional("federated", x.federated);
    if (!x.members_of.empty() && (x.type != chat::room_type::channel || x.access == chat::visibility::public_))
      f.refuse("members_of", "is for a channel that is not public", fault_code::bad_body);
    if (x.type != chat::room_type::channel && x.access != chat::visibility::private_)
      f.refuse("visibility", "may be public or knock for a channel only", fault_code::bad_body);
    if (x.type != chat::room_type::channel && x.alias) f.refuse("alias", "is for a channel only", fault_code::bad_body);
  }
};
template <>
struct contract<chat::room_join> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("user", x.user);
    f.ids("via", x.via, chat::via_max);
  }
};
template <>
struct contract<chat::room_knock> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("user", x.user);
    f.ids("via", x.via, chat::via_max);
    f.optional("reason", x.reason, chat::short_text_bytes_max);
  }
};
template <>
struct contract<chat::knock_retract> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("user", x.user);
    f.optional("reason", x.reason, chat::short_text_bytes_max);
  }
};
template <>
struct contract<chat::knock_reject> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("by", x.by);
    f.user("user", x.user);
    f.optional("reason", x.reason, chat::short_text_bytes_max);
  }
};
template <>
struct contract<chat::invite_send> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("by", x.by);
    f.user("user", x.user);
    f.optional("reason", x.reason, chat::short_text_bytes_max);
  }
};
template <>
struct contract<chat::invite_revoke> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("by", x.by);
    f.user("user", x.user);
    f.optional("reason", x.reason, chat::short_text_bytes_max);
  }
};
template <>
struct contract<chat::invite_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("user", x.user);
    f.required("accept", x.accept);
    f.optional("reason", x.reason, chat::short_text_bytes_max);
  }
};
template <>
struct contract<chat::file> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("mxc", x.mxc, chat::short_text_bytes_max);
    f.required("file_name", x.file_name, chat::short_text_bytes_max);
    f.required("content_type", x.content_type, limits::identifier_bytes_max);
    f.required("size_bytes", x.size_bytes);
    f.optional("width", x.width);
    f.optional("height", x.height);
    f.optional("duration_ms", x.duration_ms);
    if (!matrix::split_mxc(x.mxc)) f.refuse("mxc", "is no mxc://server/media_id", fault_code::bad_body);
    if (!text::shows_something(x.file_name)) f.refuse("file_name", "has nothing that can be seen", fault_code::bad_body);
    if (!matrix::parse_media_type(x.content_type)) f.refuse("content_type", "is no media type", fault_code::bad_body);
    for (const auto number : {x.size_bytes, x.width.value_or(0), x.height.value_or(0), x.duration_ms.value_or(0)})
      if (number > static_cast<std::uint64_t>(limits::canonical_integer_max))
        f.refuse("size_bytes", "and width, height, duration_ms are at most 2^53-1", fault_code::bad_body);
  }
};
template <>
struct contract<chat::message_send> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("sender", x.sender);
    f.id("message", x.message);
    f.required("text", x.text, limits::authored_content_bytes_max);
    f.optional("html", x.html, limits::authored_content_bytes_max);
    f.optional_id("reply_to", x.reply_to);
    f.optional_id("thread", x.thread);
    f.users("mentions", x.mentions, chat::mentions_max);
    f.optional("files", x.files);
    // Nobody would see it, and who is called by it would look for what called him.
    if (!text::shows_something(x.text)) {
      if (x.html) f.refuse("text", "has nothing that can be seen: html is shown by some, the text by all", fault_code::bad_body);
      else if (x.files.empty()) f.refuse("text", "has nothing that can be seen, and there are no files", fault_code::bad_body);
    }
    if (x.files.size() > chat::files_max) f.refuse("files", "has more than " + std::to_string(chat::files_max) + " entries", fault_code::too_large);
    if (x.text.size() + (x.html ? x.html->size() : 0) > limits::authored_content_bytes_max)
      f.refuse("text", "and html are over " + std::to_string(limits::authored_content_bytes_max) + " bytes together",
               fault_code::too_large);
  }
};
template <>
struct contract<chat::message_delete> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("by", x.by);
    f.id("message", x.message);
    f.optional("reason", x.reason, chat::short_text_bytes_max);
  }
};
template <>
struct contract<chat::member_leave> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("user", x.user);
    f.optional("reason", x.reason, chat::short_text_bytes_max);
  }
};
template <>
struct contract<chat::typing> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.user("user", x.user);
    f.required("typing", x.is_typing);
  }
};
template <>
struct contract<chat::user_profile> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.user("user", x.user);
    f.optional("display_name", x.display_name, chat::short_text_bytes_max);
    f.optional("avatar", x.avatar, chat::short_text_bytes_max);
    f.optional("localpart", x.localpart, limits::identifier_bytes_max);
  }
};
template <>
struct contract<chat::query_room> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("room", x.room);
    f.optional_user("members_after", x.members_after);
  }
};
template <>
struct contract<chat::query_user> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.user("user", x.user);
  }
};
template <>
struct contract<chat::query_invitations> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.optional_id("room", x.room);
    f.optional_user("user", x.user);
    f.optional("open_only", x.open_only);
  }
};
template <>
struct contract<chat::media_put> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.id("upload", x.upload);
    f.required("offset", x.offset);
    f.optional_blob("bytes", x.bytes, limits::media_part_bytes_max);
    f.required("total_bytes", x.total_bytes);
    f.optional("content_type", x.content_type, limits::identifier_bytes_max);
    f.optional("file_name", x.file_name, chat::short_text_bytes_max);
    if (x.content_type && !matrix::parse_media_type(*x.content_type)) f.refuse("content_type", "is no media type", fault_code::bad_body);
    if (x.offset > x.total_bytes || x.bytes.size() > x.total_bytes - x.offset)
      f.refuse("bytes", "reach beyond total_bytes", fault_code::bad_body);
  }
};
template <>
struct contract<chat::media_get> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("mxc", x.mxc, chat::short_text_bytes_max);
    f.optional("offset", x.offset);
    f.optional("length", x.length);
    if (!matrix::split_mxc(x.mxc)) f.refuse("mxc", "is no mxc://server/media_id", fault_code::bad_body);
    if (x.length == 0 || x.length > limits::media_part_bytes_max)
      f.refuse("length", "lies in 1 to " + std::to_string(limits::media_part_bytes_max), fault_code::bad_body);
  }
};

// -- notifications ----------------------------------------------------------------------------------------------------

template <>
struct contract<chat::room_created> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("room_version", x.room_version);
    f.required("type", x.type);
    f.required("creator", x.creator);
    f.required("name", x.room_name);
    f.required("topic", x.topic);
    f.required("members", x.members);
    f.required("more_members", x.more_members);
  }
};
template <>
struct contract<chat::room_members> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("members", x.members);
    f.required("complete", x.complete);
  }
};
template <>
struct contract<chat::invitation_received> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("room_version", x.room_version);
    f.required("user", x.user);
    f.required("by", x.by);
    f.required("by_display_name", x.by_display_name);
    f.required("name", x.room_name);
    f.required("type", x.type);
    f.required("reason", x.reason);
    f.required("ts", x.ts);
  }
};
template <>
struct contract<chat::invitation_changed> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("user", x.user);
    f.required("by", x.by);
    f.required("direction", x.direction);
    f.required("state", x.state);
    f.required("previous_state", x.previous_state);
    f.required("reason", x.reason);
    f.required("ts", x.ts);
    f.optional("attempts", x.attempts); // not in those of an older broker, which may still lie in the outbox
    f.optional("retry_at_ts", x.retry_at_ts);
    f.optional("last_fault", x.last_fault);
  }
};
template <>
struct contract<chat::member_changed> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("user", x.user);
    f.required("membership", x.membership);
    f.required("previous_membership", x.previous_membership);
    f.required("by", x.by);
    f.required("reason", x.reason);
    f.required("display_name", x.display_name);
    f.required("avatar", x.avatar);
    f.required("event_id", x.event_id);
    f.required("ts", x.ts);
  }
};
template <>
struct contract<chat::received_file> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("mxc", x.mxc);
    f.required("file_name", x.file_name);
    f.required("content_type", x.content_type);
    f.required("size_bytes", x.size_bytes);
    f.required("width", x.width);
    f.required("height", x.height);
  }
};
template <>
struct contract<chat::message_received> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("event_id", x.event_id);
    f.required("sender", x.sender);
    f.required("msgtype", x.msgtype);
    f.required("text", x.text);
    f.required("html", x.html);
    f.required("reply_to", x.reply_to);
    f.required("thread", x.thread);
    f.required("mentions", x.mentions);
    f.optional("file", x.file);
    f.required("historical", x.historical);
    f.required("ts", x.ts);
  }
};
template <>
struct contract<chat::message_deleted> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("event_id", x.event_id);
    f.required("message", x.message);
    f.required("by", x.by);
    f.required("reason", x.reason);
    f.required("redaction_event_id", x.redaction_event_id);
    f.required("ts", x.ts);
  }
};
template <>
struct contract<chat::delivery_elsewhere> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("server", x.server);
    f.required("reason", x.reason);
  }
};
template <>
struct contract<chat::delivery_changed> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("message", x.message);
    f.required("event_id", x.event_id);
    f.required("server", x.server);
    f.required("state", x.state);
    f.required("reason", x.reason);
    f.required("ts", x.ts);
    f.optional("more_servers", x.more_servers);
  }
};
template <>
struct contract<chat::system_message> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("kind", x.kind);
    f.required("actor", x.actor);
    f.required("target", x.target);
    f.required("reason", x.reason);
    f.required("event_id", x.event_id);
    f.required("ts", x.ts);
    f.optional("name", x.room_name);
    f.optional("topic", x.topic);
    f.optional("level", x.level);
  }
};
template <>
struct contract<chat::join_progress> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("user", x.user);
    f.required("phase", x.phase);
    f.required("server", x.server);
    f.required("done", x.done);
    f.required("total", x.total);
  }
};
template <>
struct contract<chat::typing_changed> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("user", x.user);
    f.required("typing", x.is_typing);
  }
};

// -- answers ----------------------------------------------------------------------------------------------------------

template <>
struct contract<chat::invitation_view> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("user", x.user);
    f.required("by", x.by);
    f.required("direction", x.direction);
    f.required("state", x.state);
    f.required("reason", x.reason);
    f.required("since_ts", x.since_ts);
    f.optional("attempts", x.attempts);
    f.optional("retry_at_ts", x.retry_at_ts);
    f.optional("last_fault", x.last_fault);
  }
};
template <>
struct contract<chat::member_view> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("user", x.user);
    f.required("membership", x.membership);
    f.required("display_name", x.display_name);
    f.required("power", x.power);
  }
};
template <>
struct contract<chat::empty_answer> {
  template <class F, class X>
  static void fields(F&, X&) {}
};
template <>
struct contract<chat::room_created_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("room_version", x.room_version);
    f.required("invitations", x.invitations);
    f.optional("more_invitations", x.more_invitations);
  }
};
template <>
struct contract<chat::room_joined_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("room_version", x.room_version);
    f.required("state", x.state);
  }
};
template <>
struct contract<chat::room_knocked_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("state", x.state);
  }
};
template <>
struct contract<chat::state_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("state", x.state);
  }
};
template <>
struct contract<chat::invited_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("state", x.state);
    f.required("type", x.type);
  }
};
template <>
struct contract<chat::event_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("event_id", x.event_id);
  }
};
template <>
struct contract<chat::sent_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("event_id", x.event_id);
    f.required("file_event_ids", x.file_event_ids);
  }
};
template <>
struct contract<chat::media_put_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("mxc", x.mxc);
    f.required("received_bytes", x.received_bytes);
    f.required("complete", x.complete);
  }
};
template <>
struct contract<chat::media_get_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.blob("bytes", x.bytes, limits::media_part_bytes_max);
    f.required("total_bytes", x.total_bytes);
    f.required("content_type", x.content_type);
    f.required("file_name", x.file_name);
  }
};
template <>
struct contract<chat::user_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("user", x.user);
  }
};
template <>
struct contract<chat::user_view> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("user", x.user);
    f.required("own_id", x.own_id);
    f.required("display_name", x.display_name);
    f.required("avatar", x.avatar);
  }
};
template <>
struct contract<chat::room_view> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("room", x.room);
    f.required("matrix_room_id", x.matrix_room_id);
    f.required("room_version", x.room_version);
    f.required("name", x.room_name);
    f.required("topic", x.topic);
    f.required("type", x.type);
    f.required("members", x.members);
    f.required("more_members", x.more_members);
    f.required("invitations", x.invitations);
    f.optional("more_invitations", x.more_invitations);
  }
};
template <>
struct contract<chat::invitations_answer> {
  template <class F, class X>
  static void fields(F& f, X& x) {
    f.required("invitations", x.invitations);
    f.optional("more_invitations", x.more_invitations);
  }
};

} // namespace causeway::edge
