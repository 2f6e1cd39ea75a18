#include "plugin/store/store_thread.hpp"

#include "engines.hpp"
#include "shared_store.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

/// Group commit, order and bounds.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_store_thread, *boost::unit_test::timeout(300))

namespace {

/// What happened inside the engine, for the test to look at.
struct engine_log {
  std::mutex mutex;
  std::vector<std::size_t> groups; ///< batches per attempted commit
  std::vector<std::string> order;  ///< "commit" and "ask"
};

/// Passes on to a real engine; holds commits back while the gate is closed, and fails on demand.
class watched_engine : public engine {
public:
  watched_engine(std::shared_ptr<engine_log> log, std::unique_ptr<engine> real)
      : log_(std::move(log)), real_(std::move(real)) {}

  result<std::vector<commit_outcome>> commit(std::span<const store_batch> batches) override {
    {
      std::unique_lock lock{log_->mutex};
      log_->groups.push_back(batches.size());
      log_->order.emplace_back("commit");
      started_.notify_all();
      opened_.wait(lock, [this] { return open_; });
    }
    if (disk_is_full) return {fault_code::store_failed, "disk full"};
    return real_->commit(batches);
  }
  answer ask(const query& question) override {
    {
      std::lock_guard lock{log_->mutex};
      log_->order.emplace_back("ask");
    }
    return real_->ask(question);
  }
  result<std::unique_ptr<reader>> open_reader() override { return std::unique_ptr<reader>{}; }
  result<std::size_t> purge(std::int64_t now_ms, const purge_limits& limits) override {
    return real_->purge(now_ms, limits);
  }
  status backup(const std::string& path) override { return real_->backup(path); }

  bool owns(const shard_set& shards) const override { return real_->owns(shards); }

  status healthy() override { return files_are_gone ? status{fault{fault_code::store_failed, "gone"}} : ok(); }
  std::atomic<bool> disk_is_full{false}, files_are_gone{false};

  void close_gate() {
    std::lock_guard lock{log_->mutex};
    open_ = false;
  }
  void open_gate() {
    {
      std::lock_guard lock{log_->mutex};
      open_ = true;
    }
    opened_.notify_all();
  }
  /// Until the n-th commit has begun.
  void wait_for_commit(std::size_t n) {
    std::unique_lock lock{log_->mutex};
    started_.wait(lock, [&] { return log_->groups.size() >= n; });
  }

private:
  std::shared_ptr<engine_log> log_;
  std::unique_ptr<engine> real_;
  std::condition_variable opened_, started_;
  bool open_ = true;
};

/// A store thread whose first commit waits at the gate, so that what is submitted meanwhile forms one group.
struct gated_store {
  explicit gated_store(store_place& place, const config::store_options& options = {})
      : gated_store(place.open(), options) {}
  explicit gated_store(std::unique_ptr<engine> real, const config::store_options& options = {}) {
    auto watched = std::make_unique<watched_engine>(log, std::move(real));
    gate = watched.get();
    store.emplace(std::move(watched), options);
    gate->close_gate();
    store->submit(batch_of(put_user{"first"}), [](const auto&) {});
    gate->wait_for_commit(1);
  }
  std::shared_ptr<engine_log> log = std::make_shared<engine_log>();
  watched_engine* gate = nullptr;
  std::optional<store_thread> store;
};

/// A place for the store of each engine.
struct with_place {
  explicit with_place(const engine_kind& kind) : place(kind.make()) {}
  std::unique_ptr<store_place> place;
};

/// Collects what callbacks report.
struct reports {
  std::mutex mutex;
  std::vector<std::string> lines;
  void add(std::string line) {
    std::lock_guard lock{mutex};
    lines.push_back(std::move(line));
  }
  auto note(const std::string& name) {
    return [this, name](const result<commit_outcome>& outcome) {
      add(name + (outcome ? " ok" : " " + to_string(outcome.error())));
    };
  }
};

using texts = std::vector<std::string>;
using sizes = std::vector<std::size_t>;

} // namespace

BOOST_FIXTURE_TEST_CASE(batches_of_a_shard_that_another_node_has_taken_fail_and_the_others_go_on_together,
                        shared_store) {
  reports seen;
  gated_store x{must_open(seat_of("first"))};
  const auto submit = [&](const std::string& name, shard_number shard, store_thread::batch_chain chain = {}) {
    x.store->submit(of_shard(shard, {{append_outbox{0, name, "b"}}}), seen.note(name), std::move(chain));
  };
  ask("UPDATE T.shard SET owner = 78, epoch = epoch + 1 WHERE id = 3");
  const auto chain = std::make_shared<std::atomic<bool>>(false);
  submit("1", 1);
  submit("2", 3, chain);
  submit("3", 2);
  submit("4", 1, chain); // it rests on one that fails
  submit("5", 255);
  x.gate->open_gate();
  x.store->stop();
  const std::string refused = " stale_owner: another node has taken shard 3; what was to be written of it is not";
  BOOST_TEST(seen.lines == (texts{"1 ok", "2" + refused, "3 ok",
                                  "4 store_failed: not written: it rests on a batch that failed", "5 ok"}),
             boost::test_tools::per_element());
  // All, that of the shard alone, and then, since one of the rest rests on it, each of those.
  BOOST_TEST(x.log->groups == (sizes{1, 5, 1, 1, 1, 1}), boost::test_tools::per_element());
  BOOST_TEST(ask("SELECT string_agg(convert_from(name, 'UTF8'), ' ' ORDER BY key) FROM T.outbox") == "1 3 5");
}

BOOST_FIXTURE_TEST_CASE(group_with_a_shard_that_is_known_to_be_lost_is_not_taken_apart_to_its_last_batch,
                        shared_store) {
  reports seen;
  gated_store x{must_open(seat_of("first"))};
  ask("UPDATE T.shard SET owner = 78, epoch = epoch + 1 WHERE id = 3");
  for (const int n : {3, 1, 2, 3, 4})
    x.store->submit(of_shard(static_cast<shard_number>(n), {{append_outbox{0, "n", "b"}}}),
                    seen.note(std::to_string(n)));
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(x.log->groups == (sizes{1, 5, 1, 1, 3}), boost::test_tools::per_element());
  BOOST_TEST(count("outbox") == "3");
  BOOST_REQUIRE(seen.lines.size() == 5u);
  BOOST_TEST(seen.lines[4] == "4 ok");
}

CAUSEWAY_ENGINE_CASE(what_waits_is_committed_at_once_and_called_back_in_order, with_place) {
  reports seen;
  gated_store x{*place};
  for (int n = 0; n < 5; ++n) x.store->submit(batch_of(append_outbox{0, "n", "b"}), seen.note(std::to_string(n)));
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(x.log->groups == (sizes{1, 5}), boost::test_tools::per_element());
  BOOST_TEST(seen.lines == (texts{"0 ok", "1 ok", "2 ok", "3 ok", "4 ok"}), boost::test_tools::per_element());
  auto counters = x.store->counters();
  BOOST_TEST(counters.commits == 2u);
  BOOST_TEST(counters.batches == 6u);
  BOOST_TEST(counters.rows == 6u);
  BOOST_TEST(counters.bytes > 0u);
  BOOST_TEST(counters.queued == 0u);
  BOOST_TEST(counters.queued_bytes == 0u);
  BOOST_TEST(counters.longest_commit_us >= counters.last_commit_us);
  BOOST_TEST(counters.commit_us_p99 >= counters.commit_us_p50);
}

CAUSEWAY_ENGINE_CASE(group_is_bounded_in_batches_and_bytes, with_place) {
  config::store_options options;
  options.group_batches_max = 4;
  options.group_bytes_max = 10'000;
  gated_store x{*place, options};
  for (int n = 0; n < 6; ++n) x.store->submit(batch_of(put_user{"@u:x"}), [](const auto&) {});
  for (int n = 0; n < 3; ++n)
    x.store->submit(batch_of(append_outbox{0, "n", std::string(4'000, 'x')}), [](const auto&) {});
  x.store->submit(batch_of(append_outbox{0, "n", std::string(50'000, 'x')}), [](const auto&) {});
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(x.log->groups == (sizes{1, 4, 4, 1, 1}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(only_the_guilty_batch_of_a_group_fails, with_place) {
  reports seen;
  gated_store x{*place};
  for (int n = 0; n < 9; ++n) {
    bool guilty = n == 4 || n == 7;
    auto batch = guilty ? batch_of(append_outbox{0, "lost", ""}, queue_pdu{"a.example", "$unknown"})
                        : batch_of(append_outbox{0, "n", ""});
    x.store->submit(std::move(batch), [&, n](const result<commit_outcome>& outcome) {
      seen.add(std::to_string(n) + (outcome ? " at " + std::to_string(outcome->outbox_heads.at(0)) : " failed"));
    });
  }
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(seen.lines ==
               (texts{"0 at 1", "1 at 2", "2 at 3", "3 at 4", "4 failed", "5 at 5", "6 at 6", "7 failed", "8 at 7"}),
             boost::test_tools::per_element());
  BOOST_TEST(x.store->counters().failed_batches == 2u);
}

CAUSEWAY_ENGINE_CASE(only_the_batch_of_a_former_owner_is_refused, with_place) {
  reports seen;
  gated_store x{*place};
  auto stale = batch_of(append_outbox{0, "lost", ""});
  stale.fence = ownership{sample_shard, 2};
  x.store->submit(batch_of(append_outbox{0, "n", ""}), seen.note("before"));
  x.store->submit(std::move(stale), seen.note("stale"));
  x.store->submit(batch_of(append_outbox{0, "n", ""}), seen.note("after"));
  x.gate->open_gate();
  x.store->stop();
  BOOST_REQUIRE(seen.lines.size() == 3u);
  BOOST_TEST(seen.lines[0] == "before ok");
  BOOST_TEST(seen.lines[1].starts_with("stale stale_owner: shard 7 "), seen.lines[1]);
  BOOST_TEST(seen.lines[2] == "after ok");
  BOOST_TEST(x.store->counters().failed_batches == 1u);
}

CAUSEWAY_ENGINE_CASE(a_full_disk_is_told_and_what_waits_goes_on_in_order_when_it_is_free_again, with_place) {
  reports seen;
  gated_store x{*place};
  std::promise<void> out;
  x.store->watch([&, is_out = false](const fault& why) mutable {
    const bool fails = why.code != fault_code::none;
    if (fails && !is_out) out.set_value();
    if (fails != is_out) seen.add(fails ? "out: " + to_string(why) : "writes again");
    is_out = fails;
  });
  x.gate->disk_is_full = true;
  x.store->submit(batch_of(put_user{"@a:x"}), seen.note("a"));
  x.gate->open_gate();
  out.get_future().wait();
  BOOST_TEST(x.store->counters().is_out);
  x.store->submit(batch_of(put_user{"@b:x"}), seen.note("b"));
  std::promise<void> asked;
  x.store->ask(load_directory{}, [&](const answer& got) {
    seen.add("users " + std::to_string(std::get<directory_loaded>(got).users.size()));
    asked.set_value();
  });
  x.store->submit(batch_of(put_user{"@c:x"}), seen.note("c"));
  x.gate->disk_is_full = false;
  asked.get_future().wait();
  x.store->stop();
  BOOST_TEST(seen.lines == (texts{"out: store_failed: disk full", "writes again", "a ok", "b ok", "users 3", "c ok"}),
             boost::test_tools::per_element());
  BOOST_TEST(!x.store->counters().is_out);
  BOOST_TEST(x.store->counters().last_fault == "store_failed: disk full");
}

CAUSEWAY_ENGINE_CASE(stopping_does_not_wait_for_a_disk_that_stays_full, with_place) {
  reports seen;
  gated_store x{*place};
  x.gate->disk_is_full = true;
  x.store->submit(batch_of(put_user{"@a:x"}), seen.note("a"));
  x.store->submit(batch_of(put_user{"@b:x"}), seen.note("b"));
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(seen.lines == (texts{"a store_failed: disk full", "b store_failed: disk full"}),
             boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(files_that_are_gone_are_noticed_while_nobody_writes, with_place) {
  gated_store x{*place};
  std::promise<std::string> out;
  std::promise<void> again;
  x.store->watch([&, is_out = false](const fault& why) mutable {
    const bool fails = why.code != fault_code::none;
    if (fails && !is_out) out.set_value(to_string(why));
    if (!fails) again.set_value();
    is_out = fails;
  });
  x.gate->open_gate();
  x.gate->files_are_gone = true;
  BOOST_TEST(out.get_future().get() == "store_failed: gone");
  x.gate->files_are_gone = false;
  again.get_future().wait();
}

CAUSEWAY_ENGINE_CASE(what_rests_on_a_failed_batch_is_not_written, with_place) {
  reports seen;
  gated_store x{*place};
  const auto one = std::make_shared<std::atomic<bool>>(false), other = std::make_shared<std::atomic<bool>>(false);
  x.store->submit(batch_of(sample_head("!first:x")), seen.note("first"), one);
  x.store->submit(batch_of(append_outbox{0, "lost", ""}, queue_pdu{"a.example", "$unknown"}), seen.note("guilty"), one);
  x.store->submit(batch_of(sample_head("!rests:x")), seen.note("rests on it"), one);
  x.store->submit(batch_of(sample_head("!other:x")), seen.note("other"), other);
  x.gate->open_gate();
  x.store->ask(load_directory{}, [&](const answer& got) {
    seen.add("rooms " + std::to_string(std::get<directory_loaded>(got).rooms.size()));
  });
  x.store->submit(batch_of(sample_head("!later:x")), seen.note("later"), one);
  x.store->stop();
  BOOST_REQUIRE(seen.lines.size() == 6u);
  BOOST_TEST(seen.lines[0] == "first ok");
  BOOST_TEST(seen.lines[1].starts_with("guilty "));
  BOOST_TEST(!seen.lines[1].ends_with(" ok"));
  BOOST_TEST(seen.lines[2] == "rests on it store_failed: not written: it rests on a batch that failed");
  BOOST_TEST(seen.lines[3] == "other ok");
  BOOST_TEST(seen.lines[4] == "rooms 2");
  BOOST_TEST(seen.lines[5] == "later store_failed: not written: it rests on a batch that failed");
}

CAUSEWAY_ENGINE_CASE(ordered_query_sees_every_batch_before_it_and_none_after, with_place) {
  reports seen;
  gated_store x{*place};
  x.store->submit(batch_of(sample_head("!one:x")), seen.note("one"));
  x.store->ask(load_directory{}, [&](const answer& got) {
    seen.add("rooms " + std::to_string(std::get<directory_loaded>(got).rooms.size()));
  });
  x.store->submit(batch_of(sample_head("!two:x")), seen.note("two"));
  x.store->ask(load_room{"!two:x"}, [&](const answer& got) {
    seen.add(std::get<room_loaded>(got).exists ? "two is there" : "two is missing");
  });
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(seen.lines == (texts{"one ok", "rooms 1", "two ok", "two is there"}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(asking_for_received_transactions_does_not_cut_groups, with_place) {
  reports seen;
  gated_store x{*place};
  for (int n = 0; n < 4; ++n) {
    auto id = std::to_string(n);
    x.store->submit(batch_of(put_received_transaction{"a.example", id, "{}", 1}), seen.note(id));
    x.store->ask(find_received_transaction{"a.example", id}, [&, id](const answer& got) {
      seen.add(id + (std::get<received_transaction_found>(got).response ? " found" : " missing"));
    });
  }
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(x.log->groups == (sizes{1, 4}), boost::test_tools::per_element());
  BOOST_TEST(seen.lines == (texts{"0 ok", "0 found", "1 ok", "1 found", "2 ok", "2 found", "3 ok", "3 found"}),
             boost::test_tools::per_element());
}

// -- what may wait
// ------------------------------------------------------------------------------------------------------

namespace {

constexpr std::uint32_t an_hour_ms = 3'600'000;

store_batch patient_batch(std::uint32_t may_wait_ms = 0) {
  auto batch = batch_of(put_user{"@u:x"});
  batch.may_wait_ms = may_wait_ms;
  return batch;
}

} // namespace

CAUSEWAY_ENGINE_CASE(what_may_wait_goes_behind_what_is_urgent, with_place) {
  reports seen;
  gated_store x{*place};
  for (const auto* name : {"p1", "p2"}) x.store->submit(patient_batch(), seen.note(name));
  x.store->ask(load_destination{"a.example"}, [&](const answer&) { seen.add("asked"); });
  for (const auto* name : {"u1", "u2"}) x.store->submit(batch_of(put_user{"@u:x"}), seen.note(name));
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(seen.lines == (texts{"u1 ok", "u2 ok", "p1 ok", "p2 ok", "asked"}), boost::test_tools::per_element());
  BOOST_TEST(x.log->groups == (sizes{1, 4}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(a_crowd_that_may_wait_goes_in_slices, with_place) {
  reports seen;
  gated_store x{*place};
  for (int n = 0; n < 300; ++n) x.store->submit(patient_batch(), [](const auto&) {});
  x.store->submit(batch_of(put_user{"@u:x"}), seen.note("urgent"));
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(x.log->groups == (sizes{1, 17, 64, 64, 64, 64, 28}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(what_is_not_due_is_gathered_while_urgent_work_goes_on, with_place) {
  reports seen;
  gated_store x{*place};
  for (int n = 0; n < 100; ++n) x.store->submit(patient_batch(an_hour_ms), seen.note("p"));
  x.gate->open_gate();
  std::promise<void> done;
  x.store->submit(batch_of(put_user{"@u:x"}), [&](const auto&) { done.set_value(); });
  done.get_future().get();
  BOOST_TEST(x.store->counters().queued == 100u);
  x.store->stop(); // waits for nothing
  BOOST_TEST(x.log->groups == (sizes{1, 1, 64, 36}), boost::test_tools::per_element());
  BOOST_TEST(seen.lines.size() == 100u);
}

CAUSEWAY_ENGINE_CASE(an_urgent_batch_takes_along_what_waits_of_its_submitter_and_of_no_other, with_place) {
  reports seen;
  gated_store x{*place};
  const auto one = std::make_shared<std::atomic<bool>>(false), other = std::make_shared<std::atomic<bool>>(false);
  for (int n = 0; n < 50; ++n) x.store->submit(patient_batch(an_hour_ms), seen.note("other"), other);
  x.store->submit(patient_batch(an_hour_ms), seen.note("one"), one);
  x.gate->open_gate();
  std::promise<void> done;
  x.store->submit(batch_of(put_user{"@u:x"}), [&](const auto&) { done.set_value(); }, one);
  done.get_future().get();
  BOOST_TEST(x.store->counters().queued == 50u);
  {
    const std::lock_guard lock{seen.mutex};
    BOOST_TEST(seen.lines == (texts{"one ok"}), boost::test_tools::per_element());
  }
  x.store->stop();
}

CAUSEWAY_ENGINE_CASE(what_may_ride_goes_with_the_next_urgent_commit_and_is_seen_by_who_asks_after_it, with_place) {
  reports seen;
  gated_store x{*place};
  x.gate->open_gate();
  auto rides = batch_of(sample_head("!one:x"));
  rides.may_ride_ms = an_hour_ms;
  x.store->submit(rides, seen.note("rides"));
  std::promise<bool> there;
  x.store->ask(load_room{"!one:x"}, [&](const answer& got) { there.set_value(std::get<room_loaded>(got).exists); });
  BOOST_TEST(there.get_future().get());
  auto again = batch_of(put_user{"@u:x"});
  again.may_ride_ms = an_hour_ms;
  x.store->submit(again, seen.note("rides again"));
  std::promise<void> done;
  x.store->submit(batch_of(put_user{"@u:x"}), [&](const auto&) { done.set_value(); });
  done.get_future().get();
  const std::lock_guard lock{seen.mutex};
  BOOST_TEST(seen.lines == (texts{"rides ok", "rides again ok"}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(what_may_ride_has_a_commit_of_its_own_where_no_other_comes, with_place) {
  gated_store x{*place};
  x.gate->open_gate();
  auto rides = batch_of(put_user{"@u:x"});
  rides.may_ride_ms = 5;
  std::promise<void> done;
  x.store->submit(rides, [&](const auto&) { done.set_value(); });
  BOOST_TEST((done.get_future().wait_for(std::chrono::seconds{20}) == std::future_status::ready));
}

CAUSEWAY_ENGINE_CASE(what_may_wait_has_commits_of_its_own_while_nothing_is_urgent, with_place) {
  gated_store x{*place};
  x.gate->open_gate();
  std::promise<void> done;
  x.store->submit(patient_batch(), [&](const auto&) { done.set_value(); });
  done.get_future().get();
  x.store->stop();
  BOOST_TEST(x.log->groups.back() == 1u);
}

CAUSEWAY_ENGINE_CASE(batches_of_one_submitter_keep_their_order_whatever_may_wait, with_place) {
  reports seen;
  gated_store x{*place};
  const auto one = std::make_shared<std::atomic<bool>>(false), other = std::make_shared<std::atomic<bool>>(false);
  x.store->submit(patient_batch(an_hour_ms), seen.note("one, patient"), one);
  x.store->submit(batch_of(put_user{"@u:x"}), seen.note("other, urgent"), other);
  x.store->submit(batch_of(put_user{"@u:x"}), seen.note("one, urgent"), one);
  x.gate->open_gate();
  std::promise<void> done;
  x.store->submit(batch_of(put_user{"@u:x"}), [&](const auto&) { done.set_value(); });
  done.get_future().get();
  const std::lock_guard lock{seen.mutex};
  BOOST_TEST(seen.lines == (texts{"other, urgent ok", "one, patient ok", "one, urgent ok"}),
             boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(full_queue_refuses_at_once, with_place) {
  config::store_options options;
  options.queue_items_max = 3;
  gated_store x{*place, options};
  std::atomic<int> accepted = 0, overloaded = 0;
  auto count = [&](const result<commit_outcome>& outcome) {
    if (outcome) ++accepted;
    else if (outcome.error().code == fault_code::overloaded) ++overloaded;
  };
  for (int n = 0; n < 5; ++n) x.store->submit(batch_of(put_user{"@u:x"}), count);
  BOOST_TEST(overloaded.load() == 2);
  x.store->ask(find_user{"@u:x"},
               [&](const answer& got) { BOOST_TEST((std::get<fault>(got).code == fault_code::overloaded)); });
  BOOST_TEST(x.store->counters().refused == 3u);
  BOOST_TEST(x.store->counters().queued == 3u);
  x.gate->open_gate();
  x.store->stop();
  BOOST_TEST(accepted.load() == 3);
}

CAUSEWAY_ENGINE_CASE(queue_is_bounded_in_bytes, with_place) {
  config::store_options options;
  options.queue_bytes_max = 100'000;
  gated_store x{*place, options};
  int overloaded = 0;
  for (int n = 0; n < 3; ++n)
    x.store->submit(batch_of(append_outbox{0, "n", std::string(45'000, 'x')}),
                    [&](const result<commit_outcome>& outcome) {
                      if (!outcome) ++overloaded;
                    });
  BOOST_TEST(overloaded == 1);
  x.gate->open_gate();
  x.store->stop();
}

CAUSEWAY_ENGINE_CASE(stop_finishes_what_waits_and_refuses_the_rest, with_place) {
  reports seen;
  gated_store x{*place};
  for (int n = 0; n < 3; ++n) x.store->submit(batch_of(put_user{"@u:x"}), seen.note(std::to_string(n)));
  x.gate->open_gate();
  x.store->stop();
  x.store->stop();
  BOOST_TEST(seen.lines.size() == 3u);
  x.store->submit(batch_of(put_user{"@u:x"}), seen.note("late"));
  BOOST_TEST(seen.lines.back() == "late stopping: the store is stopping");
  x.store->ask(find_user{"@u:x"}, [&](const answer& got) { seen.add(to_string(std::get<fault>(got))); });
  BOOST_TEST(seen.lines.back() == "stopping: the store is stopping");
}

CAUSEWAY_ENGINE_CASE(retention_runs_between_the_commits, with_place) {
  store_thread store{place->open(), {}};
  auto batch = batch_of();
  for (int n = 0; n < 50; ++n)
    batch.writes.emplace_back(put_received_transaction{"a.example", std::to_string(n), "{}", 1});
  store.submit(std::move(batch), [](const auto&) {});
  purge_limits limits;
  limits.rows_max = 7;
  std::promise<std::size_t> removed;
  store.purge(std::int64_t{1} << 50, limits, [&](result<std::size_t> done) { removed.set_value(done ? *done : 0); });
  BOOST_TEST(removed.get_future().get() == 50u);
  BOOST_TEST(store.counters().purged == 50u);
}

CAUSEWAY_ENGINE_CASE(reading_thread_sees_what_was_called_back, with_place) {
  store_thread store{place->open(), {}};
  std::atomic<int> missing = 0;
  std::vector<std::promise<void>> answered(200);
  for (int n = 0; n < 200; ++n) {
    auto id = std::to_string(n);
    store.submit(batch_of(put_command_result{id, "n", true, id, n}), [&, n, id](const result<commit_outcome>& outcome) {
      BOOST_REQUIRE(outcome);
      store.ask(find_command_result{id}, [&, n](const answer& got) {
        const auto* found = std::get_if<command_result_found>(&got);
        if (!found || !found->result) ++missing;
        answered[static_cast<std::size_t>(n)].set_value();
      });
    });
  }
  for (auto& one : answered) one.get_future().wait();
  BOOST_TEST(missing.load() == 0);
}

BOOST_AUTO_TEST_CASE(many_threads_submit_ask_and_back_up) {
  scratch_folder folder;
  auto options = options_for(folder.file());
  options.checkpoint_pages = 100;
  auto opened = open_sqlite(options);
  BOOST_REQUIRE(opened);
  store_thread store{*std::move(opened), options};
  constexpr int threads = 4, rounds = 150;
  std::atomic<int> committed = 0, wrong = 0;
  std::vector<std::thread> all;
  for (int t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      auto room = "!room" + std::to_string(t) + ":x";
      for (int n = 1; n <= rounds; ++n) {
        auto head = sample_head(room);
        head.last_position = n;
        store.submit(batch_of(append_outbox{0, room, std::string(1'000, 'x')},
                              put_command_result{room + std::to_string(n), "n", true, "", 1}, head),
                     [&](const result<commit_outcome>& outcome) { outcome ? ++committed : ++wrong; });
        store.ask(load_room{room}, [&, n](const answer& got) {
          const auto* loaded = std::get_if<room_loaded>(&got);
          if (!loaded || loaded->room.last_position < n) ++wrong;
        });
        store.ask(read_outbox{}, [&](const answer& got) {
          if (!std::holds_alternative<outbox_read>(got)) ++wrong;
        });
        if (n % 50 == 0 && !store.backup(folder.file("early" + std::to_string(t)))) ++wrong;
        if (n % 20 == 0) store.counters();
      }
      std::promise<void> all_committed;
      store.ask(load_directory{}, [&](const answer&) { all_committed.set_value(); });
      all_committed.get_future().wait();
      if (!store.backup(folder.file("copy" + std::to_string(t)))) ++wrong;
    });
  for (auto& one : all) one.join();
  store.stop();
  BOOST_TEST(committed.load() == threads * rounds);
  BOOST_TEST(wrong.load() == 0);
  BOOST_TEST(store.counters().batches == static_cast<std::uint64_t>(threads * rounds));
  for (int t = 0; t < threads; ++t) {
    auto copy = must_open(folder.file("copy" + std::to_string(t)));
    BOOST_TEST(must_ask<room_loaded>(*copy, load_room{"!room" + std::to_string(t) + ":x"}).room.last_position ==
               rounds);
    must_open(folder.file("early" + std::to_string(t)));
  }
}

BOOST_AUTO_TEST_CASE(percentiles_are_right_within_a_quarter) {
  latency_histogram histogram;
  BOOST_TEST(histogram.percentile(0.5) == 0u);
  for (std::uint64_t us = 1; us <= 1'000; ++us) histogram.add(us);
  for (double share : {0.1, 0.5, 0.9, 0.99}) {
    auto exact = share * 1'000;
    auto measured = static_cast<double>(histogram.percentile(share));
    BOOST_TEST(measured >= exact);
    BOOST_TEST(measured <= exact * 1.26 + 1);
  }
  histogram.add(UINT64_MAX);
  BOOST_TEST(histogram.percentile(1.0) > 1'000'000'000u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
