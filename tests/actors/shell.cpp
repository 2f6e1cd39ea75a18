// What the shell does with the decisions of a machine, and in what order.
#include "tests/actors/shell_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(shell_suite)

using namespace shell_play;
using rig = shell_rig;

// -- rest -------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_actor_that_nobody_speaks_to_rests_once) {
  rig r;
  int rested = 0;
  r.rested = &rested;
  r.open();
  r.say("go");
  r.pass(rest_after / 2);
  r.say("again");
  r.pass(rest_after / 2);
  BOOST_TEST(rested == 0); // it was spoken to meanwhile
  r.pass(rest_after);
  BOOST_TEST(rested == 1);
  r.pass(10 * rest_after);
  BOOST_TEST(rested == 1);
  r.say("wake up");
  r.pass(rest_after);
  BOOST_TEST(rested == 2);
  BOOST_TEST(r.made == 1);
}

BOOST_AUTO_TEST_CASE(an_actor_that_waits_for_a_commit_does_not_rest) {
  rig r;
  int rested = 0;
  r.rested = &rested;
  r.play = [](const message& m, time_ms) { return is_word(m, "go") ? effects{commit_then(1)} : effects{}; };
  r.open();
  r.say("go");
  r.pass(3 * rest_after);
  BOOST_TEST(rested == 0);
  r.outside.finish_commit();
  r.scheduler.run();
  r.pass(rest_after);
  BOOST_TEST(rested == 1);
}

// -- persist, then tell -----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_follows_a_commit_is_told_when_it_is_on_disk_and_not_before) {
  rig r;
  r.play = [](const message& m, time_ms) {
    return is_word(m, "go") ? effects{commit_then(1), request_to_gateway(2)} : effects{};
  };
  r.open();
  r.say("go");
  BOOST_TEST(r.outside.requests == (std::vector<std::uint64_t>{2}), boost::test_tools::per_element());
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(r.outside.requests == (std::vector<std::uint64_t>{2, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_frames_of_one_decision_are_handed_over_together_and_in_order) {
  rig r;
  const auto frame = [](const char* body) {
    return tell{{actor_kind::edge, ""}, send_frame{{}, {edge::verb::event, {}, body}}};
  };
  r.play = [&](const message& m, time_ms) {
    if (!is_word(m, "go")) return effects{};
    persist later;
    later.batch.writes.emplace_back(store::acknowledge_outbox{0, 1});
    later.then.emplace_back(frame("after the commit"));
    return effects{frame("1"), std::move(later), request_to_gateway(1), frame("2")};
  };
  r.open();
  r.say("go");
  BOOST_REQUIRE(r.outside.frames.size() == 1u);
  BOOST_REQUIRE(r.outside.frames[0].size() == 2u);
  BOOST_TEST(r.outside.frames[0][0].body.body == "1");
  BOOST_TEST(r.outside.frames[0][1].body.body == "2");
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_REQUIRE(r.outside.frames.size() == 2u);
  BOOST_TEST(r.outside.frames[1].at(0).body.body == "after the commit");
}

BOOST_AUTO_TEST_CASE(a_frame_that_follows_nothing_to_write_comes_after_the_one_before_it) {
  rig r;
  const auto frame = [](const char* body) {
    return tell{{actor_kind::edge, ""}, send_frame{{}, {edge::verb::event, {}, body}}};
  };
  r.play = [&](const message& m, time_ms) {
    persist at_once;
    at_once.then.emplace_back(frame("2"));
    return is_word(m, "go") ? effects{frame("1"), std::move(at_once), frame("3")} : effects{};
  };
  r.open();
  r.say("go");
  std::string order;
  for (const auto& together : r.outside.frames)
    for (const auto& one : together) order += one.body.body;
  BOOST_TEST(order == "123");
}

BOOST_AUTO_TEST_CASE(nothing_overtakes_an_uncommitted_batch) {
  rig r;
  r.play = [](const message& m, time_ms) {
    if (is_word(m, "write")) return effects{commit_then(1)};
    if (is_word(m, "say")) return effects{nothing_then(2)};
    return effects{};
  };
  r.open();
  r.say("write");
  r.say("say"); // has nothing to write, and rests on what was decided before
  BOOST_TEST(r.outside.requests == nothing, boost::test_tools::per_element());
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(r.outside.requests == (std::vector<std::uint64_t>{1, 2}), boost::test_tools::per_element());
  r.say("say");
  BOOST_TEST(r.outside.requests.size() == 3u); // nothing to wait for any more
}

BOOST_AUTO_TEST_CASE(commits_that_are_reported_out_of_order_are_told_in_order) {
  rig r;
  std::uint64_t next = 0;
  r.play = [&](const message& m, time_ms) { return is_word(m, "go") ? effects{commit_then(++next)} : effects{}; };
  r.open();
  r.say("go");
  r.say("go");
  BOOST_REQUIRE(r.outside.commits.size() == 2u);
  r.outside.finish_commit({}, 1);
  r.scheduler.run();
  BOOST_TEST(r.outside.requests == nothing, boost::test_tools::per_element());
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(r.outside.requests == (std::vector<std::uint64_t>{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_question_to_the_store_is_answered_to_the_one_who_asked) {
  rig r;
  r.play = [](const message& m, time_ms) {
    return std::holds_alternative<start>(m) ? effects{ask_store{7, store::load_invitation{}}} : effects{};
  };
  r.open();
  r.say("go");
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "go", "store"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_for_an_actor_that_does_not_understand_it_is_logged_and_dropped) {
  rig r;
  r.open();
  r.router->deliver({actor_kind::remote_server, "x"}, room_invite_request{});
  r.scheduler.run();
  BOOST_TEST(r.made == 0);
  BOOST_TEST(r.outside.logged.size() == 1u);
}

// -- timers -----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_timer_comes_at_its_time_and_once) {
  rig r;
  r.play = [](const message& m, time_ms now) {
    return is_word(m, "set") ? effects{wake_me_at{now + 30'000, timer_kind::retry}} : effects{};
  };
  r.open();
  r.say("set");
  r.pass(milliseconds{29'999});
  BOOST_TEST(r.heard.back() == "set");
  r.pass(milliseconds{1});
  BOOST_TEST(r.heard.back() == "timer retry");
  r.heard.clear();
  r.pass(milliseconds{100'000});
  BOOST_TEST(r.heard.empty());
}

BOOST_AUTO_TEST_CASE(a_later_timer_of_the_same_name_replaces_the_earlier) {
  rig r;
  r.play = [](const message& m, time_ms now) {
    if (is_word(m, "soon")) return effects{wake_me_at{now + 1'000, timer_kind::retry}};
    if (is_word(m, "later"))
      return effects{wake_me_at{now + 5'000, timer_kind::retry}, wake_me_at{now + 2'000, timer_kind::watch}};
    return effects{};
  };
  r.open();
  r.say("soon");
  r.say("later");
  r.heard.clear();
  r.pass(milliseconds{1'000});
  BOOST_TEST(r.heard.empty());
  r.pass(milliseconds{4'000});
  BOOST_TEST(r.heard == (std::vector<std::string>{"timer watch", "timer retry"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_timer_can_be_cancelled) {
  rig r;
  r.play = [](const message& m, time_ms now) {
    if (is_word(m, "set")) return effects{wake_me_at{now + 1'000, timer_kind::retry}};
    if (is_word(m, "cancel")) return effects{wake_me_at{0, timer_kind::retry}};
    return effects{};
  };
  r.open();
  r.say("set");
  r.say("cancel");
  r.heard.clear();
  r.pass(milliseconds{10'000});
  BOOST_TEST(r.heard.empty());
}

BOOST_AUTO_TEST_CASE(a_timer_that_is_due_already_comes_at_once) {
  rig r;
  r.play = [](const message& m, time_ms now) {
    return is_word(m, "set") ? effects{wake_me_at{now - 1'000, timer_kind::retry}} : effects{};
  };
  r.open();
  r.say("set");
  r.pass(milliseconds{1});
  BOOST_TEST(r.heard.back() == "timer retry");
}

BOOST_AUTO_TEST_CASE(one_actor_is_listed_alone) {
  rig r;
  r.open();
  for (const auto* key : {"a", "b", "c"}) r.say("go", key);
  const auto listed = [&](const std::string& key) {
    std::vector<supervision> rows;
    auto done = std::make_shared<std::function<void(std::vector<supervision>)>>(
      [&](std::vector<supervision> x) { rows = std::move(x); });
    caf::anon_send(r.boss, list_children{done, key});
    r.scheduler.run();
    return rows;
  };
  BOOST_TEST_REQUIRE(listed("b").size() == 1u);
  BOOST_TEST(listed("b").at(0).key == "b");
  BOOST_TEST(listed("absent").empty());
  BOOST_TEST(r.children().size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
