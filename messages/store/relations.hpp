#pragma once
#include "messages/matrix/event.hpp"
#include "messages/store/events.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// What events say of others: redactions, edits, reactions.
namespace causeway::store {

/// What has become of an edit or a reaction. Never renumber: it is on disk.
enum class relation_standing : std::uint8_t {
  waits = 0,      ///< what it relates to is looked for
  counts = 1,     ///< it changes what it relates to; of several edits the latest is shown
  plain = 2,      ///< an edit whose message is not known here: shown as a message of its own
  ignored = 3,    ///< it changes nothing and is not shown
  taken_back = 4, ///< it counted and is redacted; that is still to be told
};

/// An edit or a reaction, with what it relates to. Keyed by its event.
struct put_relation {
  std::string room_id, event_id;
  std::string target_event_id; ///< need not be stored
  std::string rel_type;        ///< m.replace or m.annotation
  std::string sender;
  std::string key;     ///< of a reaction
  std::int64_t ts = 0; ///< its origin_server_ts
  relation_standing standing = relation_standing::waits;
  bool historical = false; ///< sent before we knew of it
};

/// It is redacted, or nothing any more.
struct remove_relation {
  std::string room_id, event_id;
};

/// What they relate to is redacted.
struct remove_relations_to {
  std::string room_id, target_event_id;
};

/// A redaction that is accepted and not yet applied: its target is looked for, or not known here. Keyed by the
/// redaction. A ban that wishes its target's messages away is held as a redaction of itself, until they are.
struct hold_redaction {
  std::string room_id, redaction_event_id, target_event_id;
  std::string sender;     ///< of the redaction; of such a ban: its target
  bool by_power = false;  ///< the sender's power reached `redact` at the redaction
  bool looked_up = false; ///< the target is not in the store: it is applied when the target comes
};

/// It was applied, or never will be.
struct drop_held_redaction {
  std::string room_id, redaction_event_id;
};

/// What a redaction is about. Sees everything the asking actor has written before.
struct load_redaction {
  std::string room_id;
  std::string redaction_event_id; ///< may be empty
  std::string target_event_id;
};
struct redaction_loaded {
  matrix::event_ptr redaction;          ///< null: unknown
  std::optional<stored_event> target;   ///< of the same room
  std::string chat_message_id;          ///< the chat server's name of the target; empty: none
  std::optional<put_relation> relation; ///< of the target, where it is an edit or a reaction
};

/// What relates to a message. Sees everything the asking actor has written before. Bound: two edits and one reaction.
struct load_relations {
  std::string room_id, target_event_id;
  std::string sender;            ///< whose edits and reactions
  std::string key;               ///< of the reaction
  std::string relation_event_id; ///< one that is looked at besides; may be empty
};
struct relations_loaded {
  std::optional<stored_event> target;
  std::string chat_message_id; ///< the chat server's name of the target; empty: none
  matrix::event_ptr relation;  ///< null: unknown, or not asked for
  // Of those that count or wait:
  matrix::event_ptr latest_edit;        ///< by origin_server_ts, then by event id; null: none
  matrix::event_ptr edit_before;        ///< the latest but for that one
  std::optional<stored_event> reaction; ///< with that key; the first that was stored
};

} // namespace causeway::store
