#include "stored_events.hpp"

#include "messages/chat/codec.hpp"

/// The chat side: notifications and their cursors, dead letters, results of commands.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_notifications, *boost::unit_test::timeout(120))

CAUSEWAY_ENGINE_CASE(deliveries_of_one_commit_are_one_notification_behind_the_others, fresh_store) {
  const auto delayed = [](const std::string& server) {
    return append_delivery{0, {"r", sample_room, "m", "$1", server, "delayed", "refused", 7}};
  };
  std::vector<store_batch> batches{batch_of(delayed("a"), put_destination{"a"}), batch_of(delayed("b")),
                                   batch_of(append_outbox{0, "x", "y"})};
  auto outcomes = store->commit(batches);
  BOOST_REQUIRE(outcomes);
  BOOST_TEST((*outcomes)[0].outbox_heads.empty());
  BOOST_TEST((*outcomes)[2].outbox_heads.at(0) == 2);
  BOOST_TEST((*outcomes)[2].outbox_rows.at(0).size() == 2u);
  must_commit(*store, delayed("c")); // of a commit of its own
  const auto rows = must_ask<outbox_read>(*store, read_outbox{}).rows;
  BOOST_REQUIRE(rows.size() == 3u);
  BOOST_TEST(rows[0].name == "x");
  const auto servers = [&](std::size_t i) {
    const auto told = chat::decode_notification(rows[i].name, rows[i].body);
    BOOST_REQUIRE(told);
    const auto& x = std::get<chat::delivery_changed>(*told);
    texts all{x.server};
    for (const auto& each : x.more_servers.value_or(std::vector<chat::delivery_elsewhere>{}))
      all.push_back(each.server);
    return all;
  };
  BOOST_TEST(servers(1) == (texts{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(servers(2) == (texts{"c"}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(an_outcome_carries_all_rows_of_its_batch_or_none, fresh_store) {
  const std::string half(outcome_bytes_max / 2, 'x');
  std::vector<store_batch> batches{
    batch_of(append_outbox{0, "a", half}, append_outbox{0, "b", half}, append_outbox{1, "c", "small"}),
    batch_of(append_outbox{0, "d", half})};
  auto outcomes = store->commit(batches);
  BOOST_REQUIRE(outcomes);
  BOOST_TEST((*outcomes)[0].outbox_rows.empty());
  BOOST_TEST((*outcomes)[0].outbox_heads.at(0) == 2);
  BOOST_TEST((*outcomes)[1].outbox_rows.at(0).at(0).body == half);
}

CAUSEWAY_ENGINE_CASE(cursors_grow_per_stream_and_outcomes_name_the_highest, fresh_store) {
  std::vector<store_batch> batches{
    batch_of(append_outbox{0, "a", "1"}, append_outbox{0, "b", "2"}, append_outbox{3, "c", "3"}),
    batch_of(append_outbox{3, "d", "4"}), batch_of(put_user{"@u:x"})};
  auto outcomes = store->commit(batches);
  BOOST_REQUIRE(outcomes);
  BOOST_TEST(((*outcomes)[0].outbox_heads == std::map<std::uint32_t, std::int64_t>{{0, 2}, {3, 1}}));
  BOOST_TEST(((*outcomes)[1].outbox_heads == std::map<std::uint32_t, std::int64_t>{{3, 2}}));
  BOOST_TEST((*outcomes)[2].outbox_heads.empty());
  const auto& appended = (*outcomes)[0].outbox_rows;
  BOOST_REQUIRE(appended.at(0).size() == 2u);
  BOOST_TEST(appended.at(0)[1].cursor == 2);
  BOOST_TEST(appended.at(0)[1].name == "b");
  BOOST_TEST(appended.at(0)[1].body == "2");
  BOOST_TEST((*outcomes)[1].outbox_rows.at(3).at(0).cursor == 2);
  auto read = must_ask<outbox_read>(*store, read_outbox{3, 0});
  BOOST_REQUIRE(read.rows.size() == 2u);
  BOOST_TEST(read.stream == 3u);
  BOOST_TEST(read.rows[0].cursor == 1);
  BOOST_TEST(read.rows[0].name == "c");
  BOOST_TEST(read.rows[0].body == "3");
  BOOST_TEST(read.rows[1].cursor == 2);
  BOOST_TEST(read.head == 2);
  BOOST_TEST(read.first_kept == 1);
  BOOST_TEST(read.acknowledged == 0);
}

CAUSEWAY_ENGINE_CASE(outbox_is_read_after_a_cursor_within_count_and_bytes, fresh_store) {
  for (int n = 1; n <= 10; ++n) must_commit(*store, append_outbox{0, "name", std::string(96, 'x')});
  auto cursors = [&](read_outbox x) {
    std::vector<std::int64_t> all;
    for (const auto& row : must_ask<outbox_read>(*store, x).rows) all.push_back(row.cursor);
    return all;
  };
  using expected = std::vector<std::int64_t>;
  BOOST_TEST(cursors({.after = 7}) == (expected{8, 9, 10}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = 2, .limit = 2}) == (expected{3, 4}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = 2, .bytes_max = 300}) == (expected{3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = 2, .bytes_max = 1}) == (expected{3}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = -5, .limit = 1}) == (expected{1}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = 10}).empty());
  BOOST_TEST(cursors({.after = INT64_MAX}).empty());
  BOOST_TEST(cursors({.stream = 9}).empty());
}

CAUSEWAY_ENGINE_CASE(acknowledgement_is_cumulative_and_bounded_by_the_head, fresh_store) {
  auto acknowledged = [&] { return must_ask<outbox_read>(*store, read_outbox{}).acknowledged; };
  must_commit(*store, acknowledge_outbox{0, 5});
  BOOST_TEST(acknowledged() == 0);
  for (int n = 0; n < 3; ++n) must_commit(*store, append_outbox{0, "n", "b"});
  must_commit(*store, acknowledge_outbox{0, 2});
  BOOST_TEST(acknowledged() == 2);
  must_commit(*store, acknowledge_outbox{0, 1});
  BOOST_TEST(acknowledged() == 2);
  must_commit(*store, acknowledge_outbox{0, 1'000});
  BOOST_TEST(acknowledged() == 3);
}

CAUSEWAY_ENGINE_CASE(first_result_of_a_command_stays, fresh_store) {
  must_commit(*store, put_command_result{"c1", "message.send", false, std::string{"\x80\0x", 3}, 55});
  must_commit(*store, put_command_result{"c1", "message.send", true, "other", 66});
  auto found = must_ask<command_result_found>(*store, find_command_result{"c1"}).result.value();
  BOOST_TEST(found.command_id == "c1");
  BOOST_TEST(found.command_name == "message.send");
  BOOST_TEST(!found.succeeded);
  BOOST_TEST(found.body == (std::string{"\x80\0x", 3}));
  BOOST_TEST(found.ts == 55);
  BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"c2"}).result);
}

// -- dead letters -----------------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(dead_letter_is_loaded_with_what_it_says, fresh_store) {
  must_commit(*store, append_outbox{0, "message.received", "the body"});
  must_commit(*store, put_dead_letter{0, 1, "no such room", 5, sample_room, "$e"});
  const auto found = must_ask<dead_letter_loaded>(*store, load_dead_letter{{0, 1}});
  BOOST_TEST_REQUIRE(found.letter.has_value());
  BOOST_TEST(found.body == "the body");
  BOOST_TEST((found.letter->at == dead_letter_place{0, 1}));
  BOOST_TEST(found.letter->reason == "no such room");
  BOOST_TEST(found.letter->event_id == "$e");
  BOOST_TEST(!must_ask<dead_letter_loaded>(*store, load_dead_letter{{0, 2}}).letter.has_value());
}

CAUSEWAY_ENGINE_CASE(dead_letter_is_kept_with_its_notification_and_told, fresh_store) {
  must_commit(*store, append_outbox{2, "message.received", "body"});
  const auto outcome = must_commit(*store, put_dead_letter{2, 1, "why", 70, "!r:here.example", "$e"});
  BOOST_TEST(outcome.outbox_heads.at(2) == 2);
  const auto& told = outcome.outbox_rows.at(2).at(0);
  BOOST_TEST(told.name == "dead_letter");
  const auto x = chat::decode_notification(told.name, told.body);
  BOOST_REQUIRE(x);
  const auto& letter = std::get<chat::dead_letter>(*x);
  BOOST_TEST(letter.id == "2-1");
  BOOST_TEST(letter.event == "message.received");
  BOOST_TEST(letter.reason == "why");
  BOOST_TEST(letter.ts == 70);
  BOOST_TEST(letter.matrix_room_id.value() == "!r:here.example");
  BOOST_TEST(letter.event_id.value() == "$e");
  reopen();
  const auto listed = must_ask<dead_letters_listed>(*store, list_dead_letters{});
  BOOST_REQUIRE(listed.letters.size() == 1u);
  const auto& kept = listed.letters[0];
  BOOST_TEST((kept.at == dead_letter_place{2, 1}));
  BOOST_TEST(kept.name == "message.received");
  BOOST_TEST(kept.reason == "why");
  BOOST_TEST(kept.bytes == 4);
  BOOST_TEST(kept.ts == 70);
  BOOST_TEST(kept.room_id == "!r:here.example");
  BOOST_TEST(kept.event_id == "$e");
}

CAUSEWAY_ENGINE_CASE(dead_letter_refused_again_is_told_once, fresh_store) {
  must_commit(*store, append_outbox{0, "message.received", "body"}, put_dead_letter{0, 1, "why", 70});
  BOOST_TEST(must_commit(*store, put_dead_letter{0, 1, "again", 80}).outbox_heads.empty());
  BOOST_TEST(must_ask<dead_letters_listed>(*store, list_dead_letters{}).letters.at(0).reason == "why");
}

CAUSEWAY_ENGINE_CASE(refused_word_of_a_dead_letter_makes_no_other, fresh_store) {
  must_commit(*store, append_outbox{0, "message.received", "body"}, put_dead_letter{0, 1, "why", 70});
  BOOST_TEST(must_commit(*store, put_dead_letter{0, 2, "not this either", 71}).outbox_heads.empty());
  BOOST_TEST(must_ask<dead_letters_listed>(*store, list_dead_letters{}).letters.size() == 1u);
}

CAUSEWAY_ENGINE_CASE(dead_letter_that_is_tried_again_is_the_newest_of_its_stream, fresh_store) {
  must_commit(*store, append_outbox{0, "message.received", "body"}, put_dead_letter{0, 1, "why", 70},
              append_outbox{0, "n", "b"});
  const auto outcome = must_commit(*store, retry_dead_letter{0, 1});
  BOOST_TEST(outcome.outbox_heads.at(0) == 4);
  BOOST_TEST(outcome.outbox_rows.at(0).at(0).name == "message.received");
  BOOST_TEST(outcome.outbox_rows.at(0).at(0).body == "body");
  BOOST_TEST(must_ask<dead_letters_listed>(*store, list_dead_letters{}).letters.empty());
  BOOST_TEST(must_commit(*store, retry_dead_letter{0, 1}).outbox_heads.empty()); // it is none any more
  must_commit(*store, put_dead_letter{0, 4, "still", 90});
  BOOST_TEST(must_ask<dead_letters_listed>(*store, list_dead_letters{}).letters.at(0).at.cursor == 4);
}

CAUSEWAY_ENGINE_CASE(dead_letter_that_is_dropped_is_gone_and_no_other, fresh_store) {
  for (int n = 1; n <= 3; ++n)
    must_commit(*store, append_outbox{1, "message.received", "body"}, put_dead_letter{1, 2 * n - 1, "why", 70});
  BOOST_TEST(must_commit(*store, drop_dead_letter{1, 3}).outbox_heads.empty());
  const auto left = must_ask<dead_letters_listed>(*store, list_dead_letters{});
  BOOST_REQUIRE(left.letters.size() == 2u);
  BOOST_TEST(left.letters[0].at.cursor == 1);
  BOOST_TEST(left.letters[1].at.cursor == 5);
}

CAUSEWAY_ENGINE_CASE(dead_letters_are_listed_in_pages_over_all_streams, fresh_store) {
  for (std::uint32_t stream = 0; stream < 3; ++stream)
    for (std::int64_t n = 0; n < 4; ++n)
      must_commit(*store, append_outbox{stream, "n", "b"}, put_dead_letter{stream, 2 * n + 1, "why", 70});
  std::optional<dead_letter_place> after;
  std::vector<dead_letter_place> seen;
  for (int page = 0; page < 3; ++page) {
    const auto listed = must_ask<dead_letters_listed>(*store, list_dead_letters{after, 5});
    BOOST_TEST(listed.more == (page < 2));
    for (const auto& x : listed.letters) seen.push_back(x.at);
    after = seen.back();
  }
  BOOST_REQUIRE(seen.size() == 12u);
  BOOST_TEST((seen[4] == dead_letter_place{1, 1}));
  BOOST_TEST((seen[11] == dead_letter_place{2, 7}));
}

CAUSEWAY_ENGINE_CASE(of_too_many_dead_letters_the_oldest_go, fresh_store) {
  constexpr auto kept = static_cast<std::int64_t>(dead_letters_kept_max);
  auto batch = batch_of();
  for (std::int64_t n = 1; n <= kept + 5; ++n) batch.writes.emplace_back(put_dead_letter{0, 1'000'000 + n, "", n});
  BOOST_REQUIRE(store->commit({&batch, 1}));
  reopen();
  auto listed = must_ask<dead_letters_listed>(*store, list_dead_letters{{}, rows_max});
  BOOST_TEST(listed.letters.size() == dead_letters_kept_max);
  BOOST_TEST(listed.letters.at(0).ts == 6);
  // After some have gone there is room for others.
  must_commit(*store, drop_dead_letter{0, 1'000'006}, put_dead_letter{1, 1, "", kept + 6});
  listed = must_ask<dead_letters_listed>(*store, list_dead_letters{{}, rows_max});
  BOOST_TEST(listed.letters.size() == dead_letters_kept_max);
  BOOST_TEST(listed.letters.at(0).ts == 7);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
