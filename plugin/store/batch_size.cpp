#include "plugin/store/store_thread.hpp"

#include <type_traits>

/// Sizes of writes, for bounds: near enough, and much cheaper than writing them out.
namespace causeway::store {
namespace {

/// What a row and its place in the queue cost beside its texts.
constexpr std::size_t row_overhead = 64;

std::size_t text_bytes(const std::vector<std::string>& all) {
  std::size_t bytes = 0;
  for (const auto& one : all) bytes += one.size() + 8;
  return bytes;
}

std::size_t json_bytes(const matrix::json::object& x);

std::size_t json_bytes(const matrix::json::value& x) {
  if (const auto* text = x.as_string()) return text->size() + 3;
  if (const auto* members = x.as_object()) return json_bytes(*members);
  std::size_t bytes = 8;
  if (const auto* values = x.as_array())
    for (const auto& one : *values) bytes += json_bytes(one);
  return bytes;
}

std::size_t json_bytes(const matrix::json::object& x) {
  std::size_t bytes = 2;
  for (const auto& one : x) bytes += one.key.size() + 3 + json_bytes(one.mapped);
  return bytes;
}

std::size_t bytes_of(const put_event& x) { return x.event ? json_bytes(x.event->source) + 160 : 0; }
std::size_t bytes_of(const put_state_group& x) {
  std::size_t bytes = 0;
  for (const auto& [key, event_id] : x.entries) bytes += key.first.size() + key.second.size() + event_id.size() + 8;
  return bytes;
}
std::size_t bytes_of(const put_room& x) {
  return x.room_id.size() + text_bytes(x.forward_extremities) + x.members_omitted.size() + x.successor.size() +
         x.succession.size() + 128;
}
std::size_t bytes_of(const append_outbox& x) { return x.name.size() + x.body.size(); }
std::size_t bytes_of(const append_delivery& x) {
  return x.told.room.size() + x.told.matrix_room_id.size() + x.told.message.size() + x.told.event_id.size() +
         x.told.server.size() + x.told.reason.size();
}
std::size_t bytes_of(const acknowledge_outbox&) { return 0; }
std::size_t bytes_of(const put_dead_letter& x) { return x.reason.size() + x.room_id.size() + x.event_id.size(); }
std::size_t bytes_of(const retry_dead_letter&) { return 0; }
std::size_t bytes_of(const drop_dead_letter&) { return 0; }
std::size_t bytes_of(const queue_pdu& x) { return x.server_name.size() + x.event_id.size(); }
std::size_t bytes_of(const remove_destination_pdus& x) { return text_bytes(x.event_ids); }
std::size_t bytes_of(const put_fan_out& x) { return x.event_id.size() + text_bytes(x.servers); }
std::size_t bytes_of(const remove_fan_out&) { return 0; }
std::size_t bytes_of(const put_destination& x) {
  return text_bytes(x.transaction_pdus) + text_bytes(x.transaction_edus) + x.last_fault.size() +
         x.delayed_event_id.size() + x.pause_reason.size() + 64;
}
std::size_t bytes_of(const put_refused_pdu& x) {
  return x.event_id.size() + x.room_id.size() + x.type.size() + x.reason.size();
}
std::size_t bytes_of(const put_inbox& x) { return x.event_id.size() + x.pdu.size(); }
std::size_t bytes_of(const remove_inbox& x) { return text_bytes(x.event_ids); }
std::size_t bytes_of(const put_received_transaction& x) { return x.transaction_id.size() + x.response.size(); }
std::size_t bytes_of(const put_command_result& x) {
  return x.command_id.size() + x.command_name.size() + x.body.size();
}
std::size_t bytes_of(const put_invitation& x) {
  return x.user_id.size() + x.event.size() + x.invite_room_state.size() + text_bytes(x.via) + x.last_fault.size() + 256;
}
std::size_t bytes_of(const remove_invitation& x) { return x.user_id.size(); }
std::size_t bytes_of(const put_former_name& x) { return 2 * x.former_event_id.size() + 2 * x.event_id.size(); }
std::size_t bytes_of(const bind_message& x) { return x.chat_message_id.size() + x.event_id.size(); }
std::size_t bytes_of(const bind_room& x) { return x.room_id.size() + x.chat_room_id.size(); }
std::size_t bytes_of(const put_user& x) {
  return x.user_id.size() + x.chat_name.size() + x.display_name.size() + x.avatar_url.size() + x.fields.size();
}
std::size_t bytes_of(const put_member_room& x) { return x.user_id.size(); }
std::size_t bytes_of(const put_switches& x) { return x.switches.size(); }
std::size_t bytes_of(const put_relation& x) {
  return x.event_id.size() + x.target_event_id.size() + x.sender.size() + x.key.size();
}
std::size_t bytes_of(const remove_relation& x) { return x.event_id.size(); }
std::size_t bytes_of(const remove_relations_to& x) { return x.target_event_id.size(); }
std::size_t bytes_of(const put_receipt& x) {
  return x.room_id.size() + x.user_id.size() + x.thread.size() + x.event_id.size() + 32;
}
std::size_t bytes_of(const remove_receipt& x) { return x.user_id.size() + x.thread.size(); }
std::size_t bytes_of(const put_receipt_debt& x) { return x.server_name.size(); }
std::size_t bytes_of(const put_audit& x) {
  return x.peer.size() + x.by.size() + x.verb.size() + x.arguments.size() + x.reason.size() + x.outcome.size();
}
std::size_t bytes_of(const put_server_keys& x) { return x.keys.size() * 96 + x.documents.size(); }
std::size_t bytes_of(const put_room_listing& x) { return x.room_id.size() + x.listing.size(); }
std::size_t bytes_of(const restore_event& x) { return x.whole ? json_bytes(x.whole->source) : 0; }
std::size_t bytes_of(const redact_event& x) {
  return x.redacted ? json_bytes(x.redacted->source) + x.redaction_event_id.size() : 0;
}
std::size_t bytes_of(const hold_redaction& x) {
  return x.redaction_event_id.size() + x.target_event_id.size() + x.sender.size();
}
std::size_t bytes_of(const drop_held_redaction& x) { return x.redaction_event_id.size(); }

} // namespace

std::size_t size_of(const store_batch& batch) {
  std::size_t bytes = row_overhead;
  for (const auto& one : batch.writes)
    bytes += row_overhead + std::visit([](const auto& x) { return bytes_of(x); }, one);
  return bytes;
}

} // namespace causeway::store
