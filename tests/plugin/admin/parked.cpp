#include "plugin/admin/parked.hpp"

#include "tests/plugin/admin/admin_rig.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::admin::testing {

namespace {

constexpr std::int64_t then_ms = 1'700'000'000'000;

actor_row damaged() {
  actor_row x;
  x.kind = "room";
  x.key = "!r:chat.example";
  x.phase = "parked";
  x.failures = 3;
  x.mailbox = 7;
  x.last_fault = "the store cannot load room !r:chat.example: store_damaged: stored event $e: not_json";
  x.retry_at_ts = then_ms + 12'000;
  return x;
}

store::room_summary room() {
  store::room_summary x;
  x.room_id = "!r:chat.example";
  x.chat_room_id = "general";
  return x;
}

} // namespace

BOOST_AUTO_TEST_SUITE(admin_parked)

BOOST_AUTO_TEST_CASE(advice_follows_the_fault_and_no_two_contradict_each_other) {
  auto x = damaged();
  BOOST_TEST(
    what_mends(x).starts_with("A row of the store is damaged, so each attempt fails until it is mended: stop"));
  x.last_fault = "commit failed: store_failed: disk full";
  BOOST_TEST(what_mends(x).find("No restart is needed.") != std::string::npos);
  x.last_fault = "it cannot be";
  BOOST_TEST(what_mends(x).find("causeway bundle") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(settings_are_told_with_their_values_and_when_it_is_tried_again) {
  const auto told = until_it_is_tried(damaged(), {60, 1'000}, then_ms);
  BOOST_TEST(told.starts_with("It is tried again by itself in 12 s (supervisor.restart_window_s is 60). "));
  BOOST_TEST(told.ends_with("7 of at most 1000 messages (supervisor.parked_input_max)."));
  auto x = damaged();
  x.retry_at_ts = 0; // of a broker that does not say it
  BOOST_TEST(until_it_is_tried(x, {60, 1'000}, then_ms).starts_with("It is tried again by itself after 60 s ("));
}

BOOST_AUTO_TEST_CASE(a_fault_is_cut_to_what_one_reads_and_no_character_is_cut) {
  BOOST_TEST(brief_fault("a\nb. ") == "a b");
  const auto cut = brief_fault(std::string(199, 'x') + "\xc3\xa4" + std::string(50, 'y'));
  BOOST_TEST(cut == std::string(199, 'x') + "...");
}

BOOST_FIXTURE_TEST_CASE(rooms_tell_which_of_them_is_parked, fixture) {
  auto other = room();
  other.room_id = "!a:chat.example";
  node.rooms = {other, room()};
  node.ranked = actors_ranked{{damaged()}, 1, {}};
  const auto rows = ask("rooms");
  const auto first = rows.find_array("rooms")->at(0);
  BOOST_TEST(*first.find_string("room_id") == "!r:chat.example");
  BOOST_TEST(first.find_string("waits_for")->starts_with("Its actor is parked (the store cannot load room"));
  BOOST_TEST(*rows.find_array("rooms")->at(1).find_string("waits_for") == "");
}

BOOST_FIXTURE_TEST_CASE(a_parked_room_is_shown_at_once_though_its_actor_and_its_rows_do_not_answer, fixture) {
  node.rooms = {room()};
  node.actors = {damaged()};
  node.actors_hang = true;
  const auto body = ask("room.show", with_room("general"));
  const auto* waits = body.find_array("waits_for");
  BOOST_REQUIRE(waits);
  BOOST_TEST(waits->at(0).as_string()->starts_with("The actor room !r:chat.example is parked: it failed 3 times"));
  BOOST_TEST(waits->size() == 4u);
  BOOST_TEST(*body.find_object("parked")->find("phase")->as_string() == "parked");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::admin::testing
