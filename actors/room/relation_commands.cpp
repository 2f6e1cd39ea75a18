#include "actors/room/relation_commands.hpp"

#include "actors/room/message_relations.hpp"
#include "messages/limits.hpp"

#include <utility>

namespace causeway::room {
namespace {

/// The message that a command is about; null: there is none in the room that was shown.
const matrix::event* message_of(const queued_command& c) {
  const auto& target = c.relations->target;
  return target && target->judged == store::verdict::accepted ? target->event.get() : nullptr;
}

fault unknown_message(const std::string& named) {
  return {fault_code::not_found, "there is no message " + named + " in this room"};
}

bool is_deleted(const matrix::event& x) { return x.redacted_because || x.content().empty(); }

} // namespace

command_outcome relation_commands::run(const queued_command& c, const chat::message_edit& x) {
  if (x.text.size() + (x.html ? x.html->size() : 0) > limits::edited_content_bytes_max)
    return fault{fault_code::too_large,
                 "text and html exceed " + std::to_string(limits::edited_content_bytes_max) + " bytes"};
  if (room_.graph.membership(x.sender) != matrix::membership::join)
    return fault{fault_code::not_member, x.sender + " is not in the room"};
  const auto* original = message_of(c);
  if (!original) return unknown_message(x.message);
  if (original->sender != x.sender)
    return fault{fault_code::forbidden, original->sender + " has written " + x.message + ": nobody else may edit it"};
  if (is_deleted(*original)) return fault{fault_code::conflict, "message " + x.message + " is deleted"};
  if (!is_editable_text(*original)) return fault{fault_code::conflict, x.message + " is no text"};
  const auto* latest = c.relations->latest_edit.get();
  draft d{"m.room.message", x.sender, std::nullopt, edit_content(x, *original, latest)};
  // The latest counts for everybody, also where the clock of this machine was set back.
  d.not_before = (latest ? latest : original)->origin_server_ts + 1;
  auto e = authoring_.author(d);
  if (!e) return failed_like(e);
  if (auto fine = authoring_.commit(*e); !fine) return fine.error();
  redactions_.related().made(**e);
  return succeeded{chat::event_answer{(*e)->event_id}};
}

command_outcome relation_commands::run(const queued_command& c, const chat::reaction_add& x) {
  if (room_.graph.membership(x.user) != matrix::membership::join)
    return fault{fault_code::not_member, x.user + " is not in the room"};
  const auto* message = message_of(c);
  if (!message) return unknown_message(x.message);
  if (is_deleted(*message)) return fault{fault_code::conflict, "message " + x.message + " is deleted"};
  if (!is_relatable(*message)) return unknown_message(x.message);
  if (c.relations->reaction)
    return fault{fault_code::already_exists,
                 x.user + " has reacted with it already: " + c.relations->reaction->event->event_id};
  auto e = authoring_.author({"m.reaction", x.user, std::nullopt, reaction_content(message->event_id, x.key)});
  if (!e) return failed_like(e);
  if (auto fine = authoring_.commit(*e); !fine) return fine.error();
  redactions_.related().made(**e);
  return succeeded{chat::event_answer{(*e)->event_id}};
}

command_outcome relation_commands::run(const queued_command& c, const chat::reaction_remove& x) {
  if (room_.graph.membership(x.user) != matrix::membership::join)
    return fault{fault_code::not_member, x.user + " is not in the room"};
  if (!message_of(c)) return unknown_message(x.message);
  const auto& reaction = c.relations->reaction;
  if (!reaction) return fault{fault_code::not_found, x.user + " has not reacted with it"};
  auto e = authoring_.author({"m.room.redaction", x.user, std::nullopt, {}, reaction->event->event_id});
  if (!e) return failed_like(e);
  if (auto fine = authoring_.commit(*e); !fine) return fine.error();
  store::redaction_loaded taken_back;
  taken_back.target = reaction;
  taken_back.relation = redactions_.related().row_of(*reaction->event);
  redactions_.apply(*e, taken_back);
  return succeeded{chat::event_answer{(*e)->event_id}};
}

} // namespace causeway::room
