// How actors are made, fail, are made again and end, and how a crowd of them is spoken to.
#include "tests/actors/shell_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(supervisor_suite)

using namespace shell_play;
using rig = shell_rig;

// -- many at once -----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_crowd_that_is_spoken_to_at_once_does_not_hold_up_who_is_there_already) {
  rig r;
  r.open();
  r.say("hello", "friend");
  r.heard.clear();
  const auto tell = [&](const std::string& to, const char* word) {
    r.router->deliver({actor_kind::remote_server, to}, server_alive{word});
  };
  constexpr int crowd = 100;
  for (int i = 0; i < crowd; ++i) tell("dead" + std::to_string(i), "wake");
  tell("friend", "news");
  r.scheduler.run();
  BOOST_TEST(r.made == crowd + 1);
  const auto news = std::find(r.heard.begin(), r.heard.end(), "news");
  BOOST_TEST(std::count(r.heard.begin(), news, "start") <= 1);
  BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "wake") == crowd);
}

BOOST_AUTO_TEST_CASE(what_is_said_to_an_actor_that_is_still_wanted_is_heard_in_order) {
  rig r;
  r.open();
  for (const auto* to : {"a", "b"})
    for (const auto* word : {"1", "2"}) r.router->deliver({actor_kind::remote_server, to}, server_alive{word});
  r.scheduler.run();
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "1", "2", "start", "1", "2"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_timer_asked_for_again_for_the_same_time_is_one_timer) {
  rig r;
  const auto at = r.outside.now() + 1'000;
  r.play = [&](const message& m, time_ms) {
    return is_word(m, "wait") ? effects{wake_me_at{at, timer_kind::send}} : effects{};
  };
  r.open();
  for (int i = 0; i < 50; ++i) r.say("wait");
  BOOST_TEST(r.scheduler.clock().schedule().size() == 1u);
  r.pass(milliseconds{1'000});
  BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "timer send") == 1);
  r.say("wait"); // it is in the past by now
  r.pass(milliseconds{1});
  BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "timer send") == 2);
}

// -- failures ---------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_failed_commit_ends_the_actor_and_it_is_rebuilt) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "go") ? effects{commit_then(1)} : effects{}; };
  r.open();
  r.say("go");
  r.outside.finish_commit({fault_code::store_failed, "disk full"});
  r.scheduler.run();
  BOOST_TEST(r.children().at(0).phase == "restarting");
  BOOST_TEST(r.children().at(0).last_fault == "commit failed: store_failed: disk full");
  r.say("after"); // waits for the new one
  BOOST_TEST(r.made == 1);
  r.pass(milliseconds{r.options.restart_delay_ms});
  BOOST_TEST(r.made == 2);
  BOOST_TEST(r.outside.requests == nothing, boost::test_tools::per_element());
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "go", "start", "after"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(after_a_failed_commit_nothing_more_is_written) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "go") ? effects{commit_then(1)} : effects{}; };
  r.open();
  r.say("go");
  // The store has refused, the actor does not know yet and decides once more.
  auto done = std::move(r.outside.commits.front().second);
  done(fault{fault_code::store_failed, "disk full"});
  r.router->deliver({actor_kind::remote_server, "x"}, server_alive{"go"});
  r.outside.commits.pop_front();
  r.scheduler.run();
  BOOST_TEST(r.outside.commits.empty());
}

BOOST_AUTO_TEST_CASE(an_exception_ends_one_actor_and_no_other) {
  rig r;
  r.play = [](const message& m, time_ms) -> effects {
    if (is_word(m, "boom")) throw std::logic_error("depth went backwards");
    return {};
  };
  r.open();
  r.say("hello", "other");
  r.say("boom");
  const auto rows = r.children();
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(rows.at(0).key == "other");
  BOOST_TEST(rows.at(0).phase == "running");
  BOOST_TEST(rows.at(1).phase == "restarting");
  BOOST_TEST(rows.at(1).last_fault == "depth went backwards"); // in its own words
}

BOOST_AUTO_TEST_CASE(commands_that_were_lost_with_an_actor_are_told_to_their_session_and_parked_ones_are_refused) {
  rig r;
  r.options.restart_limit = 1;
  r.options.restart_delay_ms = 1;
  r.play = [](const message& m, time_ms) -> effects {
    if (is_word(m, "boom")) throw std::runtime_error("again");
    return {};
  };
  r.open();
  std::vector<std::string> lost;
  auto sessions = r.system.spawn(
    supervisor, std::shared_ptr<const message_router>(r.router),
    supervisor_settings{actor_kind::session, r.options, [&](const std::string&) {
                          return std::make_unique<scripted>([&](const message& m, time_ms) {
                            if (const auto* told = std::get_if<commands_lost>(&m))
                              for (const auto& each : told->references)
                                lost.push_back(each.command_id + " " + std::string{info(told->why.code).name});
                            return effects{};
                          });
                        }});
  r.router->supervisors[static_cast<std::size_t>(actor_kind::session)] = sessions;
  auto command = [&](const std::string& id) {
    chat_command c;
    c.reference = {"", id, 1};
    caf::anon_send(r.boss, routed{"x", message{std::move(c)}});
    r.scheduler.run();
  };
  command("c1");
  command("c2");
  r.say("boom");
  BOOST_TEST(lost == (std::vector<std::string>{"c1 store_failed", "c2 store_failed"}),
             boost::test_tools::per_element());
  lost.clear();
  command("c3"); // waits for the new one
  r.pass(milliseconds{1});
  BOOST_TEST(lost.empty());
  r.say("boom");
  BOOST_TEST(lost == (std::vector<std::string>{"c3 store_failed"}), boost::test_tools::per_element());
  lost.clear();
  BOOST_TEST(r.children().at(0).phase == "parked");
  const auto window_ms = std::int64_t{r.options.restart_window_s} * 1'000;
  BOOST_TEST(r.children().at(0).retry_at == r.outside.now() + window_ms);
  command("c4");
  BOOST_TEST(lost == (std::vector<std::string>{"c4 parked"}), boost::test_tools::per_element());
  caf::anon_send(sessions, end_all{});
  r.scheduler.run();
}

BOOST_AUTO_TEST_CASE(actors_are_made_anew_when_the_clock_was_set_and_nothing_that_is_said_to_them_is_lost) {
  rig r;
  r.options.restart_limit = 1;
  r.open();
  r.say("one");
  r.say("two", "y");
  BOOST_TEST(r.made == 2);
  for (int times = 2; times <= 4; ++times) { // no failures: nobody is parked
    r.heard.clear();
    caf::anon_send(r.boss, remake_all{{fault_code::clock_wrong, "set"}});
    r.router->deliver({actor_kind::remote_server, "x"}, server_alive{"meanwhile"});
    r.scheduler.run();
    BOOST_TEST(r.made == 2 * times);
    BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "start") == 2);
    BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "meanwhile") == 1);
    for (const auto& row : r.children()) {
      BOOST_TEST(row.phase == "running");
      BOOST_TEST(row.failures == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_pause_before_a_restart_doubles) {
  rig r;
  r.options.restart_delay_ms = 100;
  r.play = [](const message& m, time_ms) -> effects {
    if (is_word(m, "boom")) throw std::runtime_error("again");
    return {};
  };
  r.open();
  r.say("boom");
  r.pass(milliseconds{100});
  BOOST_TEST(r.made == 2);
  r.say("boom");
  r.pass(milliseconds{100});
  BOOST_TEST(r.made == 2);
  r.pass(milliseconds{100});
  BOOST_TEST(r.made == 3);
}

BOOST_AUTO_TEST_CASE(an_actor_that_fails_too_often_is_parked_and_its_input_kept) {
  rig r;
  r.options.restart_limit = 2;
  r.options.restart_delay_ms = 1;
  r.options.parked_input_max = 2;
  bool broken = true;
  r.play = [&](const message& m, time_ms) -> effects {
    if (is_word(m, "boom") && broken) throw std::runtime_error("again");
    return {};
  };
  r.open();
  for (int i = 0; i < 3; ++i) {
    r.say("boom");
    r.pass(milliseconds{10});
  }
  BOOST_TEST(r.children().at(0).phase == "parked");
  BOOST_TEST(r.children().at(0).failures == 3u);
  const auto before = r.made;
  r.heard.clear();
  r.say("one");
  r.say("two");
  r.say("three"); // over the bound: dropped, and said so
  BOOST_TEST(r.heard.empty());
  BOOST_TEST(r.made == before);
  BOOST_TEST(r.outside.logged.back().find("dropped") != std::string::npos);
  r.say("hello", "other"); // others go on
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "hello"}), boost::test_tools::per_element());
  // Parked is not dead: after the window it is tried again, with its input.
  broken = false;
  r.heard.clear();
  r.pass(std::chrono::seconds{r.options.restart_window_s});
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "one", "two"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_key_no_machine_can_be_made_of_is_no_reason_to_fail) {
  rig r;
  r.open();
  auto boss = r.system.spawn(
    supervisor, std::shared_ptr<const message_router>(r.router),
    supervisor_settings{actor_kind::invitation, r.options, [](const std::string& key) -> std::unique_ptr<any_machine> {
                          throw std::logic_error("not the key of an invitation: " + key);
                        }});
  r.router->supervisors[static_cast<std::size_t>(actor_kind::invitation)] = boss;
  r.router->deliver({actor_kind::invitation, "nonsense"}, room_invite_request{});
  r.scheduler.run();
  BOOST_TEST(r.outside.logged.size() == 1u);
  caf::anon_send(boss, end_all{});
  r.scheduler.run();
}

// -- ends -------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_actor_that_has_finished_ends_and_is_made_again_when_spoken_to) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "end") ? effects{finish{}} : effects{}; };
  r.open();
  r.say("end");
  BOOST_TEST(r.children().empty());
  r.say("hello");
  BOOST_TEST(r.made == 2);
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "end", "start", "hello"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_message_that_crosses_the_end_is_not_lost) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "end") ? effects{finish{}} : effects{}; };
  r.open();
  // The supervisor routes the second before it hears that the actor may end.
  caf::anon_send(r.boss, routed{"x", server_alive{"end"}});
  caf::anon_send(r.boss, routed{"x", server_alive{"late"}});
  r.scheduler.run();
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "end", "late"}), boost::test_tools::per_element());
  BOOST_TEST(r.made == 1);
  BOOST_TEST(r.children().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_actor_ends_only_when_everything_is_on_disk) {
  rig r;
  r.play = [](const message& m, time_ms) { return is_word(m, "end") ? effects{commit_then(1), finish{}} : effects{}; };
  r.open();
  r.say("end");
  BOOST_TEST(r.children().size() == 1u);
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(r.outside.requests.size() == 1u);
  BOOST_TEST(r.children().empty());
}

BOOST_AUTO_TEST_CASE(what_the_door_answers_makes_no_actor_and_a_living_one_is_not_kept_from) {
  struct closed : causeway::door {
    std::optional<std::vector<tell>> answer(const std::string&, const message& m) const override {
      if (is_word(m, "please")) return std::nullopt;
      return std::vector<tell>{request_to_gateway(9)};
    }
  };
  rig r;
  r.known = std::make_shared<known_keys>();
  r.guard = std::make_shared<closed>();
  r.play = [](const message& m, time_ms) { return is_word(m, "end") ? effects{finish{.on_disk = false}} : effects{}; };
  r.open();
  r.say("hello");
  BOOST_TEST(r.made == 0);
  BOOST_TEST(r.outside.requests == std::vector<std::uint64_t>{9}, boost::test_tools::per_element());
  r.say("please");
  BOOST_TEST(r.made == 1);
  BOOST_TEST(r.known->contains("x"));
  r.say("hello");
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "please", "hello"}), boost::test_tools::per_element());
  r.say("end");
  BOOST_TEST(!r.known->contains("x")); // nothing is kept under its key
  r.say("hello");
  BOOST_TEST(r.made == 1);
}

BOOST_AUTO_TEST_CASE(looking_at_an_actor_that_does_not_exist_makes_none) {
  rig r;
  r.open();
  r.router->deliver({actor_kind::remote_server, "x"}, status_request{{actor_kind::inspector, ""}, 3});
  r.scheduler.run();
  BOOST_TEST(r.made == 0);
  BOOST_TEST(r.outside.statuses.size() == 1u);
}

BOOST_AUTO_TEST_CASE(all_actors_end_together) {
  rig r;
  r.open();
  r.say("hello", "a");
  r.say("hello", "b");
  caf::anon_send(r.boss, end_all{});
  r.scheduler.run();
  r.boss = nullptr;
  r.router->supervisors = {};
  BOOST_TEST(r.system.registry().running() == 0u);
}

// -- what a crowd is told ---------------------------------------------------------------------------------------------

namespace {

/// Words that begin with "bulk" are for a crowd.
bool is_bulk_word(const message& m) {
  const auto* a = std::get_if<server_alive>(&m);
  return a && a->server_name.starts_with("bulk");
}

/// "answer" and "silence" tell how a server is.
std::optional<bool> answer_in_word(const message& m) {
  const auto* a = std::get_if<server_alive>(&m);
  if (!a || (a->server_name != "answer" && a->server_name != "silence")) return {};
  return a->server_name == "answer";
}

/// A crowd of `count` actors, of which two are told at once and a hundred in a second.
struct crowd_rig : rig {
  explicit crowd_rig(std::uint32_t quiet_per_second = 100) {
    paced = supervisor_settings::bulk{
      is_bulk_word, answer_in_word, {.per_second = 100, .quiet_per_second = quiet_per_second, .burst = 2}};
    open();
  }
  void tell_crowd(int count, const std::string& also = {}) {
    for (int n = 0; n < count; ++n) deliver("bulk " + std::to_string(n), "s" + std::to_string(n));
    if (!also.empty()) deliver("bulk " + also, also);
    scheduler.run();
  }
  void deliver(const std::string& word, const std::string& to) {
    router->deliver({actor_kind::remote_server, to}, server_alive{word});
  }
  std::size_t bulk_heard() const {
    return static_cast<std::size_t>(
      std::count_if(heard.begin(), heard.end(), [](const auto& word) { return word.starts_with("bulk"); }));
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_crowd_is_told_in_turns_and_all_of_it) {
  crowd_rig r;
  r.tell_crowd(50);
  BOOST_TEST(r.bulk_heard() == 2);
  for (int n = 0; n < 10; ++n) r.pass(milliseconds{10});
  BOOST_TEST(r.bulk_heard() > 2);
  BOOST_TEST(r.bulk_heard() <= 13);
  for (int n = 0; n < 60; ++n) r.pass(milliseconds{10});
  BOOST_TEST(r.bulk_heard() == 50);
}

BOOST_AUTO_TEST_CASE(a_crowd_that_answers_is_told_faster_than_one_that_does_not) {
  const auto told_in_a_second = [](const std::string& word) {
    crowd_rig r{10};
    r.pass(milliseconds{60'000}); // the clock begins at 0, where everybody was active a moment ago
    r.tell_crowd(60);
    for (int n = 0; n < 100; ++n) {
      const auto told = r.heard;
      for (const auto& each : told)
        if (each.starts_with("bulk ")) r.deliver(word, "s" + each.substr(5));
      r.scheduler.run();
      r.pass(milliseconds{10});
    }
    return r.bulk_heard();
  };
  const auto of_dead = told_in_a_second("silence"), of_living = told_in_a_second("answer");
  BOOST_TEST(of_dead >= 10u);
  BOOST_TEST(of_dead <= 14u);
  BOOST_TEST(of_living > 2 * of_dead);
}

BOOST_AUTO_TEST_CASE(what_is_for_one_alone_does_not_wait_behind_a_crowd_and_overtakes_nothing_of_its_own) {
  crowd_rig r;
  r.tell_crowd(50, "x");
  r.heard.clear();
  r.say("for x alone");
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "bulk x", "for x alone"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_actor_that_had_to_do_with_something_else_comes_before_a_crowd_that_is_silent) {
  crowd_rig r;
  r.say("something else");
  r.pass(milliseconds{1});
  r.tell_crowd(50, "x");
  r.heard.clear();
  r.pass(milliseconds{15});
  BOOST_TEST(std::count(r.heard.begin(), r.heard.end(), "bulk x") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
