// What is seen of the actors from outside: traces, mailboxes, hops; and the settings that reach them.
#include "tests/actors/shell_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(shell_traces)

using namespace shell_play;
using rig = shell_rig;

// -- traces -----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(all_that_is_done_because_of_a_message_has_its_trace) {
  rig r;
  r.play = [](const message& m, time_ms) {
    if (!is_word(m, "go")) return effects{};
    persist later = commit_then(2);
    later.then.emplace_back(note{log_level::info, "committed", {}});
    return effects{request_to_gateway(1), note{log_level::info, "at once", {}}, std::move(later),
                   ask_store{1, store::load_invitation{}},
                   tell{{actor_kind::remote_server, "y"}, server_alive{"told"}}};
  };
  r.open();
  message go{server_alive{"go"}};
  go.trace = 77;
  r.router->deliver({actor_kind::remote_server, "x"}, std::move(go));
  r.scheduler.run();
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(r.outside.request_traces == (std::vector<trace_id>{77, 77}), boost::test_tools::per_element());
  BOOST_TEST(r.outside.logged == (std::vector<std::string>{"at once", "committed"}), boost::test_tools::per_element());
  BOOST_TEST(r.outside.log_traces == (std::vector<trace_id>{77, 77}), boost::test_tools::per_element());
  BOOST_TEST(r.heard.size() == 5u); // start and go, the answer of the store, start and the word to the other one
  for (const auto trace : r.heard_traces) BOOST_TEST(trace == 77u);
}

BOOST_AUTO_TEST_CASE(what_comes_without_a_trace_begins_one_and_so_does_a_timer) {
  rig r;
  r.play = [](const message& m, time_ms now) {
    return is_word(m, "set") ? effects{wake_me_at{now + 1'000, timer_kind::retry}} : effects{};
  };
  r.open();
  r.say("set");
  r.say("more");
  r.pass(milliseconds{1'000});
  BOOST_REQUIRE(r.heard == (std::vector<std::string>{"start", "set", "more", "timer retry"}));
  BOOST_TEST(r.heard_traces[0] == r.heard_traces[1]); // the actor was made for it
  BOOST_TEST(r.heard_traces[1] != 0u);
  BOOST_TEST(r.heard_traces[2] != r.heard_traces[1]);
  BOOST_TEST(r.heard_traces[3] != r.heard_traces[1]);
  BOOST_TEST(r.heard_traces[3] != r.heard_traces[2]);
}

BOOST_AUTO_TEST_CASE(a_trace_of_its_own_is_kept_by_what_has_waited_in_a_machine) {
  rig r;
  r.play = [](const message& m, time_ms) {
    if (!is_word(m, "go")) return effects{};
    message waited{server_alive{"waited"}};
    waited.trace = 5;
    return effects{tell{{actor_kind::remote_server, "x"}, std::move(waited)}};
  };
  r.open();
  r.say("go");
  BOOST_TEST(r.heard.back() == "waited");
  BOOST_TEST(r.heard_traces.back() == 5u);
}

BOOST_AUTO_TEST_CASE(the_line_about_an_actor_that_failed_has_the_trace_of_what_it_failed_with) {
  rig r;
  r.play = [](const message& m, time_ms) -> effects {
    if (is_word(m, "boom")) throw std::runtime_error("boom");
    return {};
  };
  r.open();
  r.say("fine");
  r.say("boom");
  BOOST_REQUIRE(r.outside.logged == std::vector<std::string>{"N704 actor failed; recreating it from the store"});
  BOOST_TEST(r.outside.log_traces[0] == r.heard_traces.back());
  BOOST_TEST(r.outside.log_traces[0] != 0u);
}

// -- what is seen from outside ----------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_mailbox_of_an_actor_holds_what_it_has_not_begun) {
  rig r;
  std::vector<std::uint64_t> seen;
  const auto look = [&] {
    caf::anon_send(r.boss, list_children{std::make_shared<std::function<void(std::vector<supervision>)>>(
                             [&](std::vector<supervision> rows) { seen.push_back(rows.at(0).mailbox); })});
  };
  r.open();
  r.say("first");
  for (const auto* word : {"a", "b", "c"}) r.router->deliver({actor_kind::remote_server, "x"}, server_alive{word});
  look();
  while (r.scheduler.prioritize(r.boss)) r.scheduler.run_once(); // the supervisor only
  r.scheduler.run();
  look();
  r.scheduler.run();
  BOOST_TEST(seen == (std::vector<std::uint64_t>{3, 0}), boost::test_tools::per_element());
  const auto row = r.children().at(0);
  BOOST_TEST(row.handled == 5u); // start, first, a, b, c
  BOOST_TEST(row.mailbox == 0u);
}

BOOST_AUTO_TEST_CASE(one_sees_since_when_messages_wait_and_what_handling_them_took) {
  rig r;
  r.play = [](const message& m, time_ms) -> effects {
    if (!is_word(m, "slow")) return {};
    const auto end = std::chrono::steady_clock::now() + milliseconds{2};
    while (std::chrono::steady_clock::now() < end) {}
    return {};
  };
  r.open();
  r.say("first");
  const auto before = r.outside.now();
  std::vector<std::int64_t> since;
  const auto look = [&] {
    caf::anon_send(r.boss, list_children{std::make_shared<std::function<void(std::vector<supervision>)>>(
                             [&](std::vector<supervision> rows) { since.push_back(rows.at(0).oldest_waiting); })});
    while (r.scheduler.prioritize(r.boss)) r.scheduler.run_once(); // the supervisor only: the actor stands still
  };
  r.router->deliver({actor_kind::remote_server, "x"}, server_alive{"slow"});
  look();
  r.scheduler.advance_time(milliseconds{700});
  r.router->deliver({actor_kind::remote_server, "x"}, server_alive{"later"});
  look();
  r.scheduler.run();
  look();
  BOOST_TEST(since == (std::vector<std::int64_t>{before, before, 0}), boost::test_tools::per_element());
  BOOST_TEST(r.children().at(0).handling_us >= 2'000);
}

BOOST_AUTO_TEST_CASE(what_waits_for_an_actor_that_is_rebuilt_counts_as_its_mailbox) {
  rig r;
  r.play = [](const message& m, time_ms) -> effects {
    if (is_word(m, "boom")) throw std::runtime_error("boom");
    return {};
  };
  r.open();
  r.say("boom");
  const auto since = r.outside.now();
  r.say("one");
  r.scheduler.advance_time(milliseconds{1});
  r.say("two");
  BOOST_TEST(r.children().at(0).mailbox == 2u);
  BOOST_TEST(r.children().at(0).oldest_waiting == since);
  r.pass(milliseconds{r.options.restart_delay_ms});
  BOOST_TEST(r.children().at(0).mailbox == 0u);
  BOOST_TEST(r.children().at(0).handled == 3u);
}

BOOST_AUTO_TEST_CASE(hops_are_made_and_kept_only_while_somebody_listens) {
  rig r;
  int asked = 0; // machines that were told that somebody listens
  r.play = [&](const message& m, time_ms now) {
    decision out{{actor_kind::remote_server, "x"}};
    out.begin(m, now);
    asked += out.is_listened_to() ? 1 : 0;
    if (is_word(m, "go")) {
      out.hop("$event", hop_stage::sent);
      out.write(store::queue_pdu{"x", "$other"});
    }
    return out.take();
  };
  r.open();
  r.say("go");
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_TEST(asked == 0);
  BOOST_TEST(r.router->hops.all().empty());
  r.router->hops.listen(hop_ring::bytes_min);
  r.say("go");
  const auto trace = r.heard_traces.back();
  BOOST_REQUIRE(r.router->hops.all().size() == 1u);
  const auto sent = r.router->hops.all()[0];
  BOOST_TEST(sent.what.event_id == "$event");
  BOOST_TEST((sent.what.stage == hop_stage::sent));
  BOOST_TEST((sent.where == address{actor_kind::remote_server, "x"}));
  BOOST_TEST(sent.trace == trace);
  r.outside.finish_commit();
  r.scheduler.run();
  BOOST_REQUIRE(r.router->hops.of("$other").size() == 1u); // on disk, not before
  BOOST_TEST((r.router->hops.of("$other")[0].what.stage == hop_stage::queued));
  r.router->hops.stop();
  r.say("go");
  BOOST_TEST(r.router->hops.all().empty());
}

BOOST_AUTO_TEST_CASE(a_change_of_the_settings_reaches_every_actor_in_its_place_between_the_messages) {
  rig r;
  r.open();
  r.say("hello", "a");
  r.say("hello", "b");
  const auto changed = std::make_shared<const settings>();
  caf::anon_send(r.boss, settings_changed{changed});
  r.scheduler.run();
  BOOST_TEST((r.taken_over == std::vector<std::shared_ptr<const settings>>{changed, changed}));
  // And those who may hold something back because of them are told.
  BOOST_TEST(r.heard == (std::vector<std::string>{"start", "hello", "start", "hello", "other", "other"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
