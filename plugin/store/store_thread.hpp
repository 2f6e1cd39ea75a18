#pragma once
#include "plugin/store/commit_pace.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/latency_histogram.hpp"
#include "plugin/store/patient_queue.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace causeway::store {

/// What the inspector shows of the store. Counts are since the start.
struct store_counters {
  std::uint64_t commits = 0;        ///< transactions that reached the disk
  std::uint64_t batches = 0;        ///< batches in them
  std::uint64_t rows = 0;           ///< writes in them
  std::uint64_t bytes = 0;          ///< of the batches taken for a commit, about
  std::uint64_t failed_batches = 0; ///< batches answered with a fault of the engine
  std::uint64_t refused = 0;        ///< batches and queries refused as overloaded
  std::uint64_t queries = 0;        ///< queries answered
  std::uint64_t purged = 0;         ///< rows removed by retention
  std::size_t queued = 0;           ///< batches and queries waiting for the writing thread, the patient ones included
  std::size_t queued_bytes = 0;     ///< of those batches
  bool is_out = false;              ///< it does not write at the moment; `last_fault` says why
  std::size_t reader_queued = 0;    ///< queries waiting for the reading thread
  std::uint64_t last_commit_us = 0;
  std::uint64_t longest_commit_us = 0;
  std::uint64_t commit_us_p50 = 0; ///< within 25 %
  std::uint64_t commit_us_p99 = 0;
  std::string last_fault; ///< of the last failed commit
};

/// Owns the engine on one writing thread, and a second connection on a reading thread.
///
/// Group commit: the writing thread takes all that waits (up to `group_batches_max`, `group_bytes_max`), commits once,
/// then calls the callbacks in the order of submission. Nobody waits for a group to fill. When one batch of a group is
/// at fault, they are committed one by one, so that only the guilty one fails, and what rests on it; when the disk is
/// (store_failed), nothing fails: the thread tries again until it works, and all that waits goes on in its order.
/// Whoever has to know is told by `watch`. Where another node has taken a shard, the batches of that shard fail, and
/// the others of the group are committed together.
///
/// What may wait (`store_batch::may_wait_ms`, load_destination) stands in a queue of its own: it is gathered until the
/// first of it is due, and then goes along with urgent commits, or in commits of its own while there are none
/// (commit_pace). So a crowd of failures costs few commits, and nobody's message stands behind it. An urgent batch
/// takes along what waits of the same submitter; the order of one submitter's batches is never changed.
///
/// What may ride (`store_batch::may_ride_ms`) goes before the next urgent batch or ordered question, at the latest
/// after that time.
///
/// A question to a database that cannot be reached waits for it, too: whoever asks would take the fault for the answer.
///
/// load_room, load_invitation, load_destination, load_directory, load_redaction, load_relations and
/// find_received_transaction are answered in order with the batches: they see every batch submitted before them. All
/// others are answered beside the writing, and see what was committed, that is whose callback was called, before they
/// were asked.
///
/// All functions are thread-safe. Callbacks run on a thread of the store, or, when refused, on the caller's before the
/// function returns; they must neither throw nor block nor call `stop`.
class store_thread {
public:
  using commit_callback = std::function<void(result<commit_outcome>)>;
  using answer_callback = std::function<void(answer)>;
  using purge_callback = std::function<void(result<std::size_t>)>;
  using upgrade_callback = std::function<void(status)>;

  /// @param options  the queue and group bounds are used
  store_thread(std::unique_ptr<engine> owned, const config::store_options& options);
  store_thread(store_thread&&) = delete;
  ~store_thread();

  /// Shared by the batches of one submitter that rest on each other: set when one of them failed or was refused. Null:
  /// on none.
  using batch_chain = std::shared_ptr<std::atomic<bool>>;
  /// Commits the batch. Refused at once with `overloaded` when `queue_items_max` items or `queue_bytes_max` bytes wait,
  /// and with `stopping` after `stop`; fails with store_failed, unwritten, when an earlier one of its chain has failed.
  void submit(store_batch batch, commit_callback done, batch_chain failed = {});
  /// Answers the query; refused like `submit`.
  void ask(query question, answer_callback done);
  /// Removes what is older than `limits`, slice by slice between the commits. @returns rows removed
  void purge(std::int64_t now_ms, const purge_limits& limits, purge_callback done);
  /// See engine::finish_upgrade; between two commits, which wait as long as that takes. Refused like `submit`.
  void finish_upgrade(upgrade_callback done);
  /// `told` hears of each attempt to write that failed for the disk, with the fault, and when one works again, with
  /// none. From the writing thread; like a callback.
  void watch(std::function<void(const fault&)> told);

  /// See engine::backup; on the calling thread, which it blocks. Not for a store in memory (invalid_param).
  status backup(const std::string& path);

  /// Takes nothing new, finishes what waits, ends the threads. May be called twice.
  void stop();
  /// See engine::leave. @pre `stop` has returned
  void leave();

  store_counters counters() const;

private:
  struct waiting_batch {
    store_batch batch;
    commit_callback done;
    batch_chain failed;
    std::size_t bytes = 0;
    bool was_patient = false;
  };
  struct waiting_query {
    query question;
    answer_callback done;
    bool was_patient = false;
  };
  struct waiting_purge {
    std::int64_t now_ms = 0;
    purge_limits limits;
    purge_callback done;
    std::size_t removed = 0;
  };
  struct waiting_upgrade {
    upgrade_callback done;
  };
  using item = std::variant<waiting_batch, waiting_query, waiting_purge, waiting_upgrade>;
  struct group;

  fault_code refusal(std::size_t bytes) const;
  void run_writer();
  void run_reader();
  void admit_riding();
  void admit_patient(std::chrono::steady_clock::time_point now);
  group take_group();
  void process(group& taken);
  void commit(std::span<store_batch> batches, std::span<const batch_chain> chains,
              std::vector<result<commit_outcome>>& outcomes);
  void commit_apart(std::span<store_batch> batches, std::span<const batch_chain> chains,
                    std::vector<result<commit_outcome>>& outcomes);
  void note_commit(std::span<const store_batch> batches, std::uint64_t us, const fault* failed);
  void purge_slice(waiting_purge& work);
  bool try_again(const fault& why);
  void works_again();
  void wait_until_healthy();

  std::unique_ptr<engine> engine_;
  std::unique_ptr<reader> reader_; ///< null: the writing thread answers everything
  config::store_options options_;

  mutable std::mutex mutex_; ///< guards all below
  std::condition_variable writer_wakeup_, reader_wakeup_;
  std::deque<item> queue_;
  patient_queue<item> patient_;
  commit_pace pace_;
  std::deque<item> riding_;
  std::optional<std::chrono::steady_clock::time_point> riding_until_; ///< the first of them
  std::size_t slice_left_ = 0; ///< items of the last slice that stand in `queue_`
  std::deque<waiting_query> reader_queue_;
  std::size_t queued_bytes_ = 0;
  bool stopping_ = false;
  std::optional<fault> gave_up_;       ///< stopping, a commit failed for the machine; the writing thread's
  bool is_out_ = false;                ///< the last commit, or a look at the files, said store_failed
  std::chrono::milliseconds pause_{0}; ///< before the next attempt; the writing thread's
  std::shared_ptr<const std::function<void(const fault&)>>
    told_; ///< shared: it may have a state of its own, and is called without the mutex
  store_counters counters_;
  latency_histogram commit_us_;

  std::once_flag stopped_;
  std::thread writer_thread_, reader_thread_;
};

/// Bytes a batch takes up in the queue and on disk, about.
std::size_t size_of(const store_batch& batch);

} // namespace causeway::store
