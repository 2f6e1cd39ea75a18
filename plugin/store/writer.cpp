#include "plugin/store/writer.hpp"

#include "plugin/store/new_servers.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace causeway::store::sql {
namespace {

/// A batch of a former owner.
struct stale_batch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// All shards of a group. That nobody would check is refused, rather than written by whoever likes.
shard_set shards_of_group(std::span<const store_batch> batches) {
  shard_set all;
  for (const auto& x : batches) {
    if (x.shards.is_empty()) throw std::logic_error{"a batch does not say of which shard it is"};
    all.add(x.shards);
  }
  return all;
}

/// Whether its shards are still ours the connection has checked in this transaction (connection::begin_of).
void check_fence(const store_batch& x, const connection& db) {
  if (!x.fence) return;
  if (!x.shards.has(x.fence->shard)) throw std::logic_error("a batch has the fence of a shard that it is not of");
  const auto epoch = db.epoch(x.fence->shard);
  if (x.fence->epoch == epoch) return;
  throw stale_batch{"shard " + std::to_string(x.fence->shard) + " has epoch " + std::to_string(epoch) +
                    ", the batch has " + std::to_string(x.fence->epoch)};
}

template <class Group, class Write>
concept takes = requires(Group& group, const Write& x) { group.apply(x); };

template <class Groups, class Work>
void for_each(Groups groups, Work work) {
  std::apply([&](auto&... group) { (work(group), ...); }, groups);
}

} // namespace

writer::writer(connection& db, names& known, const all_recent_ids& recent)
    : db_(db), names_(known), rooms_(db, known), events_(db, known, recent, rooms_), inbox_(db, known),
      redactions_(db, known), outbox_(db), commands_(db, known, recent), bindings_(db, known, recent),
      users_(db, known), switches_(db), relations_(db, known), invitations_(db, known),
      destinations_(db, known, events_.numbers()), fan_outs_(db, known), keys_(db, known), transactions_(db, known),
      receipts_(db, known), audit_(db) {}

result<std::vector<commit_outcome>> writer::commit(std::span<const store_batch> batches) {
  const auto roll_back = [this](fault why) {
    stale_ = true;
    for_each(groups(), [](auto& group) {
      if constexpr (requires { group.rolled_back(); }) group.rolled_back();
    });
    return why;
  };
  std::vector<commit_outcome> outcomes(batches.size());
  try {
    run(batches, outcomes);
  } catch (const error& failed) {
    last_outcomes_ = std::move(outcomes);
    return roll_back(to_fault(failed));
  } catch (const stale_batch& failed) {
    return roll_back({fault_code::stale_owner, failed.what()});
  } catch (const std::exception& failed) {
    return roll_back({fault_code::internal, failed.what()});
  }
  for_each(groups(), [](auto& group) {
    if constexpr (requires { group.committed(); }) group.committed();
  });
  return outcomes;
}

void writer::run(std::span<const store_batch> batches, std::vector<commit_outcome>& outcomes) {
  const auto shards = shards_of_group(batches);
  if (stale_) names_.forget();
  for_each(groups(), [](auto& group) {
    if constexpr (requires { group.begin(); }) group.begin();
  });
  stale_ = false;
  names_.refresh();
  transaction all{db_, shards};
  // The transaction has made a lost connection anew, and then has taken its shards again.
  if (std::exchange(takes_, db_.takes()) != db_.takes())
    for_each(groups(), [](auto& group) {
      if constexpr (requires { group.taken(); }) group.taken();
    });
  if (db_.is_shared()) number_new_servers(names_, batches);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    check_fence(batches[i], db_);
    outbox_.begin_batch(outcomes[i]);
    for (const auto& one : batches[i].writes) std::visit([this](const auto& x) { apply(x); }, one);
  }
  for_each(groups(), [](auto& group) {
    if constexpr (requires { group.flush(); }) group.flush();
  });
  all.commit();
}

template <class Write>
void writer::apply(const Write& x) {
  std::apply(
    [&]<class... Groups>(Groups&... group) {
      static_assert((takes<Groups, Write> + ...) == 1, "each write belongs to one table group");
      const auto offer = [&](auto& to) {
        if constexpr (takes<decltype(to), Write>) to.apply(x);
      };
      (offer(group), ...);
    },
    groups());
}

std::size_t writer::purge(std::int64_t now_ms, const purge_limits& limits) {
  auto removed = commands_.purge(now_ms - limits.command_result_ms, now_ms, limits.rows_max);
  transaction all{db_, transaction::kind::write};
  removed += transactions_.purge(now_ms - limits.received_transaction_ms, now_ms, limits.rows_max);
  removed += outbox_.purge(now_ms, limits.outbox_ms, limits.rows_max);
  removed += outbox_.purge_dead_letters(now_ms, limits.dead_letter_ms, limits.rows_max);
  all.commit();
  return removed;
}

} // namespace causeway::store::sql
