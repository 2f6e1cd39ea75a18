#include "plugin/store/fenced_store.hpp"

#include "two_owners.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

/// What one owner of shards knows while another one commits beside it.
namespace causeway::store {

BOOST_AUTO_TEST_SUITE(fenced_stores, *boost::unit_test::timeout(120))

BOOST_FIXTURE_TEST_CASE(a_commit_whose_answer_was_lost_is_recognized_although_others_have_committed_since, two_owners) {
  must_commit_of(*first, 0, append_outbox{0, "n", "1"});
  const std::vector<store_batch> batches{of_shard(0, {{append_outbox{0, "n", "2"}}})};
  const auto lost = commit_unanswered(*this, *first, batches);
  BOOST_REQUIRE(!lost);
  BOOST_TEST((lost.error().code == fault_code::store_failed), to_string(lost.error()));
  BOOST_TEST(first->store->is_outcome_open());
  for (int i = 0; i < 3; ++i) must_commit_of(*second, 1, append_outbox{1, "n", "theirs"});
  const auto again = first->store->commit(batches);
  BOOST_REQUIRE_MESSAGE(bool(again), (again ? "" : to_string(again.error())));
  BOOST_TEST(again->front().outbox_heads.at(0) == 2);
  BOOST_TEST(must_commit_of(*first, 0, append_outbox{0, "n", "3"}).outbox_heads.at(0) == 3);
  BOOST_TEST(count("outbox") == "6");
  BOOST_TEST(count("commit_mark") == "2");
}

BOOST_FIXTURE_TEST_CASE(a_commit_that_was_not_made_is_written_although_others_have_committed_since, two_owners) {
  must_commit_of(*first, 0, append_outbox{0, "n", "1"});
  const auto pid = std::to_string(first->db.integer("SELECT pg_backend_pid()"));
  ask("SELECT pg_terminate_backend(" + pid + ", 5000)");
  const std::vector<store_batch> batches{of_shard(0, {{append_outbox{0, "n", "2"}}})};
  BOOST_TEST(!first->store->commit(batches));
  must_commit_of(*second, 1, append_outbox{1, "n", "theirs"});
  const auto again = first->store->commit(batches);
  BOOST_REQUIRE_MESSAGE(bool(again), (again ? "" : to_string(again.error())));
  BOOST_TEST(count("outbox") == "3");
}

BOOST_FIXTURE_TEST_CASE(heads_of_streams_are_read_again_when_a_shard_is_taken, two_owners) {
  must_commit_of(*first, 0, append_outbox{0, "n", "1"});
  must_commit_of(*second, 1, append_outbox{1, "n", "1"});
  // Units 0 to 14 are had by each in turn.
  BOOST_TEST(second->take(shards_of_unit(0), first_incarnation));
  for (int i = 2; i <= 4; ++i)
    BOOST_TEST(must_commit_of(*second, 0, append_outbox{0, "n", "x"}).outbox_heads.at(0) == i);
  BOOST_CHECK_THROW(must_commit_of(*first, 0, append_outbox{0, "n", "late"}), std::runtime_error);
  BOOST_TEST(first->take(shards_of_unit(0), second_incarnation));
  BOOST_TEST(must_commit_of(*first, 0, append_outbox{0, "n", "x"}).outbox_heads.at(0) == 5);
  const auto read = must_ask_of<outbox_read>(*second, read_outbox{0, 0, 10, 1'000'000});
  BOOST_TEST(read.head == 5);
  BOOST_TEST(read.rows.size() == 5u);
}

BOOST_FIXTURE_TEST_CASE(what_others_have_written_is_found_by_its_id, two_owners) {
  const auto event = sample_message(1);
  must_commit_of(*first, 0, put_event{sample_room, event, verdict::accepted, 0, 0, 1, ""},
                 put_command_result{"c1", "n", true, "first", 1}, bind_message{sample_room, "m1", event->event_id});
  BOOST_TEST(must_ask_of<events_loaded>(*second, find_event{event->event_id}).events.size() == 1u);
  BOOST_TEST(must_ask_of<message_found>(*second, find_message{sample_room, "m1"}).event_id == event->event_id);
  must_commit_of(*second, 1, put_command_result{"c1", "n", true, "second", 1});
  BOOST_TEST(must_ask_of<command_result_found>(*second, find_command_result{"c1"}).result->body == "first");
  // It is not queued twice, whoever queues it.
  must_commit_of(*first, 0, queue_pdu{"a.example", event->event_id});
  BOOST_TEST(second->take(shards_of_unit(0), first_incarnation));
  must_commit_of(*second, 0, queue_pdu{"a.example", event->event_id});
  BOOST_TEST(count("destination_pdus") == "1");
}

BOOST_FIXTURE_TEST_CASE(events_of_a_room_that_moves_keep_their_order_in_the_queue_of_a_server, two_owners) {
  const auto put_and_queue = [&](owner_of_shards& by, std::int64_t n) {
    const auto event = sample_message(n);
    must_commit_of(by, 0, put_event{sample_room, event, verdict::accepted, 0, 0, n, ""},
                   queue_pdu{"a.example", event->event_id});
  };
  must_commit_of(*second, 1, put_event{"!o:x", sample_message(9, "!o:x"), verdict::accepted, 0, 0, 9, ""});
  put_and_queue(*first, 1); // in a block that was begun after that of the second one
  BOOST_TEST(second->take(shards_of_unit(0), first_incarnation));
  put_and_queue(*second, 2);
  must_commit_of(*second, 0, put_event{sample_room, sample_message(3), verdict::accepted, 0, 0, 3, ""});
  put_and_queue(*second, 4);
  must_commit_of(*second, 0, queue_pdu{"a.example", sample_message(3)->event_id}); // a server that came late
  BOOST_TEST(first->take(shards_of_unit(0), second_incarnation));
  put_and_queue(*first, 5);
  std::vector<std::string> queued;
  for (const auto& event : must_ask_of<destination_loaded>(*first, load_destination{"a.example"}).pdus)
    queued.push_back(*event->content().find("body")->as_string());
  const std::vector<std::string> expected{"message 1", "message 2", "message 4", "message 3", "message 5"};
  BOOST_TEST(queued == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
