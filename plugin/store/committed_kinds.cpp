#include "plugin/store/committed_kinds.hpp"

#include "messages/crash_point.hpp"

#include <optional>
#include <variant>

namespace causeway::store {

#ifdef CAUSEWAY_CRASH_POINTS

namespace {

struct around_commit {
  crash::point before;
  std::optional<crash::point> after = {};
};

/// What a row is about, where there is a crash point for it.
std::optional<around_commit> points_of(const write& row) {
  using enum crash::point;
  if (std::holds_alternative<put_command_result>(row))
    return around_commit{command_before_commit, command_after_commit};
  if (std::holds_alternative<acknowledge_outbox>(row)) return around_commit{ack_before_commit, ack_after_commit};
  if (std::holds_alternative<put_received_transaction>(row)) return around_commit{answer_before_commit};
  if (std::holds_alternative<remove_destination_pdus>(row))
    return around_commit{delivery_before_commit, delivery_after_commit};
  if (std::holds_alternative<put_receipt>(row)) return around_commit{receipt_before_commit, receipt_after_commit};
  if (const auto* destination = std::get_if<put_destination>(&row);
      destination && !destination->transaction_pdus.empty())
    return around_commit{transaction_before_commit, transaction_after_commit};
  if (const auto* invitation = std::get_if<put_invitation>(&row)) {
    const bool is_ours = invitation->direction == invitation_direction::outgoing;
    if (is_ours && invitation->state == invitation_state::sending)
      return around_commit{invitation_before_commit, invitation_after_commit};
    if (is_ours && invitation->state == invitation_state::pending)
      return around_commit{invitation_taken_before_commit, invitation_taken_after_commit};
    if (invitation->direction == invitation_direction::incoming && invitation->state == invitation_state::pending)
      return around_commit{invite_before_commit, invite_after_commit};
  }
  return std::nullopt;
}

/// Events that no command of ours made and that no server is owed: another server has sent them.
bool holds_pdus_of_others(const store_batch& x) {
  bool has_events = false;
  for (const auto& row : x.writes) {
    if (std::holds_alternative<put_command_result>(row) || std::holds_alternative<queue_pdu>(row) ||
        std::holds_alternative<put_fan_out>(row))
      return false;
    has_events = has_events || std::holds_alternative<put_event>(row);
  }
  return has_events;
}

} // namespace

void pass_before_commit(std::span<const store_batch> batches) {
  for (const auto& batch : batches) {
    if (holds_pdus_of_others(batch)) crash::pass(crash::point::pdus_before_commit);
    for (const auto& row : batch.writes)
      if (const auto found = points_of(row)) crash::pass(found->before);
  }
}

void pass_after_commit(std::span<const store_batch> batches) {
  for (const auto& batch : batches) {
    if (holds_pdus_of_others(batch)) crash::pass(crash::point::pdus_after_commit);
    for (const auto& row : batch.writes)
      if (const auto found = points_of(row); found && found->after) crash::pass(*found->after);
  }
}

#else

void pass_before_commit(std::span<const store_batch>) {}
void pass_after_commit(std::span<const store_batch>) {}

#endif

} // namespace causeway::store
