#include "plugin/store/shared_ids.hpp"

#include "engines.hpp"
#include "plugin/store/id_writer.hpp"
#include "plugin/store/open_database.hpp"
#include "plugin/store/schema.hpp"
#include "two_owners.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

/// The ids of a store that several nodes share, and what a build has left that had it alone.
namespace causeway::store {

BOOST_AUTO_TEST_SUITE(store_shared_ids, *boost::unit_test::timeout(120))

namespace {

/// A store as the build before schema 15 left it: the newest ids in no table, numbers without blocks, one mark.
struct former_store : shared_store {
  former_store() {
    {
      const auto store = must_open(seat_of("former"));
      for (int n = 1; n <= 20; ++n) {
        const auto event = sample_message(n);
        must_commit(*store, put_event{sample_room, event, verdict::accepted, 0, 0, n, ""},
                    queue_pdu{"a.example", event->event_id},
                    put_command_result{"c" + std::to_string(n), "n", true, "", n},
                    bind_message{sample_room, "m" + std::to_string(n), event->event_id});
      }
    }
    for (const std::string table : {"events", "command_results", "bindings"}) {
      ask("ALTER TABLE T." + table + " ALTER COLUMN seq SET INCREMENT BY 1");
      ask("ALTER TABLE T." + table + " ALTER COLUMN seq RESTART WITH 1");
    }
    for (const std::string ids : {"events", "commands", "binding_events", "binding_chats"}) {
      ask("DELETE FROM T." + ids + "_ids WHERE row > 12");
      ask("UPDATE T.meta SET value = '12' WHERE name = '" + ids + "_merged_up_to'");
    }
    ask("DROP TABLE T.commit_mark");
    ask("UPDATE T.meta SET value = '14' WHERE name IN ('schema_version', 'serves_from')");
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_the_former_build_had_in_memory_is_found_and_its_numbers_are_not_given_again,
                        former_store) {
  // An older event in the queue of a server had a number that no event has.
  ask("INSERT INTO T.destination_pdus(key, server, event) SELECT (server << 40) + 9000, server, 1 FROM T.servers");
  const auto store = must_open(seat_of("next"));
  BOOST_TEST(ask("SELECT convert_from(value, 'UTF8') FROM T.meta WHERE name = 'schema_version'") ==
             std::to_string(sql::schema_version));
  for (const std::string ids : {"events", "commands", "binding_events", "binding_chats"})
    BOOST_TEST(count(ids + "_ids") == "20", ids);
  for (int n = 1; n <= 20; ++n) {
    BOOST_TEST(must_ask<events_loaded>(*store, find_event{sample_message(n)->event_id}).events.size() == 1u);
    BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{"c" + std::to_string(n)}).result.has_value());
  }
  const auto event = sample_message(21);
  must_commit(*store, put_event{sample_room, event, verdict::accepted, 0, 0, 21, ""},
              queue_pdu{"a.example", event->event_id}, put_command_result{"c7", "n", true, "twice", 7});
  BOOST_TEST(count("command_results") == "20");
  BOOST_TEST(ask("SELECT count(*) FROM T.events WHERE seq > 9000") == "1");
}

/// It reads the rows behind the mark into memory, and numbers its own behind mark and rows.
BOOST_FIXTURE_TEST_CASE(the_former_build_finds_a_mark_before_which_everything_is_indexed, shared_store) {
  const auto store = must_open(seat_of("first"));
  for (int n = 1; n <= 3; ++n)
    must_commit(*store, put_event{sample_room, sample_message(n), verdict::accepted, 0, 0, n, ""},
                put_command_result{std::to_string(n), "n", true, "", n},
                bind_message{sample_room, std::to_string(n), sample_message(n)->event_id});
  const auto is_covered = [&](const std::string& ids, const std::string& table) {
    return ask("SELECT count(*) FROM T." + table + " WHERE seq > coalesce((SELECT convert_from(value, 'UTF8')::bigint" +
               " FROM T.meta WHERE name = '" + ids + "_merged_up_to'), 0)") == "0" &&
           ask("SELECT count(*) FROM T." + table + " e WHERE NOT EXISTS(SELECT 1 FROM T." + ids +
               "_ids i WHERE i.row = e.seq)") == "0";
  };
  BOOST_TEST(is_covered("events", "events"));
  BOOST_TEST(is_covered("commands", "command_results"));
  BOOST_TEST(is_covered("binding_events", "bindings"));
  BOOST_TEST(is_covered("binding_chats", "bindings"));
}

BOOST_FIXTURE_TEST_CASE(ids_that_are_rolled_back_are_not_there_and_those_that_follow_are, two_owners) {
  auto guilty = of_shard(0, {{put_command_result{"lost", "n", true, "", 1}, queue_pdu{"a.example", "$unknown"}}});
  BOOST_TEST(!first->store->commit({&guilty, 1}));
  BOOST_TEST(!must_ask_of<command_result_found>(*first, find_command_result{"lost"}).result);
  must_commit_of(*first, 0, put_command_result{"kept", "n", true, "", 1});
  BOOST_TEST(must_ask_of<command_result_found>(*second, find_command_result{"kept"}).result.has_value());
  BOOST_TEST(count("commands_ids") == "1");
}

BOOST_FIXTURE_TEST_CASE(removed_rows_leave_the_index, shared_store) {
  const auto store = must_open(seat_of("first"));
  for (int n = 1; n <= 200; ++n) must_commit(*store, put_command_result{std::to_string(n), "n", true, "", n});
  purge_limits limits;
  limits.command_result_ms = 0;
  limits.rows_max = 50;
  std::size_t removed = 0, all = 0;
  do {
    const auto slice = store->purge(101, limits);
    BOOST_REQUIRE(slice);
    removed = *slice;
    all += removed;
  } while (removed > 0);
  BOOST_TEST(all == 100u);
  BOOST_TEST(count("commands_ids") == "100");
}

/// A node that has little to do has an old block: rows of today before those of a month ago.
BOOST_FIXTURE_TEST_CASE(new_rows_of_an_old_block_do_not_keep_old_ones_behind_them, two_owners) {
  must_commit_of(*second, 1, put_command_result{"old block", "n", true, "", 1'000});
  for (int n = 0; n < 100; ++n) must_commit_of(*first, 0, put_command_result{std::to_string(n), "n", true, "", 1});
  for (int n = 0; n < 30; ++n)
    must_commit_of(*second, 1, put_command_result{"new" + std::to_string(n), "n", true, "", 1'000});
  BOOST_REQUIRE(first->take(second->db.owned().shards(), second_incarnation)); // retention needs all of them
  purge_limits limits;
  limits.command_result_ms = 0;
  limits.rows_max = 10;
  BOOST_TEST(first->store->purge(500, limits) == 10u);
  BOOST_TEST(count("command_results") == "121");
}

BOOST_AUTO_TEST_CASE(ids_of_a_store_of_one_process_are_merged_and_those_of_a_shared_one_written_at_once) {
  for (const auto& kind : engine_kinds()) {
    fresh_store one{kind};
    must_commit(*one.store, put_command_result{"c", "n", true, "", 1});
    one.store.reset();
    const auto db = open_database(one.place->options());
    const auto recent = std::make_shared<sql::recent_ids>();
    sql::id_writer ids{*db, sql::commands_by_id, recent, sql::read_hasher(*db)};
    BOOST_TEST(recent->growing_size() == (db->is_shared() ? 0u : 1u), kind.name);
    BOOST_TEST(ids.next_row() > 1, kind.name);
    BOOST_TEST((ids.newest_row() == packed_low_max) == !db->is_shared(), kind.name);
    BOOST_TEST(db->integer("SELECT count(*) FROM commands_ids") == (db->is_shared() ? 1 : 0), kind.name);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
