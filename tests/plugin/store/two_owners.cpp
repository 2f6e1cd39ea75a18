#include "two_owners.hpp"

#include "messages/batch_shards.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

/// Two nodes write into one database at the same time, each what is of its shards, while shards go from one to the
/// other and connections are cut. A checker compares what is there with what was acknowledged.
namespace causeway::store {

BOOST_AUTO_TEST_SUITE(two_owners_of_one_store, *boost::unit_test::timeout(300))

namespace {

constexpr int rooms = 24, groups_of_each = 120;
const std::string late_server = "late.example";

std::string room_name(int i) { return "!room" + std::to_string(i) + ":here.example"; }
/// Both nodes meet the same names at about the same time.
std::vector<std::string> servers_of(std::int64_t n) {
  return {"always.example", "b" + std::to_string(n / 2) + ".example", "a" + std::to_string(n / 2) + ".example"};
}
matrix::event_ptr event_of_owner(const std::string& room_id, std::int64_t n, std::int64_t incarnation) {
  return sample_event(
    {.room_id = room_id, .body = std::to_string(n) + " by " + std::to_string(incarnation), .depth = n});
}

/// What was acknowledged, by room.
struct ledger {
  struct entry {
    std::string event_id;
    std::string late_event_id = {}; ///< an older one that was queued for the late server besides; empty: none
  };
  std::mutex mutex;
  std::map<std::string, std::map<std::int64_t, entry>> events;
  std::size_t taken = 0, refused = 0;
  std::string wrong; ///< the first thing that may not be
};

class writing_node {
public:
  writing_node(owner_of_shards& self, std::int64_t other, unsigned seed, ledger& book, postgresql_server& server)
      : self_(self), other_(other), random_(seed), book_(book), server_(server) {}

  void run() {
    try {
      for (int i = 0; i < rooms; ++i)
        if (self_.owns(room_name(i))) load(room_name(i));
      for (int i = 0; i < groups_of_each; ++i) {
        if (random_() % 12 == 0) take_unit();
        commit_group(make_group(), random_() % 10 == 0);
      }
    } catch (const std::exception& failed) {
      const std::lock_guard guard{book_.mutex};
      if (book_.wrong.empty()) book_.wrong = failed.what();
    }
  }

private:
  struct planned {
    std::string room_id;
    std::int64_t n = 0;
    ledger::entry entry;
    store_batch batch;
  };
  struct room_book {
    std::int64_t last = 0;
    std::vector<std::string> event_ids; ///< of those this node knows
  };

  answer ask(const query& question) {
    for (;;) {
      auto found = self_.store->ask(question);
      const auto* failed = std::get_if<fault>(&found);
      if (!failed) return found;
      if (failed->code != fault_code::store_failed) throw std::runtime_error{to_string(*failed)};
    }
  }
  void load(const std::string& room_id) {
    const auto found = std::get<room_loaded>(ask(load_room{room_id}));
    books_[room_id] = {found.room.last_position, found.room.forward_extremities};
  }
  void take_unit() {
    const auto unit = static_cast<std::uint32_t>(random_() % units);
    if (self_.db.owned().shards().has(static_cast<shard_number>(unit))) return;
    if (!self_.take(shards_of_unit(unit), other_)) return;
    for (int i = 0; i < rooms; ++i)
      if (unit_of(room_name(i)) == unit) load(room_name(i));
    const std::lock_guard guard{book_.mutex};
    ++book_.taken;
  }
  std::vector<planned> make_group() {
    std::vector<planned> group;
    for (auto size = 1 + random_() % 4; size > 0; --size) {
      const auto room_id = room_name(static_cast<int>(random_() % rooms));
      if (self_.owns(room_id)) group.push_back(make_batch(room_id));
    }
    return group;
  }
  planned make_batch(const std::string& room_id) {
    auto& book = books_[room_id];
    planned x{room_id, ++book.last, {}, {}};
    const auto event = event_of_owner(room_id, x.n, self_.incarnation);
    x.entry.event_id = event->event_id;
    auto head = sample_head(room_id);
    head.last_position = x.n;
    head.forward_extremities = {event->event_id};
    const auto text = room_id + " " + std::to_string(x.n);
    auto& rows = x.batch.writes;
    rows.emplace_back(put_event{room_id, event, verdict::accepted, 0, 0, x.n, ""});
    rows.emplace_back(append_outbox{unit_of(room_id), "message.received", text});
    for (const auto& server : servers_of(x.n)) rows.emplace_back(queue_pdu{server, event->event_id});
    rows.emplace_back(put_command_result{"c " + text, "n", true, text, x.n});
    rows.emplace_back(bind_message{room_id, "m " + text, event->event_id});
    rows.emplace_back(head);
    // An event of some time ago, and once more what was queued a moment ago.
    if (!book.event_ids.empty() && random_() % 3 == 0) {
      x.entry.late_event_id = book.event_ids[random_() % book.event_ids.size()];
      for (int i = 0; i < 2; ++i) rows.emplace_back(queue_pdu{late_server, x.entry.late_event_id});
      rows.emplace_back(queue_pdu{"always.example", book.event_ids.back()});
    }
    book.event_ids.push_back(event->event_id);
    x.batch.shards = shards_of({actor_kind::room, room_id}, rows);
    return x;
  }
  /// As the thread of the store does: repeats what failed for the database, leaves out what is another node's.
  void commit_group(std::vector<planned> group, bool is_cut) {
    std::future<void> cutter;
    if (is_cut)
      cutter = std::async(std::launch::async,
                          [this, pid = session()] { server_.ask("SELECT pg_terminate_backend(" + pid + ")"); });
    while (!group.empty()) {
      std::vector<store_batch> batches;
      for (const auto& x : group) batches.push_back(x.batch);
      const auto outcomes = self_.store->commit(batches);
      if (outcomes) {
        note(group);
        break;
      }
      if (outcomes.error().code == fault_code::store_failed) continue;
      if (outcomes.error().code != fault_code::stale_owner) throw std::runtime_error{to_string(outcomes.error())};
      const std::lock_guard guard{book_.mutex};
      book_.refused += std::erase_if(group, [this](const auto& x) { return !self_.owns(x.room_id); });
    }
  }
  std::string session() {
    for (;;) {
      try {
        sql::transaction look{self_.db, sql::transaction::kind::read};
        auto pid = std::to_string(self_.db.integer("SELECT pg_backend_pid()"));
        look.commit();
        return pid;
      } catch (const sql::error& failed) {
        if (failed.kind != sql::failure::machine) throw;
      }
    }
  }
  void note(const std::vector<planned>& group) {
    const std::lock_guard guard{book_.mutex};
    for (const auto& x : group)
      if (!book_.events[x.room_id].emplace(x.n, x.entry).second && book_.wrong.empty())
        book_.wrong = x.room_id + ": event " + std::to_string(x.n) + " was acknowledged twice";
  }

  owner_of_shards& self_;
  const std::int64_t other_;
  std::mt19937 random_;
  ledger& book_;
  postgresql_server& server_;
  std::map<std::string, room_book> books_;
};

/// What is in the tables, seen by a connection that has written nothing.
class checker {
public:
  checker(const two_owners& nodes, const ledger& book)
      : db_(nodes.url, postgresql_database::use::shared), names_(db_, {}), questions_(db_, names_), book_(book) {}

  void check() {
    check_rooms();
    check_index();
    check_outbox();
    check_queues();
  }

private:
  template <class Answer>
  Answer found(const query& question) {
    auto answered = questions_.ask(question);
    if (const auto* failed = std::get_if<fault>(&answered)) throw std::runtime_error{to_string(*failed)};
    return std::get<Answer>(std::move(answered));
  }
  std::size_t acknowledged() const {
    std::size_t all = 0;
    for (const auto& [room_id, events] : book_.events) all += events.size();
    return all;
  }
  std::size_t count(const std::string& what) {
    return static_cast<std::size_t>(db_.integer("SELECT count(*) FROM " + what));
  }

  /// Each room has its events 1, 2, 3, ... in the order of their rows, and these are what was acknowledged.
  void check_rooms() {
    BOOST_TEST(count("events") == acknowledged());
    sql::statement all{db_, "SELECT e.event_id, e.position FROM events e JOIN rooms r ON r.room = e.room"
                            " WHERE r.room_id = ?1 ORDER BY e.seq"};
    for (const auto& [room_id, events] : book_.events) {
      std::vector<std::string> there, told;
      std::int64_t n = 0;
      for (auto rows = all.query(room_id); rows.next();) {
        there.push_back(rows.string(0));
        BOOST_TEST(rows.integer(1) == ++n, room_id);
      }
      for (const auto& [position, entry] : events) told.push_back(entry.event_id);
      BOOST_TEST(there == told, room_id);
      BOOST_TEST(found<room_loaded>(load_room{room_id}).room.last_position == n);
    }
  }
  /// Everything is found by its id, and there is one row of it.
  void check_index() {
    for (const auto* table :
         {"events_ids", "command_results", "commands_ids", "bindings", "binding_events_ids", "binding_chats_ids"})
      BOOST_TEST(count(table) == acknowledged(), table);
    for (const auto& [room_id, events] : book_.events)
      for (const auto& [n, entry] : events) {
        const auto text = room_id + " " + std::to_string(n);
        BOOST_REQUIRE(found<events_loaded>(find_event{entry.event_id}).events.size() == 1u);
        BOOST_REQUIRE(found<command_result_found>(find_command_result{"c " + text}).result.has_value());
        BOOST_REQUIRE(found<message_found>(find_message{room_id, "m " + text}).event_id == entry.event_id);
      }
  }
  /// The cursors of a stream have no gap, and each room tells its events in their order.
  void check_outbox() {
    BOOST_TEST(count("outbox") == acknowledged());
    std::map<std::string, std::int64_t> told;
    for (std::uint32_t stream = 0; stream < units; ++stream) {
      const auto read = found<outbox_read>(read_outbox{stream, 0, 10'000, 100'000'000});
      std::int64_t cursor = 0;
      for (const auto& row : read.rows) {
        BOOST_REQUIRE(row.cursor == ++cursor);
        const auto blank = row.body.find(' ');
        BOOST_REQUIRE(row.body == row.body.substr(0, blank) + " " + std::to_string(++told[row.body.substr(0, blank)]));
      }
      BOOST_TEST(read.head == cursor);
    }
  }
  /// Each server is owed what was queued for it, once, the events of a room in the order in which they were queued.
  void check_queues() {
    std::map<std::string, std::map<std::string, std::vector<std::string>>> owed, there; // server, room, events
    for (const auto& [room_id, events] : book_.events)
      for (const auto& [n, entry] : events) {
        for (const auto& server : servers_of(n)) owed[server][room_id].push_back(entry.event_id);
        if (entry.late_event_id.empty()) continue;
        auto& late = owed[late_server][room_id];
        if (std::ranges::find(late, entry.late_event_id) == late.end()) late.push_back(entry.late_event_id);
      }
    sql::statement all{db_, "SELECT s.name, r.room_id, e.event_id FROM destination_pdus d"
                            " JOIN servers s ON s.server = d.key >> 40"
                            " JOIN events e ON e.seq = coalesce(d.event, d.key & 1099511627775)"
                            " JOIN rooms r ON r.room = e.room ORDER BY d.key"};
    for (auto rows = all.query(); rows.next();) there[rows.string(0)][rows.string(1)].push_back(rows.string(2));
    BOOST_TEST(count("servers") == owed.size());
    BOOST_TEST((there == owed));
  }

  postgresql_database db_;
  sql::names names_;
  sql::query_executor questions_;
  const ledger& book_;
};

void play(unsigned seed) {
  two_owners nodes;
  ledger book;
  writing_node one{*nodes.first, two_owners::second_incarnation, seed, book, nodes.server},
    two{*nodes.second, two_owners::first_incarnation, seed + 1'000, book, nodes.server};
  std::thread beside{[&] { two.run(); }};
  one.run();
  beside.join();
  BOOST_TEST(book.wrong == "");
  BOOST_TEST(book.taken > 0u);
  checker{nodes, book}.check();
  BOOST_TEST_MESSAGE("seed " << seed << ": " << book.taken << " units moved, " << book.refused << " batches refused");
}

} // namespace

BOOST_AUTO_TEST_CASE(nothing_is_lost_or_there_twice_and_each_room_keeps_its_order) {
  for (const unsigned seed : {1u, 2u, 3u}) BOOST_TEST_CONTEXT("seed " << seed) play(seed);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
