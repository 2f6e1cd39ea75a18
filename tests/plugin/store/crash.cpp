#include "samples.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

/// kill -9 in the middle of commits: what was acknowledged is there, and nothing is there by half.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_crash, *boost::unit_test::timeout(300))

namespace {

constexpr int batches_per_commit = 3;

config::store_options small_log(const std::string& path) {
  auto options = options_for(path);
  options.checkpoint_pages = 100; // so that some kills hit the copying of the log
  return options;
}

store_batch numbered_batch(std::int64_t n) {
  auto event = sample_message(n);
  auto head = sample_head();
  head.last_position = n;
  head.forward_extremities = {event->event_id};
  return batch_of(put_event{sample_room, event, verdict::accepted, 0, 0, n, ""},
                  append_outbox{0, "message.received", std::to_string(n)}, queue_pdu{"there.example", event->event_id},
                  put_command_result{"c" + std::to_string(n), "n", true, "", n}, head);
}

/// The child: commits batches from `first` on and reports the last number of each commit, until it is killed.
[[noreturn]] void commit_for_ever(const std::string& path, std::int64_t first, int report) {
  auto store = open_sqlite(small_log(path));
  if (!store) _exit(1);
  for (auto n = first;; n += batches_per_commit) {
    std::vector<store_batch> batches;
    for (int i = 0; i < batches_per_commit; ++i) batches.push_back(numbered_batch(n + i));
    if (!(*store)->commit(batches)) _exit(2);
    std::int64_t last = n + batches_per_commit - 1;
    if (::write(report, &last, sizeof last) != sizeof last) _exit(3);
  }
}

/// Runs a child until it has acknowledged `commits` commits, kills it. @returns the last number it acknowledged
std::int64_t kill_after(const std::string& path, std::int64_t first, int commits) {
  int ends[2];
  BOOST_REQUIRE(pipe(ends) == 0);
  pid_t child = fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    commit_for_ever(path, first, ends[1]);
  }
  close(ends[1]);
  std::int64_t acknowledged = 0, last = 0;
  for (int seen = 0; read(ends[0], &last, sizeof last) == sizeof last;) {
    acknowledged = last;
    if (++seen == commits) kill(child, SIGKILL);
  }
  close(ends[0]);
  int how = 0;
  waitpid(child, &how, 0);
  BOOST_REQUIRE(WIFSIGNALED(how));
  return acknowledged;
}

} // namespace

BOOST_AUTO_TEST_CASE(killed_process_loses_nothing_acknowledged_and_leaves_no_half_batch) {
  scratch_folder folder;
  std::int64_t first = 1;
  for (int commits : {1, 7, 40, 90, 150}) {
    auto acknowledged = kill_after(folder.file(), first, commits);
    auto opened = open_sqlite(small_log(folder.file()));
    BOOST_REQUIRE(opened);
    auto& store = **opened;
    auto last = must_ask<outbox_read>(store, read_outbox{}).head;
    BOOST_TEST(last >= acknowledged);
    // The transaction that was under way is there with all of its batches, or with none.
    BOOST_TEST(last % batches_per_commit == 0);

    auto room = must_ask<room_loaded>(store, load_room{sample_room});
    BOOST_TEST(room.room.last_position == last);
    BOOST_TEST(room.extremities.at(0).event->event_id == sample_message(last)->event_id);
    BOOST_TEST(must_ask<rooms_listed>(store, list_rooms{}).rooms.at(0).events == last);
    auto owed = must_ask<destination_loaded>(store, load_destination{"there.example", 10'000});
    BOOST_TEST(owed.pdus.size() == static_cast<std::size_t>(last));
    auto outbox = must_ask<outbox_read>(store, read_outbox{.limit = 10'000});
    BOOST_REQUIRE(outbox.rows.size() == static_cast<std::size_t>(last));
    for (std::int64_t n = 1; n <= last; ++n) {
      const auto& row = outbox.rows[static_cast<std::size_t>(n - 1)];
      BOOST_REQUIRE(row.cursor == n);
      BOOST_REQUIRE(row.body == std::to_string(n));
      BOOST_REQUIRE(must_ask<events_loaded>(store, find_event{sample_message(n)->event_id}).events.size() == 1u);
      BOOST_REQUIRE(
        must_ask<command_result_found>(store, find_command_result{"c" + std::to_string(n)}).result.has_value());
    }
    BOOST_TEST(must_ask<events_loaded>(store, find_event{sample_message(last + 1)->event_id}).events.empty());
    first = last + 1;
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
