// The store's thread of a simulated broker: group commit on the real engine, with the order of questions and batches
// that plugin/store/store_thread.hpp promises.
#include "messages/batch_shards.hpp"
#include "tests/simulation/broker.hpp"
#include "tests/simulation/chat_server.hpp"

#include <optional>
#include <type_traits>

namespace causeway::simulation {
namespace {

bool answered_in_order(const store::query& q) {
  return std::holds_alternative<store::load_room>(q) || std::holds_alternative<store::load_invitation>(q) ||
         std::holds_alternative<store::load_destination>(q) || std::holds_alternative<store::load_directory>(q) ||
         std::holds_alternative<store::find_received_transaction>(q) ||
         std::holds_alternative<store::find_member_rooms>(q) || std::holds_alternative<store::load_redaction>(q) ||
         std::holds_alternative<store::load_relations>(q) || std::holds_alternative<store::list_dead_letters>(q) ||
         std::holds_alternative<store::load_receipts>(q) || std::holds_alternative<store::load_receipt_debts>(q) ||
         std::holds_alternative<store::load_dead_letter>(q) || std::holds_alternative<store::list_audit>(q);
}

constexpr std::uint64_t group_batches_max = 8;

/// The shard of the room or server that a row is about, where the row is theirs.
template <class Row>
std::optional<shard_number> shard_of_row(const Row& x) {
  using namespace store;
  // Appended to the list of a server; of an event that its room has no say in; the receipts actor's own account.
  if constexpr (std::is_same_v<Row, queue_pdu> || std::is_same_v<Row, put_dead_letter> ||
                std::is_same_v<Row, put_receipt_debt>)
    return {};
  else if constexpr (requires { x.server_name; }) return shard_of(x.server_name);
  else if constexpr (requires { x.room_id; }) return shard_of(x.room_id);
  else if constexpr (std::is_same_v<Row, put_received_transaction>) return shard_of(x.origin);
  else return {};
}

/// Whoever owns a room or a server would not notice a row of it that is written under another's shard alone.
/// @returns what is wrong; empty: nothing
std::string wrong_shards_of(const store::store_batch& batch) {
  if (batch.shards.is_empty()) return "a batch does not say of which shard it is";
  for (const auto& row : batch.writes) {
    const auto of = std::visit([](const auto& x) { return shard_of_row(x); }, row);
    if (of && !batch.shards.has(*of))
      return "a batch changes a row (" + std::to_string(row.index()) + ") of shard " + std::to_string(*of) +
             ", and names " + to_string(batch.shards);
  }
  return {};
}

} // namespace

void broker::submit(store::store_batch batch, std::shared_ptr<bool> failed,
                    std::function<void(result<store::commit_outcome>)> done) {
  if (auto wrong = wrong_shards_of(batch); !wrong.empty()) world_.violation(std::move(wrong));
  store_queue_.emplace_back(waiting_batch{std::move(batch), std::move(failed), std::move(done)});
  wake_store();
}

void broker::ask(store::query q, std::function<void(store::answer)> done) {
  if (answered_in_order(q)) {
    store_queue_.emplace_back(waiting_query{std::move(q), std::move(done)});
    return wake_store();
  }
  later(hop(), [this, q = std::move(q), done = std::move(done)] { done(disk_->ask(q)); });
}

void broker::wake_store() {
  if (store_awake_ || store_queue_.empty()) return;
  store_awake_ = true;
  const bool slow = world_.random.chance(world_.sky.slow_commit);
  later(slow ? world_.random.between(5'000, 500'000) : world_.random.between(50, 3'000), [this] { store_turn(); });
}

void broker::store_turn() {
  store_awake_ = false;
  std::vector<store::store_batch> group;
  std::vector<std::shared_ptr<bool>> fates;
  std::vector<std::function<void(result<store::commit_outcome>)>> callbacks;
  const auto group_max = 1 + world_.random.below(group_batches_max);
  while (!store_queue_.empty() && group.size() < group_max) {
    auto* b = std::get_if<waiting_batch>(&store_queue_.front());
    if (!b) break;
    if (*b->failed) {
      b->done(fault{fault_code::store_failed, "simulated: an earlier batch of the same actor failed"});
      store_queue_.pop_front();
      continue;
    }
    group.push_back(std::move(b->batch));
    fates.push_back(b->failed);
    callbacks.push_back(std::move(b->done));
    store_queue_.pop_front();
  }
  if (!group.empty()) {
    if (world_.random.chance(world_.sky.commit_fails)) {
      world_.trace(server_name_, [&] { return "the disk refuses " + std::to_string(group.size()) + " batches"; });
      for (auto& f : fates) *f = true;
      for (auto& done : callbacks) done(fault{fault_code::store_failed, "simulated: disk full"});
    } else {
      std::vector<result<store::commit_outcome>> outcomes;
      bool grew = false;
      if (auto all = disk_->commit(group)) {
        for (auto& o : *all) {
          grew = grew || !o.outbox_heads.empty();
          outcomes.emplace_back(std::move(o));
        }
      } else {
        // One of them is at fault: each on its own.
        for (std::size_t i = 0; i < group.size(); ++i) {
          result<std::vector<store::commit_outcome>> one =
            *fates[i] ? result<std::vector<store::commit_outcome>>{fault{fault_code::store_failed,
                                                                         "an earlier batch of the same actor failed"}}
                      : disk_->commit({&group[i], 1});
          if (one) {
            grew = true;
            outcomes.emplace_back(std::move(one->front()));
          } else {
            *fates[i] = true;
            outcomes.emplace_back(one.error());
          }
        }
      }
      world_.trace(server_name_, [&] { return "commits " + std::to_string(group.size()) + " batches"; });
      if (grew) world_.chat(index_).outbox_grew();
      for (std::size_t i = 0; i < callbacks.size(); ++i) callbacks[i](std::move(outcomes[i]));
    }
  }
  while (!store_queue_.empty()) {
    auto* q = std::get_if<waiting_query>(&store_queue_.front());
    if (!q) break;
    auto asked = std::move(*q);
    store_queue_.pop_front();
    asked.done(disk_->ask(asked.question));
  }
  wake_store();
}

store::answer broker::read(const store::query& q) { return disk_->ask(q); }

void broker::commit_beside(store::store_batch batch) {
  batch.shards = shards_of({actor_kind::session, ""}, batch.writes);
  submit(std::move(batch), std::make_shared<bool>(false), [](const result<store::commit_outcome>&) {});
}

} // namespace causeway::simulation
