#pragma once
#include "messages/chat/commands.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/json.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Edits and reactions: which events are some, which of them are valid, and what they say. Pure.
/// Source: client-server-api, "Event replacements" and "Event annotations and reactions".
namespace causeway::room {

inline constexpr const char* rel_replace = "m.replace";
inline constexpr const char* rel_annotation = "m.annotation";

/// What an event relates to, if it is an edit or a reaction; all empty otherwise.
struct related_event {
  std::string_view rel_type; ///< rel_replace or rel_annotation
  std::string target_event_id;
  std::string key; ///< of a reaction; at most `chat::reaction_key_bytes_max`

  explicit operator bool() const { return !rel_type.empty(); }
  bool is_edit() const { return rel_type == rel_replace; }
};
/// An m.room.message with a new content and m.replace, or an m.reaction with m.annotation and a key. One that lacks
/// something of it, that is encrypted or redacted, or is state, is neither.
/// @param x  from a stranger
related_event related_of(const matrix::event& x);

/// Whether it is a message that can have edits and reactions: one that is shown, and no edit itself. Deleted ones are
/// not.
bool is_relatable(const matrix::event& x);
/// Whether `edit` is a valid replacement of `original`: by the same sender, of a message of the same type, which is not
/// state, not an edit itself, not encrypted and not redacted.
/// @pre `related_of(edit).is_edit()`, and of `original`
bool replaces(const matrix::event& edit, const matrix::event& original);
/// Whether a user of ours may edit it by a command: a text, an emote or a notice, not redacted and no edit itself.
bool is_editable_text(const matrix::event& x);
/// Which of two valid edits counts: the later one by origin_server_ts, among equals the one with the greater event id.
bool is_later_edit(const matrix::event& a, const matrix::event& b);

/// The content that an edit puts in the place of the message's. @pre it is an edit
const matrix::json::object& new_content_of(const matrix::event& edit);
/// What is shown of a message where `edit` is the latest edit of it; null: there is none.
const matrix::json::object& shown_content_of(const matrix::event& original, const matrix::event* edit);
/// Those of `now` that are not in `before`, in order.
std::vector<std::string> newly_mentioned(std::vector<std::string> now, const std::vector<std::string>& before);

/// The `m.mentions` of a content.
matrix::json::object mentions_content(const std::vector<std::string>& mentions);
/// Content of the event that edits `original`. Whoever was mentioned by it, or by its latest edit, is not called again.
/// @param latest  its latest edit; null: there is none
/// @pre `is_editable_text(original)`
matrix::json::object edit_content(const chat::message_edit& x, const matrix::event& original,
                                  const matrix::event* latest);
matrix::json::object reaction_content(const std::string& target_event_id, const std::string& key);

} // namespace causeway::room
