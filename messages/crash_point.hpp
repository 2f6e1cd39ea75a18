#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Where a test may end the process, and how a test may break it. Both are compiled into test builds only
/// (CAUSEWAY_CRASH_POINTS, set by the preset `dev`): elsewhere `pass` is empty and `is_mutant` is false at compile
/// time. What a point does is decided by whoever arms it (plugin/node_crash_points.hpp); here are the names.
namespace causeway::crash {

/// A step between what came and what is done about it. `before_commit` and `after_commit` are passed on the store's
/// thread, around the commit of a batch with a row of that kind; after it nobody has been told yet.
enum class point : std::uint8_t {
  command_received,
  command_before_commit,
  command_after_commit,
  result_sent,
  event_before_send,
  event_sent,
  ack_received,
  ack_before_commit,
  ack_after_commit,
  transaction_received,
  pdus_before_commit,
  pdus_after_commit,
  answer_before_send,
  answer_sent,
  answer_before_commit,
  transaction_before_commit,
  transaction_after_commit,
  transaction_before_send,
  transaction_bytes_sent,
  transaction_answered,
  delivery_before_commit,
  delivery_after_commit,
  invitation_before_commit,
  invitation_after_commit,
  invitation_bytes_sent,
  invitation_taken_before_commit,
  invitation_taken_after_commit,
  invite_before_commit,
  invite_after_commit,
  receipt_before_commit,
  receipt_after_commit,
};

/// A promise that is broken on purpose, so that a test can see whether it would be noticed.
enum class mutant : std::uint8_t {
  none,
  tell_before_commit,
  idempotency_key_dropped,
  outbox_row_forgotten,
  transaction_id_anew,
  fence_dropped,
  fence_too_weak,
  fence_of_one_shard,
  fence_of_another_epoch,
  sessions_not_ended,
  epoch_not_anew,
  numbers_not_anew,
  mark_of_all_nodes,
};

template <class What>
struct named {
  What what;
  std::string_view name, says;
};

#ifdef CAUSEWAY_CRASH_POINTS

inline constexpr bool is_compiled_in = true;

/// The list: in the order of the enum, and of what happens.
inline constexpr auto points = std::to_array<named<point>>({
  {point::command_received, "command_received", "A COMMAND has come, and no actor has it."},
  {point::command_before_commit, "command_before_commit", "What a command does, and its answer, are to be committed."},
  {point::command_after_commit, "command_after_commit", "They are on disk, and nobody has been told."},
  {point::result_sent, "result_sent", "The RESULT of a command was handed to the transport."},
  {point::event_before_send, "event_before_send", "A durable EVENT is to be handed to the transport."},
  {point::event_sent, "event_sent", "It was handed over, and is not acknowledged."},
  {point::ack_received, "ack_received", "An ACK has come, and no actor has it."},
  {point::ack_before_commit, "ack_before_commit", "An acknowledgement is to be committed."},
  {point::ack_after_commit, "ack_after_commit", "It is on disk."},
  {point::transaction_received, "transaction_received", "PUT /send was read to its end, and no actor has it."},
  {point::pdus_before_commit, "pdus_before_commit", "PDUs of another server are to be committed."},
  {point::pdus_after_commit, "pdus_after_commit", "They are on disk; the answer is not made."},
  {point::answer_before_send, "answer_before_send", "200 to PUT /send: no byte of it is out."},
  {point::answer_sent, "answer_sent", "200 to PUT /send: all of it is out."},
  {point::answer_before_commit, "answer_before_commit",
   "The answer to a transaction is to be kept for its repetition."},
  {point::transaction_before_commit, "transaction_before_commit",
   "A transaction is formed; its row is to be committed."},
  {point::transaction_after_commit, "transaction_after_commit", "Its row is on disk; it was not sent."},
  {point::transaction_before_send, "transaction_before_send", "The request of PUT /send is to be begun."},
  {point::transaction_bytes_sent, "transaction_bytes_sent", "It is out; of its answer no more than a line was read."},
  {point::transaction_answered, "transaction_answered", "It was answered with 200, and no actor knows."},
  {point::delivery_before_commit, "delivery_before_commit", "That its PDUs are delivered is to be committed."},
  {point::delivery_after_commit, "delivery_after_commit", "That is on disk."},
  {point::invitation_before_commit, "invitation_before_commit", "An invitation of ours is to be committed as sending."},
  {point::invitation_after_commit, "invitation_after_commit", "It is on disk; the other server has not been asked."},
  {point::invitation_bytes_sent, "invitation_bytes_sent", "PUT /invite is out; of its answer a line was read."},
  {point::invitation_taken_before_commit, "invitation_taken_before_commit",
   "The other server has it; that it is pending is to be committed."},
  {point::invitation_taken_after_commit, "invitation_taken_after_commit", "That it is pending is on disk."},
  {point::invite_before_commit, "invite_before_commit", "Another server's invitation is to be committed."},
  {point::invite_after_commit, "invite_after_commit", "It is on disk; its PUT /invite is not answered."},
  {point::receipt_before_commit, "receipt_before_commit", "Read markers are to be committed."},
  {point::receipt_after_commit, "receipt_after_commit", "They are on disk."},
});
static_assert([] {
  for (std::size_t i = 0; i < points.size(); ++i)
    if (static_cast<std::size_t>(points[i].what) != i) return false;
  return true;
}());

inline constexpr auto mutants = std::to_array<named<mutant>>({
  {mutant::tell_before_commit, "tell_before_commit", "What follows a command's commit is done before it."},
  {mutant::idempotency_key_dropped, "idempotency_key_dropped",
   "Neither a command's answer nor the id of its message is kept."},
  {mutant::outbox_row_forgotten, "outbox_row_forgotten", "That a server is owed a PDU is only kept in memory."},
  {mutant::transaction_id_anew, "transaction_id_anew", "Each attempt to send a transaction has an id of its own."},
  {mutant::fence_dropped, "fence_dropped", "A commit over PostgreSQL does not look who owns the shards."},
  {mutant::fence_too_weak, "fence_too_weak", "It looks FOR KEY SHARE, which does not hold up who takes them."},
  {mutant::fence_of_one_shard, "fence_of_one_shard", "It looks at the first shard of those that it writes of."},
  {mutant::fence_of_another_epoch, "fence_of_another_epoch", "It looks whether each has the epoch of the first one."},
  {mutant::sessions_not_ended, "sessions_not_ended", "The sessions of a node that is declared dead go on."},
  {mutant::epoch_not_anew, "epoch_not_anew", "A connection that is made anew keeps the epoch of the lost one."},
  {mutant::numbers_not_anew, "numbers_not_anew", "Who takes a shard goes on with the numbers it has."},
  {mutant::mark_of_all_nodes, "mark_of_all_nodes", "The mark of the last commit is that of whoever has committed."},
});

namespace detail {
/// Called with each point that is passed; null: nothing is armed.
inline std::atomic<void (*)(point)> on_pass = nullptr;
inline std::atomic<mutant> planted = mutant::none;
} // namespace detail

/// Any thread. May not return.
inline void pass(point x) {
  if (auto* armed = detail::on_pass.load(std::memory_order_acquire)) armed(x);
}
inline bool is_mutant(mutant x) { return detail::planted.load(std::memory_order_relaxed) == x; }

#else

inline constexpr bool is_compiled_in = false;
constexpr void pass(point) {}
constexpr bool is_mutant(mutant) { return false; }

#endif

} // namespace causeway::crash
