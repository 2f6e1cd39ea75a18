#include "plugin/store/store_thread.hpp"

#include "plugin/store/committed_kinds.hpp"

#include <pthread.h>
#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace causeway::store {
namespace {

using clock = std::chrono::steady_clock;

/// Answered in order with the batches.
bool is_ordered(const query& x) {
  return std::holds_alternative<load_room>(x) || std::holds_alternative<load_invitation>(x) ||
         std::holds_alternative<load_destination>(x) || std::holds_alternative<load_directory>(x) ||
         std::holds_alternative<find_received_transaction>(x) || std::holds_alternative<load_redaction>(x) ||
         std::holds_alternative<load_relations>(x) || std::holds_alternative<find_member_rooms>(x) ||
         std::holds_alternative<list_dead_letters>(x) || std::holds_alternative<load_receipts>(x) ||
         std::holds_alternative<load_receipt_debts>(x) || std::holds_alternative<load_dead_letter>(x) ||
         std::holds_alternative<list_audit>(x);
}

/// May share a group with batches submitted after it: asked for each received transaction, redaction, edit or reaction,
/// for who has read, and by each actor of a server, they would otherwise cut every group to one batch. A batch that
/// comes later cannot make its answer wrong, only fresher.
bool joins_group(const query& x) {
  return std::holds_alternative<find_received_transaction>(x) || std::holds_alternative<load_redaction>(x) ||
         std::holds_alternative<load_destination>(x) || std::holds_alternative<load_relations>(x) ||
         std::holds_alternative<load_receipts>(x);
}

/// Asked by every actor of a crowd of servers when it is made: behind what is urgent, though not held back.
bool is_patient(const query& x) { return std::holds_alternative<load_destination>(x); }

/// A question has no flush of the disk to wait for, so it goes with any slice; of so many together an urgent batch that
/// comes meanwhile waits for some 3 ms at most.
constexpr std::size_t question_weight = 0, batch_weight = 1;
constexpr std::size_t slice_items_max = 64;

/// Pauses between attempts to write after the disk failed. Short: whoever has made room on it waits.
constexpr std::chrono::milliseconds retry_pause_min{100}, retry_pause_max{1'000};
/// The files are looked at so often while there is nothing to write.
constexpr std::chrono::milliseconds look_interval{1'000};

bool has_failed(const store_thread::batch_chain& x) { return x && x->load(); }
void mark_failed(const store_thread::batch_chain& x) {
  if (x) x->store(true);
}

/// The machine is at fault, and no batch.
bool is_of_disk(const fault& x) { return x.code == fault_code::store_failed || x.code == fault_code::store_damaged; }

/// Why a question has no answer.
fault fault_in(const answer& x) {
  const auto* why = std::get_if<fault>(&x);
  return why ? *why : fault{fault_code::store_failed, "the database cannot be reached"};
}

fault refused(fault_code code) {
  return {code, code == fault_code::stopping ? "the store is stopping" : "too much waits for the store"};
}

} // namespace

/// What one turn of the writing thread does: commit the batches, then call back and answer in the order of `steps`.
struct store_thread::group {
  /// Callback of the next batch, or a query.
  using step = std::variant<commit_callback, waiting_query, waiting_purge, waiting_upgrade>;
  std::vector<store_batch> batches;
  std::vector<batch_chain> chains; ///< of the batches
  std::vector<step> steps;
};

store_thread::store_thread(std::unique_ptr<engine> owned, const config::store_options& options)
    : engine_(std::move(owned)), options_(options) {
  auto second = engine_->open_reader();
  if (second) reader_ = *std::move(second);
  else counters_.last_fault = to_string(second.error());
  writer_thread_ = std::thread{[this] { run_writer(); }};
  pthread_setname_np(writer_thread_.native_handle(), "store-writer");
  if (!reader_) return;
  reader_thread_ = std::thread{[this] { run_reader(); }};
  pthread_setname_np(reader_thread_.native_handle(), "store-reader");
}

store_thread::~store_thread() { stop(); }

/// `none` when an item of `bytes` may enter. @pre the mutex is held
fault_code store_thread::refusal(std::size_t bytes) const {
  if (stopping_) return fault_code::stopping;
  bool full = queue_.size() + patient_.size() + riding_.size() + reader_queue_.size() >= options_.queue_items_max ||
              (queued_bytes_ != 0 && queued_bytes_ + bytes > options_.queue_bytes_max);
  return full ? fault_code::overloaded : fault_code::none;
}

void store_thread::submit(store_batch batch, commit_callback done, batch_chain failed) {
  auto bytes = size_of(batch);
  bool wakes = true;
  std::unique_lock lock{mutex_};
  if (const auto why = refusal(bytes); why != fault_code::none) {
    ++counters_.refused;
    lock.unlock();
    mark_failed(failed);
    return done(refused(why));
  }
  queued_bytes_ += bytes;
  const auto* submitter = failed.get();
  const auto may_wait = batch.may_wait_ms, may_ride = batch.may_ride_ms;
  waiting_batch x{std::move(batch), std::move(done), std::move(failed), bytes, may_wait.has_value()};
  if (may_wait) {
    wakes = patient_.put(std::move(x), clock::now() + std::chrono::milliseconds{*may_wait}, submitter, batch_weight);
  } else if (may_ride) {
    const auto until = clock::now() + std::chrono::milliseconds{*may_ride};
    riding_.emplace_back(std::move(x));
    wakes = !riding_until_ || until < *riding_until_;
    if (wakes) riding_until_ = until;
  } else {
    admit_riding();
    // Batches of one submitter keep their order.
    patient_.take_all_of(submitter, [this](item&& before) {
      std::get<waiting_batch>(before).was_patient = false; // of no slice
      queue_.push_back(std::move(before));
    });
    queue_.emplace_back(std::move(x));
    pace_.urgent_came(clock::now());
  }
  lock.unlock();
  if (wakes) writer_wakeup_.notify_one();
}

void store_thread::ask(query question, answer_callback done) {
  bool ordered = !reader_ || is_ordered(question);
  std::unique_lock lock{mutex_};
  if (const auto why = refusal(0); why != fault_code::none) {
    ++counters_.refused;
    lock.unlock();
    return done(refused(why));
  }
  if (ordered && is_patient(question)) {
    patient_.put(waiting_query{std::move(question), std::move(done), true}, clock::now(), nullptr, question_weight);
  } else if (ordered) {
    admit_riding();
    queue_.emplace_back(waiting_query{std::move(question), std::move(done)});
    pace_.urgent_came(clock::now()); // what it is asked for is written next
  } else {
    reader_queue_.push_back({std::move(question), std::move(done)});
  }
  lock.unlock();
  (ordered ? writer_wakeup_ : reader_wakeup_).notify_one();
}

void store_thread::purge(std::int64_t now_ms, const purge_limits& limits, purge_callback done) {
  std::unique_lock lock{mutex_};
  if (const auto why = refusal(0); why != fault_code::none) {
    ++counters_.refused;
    lock.unlock();
    return done(refused(why));
  }
  queue_.emplace_back(waiting_purge{now_ms, limits, std::move(done)});
  lock.unlock();
  writer_wakeup_.notify_one();
}

void store_thread::finish_upgrade(upgrade_callback done) {
  std::unique_lock lock{mutex_};
  if (const auto why = refusal(0); why != fault_code::none) {
    ++counters_.refused;
    lock.unlock();
    return done(refused(why));
  }
  queue_.emplace_back(waiting_upgrade{std::move(done)});
  lock.unlock();
  writer_wakeup_.notify_one();
}

void store_thread::watch(std::function<void(const fault&)> told) {
  std::lock_guard lock{mutex_};
  told_ = std::make_shared<std::function<void(const fault&)>>(std::move(told));
}

status store_thread::backup(const std::string& path) {
  if (!reader_) return fault{fault_code::invalid_param, "a store in memory has no backup while it runs"};
  return engine_->backup(path);
}

void store_thread::stop() {
  std::call_once(stopped_, [this] {
    {
      std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    writer_wakeup_.notify_all();
    writer_thread_.join();
    reader_wakeup_.notify_all();
    if (reader_thread_.joinable()) reader_thread_.join();
  });
}

void store_thread::leave() { engine_->leave(); }

store_counters store_thread::counters() const {
  std::lock_guard lock{mutex_};
  auto x = counters_;
  x.is_out = is_out_;
  x.queued = queue_.size() + patient_.size() + riding_.size();
  x.queued_bytes = queued_bytes_;
  x.reader_queued = reader_queue_.size();
  x.commit_us_p50 = commit_us_.percentile(0.5);
  x.commit_us_p99 = commit_us_.percentile(0.99);
  return x;
}

// -- the writing thread -----------------------------------------------------------------------------------------------

void store_thread::run_writer() {
  for (;;) {
    group taken;
    {
      std::unique_lock lock{mutex_};
      const auto look = clock::now() + look_interval;
      while (queue_.empty() && !stopping_) {
        const auto now = clock::now();
        if (riding_until_ && *riding_until_ <= now) break;
        if (patient_.is_ripe(now) && (pace_.share(false, now) > 0 || patient_.next_weight() == question_weight)) break;
        auto wake = riding_until_ ? std::min(look, *riding_until_) : look;
        if (const auto due = patient_.due()) wake = std::min(wake, std::max(*due, pace_.may_begin()));
        if (writer_wakeup_.wait_until(lock, wake) == std::cv_status::timeout && clock::now() >= look) break;
      }
      const auto now = clock::now();
      if (stopping_ || (riding_until_ && *riding_until_ <= now)) admit_riding();
      admit_patient(now);
      if (queue_.empty() && stopping_) return;
      if (!queue_.empty()) taken = take_group();
    }
    if (taken.steps.empty()) wait_until_healthy();
    else process(taken);
  }
}

/// What may ride goes with what is put in line next. @pre the mutex is held
void store_thread::admit_riding() {
  std::ranges::move(riding_, std::back_inserter(queue_));
  riding_.clear();
  riding_until_.reset();
}

/// As much ripe patient work as may go now stands behind what is urgent. @pre the mutex is held
void store_thread::admit_patient(clock::time_point now) {
  if (stopping_) patient_.ripen();
  if (!patient_.is_ripe(now)) return pace_.given(now);
  // One slice at a time: what is urgent and comes meanwhile stands behind this one only.
  if (slice_left_ > 0) return;
  const bool commits =
    std::ranges::any_of(queue_, [](const item& x) { return std::holds_alternative<waiting_batch>(x); });
  const auto share = stopping_ && queue_.empty() ? commit_pace::alone_max : pace_.share(commits, now);
  if (share > 0) pace_.given(now);
  patient_.take_slice(share, slice_items_max, [this](item&& x) {
    queue_.push_back(std::move(x));
    ++slice_left_;
  });
}

/// @pre the mutex is held, something waits
store_thread::group store_thread::take_group() {
  group taken;
  std::size_t bytes = 0;
  while (!queue_.empty()) {
    auto& next = queue_.front();
    if (auto* batch = std::get_if<waiting_batch>(&next)) {
      bool full = taken.batches.size() >= options_.group_batches_max || bytes + batch->bytes > options_.group_bytes_max;
      if (full && !taken.batches.empty()) break;
      bytes += batch->bytes;
      queued_bytes_ -= batch->bytes;
      counters_.bytes += batch->bytes;
      slice_left_ -= batch->was_patient ? 1 : 0;
      taken.chains.push_back(std::move(batch->failed));
      taken.batches.push_back(std::move(batch->batch));
      taken.steps.emplace_back(std::move(batch->done));
    } else if (auto* question = std::get_if<waiting_query>(&next); question && joins_group(question->question)) {
      slice_left_ -= question->was_patient ? 1 : 0;
      taken.steps.emplace_back(std::move(*question));
    } else {
      // It must not see later batches, and the earlier ones are being taken: it waits for a turn of its own.
      if (!taken.steps.empty()) break;
      if (question) taken.steps.emplace_back(std::move(*question));
      else if (auto* upgrade = std::get_if<waiting_upgrade>(&next)) taken.steps.emplace_back(std::move(*upgrade));
      else taken.steps.emplace_back(std::get<waiting_purge>(std::move(next)));
      queue_.pop_front();
      break;
    }
    queue_.pop_front();
  }
  return taken;
}

void store_thread::process(group& taken) {
  std::vector<result<commit_outcome>> outcomes;
  outcomes.reserve(taken.batches.size());
  if (!taken.batches.empty()) commit(taken.batches, taken.chains, outcomes);
  auto outcome = outcomes.begin();
  for (auto& step : taken.steps) {
    if (auto* done = std::get_if<commit_callback>(&step)) {
      (*done)(std::move(*outcome++));
    } else if (auto* asked = std::get_if<waiting_query>(&step)) {
      auto answered = engine_->ask(asked->question);
      bool was_away = false;
      while (engine_->is_away() && try_again(fault_in(answered))) {
        was_away = true;
        answered = engine_->ask(asked->question);
      }
      if (was_away && !engine_->is_away()) works_again();
      {
        std::lock_guard lock{mutex_};
        ++counters_.queries;
      }
      asked->done(std::move(answered));
    } else if (auto* upgrade = std::get_if<waiting_upgrade>(&step)) {
      upgrade->done(gave_up_ ? status{*gave_up_} : engine_->finish_upgrade());
    } else {
      purge_slice(std::get<waiting_purge>(step));
    }
  }
}

/// Appends one outcome per batch, in order. Batches may be moved from.
void store_thread::commit(std::span<store_batch> batches, std::span<const batch_chain> chains,
                          std::vector<result<commit_outcome>>& outcomes) {
  if (std::any_of(chains.begin(), chains.end(), has_failed)) {
    if (batches.size() == 1) {
      outcomes.emplace_back(fault{fault_code::store_failed, "not written: it rests on a batch that failed"});
      return;
    }
    for (std::size_t i = 0; i < batches.size(); ++i) commit(batches.subspan(i, 1), chains.subspan(i, 1), outcomes);
    return;
  }
  if (gave_up_) {
    // An engine that does not know the outcome of the last group waits for that group, and for no other one.
    for (const auto& one : chains) {
      mark_failed(one);
      outcomes.emplace_back(*gave_up_);
    }
    return;
  }
  pass_before_commit(batches);
  auto began = std::chrono::steady_clock::now();
  auto committed = engine_->commit(batches);
  while (!committed && is_of_disk(committed.error()) && try_again(committed.error())) {
    began = std::chrono::steady_clock::now();
    committed = engine_->commit(batches);
  }
  if (committed) works_again();
  auto us = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began).count();
  if (committed) {
    pass_after_commit(batches);
    note_commit(batches, static_cast<std::uint64_t>(us), nullptr);
    for (auto& one : *committed) outcomes.emplace_back(std::move(one));
    return;
  }
  const auto& failed = committed.error();
  if (is_of_disk(failed)) gave_up_ = failed;
  if (batches.size() == 1 || is_of_disk(failed)) {
    note_commit(batches, static_cast<std::uint64_t>(us), &failed);
    for (std::size_t i = 0; i < batches.size(); ++i) {
      mark_failed(chains[i]);
      outcomes.emplace_back(failed);
    }
    return;
  }
  // One of them is guilty; its neighbours must not suffer, and what rests on it must not be written.
  const auto is_ours = [this](const store_batch& x) { return engine_->owns(x.shards); };
  if (failed.code == fault_code::stale_owner && std::ranges::any_of(batches, is_ours) &&
      !std::ranges::all_of(batches, is_ours))
    return commit_apart(batches, chains, outcomes);
  for (std::size_t i = 0; i < batches.size(); ++i) commit(batches.subspan(i, 1), chains.subspan(i, 1), outcomes);
}

/// What is of another node's shards fails alone, without a look into the store; the rest goes on together. Those that
/// fail come first: what rests on one of them must not be written.
void store_thread::commit_apart(std::span<store_batch> batches, std::span<const batch_chain> chains,
                                std::vector<result<commit_outcome>>& outcomes) {
  std::vector<store_batch> ours;
  std::vector<batch_chain> chains_of_ours;
  std::vector<std::size_t> places; // of ours
  std::vector<result<commit_outcome>> refused, made;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (engine_->owns(batches[i].shards)) {
      ours.push_back(std::move(batches[i]));
      chains_of_ours.push_back(chains[i]);
      places.push_back(i);
    } else {
      commit(batches.subspan(i, 1), chains.subspan(i, 1), refused);
    }
  }
  commit(ours, chains_of_ours, made);
  auto next_refused = refused.begin(), next_made = made.begin();
  auto place = places.begin();
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const bool was_ours = place != places.end() && *place == i;
    if (was_ours) ++place;
    outcomes.push_back(std::move(was_ours ? *next_made++ : *next_refused++));
  }
}

/// Notes that the store does not work and waits a while.
/// @returns false: the thread is to stop, nothing is tried any more
bool store_thread::try_again(const fault& why) {
  std::unique_lock lock{mutex_};
  counters_.last_fault = to_string(why);
  if (!std::exchange(is_out_, true)) pause_ = retry_pause_min;
  const auto told = told_;
  lock.unlock();
  if (told) (*told)(why);
  lock.lock();
  const bool goes_on = !writer_wakeup_.wait_for(lock, pause_, [this] { return stopping_; });
  pause_ = std::min(2 * pause_, retry_pause_max);
  return goes_on;
}

void store_thread::works_again() {
  std::shared_ptr<const std::function<void(const fault&)>> told;
  {
    std::lock_guard lock{mutex_};
    if (!std::exchange(is_out_, false)) return;
    told = told_;
  }
  if (told) (*told)({});
}

/// Files that are gone are noticed also while nobody writes.
void store_thread::wait_until_healthy() {
  auto fine = engine_->healthy();
  while (!fine && try_again(fine.error())) fine = engine_->healthy();
  if (fine) works_again();
}

void store_thread::note_commit(std::span<const store_batch> batches, std::uint64_t us, const fault* failed) {
  std::size_t rows = 0;
  for (const auto& one : batches) rows += one.writes.size();
  std::lock_guard lock{mutex_};
  if (failed) {
    counters_.failed_batches += batches.size();
    counters_.last_fault = to_string(*failed);
    return;
  }
  ++counters_.commits;
  counters_.batches += batches.size();
  counters_.rows += rows;
  counters_.last_commit_us = us;
  counters_.longest_commit_us = std::max(counters_.longest_commit_us, us);
  commit_us_.add(us);
}

void store_thread::purge_slice(waiting_purge& work) {
  if (gave_up_) return work.done(*gave_up_);
  auto removed = engine_->purge(work.now_ms, work.limits);
  if (removed && *removed > 0) {
    work.removed += *removed;
    std::lock_guard lock{mutex_};
    counters_.purged += *removed;
    if (!stopping_) {
      // Behind what came meanwhile: retention has time.
      queue_.emplace_back(std::move(work));
      return;
    }
  }
  if (removed) work.done(work.removed);
  else work.done(removed.error());
}

// -- the reading thread -----------------------------------------------------------------------------------------------

void store_thread::run_reader() {
  for (;;) {
    waiting_query next;
    {
      std::unique_lock lock{mutex_};
      reader_wakeup_.wait(lock, [this] { return !reader_queue_.empty() || stopping_; });
      if (reader_queue_.empty()) return;
      next = std::move(reader_queue_.front());
      reader_queue_.pop_front();
    }
    auto answered = reader_->ask(next.question);
    for (auto pause = retry_pause_min; reader_->is_away(); pause = std::min(2 * pause, retry_pause_max)) {
      std::unique_lock lock{mutex_};
      if (reader_wakeup_.wait_for(lock, pause, [this] { return stopping_; })) break;
      lock.unlock();
      answered = reader_->ask(next.question);
    }
    {
      std::lock_guard lock{mutex_};
      ++counters_.queries;
    }
    next.done(std::move(answered));
  }
}

} // namespace causeway::store
