#include "actors/receipts/receipts_machine.hpp"

#include "tests/actors/receipts_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <set>

using namespace causeway;
using namespace causeway::test;
using receipts::debts;

BOOST_AUTO_TEST_SUITE(receipts_machine)

namespace {

using words = std::vector<std::string>;
const std::string ann = "@ann:here.example", bob = "@bob:here.example", eve = "@eve:there.example";

/// ok, or the fault.
words results(const effects& list) {
  words all;
  for (const auto& [to, x] : told<command_done>(list))
    all.push_back(x.succeeded ? "ok" : std::string{info(chat::decode_fault(x.body).code).name});
  return all;
}

/// Bodies of what the chat server is told.
std::vector<std::string> notified(const effects& list) {
  std::vector<std::string> all;
  for (const auto& [to, n] : told<ephemeral_notification>(list)) all.push_back(n.body);
  return all;
}

std::string receipt_told(const std::string& user, int number, time_ms ts, std::optional<std::string> thread = {}) {
  return chat::encode(chat::receipt_changed{"chat-1", a_room, user, receipts_rig::event(number),
                                            "m" + std::to_string(number), ts, std::move(thread)});
}

} // namespace

// -- ours

BOOST_AUTO_TEST_CASE(marker_is_on_disk_before_it_is_answered_and_told_later) {
  receipts_rig r;
  const auto list = r.read(ann, 3);
  BOOST_TEST(results(list) == words{"ok"}, boost::test_tools::per_element());
  BOOST_REQUIRE(r.disk.find(ann));
  BOOST_TEST(r.disk.find(ann)->event_id == "$3");
  BOOST_TEST(r.disk.find(ann)->position == 3);
  BOOST_TEST(r.disk.find(ann)->ts == r.now);
  BOOST_TEST(told<edu_queued>(list).empty());
  BOOST_TEST(told<edu_queued>(r.pass(debts::gather_ms - 1)).empty());
  const auto sent = r.pass(1);
  BOOST_TEST(told_of(sent) == words{"there.example !a/@ann/$3"}, boost::test_tools::per_element());
  BOOST_TEST(r.disk.debts.size() == 1u);
  r.settle_edus(sent, true);
  BOOST_TEST(r.disk.debts.empty());
  BOOST_TEST(told<edu_queued>(r.pass(3'600'000)).empty());
}

BOOST_AUTO_TEST_CASE(marker_never_moves_backwards) {
  receipts_rig r;
  r.read(ann, 5);
  for (const int older : {5, 4, 1})
    BOOST_TEST(results(r.read(ann, older)) == words{"ok"}, boost::test_tools::per_element());
  BOOST_TEST(r.disk.find(ann)->event_id == "$5");
  BOOST_TEST(told_of(r.pass(debts::gather_ms)) == words{"there.example !a/@ann/$5"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_two_commands_say_at_once_is_decided_one_after_the_other) {
  receipts_rig r;
  r.store_answers = false;
  r.read(ann, 5); // the store is asked
  r.read(ann, 6);
  r.read(ann, 4);
  BOOST_REQUIRE(r.asked.size() == 1u); // one question of a room is open at a time
  r.store_answers = true;
  const auto q = r.asked[0];
  const auto list = r.on(store_says(q.asked, r.disk.answer(q.question)));
  BOOST_TEST(results(list) == (words{"ok", "ok", "ok"}), boost::test_tools::per_element());
  BOOST_TEST(r.disk.find(ann)->event_id == "$6");
}

BOOST_AUTO_TEST_CASE(what_many_read_within_a_moment_is_one_edu_for_each_server) {
  receipts_rig r;
  for (int user = 0; user < 200; ++user)
    for (const int number : {1, 2, 3})
      r.read("@u" + std::to_string(user) + ":here.example", number, {"there.example", "third.example"});
  r.read(ann, 2, {"there.example"}, "", b_room);
  const auto sent = r.pass(debts::gather_ms);
  const auto edus = told<edu_queued>(sent);
  BOOST_REQUIRE(edus.size() == 2u);
  BOOST_TEST(edus[0].second.edu_type == "m.receipt");
  const auto all = told_of(sent);
  BOOST_TEST(all.size() == 401u); // the newest of each, over both rooms
  BOOST_TEST(std::ranges::count(all, "there.example !b/@ann/$2") == 1);
  BOOST_TEST(std::ranges::count_if(all, [](const auto& x) { return x.starts_with("third.example !b"); }) == 0);
  BOOST_TEST(std::ranges::count_if(all, [](const auto& x) { return !x.ends_with("$3"); }) == 1);
}

BOOST_AUTO_TEST_CASE(while_an_edu_is_under_way_what_is_read_waits_and_goes_with_the_next) {
  receipts_rig r;
  r.read(ann, 1);
  const auto first = r.pass(debts::gather_ms);
  for (const int number : {2, 3, 4}) {
    r.read(ann, number);
    BOOST_TEST(told<edu_queued>(r.pass(5'000)).empty());
  }
  r.settle_edus(first, true);
  BOOST_TEST(r.disk.debts.size() == 1u);
  const auto second = r.pass(debts::gather_ms);
  BOOST_TEST(told_of(second) == words{"there.example !a/@ann/$4"}, boost::test_tools::per_element());
  r.settle_edus(second, true);
  BOOST_TEST(r.disk.debts.empty());
}

BOOST_AUTO_TEST_CASE(server_that_is_down_gets_the_newest_alone_when_it_is_back) {
  receipts_rig r;
  r.audience[a_room] = {"there.example"};
  r.read(ann, 1);
  r.settle_edus(r.pass(debts::gather_ms), false);
  std::size_t attempts = 0;
  for (int number = 2; number <= 9; ++number) {
    r.read(ann, number);
    const auto list = r.pass(600'000);
    attempts += told<edu_queued>(list).size();
    r.settle_edus(list, false);
  }
  BOOST_TEST(attempts < 40u);
  const auto back = r.on(server_alive{"there.example"});
  auto sent = r.pass(1);
  BOOST_TEST(told_of(sent) == words{"there.example !a/@ann/$9"}, boost::test_tools::per_element());
  r.settle_edus(sent, true);
  BOOST_TEST(r.disk.debts.empty());
  BOOST_TEST(told<edu_queued>(r.on(server_alive{"there.example"})).empty());
  BOOST_TEST(told<edu_queued>(r.pass(600'000)).empty());
}

BOOST_AUTO_TEST_CASE(what_was_not_told_before_a_restart_is_told_after_it) {
  receipts_rig r;
  r.audience[a_room] = {"there.example"};
  r.read(ann, 1);
  r.read(bob, 2);
  r.settle_edus(r.pass(debts::gather_ms), false);
  r.read(ann, 7);
  r.restart();
  const auto sent = r.pass(debts::gather_ms);
  BOOST_TEST(told_of(sent) == (words{"there.example !a/@ann/$7", "there.example !a/@bob/$2"}),
             boost::test_tools::per_element());
  r.settle_edus(sent, true);
  BOOST_TEST(r.disk.debts.empty());
  r.restart();
  BOOST_TEST(told<edu_queued>(r.pass(600'000)).empty());
  r.read(ann, 8); // goes on counting where it was
  BOOST_TEST(told_of(r.pass(debts::gather_ms)) == words{"there.example !a/@ann/$8"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(server_that_has_left_the_room_meanwhile_is_told_nothing) {
  receipts_rig r;
  r.audience[a_room] = {"third.example"};
  r.read(ann, 1, {"there.example", "third.example"});
  r.settle_edus(r.pass(debts::gather_ms), false);
  r.pass(receipts::room_audiences::believed_ms);
  r.restart();
  const auto sent = r.pass(debts::gather_ms);
  BOOST_TEST(told_of(sent) == words{"third.example !a/@ann/$1"}, boost::test_tools::per_element());
  BOOST_TEST(!r.disk.debts.contains("there.example"));
}

BOOST_AUTO_TEST_CASE(room_that_does_not_answer_holds_its_own_markers_up_alone) {
  receipts_rig r;
  r.audience[b_room] = {"there.example"};
  r.read(ann, 1);
  r.read(ann, 2, {"there.example"}, "", b_room);
  r.restart();
  const auto sent = r.pass(receipts::room_audiences::answer_ms_max * (receipts::room_audiences::questions_max + 1));
  BOOST_TEST(told_of(sent) == words{"there.example !b/@ann/$2"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(threads_of_one_user_go_in_several_edus) {
  receipts_rig r;
  for (int thread = 1; thread <= 7; ++thread) r.read(ann, 9, {"there.example"}, receipts_rig::event(thread));
  r.read(bob, 9);
  const auto first = r.pass(debts::gather_ms);
  BOOST_TEST(told<edu_queued>(first).size() == debts::edus_at_once);
  BOOST_TEST(told_of(first).size() == 5u);
  std::set<std::string> keys;
  for (const auto& [to, x] : told<edu_queued>(first)) keys.insert(x.key);
  BOOST_TEST(keys.size() == debts::edus_at_once); // none replaces another one
  r.settle_edus(first, true);
  const auto second = r.pass(debts::gather_ms);
  BOOST_TEST(told_of(second) ==
               (words{"there.example !a/@ann/$9/$6", "there.example !a/@bob/$9", "there.example !a/@ann/$9/$7"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(private_markers_are_kept_and_never_told) {
  receipts_rig r;
  auto m = receipts_rig::moved({{ann, "$3", "", 0, true}});
  m.command = command_reference{"s", "c1", 0};
  m.servers = std::make_shared<const words>(words{"there.example"});
  BOOST_TEST(results(r.on(m)) == words{"ok"}, boost::test_tools::per_element());
  BOOST_TEST(r.disk.find(ann, "", true)->event_id == "$3");
  BOOST_TEST(r.disk.debts.empty());
  BOOST_TEST(told<edu_queued>(r.pass(600'000)).empty());
  r.read(ann, 2); // the public one stays apart
  BOOST_TEST(told_of(r.pass(debts::gather_ms)) == words{"there.example !a/@ann/$2"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(switched_off_markers_are_kept_and_nothing_is_told) {
  receipts_rig r{false};
  BOOST_TEST(results(r.read(ann, 3)) == words{"ok"}, boost::test_tools::per_element());
  BOOST_TEST(r.disk.find(ann)->event_id == "$3");
  BOOST_TEST(r.disk.find(ann)->change == 0);
  BOOST_TEST(told<edu_queued>(r.pass(600'000)).empty());
  change(r.node).federation.receipts = true; // what was read before stays untold
  BOOST_TEST(told<edu_queued>(r.pass(600'000)).empty());
  r.read(bob, 3);
  change(r.node).federation.receipts = false;
  r.on(settings_replaced{});
  BOOST_TEST(r.disk.debts.empty());
  BOOST_TEST(told<edu_queued>(r.pass(600'000)).empty());
}

BOOST_AUTO_TEST_CASE(server_the_configuration_excludes_is_told_nothing) {
  receipts_rig r;
  change(r.node).federation.deny_servers = {"there.example"};
  r.read(ann, 3, {"there.example", "third.example"});
  BOOST_TEST(told_of(r.pass(debts::gather_ms)) == words{"third.example !a/@ann/$3"}, boost::test_tools::per_element());
  BOOST_TEST(!r.disk.debts.contains("there.example"));
}

BOOST_AUTO_TEST_CASE(while_the_federation_is_off_nothing_is_told_and_nothing_is_lost) {
  receipts_rig r;
  r.audience[a_room] = {"there.example"};
  change(r.node).federation.enabled = false;
  r.read(ann, 3);
  r.read(ann, 4);
  BOOST_TEST(told<edu_queued>(r.pass(3'600'000)).empty());
  BOOST_TEST(r.disk.debts.size() == 1u);
  change(r.node).federation.enabled = true;
  r.on(settings_replaced{});
  BOOST_TEST(told_of(r.pass(1)) == words{"there.example !a/@ann/$4"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(unknown_message_and_failing_store_are_answered) {
  receipts_rig r;
  r.disk.places.erase({a_room, "$5"});
  BOOST_TEST(results(r.read(ann, 5)) == words{"not_found"}, boost::test_tools::per_element());
  r.disk.broken = true;
  BOOST_TEST(results(r.read(ann, 4)) == words{"store_failed"}, boost::test_tools::per_element());
  r.disk.broken = false;
  r.store_answers = false;
  r.read(ann, 4);
  BOOST_TEST(results(r.pass(receipts::marker_book::answer_ms_max)) == words{"timed_out"},
             boost::test_tools::per_element());
  r.store_answers = true;
  BOOST_TEST(results(r.read(ann, 4)) == words{"ok"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_too_many_threads_the_one_furthest_back_goes) {
  receipts_rig r;
  for (std::size_t i = 0; i < receipts::marker_book::threads_max; ++i)
    r.read(ann, i == 4 ? 1 : 2, {}, "$thread" + std::to_string(i));
  BOOST_TEST(r.disk.markers.size() == receipts::marker_book::threads_max);
  r.read(ann, 3, {}, "$one more");
  BOOST_TEST(r.disk.markers.size() == receipts::marker_book::threads_max);
  BOOST_TEST(!r.disk.find(ann, "$thread4"));
  BOOST_TEST(r.disk.find(ann, "$one more"));
}

BOOST_AUTO_TEST_CASE(what_was_read_a_week_ago_is_not_told_any_more) {
  receipts_rig r;
  r.audience[a_room] = {"there.example"};
  r.read(ann, 1);
  r.settle_edus(r.pass(debts::gather_ms), false);
  r.now += debts::age_ms_max;
  r.restart();
  BOOST_TEST(told<edu_queued>(r.pass(600'000)).empty());
  BOOST_TEST(r.disk.debts.empty());
}

// -- servers that come later

namespace {

effects comes(receipts_rig& r, const std::string& server, std::vector<std::string> members) {
  r.audience[a_room].push_back(server);
  return r.on(server_joined{a_room, server, std::move(members)});
}

} // namespace

BOOST_AUTO_TEST_CASE(server_that_comes_later_is_told_how_far_everybody_has_read) {
  receipts_rig r;
  r.audience[a_room] = {"there.example"};
  r.read(ann, 3);
  r.read(bob, 4);
  r.settle_edus(r.pass(debts::gather_ms), true);
  r.read(ann, 5, {"there.example"}, "", b_room);
  r.settle_edus(r.pass(debts::gather_ms), true);
  comes(r, "third.example", {ann, bob});
  BOOST_TEST(r.disk.debts.contains("third.example"));
  BOOST_TEST(told<edu_queued>(r.pass(debts::newcomer_ms - 1)).empty()); // it is busy with its join
  const auto sent = r.pass(1);
  BOOST_TEST(told_of(sent) == (words{"third.example !a/@ann/$3", "third.example !a/@bob/$4"}),
             boost::test_tools::per_element());
  r.settle_edus(sent, true);
  BOOST_TEST(r.disk.debts.empty());
  BOOST_TEST(told<edu_queued>(r.pass(3'600'000)).empty()); // who was there before hears nothing again
}

BOOST_AUTO_TEST_CASE(first_other_server_of_a_room_is_told_what_was_read_when_nobody_else_was_there) {
  receipts_rig r;
  r.read(ann, 3, {});
  BOOST_TEST(r.disk.debts.empty());
  comes(r, "there.example", {ann});
  BOOST_TEST(told_of(r.pass(debts::newcomer_ms)) == words{"there.example !a/@ann/$3"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(server_that_comes_later_is_told_nothing_private_old_or_read_while_it_was_switched_off) {
  receipts_rig r;
  auto m = receipts_rig::moved({{ann, "$3", "", 0, true}});
  m.servers = nullptr;
  r.on(m);
  change(r.node).federation.receipts = false;
  auto off = receipts_rig::moved({{bob, "$3", "", 0}});
  r.on(off);
  change(r.node).federation.receipts = true;
  r.read("@cyd:here.example", 2, {});
  r.now += debts::age_ms_max + 1;
  comes(r, "there.example", {ann, bob, "@cyd:here.example"});
  BOOST_TEST(r.disk.debts.empty());
  BOOST_TEST(told<edu_queued>(r.pass(600'000)).empty());
}

BOOST_AUTO_TEST_CASE(what_a_newcomer_is_owed_survives_what_is_under_way_and_a_restart) {
  receipts_rig r;
  r.audience[b_room] = {"there.example"};
  r.read(bob, 2, {});
  r.read(ann, 5, {"there.example"}, "", b_room);
  const auto first = r.pass(debts::gather_ms); // to there.example, about the other room
  comes(r, "there.example", {bob});
  r.settle_edus(first, true);
  BOOST_TEST(r.disk.debts.contains("there.example"));
  r.restart();
  auto told_now = told_of(r.pass(debts::gather_ms));
  BOOST_TEST((std::ranges::count(told_now, "there.example !a/@bob/$2") == 1));
}

BOOST_AUTO_TEST_CASE(newcomer_is_told_what_has_moved_since_and_not_what_the_store_has_still) {
  receipts_rig r;
  r.audience[a_room] = {"there.example"};
  r.read(ann, 3);
  r.read(bob, 3);
  const auto first = r.pass(debts::gather_ms);
  comes(r, "third.example", {ann, bob});
  r.read(ann, 7, {"there.example", "third.example"});
  auto told_now = told_of(r.pass(debts::newcomer_ms));
  BOOST_TEST((std::ranges::count(told_now, "third.example !a/@ann/$7") == 1));
  BOOST_TEST((std::ranges::count(told_now, "third.example !a/@ann/$3") == 0));
  BOOST_TEST((std::ranges::count(told_now, "third.example !a/@bob/$3") == 1));
  r.settle_edus(first, true);
}

// -- theirs

BOOST_AUTO_TEST_CASE(receipt_of_another_server_is_kept_and_told) {
  receipts_rig r;
  auto list = r.heard(eve, 3, noon, "main");
  BOOST_TEST(notified(list) == words{receipt_told(eve, 3, noon, "main")}, boost::test_tools::per_element());
  BOOST_TEST(r.disk.find(eve, "main")->event_id == "$3");
  BOOST_TEST(r.disk.find(eve, "main")->change == 0);
  BOOST_TEST(told<edu_queued>(r.pass(600'000)).empty());
  for (const int older : {3, 2}) BOOST_TEST(notified(r.heard(eve, older, noon, "main")).empty());
  BOOST_TEST(notified(r.heard(eve, 4)) == words{receipt_told(eve, 4, noon)}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(its_time_is_neither_before_the_message_nor_ahead) {
  receipts_rig r;
  BOOST_TEST(notified(r.heard(eve, 1, 5)) == words{receipt_told(eve, 1, noon - 999)}, boost::test_tools::per_element());
  BOOST_TEST(notified(r.heard(eve, 2, r.now + 86'400'000)) == words{receipt_told(eve, 2, r.now)},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(receipt_that_overtakes_its_message_is_told_when_that_has_come) {
  receipts_rig r;
  const auto place = r.disk.places.at({a_room, "$5"});
  r.disk.places.erase({a_room, "$5"});
  BOOST_TEST(notified(r.heard(eve, 5)).empty());
  BOOST_TEST(notified(r.pass(30'000)).empty());
  r.disk.places[{a_room, "$5"}] = place;
  BOOST_TEST(notified(r.pass(60'000)) == words{receipt_told(eve, 5, noon)}, boost::test_tools::per_element());
  BOOST_TEST(notified(r.pass(3'600'000)).empty());
}

BOOST_AUTO_TEST_CASE(receipt_of_a_message_that_never_comes_is_given_up) {
  receipts_rig r;
  r.disk.places.erase({a_room, "$5"});
  r.heard(eve, 5);
  const auto list = r.pass(2 * receipts::parked_markers::kept_ms);
  BOOST_TEST(of_kind<ask_store>(list).size() < 15u);
  BOOST_TEST(r.timer == 0);
  r.disk.places[{a_room, "$5"}] = {"$5", 5, noon, ""};
  BOOST_TEST(notified(r.pass(3'600'000)).empty());
}

BOOST_AUTO_TEST_CASE(operator_sees_what_is_owed) {
  receipts_rig r;
  r.read(ann, 1);
  const auto o = *matrix::json::parse(r.machine->describe(r.now));
  BOOST_TEST(*o.find_integer("servers_owed") == 1);
  BOOST_TEST(*o.find_integer("unsent") == 1);
  BOOST_TEST(*o.find_array("servers")->at(0).find_string("server") == "there.example");
}

BOOST_AUTO_TEST_SUITE_END()
