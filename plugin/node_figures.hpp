#pragma once
#include "plugin/node_inspector.hpp"
#include "plugin/node_metrics.hpp"

#include <list>
#include <mutex>
#include <optional>

namespace causeway {

/// Hands the inspector's commands to the admin service, and gathers what it shows beside them. Any thread; answers may
/// come after its end.
struct node_inspector::gatherer : inspector::services, std::enable_shared_from_this<node_inspector::gatherer> {
  explicit gatherer(inspected_node of);

  void ask(inspector::question x, inspector::answer_function done) override;
  void checks(std::function<void(std::vector<inspector::health_check>)> done) override;
  void poll(const std::string& topic, std::function<void(inspector::late_rows)> done) override;
  std::int64_t now_ms() override { return node.now_ms(); }
  /// Prometheus' text. What has not answered in `patience_ms` is left out: metrics have to come most of all when
  /// something hangs.
  void metrics(inspector::answer_function done) override;
  /// `live` and `ready`, then what is wrong.
  std::vector<inspector::health_check> health() override;
  /// Rates since the last time, queues, what we owe to other servers and how many of them are in which state; the last
  /// two as they were counted last, absent until then.
  std::string sample() override;
  /// Actors that have changed since the last time (actors/supervisor/sweep.hpp).
  void sweep_actors(std::function<void(inspector::late_rows)> done);
  void maintenance_ran();

  const inspected_node node;

private:
  static constexpr std::int64_t patience_ms = 2'000;
  /// Without maintenance for so long the node is not alive.
  static constexpr std::int64_t maintenance_patience_ms = 30'000;
  /// What is counted in the store is so old at least before it is counted again, and a hundred times as old as the
  /// counting takes.
  static constexpr std::int64_t figures_age_ms = 10'000, figures_age_per_cost = 100;
  /// Likewise of what we owe, which is counted also while nobody looks: that the graphs begin ten minutes ago may take
  /// half a hundredth of the reading thread; where one count takes seconds, one is made every five minutes.
  static constexpr std::int64_t owed_age_ms = 5'000, owed_age_per_cost = 200, owed_wait_max_ms = 300'000;
  /// Changed actors of one kind that are told in one second.
  static constexpr std::size_t actor_rows_max = 1'000;
  /// Questions of Prometheus that wait at once.
  static constexpr std::size_t open_max = 16;

  struct collected;
  void look_at_store(const std::shared_ptr<collected>& into);
  void finish(const std::shared_ptr<collected>& x);
  /// Counts what we owe anew where that is old.
  void look_at_debts(std::int64_t now_ms);
  void expire(std::int64_t now_ms);

  const std::int64_t started_ms_;
  std::atomic<std::int64_t> maintained_ms_;
  mutable std::mutex mutex_; ///< guards all below
  std::list<std::shared_ptr<collected>> open_;
  stored_figures figures_;
  std::int64_t figures_cost_ms_ = 0;
  std::optional<owed_figures> owed_;
  std::int64_t owed_next_ms_ = 0; ///< when it is counted again
  bool owed_asked_ = false;       ///< it is being counted

  /// Of the last `sample`, on the server's thread.
  struct totals {
    std::int64_t at_ms = 0;
    std::uint64_t pdus_in = 0, pdus_out = 0, transactions = 0, requests_in = 0, requests_failed = 0, commits = 0,
                  commit_rows = 0, frames_in = 0, frames_out = 0, soft_failed = 0;
  };
  totals last_;
  duration_classes::reading last_requests_;
};

} // namespace causeway
