// When a remote server is tried again, and what goes to it meanwhile: nothing.
#include "actors/remote_server/back_off.hpp"
#include "tests/actors/remote_server_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(remote_server_pauses)

namespace {

using rig = remote_server_rig;

} // namespace

BOOST_AUTO_TEST_CASE(back_off_doubles_to_a_quarter_of_an_hour_and_becomes_hourly_after_a_day) {
  config::federation_options o;
  o.retry_jitter_percent = 0;
  auto pause = [&](std::uint32_t failures, time_ms since = noon) {
    return remote_server::back_off(o, failures, since, noon, "x.example");
  };
  BOOST_TEST(pause(1) == 1'000);
  BOOST_TEST(pause(2) == 2'000);
  BOOST_TEST(pause(10) == 512'000);
  BOOST_TEST(pause(11) == 900'000);
  BOOST_TEST(pause(4'000'000'000u) == 900'000);
  BOOST_TEST(pause(0) == 1'000);
  BOOST_TEST(pause(30, noon - 23 * 3'600'000) == 900'000);
  BOOST_TEST(pause(30, noon - 24 * 3'600'000) == 3'600'000);
}

BOOST_AUTO_TEST_CASE(back_off_is_spread_within_the_jitter_and_differs_between_servers) {
  config::federation_options o;
  o.retry_jitter_percent = 20;
  std::set<time_ms> seen;
  for (int i = 0; i < 50; ++i) {
    const auto p = remote_server::back_off(o, 5, noon, noon, "s" + std::to_string(i) + ".example");
    BOOST_TEST(p >= 12'800);
    BOOST_TEST(p <= 19'200);
    seen.insert(p);
  }
  BOOST_TEST(seen.size() > 10u);
}

BOOST_AUTO_TEST_CASE(a_sign_of_life_ends_the_pause) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  BOOST_TEST(told<gateway::http_request>(r.on(pdu_queued{r.message_event(2), {}})).empty());
  for (int failures = 1; failures < 5; ++failures) { // the pause grows beyond the shortest
    const auto again = told<gateway::http_request>(r.on(retry_now{})).at(0).second;
    r.on(http_says(again.id, 0, "", {fault_code::peer_unreachable, ""}));
  }
  r.now += r.node.settings().federation.retry_delay_ms_min;
  BOOST_TEST(told<gateway::http_request>(r.on(timer_due{timer_kind::send})).empty());
  BOOST_TEST(told<gateway::http_request>(r.on(server_alive{"there.example"})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_to_a_paused_server_and_nothing_is_lost) {
  rig r;
  change(r.node).federation.delivery_notifications = config::delivery_detail::delayed;
  r.begin();
  const auto row = written<store::put_destination>(r.on(pause_request{true, "they have asked for it"})).at(0);
  BOOST_TEST(row.paused_since_ts == r.now);
  BOOST_TEST(row.pause_reason == "they have asked for it");
  const auto queued = r.on(pdu_queued{r.message_event(1), "room", "m1"});
  BOOST_TEST(told<gateway::http_request>(queued).empty());
  const auto notified = written<store::append_delivery>(queued);
  BOOST_TEST_REQUIRE(notified.size() == 1u);
  BOOST_TEST(notified[0].told.state == "delayed");
  BOOST_TEST(notified[0].told.reason.find("they have asked for it") != std::string::npos);
  for (const message& m :
       {message{retry_now{}}, message{server_alive{"there.example"}}, message{timer_due{timer_kind::send}}})
    BOOST_TEST(told<gateway::http_request>(r.on(m)).empty());
  const auto sent = told<gateway::http_request>(r.on(pause_request{false, {}}));
  BOOST_TEST_REQUIRE(sent.size() == 1u);
  BOOST_TEST(sent[0].second.body.find("m1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pause_outlives_the_actor_and_the_transaction_that_was_under_way) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(pause_request{true, "slow"});
  const auto done = r.on(http_says(request.id, 200));
  BOOST_TEST(written<store::put_destination>(done).back().paused_since_ts == r.now);
  store::destination_loaded stored;
  stored.destination.paused_since_ts = r.now;
  stored.destination.pause_reason = "slow";
  stored.pdus = {r.message_event(2)};
  BOOST_TEST(told<gateway::http_request>(r.begin(stored)).empty());
  BOOST_TEST(told<gateway::http_request>(r.on(pause_request{})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(requests_of_others_are_answered_at_once_while_the_server_is_paused) {
  rig r;
  r.on(pause_request{true, "slow"});
  peer_request q;
  q.reply_to = the_room;
  q.asked = 5;
  q.endpoint = matrix::endpoint::make_join;
  q.parameters = {"!r:there.example", "@ann:here.example"};
  const auto answered = told<peer_answer>(r.on(q));
  BOOST_TEST_REQUIRE(answered.size() == 1u);
  BOOST_TEST((answered[0].second.why.code == fault_code::peer_unreachable));
}

BOOST_AUTO_TEST_CASE(a_server_that_asks_us_all_the_time_and_cannot_be_reached_is_not_tried_each_time) {
  // The operator saw: 341 attempts in ten seconds to a server whose certificate had run out.
  rig r;
  auto sent = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}}));
  std::size_t attempts = 0;
  for (const auto end = r.now + 10'000; r.now < end; r.now += 25) {
    for (const auto& [to, request] : sent) {
      ++attempts;
      r.on(http_says(request.id, 0, "", {fault_code::peer_tls, "expired"}));
    }
    sent = told<gateway::http_request>(r.on(server_alive{"there.example"}));
    const auto due = told<gateway::http_request>(r.on(timer_due{timer_kind::send}));
    sent.insert(sent.end(), due.begin(), due.end());
  }
  BOOST_TEST(attempts >= 5u);
  BOOST_TEST(attempts <= 10u);
}

BOOST_AUTO_TEST_CASE(a_pause_that_was_stored_while_the_clock_was_days_ahead_is_over) {
  // The operator saw: the clock was two days ahead for three seconds, and a server got nothing for two days.
  const time_ms two_days = 48 * 3'600'000;
  rig r;
  store::destination_loaded stored;
  stored.destination.server_name = "there.example";
  stored.destination.failures = 3;
  stored.destination.first_failure_ts = noon + two_days - 7'000;
  stored.destination.retry_at_ts = noon + two_days;
  stored.pdus = {r.message_event(1)};
  BOOST_TEST(told<gateway::http_request>(r.begin(stored)).size() == 1u);
  // The same while the actor lives: its clock goes back.
  r.now = noon + two_days;
  r.begin();
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  r.now = noon;
  BOOST_TEST(told<gateway::http_request>(r.on(timer_due{timer_kind::send})).size() == 1u);
  // An honest pause, the longest there is, is kept.
  rig other;
  stored.destination.retry_at_ts = noon + other.node.settings().federation.retry_delay_late_ms;
  const auto kept = other.begin(stored);
  BOOST_TEST(told<gateway::http_request>(kept).empty());
  BOOST_TEST(timer_at(kept, timer_kind::send) == stored.destination.retry_at_ts);
}

BOOST_AUTO_TEST_CASE(a_server_that_says_when_to_come_again_is_left_alone_until_then) {
  for (const bool by_header : {true, false})
    for (const int status : {429, 503}) {
      rig r;
      const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
      gateway::http_answer a;
      a.id = request.id;
      a.status = status;
      if (by_header) a.retry_after_ms = 30'000;
      else a.body = R"({"errcode":"M_LIMIT_EXCEEDED","error":"x","retry_after_ms":30000})";
      const auto failed = r.on(http_answered{std::make_shared<gateway::http_answer>(a)});
      BOOST_TEST(timer_at(failed, timer_kind::send) == r.now + 30'000);
      r.now += 29'999;
      BOOST_TEST(told<gateway::http_request>(r.on(server_alive{"there.example"})).empty()); // it knows what it said
      r.now += 1;
      BOOST_TEST(told<gateway::http_request>(r.on(timer_due{timer_kind::send})).size() == 1u);
    }
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_says_when_to_come_again_is_left_alone_and_the_others_are_not) {
  // The operator saw: the other server put off our joins for a while, and got none of our messages either.
  rig r;
  auto ask = [&](matrix::endpoint endpoint) {
    peer_request q;
    q.reply_to = {actor_kind::room, "!r:there.example"};
    q.asked = 7;
    q.endpoint = endpoint;
    q.parameters = {"!r:there.example", "@a:here.example"};
    return r.on(q);
  };
  using matrix::endpoint;
  gateway::http_answer later;
  later.id = told<gateway::http_request>(ask(endpoint::make_join)).at(0).second.id;
  later.status = 429;
  later.body = R"({"errcode":"M_LIMIT_EXCEEDED","error":"x","retry_after_ms":30000})";
  r.on(http_answered{std::make_shared<gateway::http_answer>(later)});
  r.now += 29'999;
  const auto put_off = ask(endpoint::make_join);
  BOOST_TEST(told<gateway::http_request>(put_off).empty());
  const auto answers = told<peer_answer>(put_off);
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers[0].second.asked == 7u);
  BOOST_TEST(answers[0].second.status == 429);
  BOOST_TEST(answers[0].second.errcode == "M_LIMIT_EXCEEDED");
  BOOST_TEST(answers[0].second.why.detail.find("no more such requests") != std::string::npos);
  BOOST_TEST(told<gateway::http_request>(ask(endpoint::make_knock)).size() == 1u);
  BOOST_TEST(told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).size() == 1u);
  r.now += 1;
  BOOST_TEST(told<gateway::http_request>(ask(endpoint::make_join)).size() == 1u);
  // An hour at most, and not at all when the clock is set back.
  later.id = told<gateway::http_request>(ask(endpoint::make_join)).at(0).second.id;
  later.body.clear();
  later.retry_after_ms = 86'400'000;
  r.on(http_answered{std::make_shared<gateway::http_answer>(later)});
  r.now += 3'599'000;
  BOOST_TEST(told<gateway::http_request>(ask(endpoint::make_join)).empty());
  r.now -= 48 * 3'600'000;
  BOOST_TEST(told<gateway::http_request>(ask(endpoint::make_join)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_server_that_puts_off_questions_for_its_keys_is_not_asked_again_and_nobody_waits_for_it) {
  rig r;
  auto want = [&] { return r.on(keys_request{the_room, 3, noon, {"ed25519:x"}}); };
  gateway::http_answer later;
  later.id = told<gateway::http_request>(want()).at(0).second.id;
  later.status = 429;
  later.retry_after_ms = 1'800'000;
  BOOST_TEST(told<keys_response>(r.on(http_answered{std::make_shared<gateway::http_answer>(later)})).size() == 1u);
  r.now += 1'799'000; // far beyond the pause between two questions
  const auto again = want();
  BOOST_TEST(told<gateway::http_request>(again).empty());
  BOOST_TEST(told<keys_response>(again).size() == 1u);
  r.now += 120'000;
  BOOST_TEST(told<gateway::http_request>(want()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(invitations_do_not_have_a_server_that_fails_tried_more_often) {
  rig r;
  auto sent = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}}));
  std::size_t attempts = 0;
  for (const auto end = r.now + 10'000; r.now < end; r.now += 25) {
    for (const auto& [to, request] : sent) {
      if (request.target.find("/send/") == std::string::npos) continue;
      ++attempts;
      r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
    }
    peer_request invite;
    invite.reply_to = {actor_kind::invitation, "!r:here.example|@u:there.example"};
    invite.asked = 8;
    invite.endpoint = matrix::endpoint::invite_v2;
    invite.parameters = {"!r:here.example", "$i"};
    invite.body = "{}";
    sent = told<gateway::http_request>(r.on(invite));
    const auto due = told<gateway::http_request>(r.on(timer_due{timer_kind::send}));
    sent.insert(sent.end(), due.begin(), due.end());
  }
  BOOST_TEST(attempts >= 5u);
  BOOST_TEST(attempts <= 10u);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_being_left_alone_is_not_asked_what_others_know_as_well) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  auto ask = [&](matrix::endpoint endpoint, std::vector<std::string> parameters) {
    peer_request q;
    q.reply_to = {actor_kind::room, "!r:there.example"};
    q.asked = 7;
    q.endpoint = endpoint;
    q.parameters = std::move(parameters);
    return r.on(q);
  };
  using matrix::endpoint;
  for (const auto what : {endpoint::get_missing_events, endpoint::backfill, endpoint::state, endpoint::state_ids}) {
    const auto answers = told<peer_answer>(ask(what, {"!r:there.example"}));
    BOOST_REQUIRE(answers.size() == 1u);
    BOOST_TEST(answers[0].second.asked == 7u);
    BOOST_TEST(answers[0].second.status == 0);
    BOOST_TEST((answers[0].second.why.code == fault_code::peer_unreachable));
  }
  BOOST_TEST(told<peer_answer>(ask(endpoint::event_auth, {"!r:there.example", "$e"})).size() == 1u);
  BOOST_TEST(told<peer_answer>(ask(endpoint::event, {"$e"})).size() == 1u);
  // A join has to be tried, and after a sign of life everything is.
  BOOST_TEST(told<gateway::http_request>(ask(endpoint::make_join, {"!r:there.example", "@a:here.example"})).size() ==
             1u);
  r.now += r.node.settings().federation.retry_delay_ms_min;
  r.on(server_alive{"there.example"});
  BOOST_TEST(told<gateway::http_request>(ask(endpoint::state, {"!r:there.example"})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_inbound_request_is_a_sign_of_life) {
  rig r;
  r.begin_with_keys();
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  r.now += r.node.settings().federation.retry_delay_ms_min;
  const auto after = r.on(asked_by_there("GET", "/_matrix/federation/v1/make_join/!r:here.example/@x:there.example"));
  BOOST_TEST(told<gateway::http_request>(after).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
