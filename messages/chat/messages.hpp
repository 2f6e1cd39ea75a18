#pragma once
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Messages of a room: sent, received, deleted, on their way; and typing.
namespace causeway::chat {

struct event_answer {
  static constexpr const char* name = "event";
  std::string event_id;

  static void fields(auto& f, auto& x) { f.required("event_id", x.event_id, "", {.of = edge::names::message}); }
};

struct sent_answer {
  static constexpr const char* name = "sent";
  std::string event_id;
  std::vector<std::string> file_event_ids;
  std::optional<std::uint64_t> servers = {};

  static void fields(auto& f, auto& x) {
    f.required("event_id", x.event_id, "Of the text; of the first file where there is no text.",
               {.of = edge::names::message});
    f.required("file_event_ids", x.file_event_ids, "One per file, in order.",
               {.entries_max = files_max, .of = edge::names::message});
    f.optional("servers", x.servers, "Other servers that each of these events goes to; see *Delivery*.");
  }
};

/// A file that lies in a media store: ours (after `media.put`) or another server's.
struct file {
  static constexpr const char* name = "file";
  static constexpr std::uint64_t number_max = limits::canonical_integer_max;
  std::string mxc;
  std::string file_name;
  std::string content_type;
  std::uint64_t size_bytes = 0;
  std::optional<std::uint64_t> width, height;
  std::optional<std::uint64_t> duration_ms;
  std::optional<std::string> thumbnail = {};

  static void fields(auto& f, auto& x) {
    f.required("mxc", x.mxc, "Of `media.put`, or another server's.",
               {.bytes_max = short_text_bytes_max, .has = edge::form::mxc});
    f.required("file_name", x.file_name, "Has to show something.",
               {.bytes_max = short_text_bytes_max, .has = edge::form::visible});
    f.required("content_type", x.content_type,
               "Decides how it is shown: image/\\*, video/\\*, audio/\\*, anything else.",
               {.bytes_max = limits::identifier_bytes_max, .has = edge::form::media_type});
    f.required("size_bytes", x.size_bytes);
    f.optional("width", x.width, "Pixels.");
    f.optional("height", x.height, "Pixels.");
    f.optional("duration_ms", x.duration_ms);
    f.optional("thumbnail", x.thumbnail, "A smaller picture of it, an mxc as `mxc`.",
               {.bytes_max = short_text_bytes_max, .has = edge::form::mxc});
  }
  std::optional<broken_rule> broken() const;
};

struct message_send {
  static constexpr const char* name = "message.send";
  static constexpr const char* says = "One of your users writes. The text is one event, each file another one after "
                                      "it; without text the first file stands for "
                                      "the message. The bound of `text` holds for text and html together, counted as "
                                      "JSON with mentions and all (a quote, a "
                                      "backslash or a line break is two bytes, a mention its length and 3).";
  static constexpr remark faults[] = {
    {fault_code::too_large, "send a file"},
    {fault_code::not_found, "no such room; `reply_to` or `thread` is no message of it"}};
  using answered_by = sent_answer;
  std::string room, sender;
  std::string message;
  std::string text;
  std::optional<std::string> html;
  std::optional<std::string> reply_to;
  std::optional<std::string> thread;
  std::vector<std::string> mentions;
  std::vector<file> files;
  std::optional<message_kind> kind;
  std::optional<std::string> geo_uri = {};

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("sender", x.sender, "One of your users, member of the room.");
    f.id("message", x.message, "Your id of the message; bound to the event.");
    f.required("text", x.text,
               "Has to show something: blanks and invisible characters do not. Beside files it may be empty.",
               {.bytes_max = limits::authored_content_bytes_max});
    f.optional("html", x.html, "", {.bytes_max = limits::authored_content_bytes_max});
    f.optional_id("reply_to", x.reply_to, "Message of this room that it answers.");
    f.optional_id("thread", x.thread, "Root message of the thread.");
    f.users("mentions", x.mentions, "`@room` for everybody; need not exist.", {.entries_max = mentions_max});
    f.optional("files", x.files, "", {.entries_max = files_max});
    f.optional("kind", x.kind,
               "Of the text. emote: what the user does; notice: said by a program, no program answers.");
    f.optional("geo_uri", x.geo_uri, "A place, `geo:51.5,-0.1`, which the text describes; without html and kind.",
               {.bytes_max = short_text_bytes_max});
  }
  std::optional<broken_rule> broken() const;
};

struct message_delete {
  static constexpr const char* name = "message.delete";
  static constexpr const char* says = "Deletes a message. `event_id` is that of the redaction.";
  static constexpr remark faults[] = {
    {fault_code::not_found, "no such message here"},
    {fault_code::forbidden, "it is of another server and `by` is below the room's `redact` level"},
    {fault_code::conflict, "it is deleted already"}};
  using answered_by = event_answer;
  std::string room, by;
  std::string message;
  std::optional<std::string> reason;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.id("message", x.message, "Your id of it, or its event id.");
    f.optional("reason", x.reason, "", {.bytes_max = short_text_bytes_max});
  }
};

struct message_edit {
  static constexpr const char* name = "message.edit";
  static constexpr const char* says =
    "Replaces the text of a message of the same user. `event_id` is that of the edit; the message keeps its own.";
  static constexpr remark faults[] = {{fault_code::not_found, "no such message here"},
                                      {fault_code::forbidden, "another user has written it: nobody else may edit it"},
                                      {fault_code::conflict, "it is deleted, or it is no text"}};
  using answered_by = event_answer;
  std::string room, sender;
  std::string message;
  std::string text;
  std::optional<std::string> html;
  std::vector<std::string> mentions;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("sender", x.sender, "One of your users, who has written it.");
    f.id("message", x.message, "Your id of it, or its event id.");
    f.required("text", x.text, "The whole new text. Has to show something; bounds as of `message.send`.",
               {.bytes_max = limits::edited_content_bytes_max});
    f.optional("html", x.html, "", {.bytes_max = limits::edited_content_bytes_max});
    f.users("mentions", x.mentions, "`@room` for everybody; who was mentioned before is not called again.",
            {.entries_max = mentions_max});
  }
  std::optional<broken_rule> broken() const;
};

struct reaction_add {
  static constexpr const char* name = "reaction.add";
  static constexpr const char* says = "One of your users reacts to a message.";
  static constexpr remark faults[] = {{fault_code::not_found, "no such message here"},
                                      {fault_code::already_exists, "they have reacted with it already"},
                                      {fault_code::conflict, "the message is deleted"}};
  using answered_by = event_answer;
  std::string room, user;
  std::string message;
  std::string key;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("user", x.user, "One of your users, member of the room.");
    f.id("message", x.message, "Your id of it, or its event id.");
    f.required("key", x.key, "An emoji, or a short text.",
               {.bytes_max = reaction_key_bytes_max, .has = edge::form::visible});
  }
};

struct reaction_remove {
  static constexpr const char* name = "reaction.remove";
  static constexpr const char* says =
    "Takes back a reaction of one of your users. `event_id` is that of the redaction.";
  static constexpr remark faults[] = {{fault_code::not_found, "no such message, or no such reaction of theirs"}};
  using answered_by = event_answer;
  std::string room, user;
  std::string message;
  std::string key;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("user", x.user, "One of your users.");
    f.id("message", x.message, "Your id of it, or its event id.");
    f.required("key", x.key, "As it was added.", {.bytes_max = reaction_key_bytes_max, .has = edge::form::visible});
  }
};

struct message_edited {
  static constexpr const char* name = "message.edited";
  static constexpr const char* says =
    "A user of another server has edited a message of theirs, or an edit was taken back: the text that counts now. See "
    "*Edits and reactions*.";
  std::string room, matrix_room_id, event_id;
  std::string message;
  std::string edit_event_id, sender, text, html;
  std::vector<std::string> mentions;
  bool historical = false;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("event_id", x.event_id, "Of the message.", {.of = edge::names::message});
    f.required("message", x.message, "Your id of it; empty: there is none.", {.of = edge::names::message});
    f.required("edit_event_id", x.edit_event_id, "Of the edit; empty: the message is as it was first.",
               {.of = edge::names::message});
    f.required("sender", x.sender, "", {.of = edge::names::user});
    f.required("text", x.text, "The whole new text.");
    f.required("html", x.html);
    f.required("mentions", x.mentions, "Who was not mentioned before; `@room` for everybody.",
               {.entries_max = mentions_max, .of = edge::names::user});
    f.required("historical", x.historical, "As of `message.received`.");
    f.required("ts", x.ts, "Of the edit, by the sender's word; of what took one back.");
  }
};

struct reaction_added {
  static constexpr const char* name = "reaction.added";
  static constexpr const char* says = "A user of another server has reacted to a message.";
  std::string room, matrix_room_id, event_id;
  std::string message;
  std::string reaction_event_id, user, key;
  bool historical = false;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("event_id", x.event_id, "Of the message.", {.of = edge::names::message});
    f.required("message", x.message, "Your id of it; empty: there is none.", {.of = edge::names::message});
    f.required("reaction_event_id", x.reaction_event_id, "", {.of = edge::names::message});
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("key", x.key, "An emoji, or a short text.");
    f.required("historical", x.historical, "As of `message.received`.");
    f.required("ts", x.ts, "By the sender's word.");
  }
};

struct reaction_removed {
  static constexpr const char* name = "reaction.removed";
  static constexpr const char* says = "A reaction that was told is taken back.";
  std::string room, matrix_room_id, event_id;
  std::string message;
  std::string reaction_event_id, user, key, by;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("event_id", x.event_id, "Of the message.", {.of = edge::names::message});
    f.required("message", x.message, "Your id of it; empty: there is none.", {.of = edge::names::message});
    f.required("reaction_event_id", x.reaction_event_id, "", {.of = edge::names::message});
    f.required("user", x.user, "Whose reaction it was.", {.of = edge::names::user});
    f.required("key", x.key);
    f.required("by", x.by, "Who took it back.", {.of = edge::names::user});
    f.required("ts", x.ts);
  }
};

struct typing {
  static constexpr const char* name = "typing";
  static constexpr const char* says =
    "Ephemeral. Other servers believe it for about 60 s, so repeat it every 40 s while it "
    "lasts.";
  using answered_by = empty_answer;
  std::string room, user;
  bool is_typing = false;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("user", x.user, "One of your users.");
    f.required("typing", x.is_typing);
  }
};

/// The file of a message, all by the sender's word.
struct received_file {
  static constexpr const char* name = "received_file";
  std::string mxc, file_name, content_type;
  std::uint64_t size_bytes = 0;
  std::uint64_t width = 0, height = 0;
  std::optional<std::uint64_t> duration_ms = {}; ///< absent: not told
  std::optional<std::string> thumbnail = {};     ///< absent: there is none that can be had

  static void fields(auto& f, auto& x) {
    f.required("mxc", x.mxc, "For `media.get`.");
    f.required("file_name", x.file_name);
    f.required("content_type", x.content_type);
    f.required("size_bytes", x.size_bytes, "0: not told.");
    f.required("width", x.width, "Pixels; 0: not told.");
    f.required("height", x.height, "Pixels; 0: not told.");
    f.optional("duration_ms", x.duration_ms);
    f.optional("thumbnail", x.thumbnail, "A smaller picture of it, for `media.get`.");
  }
};

struct message_received {
  static constexpr const char* name = "message.received";
  static constexpr const char* says = "A user of another server has written. See *What `message.received` says*.";
  std::string room, matrix_room_id;
  std::string event_id, sender;
  std::string msgtype;
  std::string text, html;
  std::string reply_to, thread;
  std::vector<std::string> mentions;
  std::optional<received_file> file;
  bool historical = false;
  std::int64_t ts = 0;
  std::optional<std::string> geo_uri = {}; ///< absent: it is no place

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("event_id", x.event_id, "", {.of = edge::names::message});
    f.required("sender", x.sender, "", {.of = edge::names::user});
    f.required("msgtype", x.msgtype, "m.text, m.notice, m.emote, ...");
    f.required("text", x.text);
    f.required("html", x.html);
    f.required("reply_to", x.reply_to, "Event id of the message it answers.", {.of = edge::names::message});
    f.required("thread", x.thread, "Event id of the root message of its thread.", {.of = edge::names::message});
    f.required("mentions", x.mentions, "`@room` for everybody.",
               {.entries_max = mentions_max, .of = edge::names::user});
    f.optional("file", x.file);
    f.required("historical", x.historical,
               "Written before your users were in the room; may come after what was written since: place it by `ts`.");
    f.required("ts", x.ts, "By the sender's word.");
    f.optional("geo_uri", x.geo_uri, "Of m.location: where, e.g. `geo:51.5,-0.1`.");
  }
};

struct message_deleted {
  static constexpr const char* name = "message.deleted";
  static constexpr const char* says =
    "A message that was told, or sent by your users, is deleted by a user of another server.";
  std::string room, matrix_room_id, event_id;
  std::string message;
  std::string by, reason, redaction_event_id;
  std::int64_t ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("event_id", x.event_id, "", {.of = edge::names::message});
    f.required("message", x.message, "Your id of it; empty: there is none.", {.of = edge::names::message});
    f.required("by", x.by, "Who deleted it.", {.of = edge::names::user});
    f.required("reason", x.reason);
    f.required("redaction_event_id", x.redaction_event_id, "", {.of = edge::names::message});
    f.required("ts", x.ts, "Of the redaction.");
  }
};

inline constexpr const char* delivery_states[] = {"delayed", "delivered", "failed"};

/// Servers beside the first that one `delivery.changed` tells of.
inline constexpr std::size_t delivery_servers_max = 1'000;

/// Another server of which a `delivery.changed` says the same.
struct delivery_elsewhere {
  static constexpr const char* name = "delivery_elsewhere";
  std::string server, reason;

  static void fields(auto& f, auto& x) {
    f.required("server", x.server);
    f.required("reason", x.reason);
  }
};

struct delivery_changed {
  static constexpr const char* name = "delivery.changed";
  static constexpr const char* says = "How far a message of yours has come on its way to another server.";
  std::string room, matrix_room_id, message;
  std::string event_id, server, state, reason;
  std::int64_t ts = 0;
  std::optional<std::vector<delivery_elsewhere>> more_servers = {}; ///< absent: it is about `server` alone

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("message", x.message,
               "Your id of it; empty for the events of further files (`file_event_ids` of the answer).",
               {.of = edge::names::message});
    f.required("event_id", x.event_id, "", {.of = edge::names::message});
    f.required("server", x.server);
    f.required("state", x.state, "failed: the server refuses it for good.", {.words = delivery_states});
    f.required("reason", x.reason, "Of failed: the server's answer.");
    f.required("ts", x.ts);
    f.optional("more_servers", x.more_servers, "Others of which the same is told; see *Delivery*.",
               {.entries_max = delivery_servers_max});
  }
};

struct typing_changed {
  static constexpr const char* name = "typing";
  static constexpr const char* says =
    "A user of another server types. False comes 60 s after the last true at the latest.";
  std::string room, matrix_room_id, user;
  bool is_typing = false;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("typing", x.is_typing);
  }
};

} // namespace causeway::chat
