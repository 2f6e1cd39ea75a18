#include "actors/remote_server/remote_server_machine.hpp"

#include "actors/remote_server/back_off.hpp"
#include "messages/chat/codec.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/json_lists.hpp"
#include "tests/actors/machine_rig.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include <set>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;
using remote_server::remote_server_machine;

BOOST_AUTO_TEST_SUITE(remote_server_machine_suite)

namespace {

const address the_room{actor_kind::room, "!r:here.example"};

/// The actor of there.example; the store and the network are the test.
struct rig {
  context node = here();
  std::unique_ptr<remote_server_machine> machine;
  time_ms now = noon;

  rig() { begin(); }
  /// A new life of the actor with what the store has.
  effects begin(store::destination_loaded stored = {}) {
    machine = std::make_unique<remote_server_machine>(node, "there.example");
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    return machine->on(store_says(asked, std::move(stored)), now);
  }
  effects begin_with_keys() {
    store::destination_loaded stored;
    stored.keys = {"there.example", keys_of(there_key()), now};
    return begin(std::move(stored));
  }
  effects on(const message& m) { return machine->on(m, now); }

  matrix::event_ptr message_event(int n) {
    matrix::json::object pdu{{"type", "m.room.message"},
                             {"room_id", the_room.key},
                             {"sender", "@ann:here.example"},
                             {"content", matrix::json::object{{"body", "m" + std::to_string(n)}}},
                             {"origin_server_ts", now},
                             {"depth", n},
                             {"prev_events", matrix::json::array{}},
                             {"auth_events", matrix::json::array{}}};
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), node.server_name, node.key);
  }
};

std::string transaction_of(const gateway::http_request& r) { return r.target.substr(r.target.rfind('/') + 1); }

std::string body_with(std::size_t pdus, const std::string& room = the_room.key) {
  std::string body = "{\"edus\":[],\"origin\":\"there.example\",\"origin_server_ts\":1,\"pdus\":[";
  for (std::size_t i = 0; i < pdus; ++i)
    body += (i ? "," : "") + std::string{"{\"depth\":"} + std::to_string(i) + ",\"room_id\":\"" + room +
            "\",\"type\":\"m.x\"}";
  return body + "]}";
}

constexpr const char* send_1 = "/_matrix/federation/v1/send/1";

} // namespace

// -- back-off ----------------------------------------------------------------------------------------------------------------

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

// -- what is owed -------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_queued_event_is_sent_after_its_transaction_is_on_disk) {
  rig r;
  const auto done = r.on(pdu_queued{r.message_event(1), "room"});
  const auto commit =
    std::find_if(done.begin(), done.end(), [](const effect& e) { return std::holds_alternative<persist>(e); });
  BOOST_REQUIRE(commit != done.end());
  const auto* p = std::get_if<persist>(&*commit);
  BOOST_REQUIRE(p != nullptr); // the request stands in `then`: not before the commit
  BOOST_TEST(written<store::put_destination>(done).at(0).transaction_pdus.size() == 1u);
  BOOST_TEST(told<gateway::http_request>(p->then).size() == 1u);
  const auto request = told<gateway::http_request>(done).at(0).second;
  BOOST_TEST(request.method == "PUT");
  BOOST_TEST(request.authorization.size() == 1u);
  const auto header = matrix::parse_x_matrix(request.authorization.at(0));
  const auto content = matrix::json::parse(request.body);
  const auto text = matrix::request_signed_bytes("PUT", request.target, "here.example", "there.example", &*content);
  BOOST_TEST(matrix::verify_signature(r.node.key.public_key_base64(), header->signature, text));
}

BOOST_AUTO_TEST_CASE(one_transaction_is_in_flight_and_the_rest_follows_in_order) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  BOOST_TEST(told<gateway::http_request>(r.on(pdu_queued{r.message_event(2), {}})).empty());
  BOOST_TEST(told<gateway::http_request>(r.on(pdu_queued{r.message_event(3), {}})).empty());
  const auto done = r.on(http_says(first.id, 200));
  const auto second = told<gateway::http_request>(done).at(0).second;
  BOOST_TEST(transaction_of(second) != transaction_of(first));
  BOOST_TEST(second.body.find("\"m2\"") < second.body.find("\"m3\""));
  BOOST_TEST(written<store::remove_destination_pdus>(done).at(0).event_ids.at(0) == r.message_event(1)->event_id);
}

BOOST_AUTO_TEST_CASE(the_same_id_and_body_are_repeated_until_the_answer_is_200) {
  rig r;
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  const auto id = transaction_of(request), body = request.body;
  time_ms pause = 1'000;
  for (const int status : {0, 500, 401, 404, 429, 302}) {
    r.on(pdu_queued{r.message_event(100 + status), {}});
    const auto failed = r.on(http_says(request.id, status, "{}", {fault_code::peer_timeout, ""}));
    BOOST_TEST(told<gateway::http_request>(failed).empty());
    BOOST_TEST(timer_at(failed, "send") == r.now + pause);
    r.now += pause;
    pause *= 2;
    request = told<gateway::http_request>(r.on(timer_due{"send"})).at(0).second;
    BOOST_TEST(transaction_of(request) == id);
    BOOST_TEST(request.body == body);
  }
  const auto next = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second;
  BOOST_TEST(transaction_of(next) != id);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_too_large_for_what_stands_before_the_server_goes_in_parts) {
  rig r;
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  for (int n = 2; n <= 9; ++n) r.on(pdu_queued{r.message_event(n), {}});
  request = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second;
  std::vector<std::size_t> sizes;
  std::vector<std::string> delivered;
  // A proxy that lets no more than three through; it says 413, and some say 400.
  for (int i = 0; i < 100 && delivered.size() < 8; ++i) {
    const auto body = *matrix::json::parse(request.body);
    const auto& pdus = *body.find_array("pdus");
    sizes.push_back(pdus.size());
    const bool fits = pdus.size() <= 3;
    auto done = r.on(http_says(request.id, fits ? 200 : i % 2 ? 413 : 400));
    if (!fits && i % 2 == 0) { // whether it takes anything at all is asked with a transaction of nothing
      const auto probe = told<gateway::http_request>(done).at(0).second;
      BOOST_TEST(matrix::json::parse(probe.body)->find_array("pdus")->empty());
      done = r.on(http_says(probe.id, 200));
    }
    if (fits)
      for (const auto& pdu : pdus) delivered.push_back(*pdu.find("content")->find_string("body"));
    else {
      BOOST_TEST(told<gateway::http_request>(done).empty());
      r.now = timer_at(done, "send");
      done = r.on(timer_due{"send"});
    }
    if (delivered.size() < 8) request = told<gateway::http_request>(done).at(0).second;
  }
  BOOST_TEST(delivered == (std::vector<std::string>{"m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"}),
             boost::test_tools::per_element());
  BOOST_TEST(sizes.size() < 20u);
}

BOOST_AUTO_TEST_CASE(large_events_go_in_transactions_of_a_megabyte) {
  rig r;
  auto large = [&](int n) {
    object pdu{{"type", "m.room.message"},
               {"room_id", the_room.key},
               {"sender", "@ann:here.example"},
               {"origin_server_ts", r.now},
               {"depth", n},
               {"content", object{{"body", std::string(60'000, 'x')}}},
               {"prev_events", matrix::json::array{}},
               {"auth_events", matrix::json::array{}}};
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), r.node.server_name, r.node.key);
  };
  auto request = told<gateway::http_request>(r.on(pdu_queued{large(0), {}})).at(0).second;
  for (int n = 1; n <= 50; ++n) r.on(pdu_queued{large(n), {}});
  std::size_t sent = 1;
  for (int i = 0; i < 10 && sent < 51; ++i) {
    request = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second;
    BOOST_TEST(request.body.size() <= 1024u * 1024u);
    sent += matrix::json::parse(request.body)->find_array("pdus")->size();
  }
  BOOST_TEST(sent == 51u);
}

BOOST_AUTO_TEST_CASE(after_a_restart_the_transaction_is_repeated_with_its_id_and_body) {
  rig r;
  r.on(edu_queued{"m.typing", "k", "{\"typing\":true}"});
  rig fresh;
  const auto sent = fresh.on(pdu_queued{fresh.message_event(1), {}});
  const auto before = told<gateway::http_request>(sent).at(0).second;
  store::destination_loaded stored;
  stored.destination = written<store::put_destination>(sent).at(0);
  stored.pdus = {fresh.message_event(1), fresh.message_event(2)};
  fresh.node.boot_id = "second-boot";
  fresh.now += 5'000;
  const auto again = told<gateway::http_request>(fresh.begin(stored)).at(0).second;
  BOOST_TEST(transaction_of(again) == transaction_of(before));
  BOOST_TEST(again.body == before.body);
}

BOOST_AUTO_TEST_CASE(an_actor_made_again_gives_no_transaction_id_a_second_time) {
  // The user saw: after ten quiet minutes the first message never arrived, for the peer took its transaction for a repetition.
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(first.id, 200));
  r.now += 3'600'000;
  r.begin();
  const auto second = told<gateway::http_request>(r.on(pdu_queued{r.message_event(2), {}})).at(0).second;
  BOOST_TEST(transaction_of(second) != transaction_of(first));
}

BOOST_AUTO_TEST_CASE(an_answer_to_the_actors_former_life_is_not_taken_for_one_to_this) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.now += 100;
  store::destination_loaded stored;
  stored.pdus = {r.message_event(1)};
  const auto second = told<gateway::http_request>(r.begin(stored)).at(0).second;
  BOOST_TEST(second.id != first.id);
  BOOST_TEST(written<store::remove_destination_pdus>(r.on(http_says(first.id, 200))).empty());
  BOOST_TEST(written<store::remove_destination_pdus>(r.on(http_says(second.id, 200))).size() == 1u);
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
  r.now += r.node.federation.retry_delay_ms_min;
  BOOST_TEST(told<gateway::http_request>(r.on(timer_due{"send"})).empty());
  BOOST_TEST(told<gateway::http_request>(r.on(server_alive{"there.example"})).size() == 1u);
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
    const auto due = told<gateway::http_request>(r.on(timer_due{"send"}));
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
  BOOST_TEST(told<gateway::http_request>(r.on(timer_due{"send"})).size() == 1u);
  // An honest pause, the longest there is, is kept.
  rig other;
  stored.destination.retry_at_ts = noon + other.node.federation.retry_delay_late_ms;
  const auto kept = other.begin(stored);
  BOOST_TEST(told<gateway::http_request>(kept).empty());
  BOOST_TEST(timer_at(kept, "send") == stored.destination.retry_at_ts);
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
      BOOST_TEST(timer_at(failed, "send") == r.now + 30'000);
      r.now += 29'999;
      BOOST_TEST(told<gateway::http_request>(r.on(server_alive{"there.example"})).empty()); // it knows what it said
      r.now += 1;
      BOOST_TEST(told<gateway::http_request>(r.on(timer_due{"send"})).size() == 1u);
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
  BOOST_TEST(answers[0].second.why.detail.find("left alone") != std::string::npos);
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
  auto want = [&] { return r.on(keys_wanted{the_room, 3, noon, {"ed25519:x"}}); };
  gateway::http_answer later;
  later.id = told<gateway::http_request>(want()).at(0).second.id;
  later.status = 429;
  later.retry_after_ms = 1'800'000;
  BOOST_TEST(told<keys_found>(r.on(http_answered{std::make_shared<gateway::http_answer>(later)})).size() == 1u);
  r.now += 1'799'000; // far beyond the pause between two questions
  const auto again = want();
  BOOST_TEST(told<gateway::http_request>(again).empty());
  BOOST_TEST(told<keys_found>(again).size() == 1u);
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
    const auto due = told<gateway::http_request>(r.on(timer_due{"send"}));
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
  r.now += r.node.federation.retry_delay_ms_min;
  r.on(server_alive{"there.example"});
  BOOST_TEST(told<gateway::http_request>(ask(endpoint::state, {"!r:there.example"})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_inbound_request_is_a_sign_of_life) {
  rig r;
  r.begin_with_keys();
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  r.now += r.node.federation.retry_delay_ms_min;
  const auto after = r.on(asked_by_there("GET", "/_matrix/federation/v1/make_join/!r:here.example/@x:there.example"));
  BOOST_TEST(told<gateway::http_request>(after).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_transaction_carries_fifty_events_at_most) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(0), {}})).at(0).second;
  for (int i = 1; i <= 120; ++i) r.on(pdu_queued{r.message_event(i), {}});
  auto count = [](const gateway::http_request& x) { return matrix::json::parse(x.body)->find_array("pdus")->size(); };
  auto next = told<gateway::http_request>(r.on(http_says(first.id, 200))).at(0).second;
  BOOST_TEST(count(next) == 50u);
  next = told<gateway::http_request>(r.on(http_says(next.id, 200))).at(0).second;
  BOOST_TEST(count(next) == 50u);
  next = told<gateway::http_request>(r.on(http_says(next.id, 200))).at(0).second;
  BOOST_TEST(count(next) == 20u);
}

BOOST_AUTO_TEST_CASE(a_queue_longer_than_memory_waits_in_the_store) {
  rig r;
  r.node.federation.queue_memory_pdus_max = 3;
  r.begin();
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(0), {}})).at(0).second;
  for (int i = 1; i <= 9; ++i) r.on(pdu_queued{r.message_event(i), {}});
  request = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second; // 1, 2, 3
  const auto after = r.on(http_says(request.id, 200));
  BOOST_TEST(told<gateway::http_request>(after).empty());
  const auto asked = of_kind<ask_store>(after).at(0);
  store::destination_loaded more;
  more.pdus = {r.message_event(4), r.message_event(5), r.message_event(6)};
  more.more = true;
  const auto next = told<gateway::http_request>(r.on(store_says(asked.asked, more))).at(0).second;
  BOOST_TEST(next.body.find("\"m4\"") != std::string::npos);
  BOOST_TEST(next.body.find("\"m4\"") < next.body.find("\"m6\""));
}

BOOST_AUTO_TEST_CASE(an_event_queued_while_the_queue_is_read_is_not_forgotten) {
  rig r;
  r.node.federation.queue_memory_pdus_max = 1;
  r.begin();
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(0), {}})).at(0).second;
  for (int i = 1; i <= 3; ++i) r.on(pdu_queued{r.message_event(i), {}});
  request = told<gateway::http_request>(r.on(http_says(request.id, 200))).at(0).second;
  const auto asked = of_kind<ask_store>(r.on(http_says(request.id, 200))).at(0);
  r.on(pdu_queued{r.message_event(4), {}}); // it was committed after the store had looked
  store::destination_loaded more;
  more.pdus = {r.message_event(2), r.message_event(3)};
  request = told<gateway::http_request>(r.on(store_says(asked.asked, more))).at(0).second;
  const auto again = of_kind<ask_store>(r.on(http_says(request.id, 200)));
  BOOST_REQUIRE(again.size() == 1u);
  more.pdus = {r.message_event(4)};
  BOOST_TEST(told<gateway::http_request>(r.on(store_says(again[0].asked, more))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_newer_edu_of_the_same_key_replaces_the_older) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(edu_queued{"m.typing", "typing|a", "{\"typing\":true}"});
  r.on(edu_queued{"m.typing", "typing|b", "{\"typing\":true}"});
  r.on(edu_queued{"m.typing", "typing|a", "{\"typing\":false}"});
  const auto next = told<gateway::http_request>(r.on(http_says(first.id, 200))).at(0).second;
  const auto body = matrix::json::parse(next.body);
  BOOST_REQUIRE(body->find_array("edus")->size() == 2u);
  BOOST_TEST(next.body.find("\"typing\":false") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(edus_alone_are_not_repeated) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(edu_queued{"m.typing", "k", "{\"typing\":true}"})).at(0).second;
  const auto failed = r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  r.now = timer_at(failed, "send");
  BOOST_TEST(told<gateway::http_request>(r.on(timer_due{"send"})).empty());
}

BOOST_AUTO_TEST_CASE(the_answer_to_a_leave_of_an_invited_user_confirms_the_revocation) {
  rig r;
  matrix::json::object pdu{{"type", "m.room.member"},
                           {"room_id", the_room.key},
                           {"sender", "@ann:here.example"},
                           {"state_key", "@x:there.example"},
                           {"content", matrix::json::object{{"membership", "leave"}}},
                           {"origin_server_ts", noon},
                           {"depth", 5},
                           {"prev_events", matrix::json::array{}},
                           {"auth_events", matrix::json::array{}}};
  const auto leave =
    *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), r.node.server_name, r.node.key);
  const auto request = told<gateway::http_request>(r.on(pdu_queued{leave, {}})).at(0).second;
  const auto confirmed = told<rescission_delivered>(r.on(http_says(request.id, 200)));
  BOOST_REQUIRE(confirmed.size() == 1u);
  BOOST_TEST(confirmed.at(0).first.key == "!r:here.example|@x:there.example");
  BOOST_TEST(confirmed.at(0).second.auth_events == leave->auth_events, boost::test_tools::per_element());
}

// -- invitations behind the queue ----------------------------------------------------------------------------------------------

namespace {

peer_request invite_request(token asked) {
  peer_request q;
  q.reply_to = {actor_kind::invitation, "!r:here.example|@x:there.example"};
  q.asked = asked;
  q.endpoint = matrix::endpoint::invite_v2;
  q.parameters = {"!r:here.example", "$invite" + std::to_string(asked)};
  q.body = "{}";
  return q;
}

std::vector<std::string> targets(const effects& list) {
  std::vector<std::string> all;
  for (const auto& [to, r] : told<gateway::http_request>(list))
    all.push_back(r.target.find("/send/") != std::string::npos ? "send" : r.target.substr(r.target.rfind('/') + 1));
  return all;
}
using names = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(an_invitation_does_not_overtake_what_was_said_before_it) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(pdu_queued{r.message_event(2), {}});
  BOOST_TEST(targets(r.on(invite_request(1))).empty());
  r.on(pdu_queued{r.message_event(3), {}}); // said after it
  const auto second = r.on(http_says(first.id, 200));
  BOOST_TEST(targets(second) == (names{"send"}), boost::test_tools::per_element());
  const auto third = r.on(http_says(told<gateway::http_request>(second).at(0).second.id, 200));
  BOOST_TEST((targets(third) == names{"send", "%24invite1"} || targets(third) == names{"%24invite1"}));
}

BOOST_AUTO_TEST_CASE(an_invitation_to_a_server_that_is_owed_nothing_goes_at_once) {
  rig r;
  BOOST_TEST(targets(r.on(invite_request(1))) == (names{"%24invite1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_invitation_waits_for_a_slow_server_so_long_and_no_longer) {
  rig r;
  r.on(pdu_queued{r.message_event(1), {}}); // and no answer
  const auto held = r.on(invite_request(1));
  BOOST_TEST(timer_at(held, "invites") == r.now + r.node.invitation.queue_wait_ms);
  r.now = timer_at(held, "invites") - 1;
  BOOST_TEST(targets(r.on(timer_due{"invites"})).empty());
  r.now += 1;
  BOOST_TEST(targets(r.on(timer_due{"invites"})) == (names{"%24invite1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_invitation_to_a_server_that_is_left_alone_tries_the_queue_and_then_goes_itself) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(request.id, 0, "{}", {fault_code::peer_unreachable, "refused"}));
  for (int failures = 1; failures < 5; ++failures) { // the pause grows beyond the shortest
    const auto again = told<gateway::http_request>(r.on(retry_now{})).at(0).second;
    r.on(http_says(again.id, 0, "{}", {fault_code::peer_unreachable, "refused"}));
  }
  const auto held = r.on(invite_request(1));
  BOOST_TEST(targets(held).empty()); // it was tried a moment ago
  BOOST_TEST(timer_at(held, "send") == r.now + r.node.federation.retry_delay_ms_min);
  r.now += r.node.federation.retry_delay_ms_min;
  const auto tried = r.on(timer_due{"send"});
  BOOST_TEST(targets(tried) == (names{"send"}), boost::test_tools::per_element()); // not in an hour
  BOOST_TEST(transaction_of(told<gateway::http_request>(tried).at(0).second) == transaction_of(request));
  const auto failed = r.on(
    http_says(told<gateway::http_request>(tried)[0].second.id, 0, "{}", {fault_code::peer_unreachable, "refused"}));
  BOOST_TEST(targets(failed) == (names{"%24invite1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_invitation_goes_by_a_transaction_that_the_server_refuses_for_ever) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(invite_request(1));
  const auto probe = r.on(http_says(request.id, 400)); // does it take anything?
  BOOST_TEST(targets(probe) == (names{"send"}), boost::test_tools::per_element());
  BOOST_TEST(targets(r.on(http_says(told<gateway::http_request>(probe).at(0).second.id, 200))) == (names{"%24invite1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_invitation_behind_a_queue_that_is_partly_on_disk_waits_for_all_of_it) {
  rig r;
  store::destination_loaded stored;
  stored.pdus = {r.message_event(1)};
  stored.more = true;
  const auto first = told<gateway::http_request>(r.begin(stored)).at(0).second;
  BOOST_TEST(targets(r.on(invite_request(1))).empty());
  const auto reading = r.on(http_says(first.id, 200));
  BOOST_TEST(targets(reading).empty());
  store::destination_loaded rest;
  rest.pdus = {r.message_event(2)};
  const auto second = r.on(store_says(of_kind<ask_store>(reading).at(0).asked, rest));
  BOOST_TEST(targets(second) == (names{"send"}), boost::test_tools::per_element());
  BOOST_TEST(targets(r.on(http_says(told<gateway::http_request>(second).at(0).second.id, 200))) ==
               (names{"%24invite1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(delivery_is_told_for_messages_that_were_delayed_only) {
  rig r;
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), "room"})).at(0).second;
  BOOST_TEST(written<store::append_delivery>(r.on(http_says(request.id, 200))).empty());
  request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(2), "room"})).at(0).second;
  const auto failed = r.on(http_says(request.id, 502));
  BOOST_TEST(written<store::append_delivery>(failed).at(0).told.state == "delayed");
  r.now = timer_at(failed, "send");
  request = told<gateway::http_request>(r.on(timer_due{"send"})).at(0).second;
  BOOST_TEST(written<store::append_delivery>(r.on(http_says(request.id, 200))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_outage_is_told_once_by_its_first_message_and_so_is_its_end) {
  rig r;
  const auto told_of = [](const effects& list) {
    names all;
    for (const auto& x : written<store::append_delivery>(list)) all.push_back(x.told.message + " " + x.told.state);
    return all;
  };
  store::destination_loaded stored;
  for (const int n : {1, 2, 3}) {
    stored.pdus.push_back(r.message_event(n));
    stored.names_of[stored.pdus.back()->event_id] = {"room", "m" + std::to_string(n)};
  }
  auto request = told<gateway::http_request>(r.begin(stored)).at(0).second;
  auto failed = r.on(http_says(request.id, 502));
  BOOST_TEST(told_of(failed) == (names{"m1 delayed"}), boost::test_tools::per_element());
  r.on(pdu_queued{r.message_event(4), "room", "m4"});
  r.now = timer_at(failed, "send");
  request = told<gateway::http_request>(r.on(timer_due{"send"})).at(0).second;
  failed = r.on(http_says(request.id, 502));
  BOOST_TEST(told_of(failed).empty());
  r.now = timer_at(failed, "send");
  request = told<gateway::http_request>(r.on(timer_due{"send"})).at(0).second;
  const auto back = r.on(http_says(request.id, 200));
  BOOST_TEST(told_of(back) == (names{"m1 delivered"}), boost::test_tools::per_element());
  request = told<gateway::http_request>(back).at(0).second;
  BOOST_TEST(told_of(r.on(http_says(request.id, 200))).empty());
}

BOOST_AUTO_TEST_CASE(delivery_names_the_message_as_the_chat_server_does_also_after_a_restart) {
  rig r;
  const auto told_as = [](const effects& list) {
    const auto x = written<store::append_delivery>(list).at(0).told;
    return x.room + " " + x.message + " " + x.state;
  };
  const auto e = r.message_event(1);
  const auto request = told<gateway::http_request>(r.on(pdu_queued{e, "room", "m1"})).at(0).second;
  const auto failed = r.on(http_says(request.id, 502));
  BOOST_TEST(told_as(failed) == "room m1 delayed");

  store::destination_loaded stored;
  stored.destination = written<store::put_destination>(failed).at(0);
  stored.pdus = {e};
  stored.names_of[e->event_id] = {"room", "m1"};
  r.now = stored.destination.retry_at_ts;
  const auto again = told<gateway::http_request>(r.begin(stored)).at(0).second;
  BOOST_TEST(told_as(r.on(http_says(again.id, 200))) == "room m1 delivered");

  stored.in_flight = std::exchange(stored.pdus, {}); // it was sent before its turn
  const auto far = told<gateway::http_request>(r.begin(stored)).at(0).second;
  BOOST_TEST(told_as(r.on(http_says(far.id, 200))) == "room m1 delivered");
}

// -- requests for others ------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(every_peer_request_gets_one_answer_also_when_the_gateway_forgets_it) {
  rig r;
  peer_request q;
  q.reply_to = the_room;
  q.asked = 7;
  q.endpoint = matrix::endpoint::make_join;
  q.parameters = {the_room.key, "@ann:here.example"};
  q.timeout_ms = 20'000;
  const auto sent = r.on(q);
  BOOST_TEST(told<gateway::http_request>(sent).size() == 1u);
  r.now = timer_at(sent, "sweep");
  BOOST_TEST(r.now > noon + 20'000);
  const auto answers = told<peer_answer>(r.on(timer_due{"sweep"}));
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers.at(0).second.asked == 7u);
  BOOST_TEST((answers.at(0).second.why.code == fault_code::peer_timeout));
  BOOST_TEST(told<peer_answer>(r.on(http_says(told<gateway::http_request>(sent).at(0).second.id, 200))).empty());
}

BOOST_AUTO_TEST_CASE(a_refusal_carries_the_errcode) {
  rig r;
  peer_request q;
  q.reply_to = the_room;
  q.asked = 1;
  q.endpoint = matrix::endpoint::make_join;
  q.parameters = {the_room.key, "@ann:here.example"};
  const auto id = told<gateway::http_request>(r.on(q)).at(0).second.id;
  const auto a = told<peer_answer>(r.on(http_says(id, 403, R"({"errcode":"M_FORBIDDEN","error":"no"})"))).at(0).second;
  BOOST_TEST(a.status == 403);
  BOOST_TEST(a.errcode == "M_FORBIDDEN");
  BOOST_TEST((a.why.code == fault_code::peer_refused));
}

BOOST_AUTO_TEST_CASE(a_server_the_configuration_excludes_is_not_asked) {
  rig r;
  r.node.federation.deny_servers = {"there.*"};
  peer_request q;
  q.reply_to = the_room;
  q.asked = 1;
  const auto done = r.on(q);
  BOOST_TEST(told<gateway::http_request>(done).empty());
  BOOST_TEST((told<peer_answer>(done).at(0).second.why.code == fault_code::server_denied));
}

// -- keys ---------------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(keys_are_fetched_once_for_all_who_wait) {
  rig r;
  const auto sent = r.on(keys_wanted{the_room, 1, 0, {there_key().key_id()}});
  const auto request = told<gateway::http_request>(sent).at(0).second;
  BOOST_TEST(request.target == "/_matrix/key/v2/server");
  BOOST_TEST(request.authorization.empty());
  BOOST_TEST(told<gateway::http_request>(r.on(keys_wanted{the_room, 2, 0, {}})).empty());
  const auto document =
    matrix::json::canonical(matrix::server_keys_document("there.example", there_key(), {}, noon + 86'400'000));
  const auto done = r.on(http_says(request.id, 200, document));
  BOOST_TEST(told<keys_found>(done).size() == 2u);
  BOOST_TEST(told<keys_found>(done).at(1).second.keys->size() == 1u);
  BOOST_TEST(written<store::put_server_keys>(done).size() == 1u);
  BOOST_TEST(told<gateway::http_request>(r.on(keys_wanted{the_room, 3, noon, {there_key().key_id()}})).empty());
}

BOOST_AUTO_TEST_CASE(after_a_failed_fetch_everybody_is_answered_and_the_next_fetch_waits) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(keys_wanted{the_room, 1, 0, {}})).at(0).second;
  const auto done = r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  BOOST_TEST(told<keys_found>(done).at(0).second.keys->empty());
  r.now += 1'000;
  BOOST_TEST(told<keys_found>(r.on(keys_wanted{the_room, 2, 0, {}})).size() == 1u);
  r.now += r.node.federation.key_fetch_retry_ms;
  BOOST_TEST(told<gateway::http_request>(r.on(keys_wanted{the_room, 3, 0, {}})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_key_document_of_another_server_is_not_believed) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(keys_wanted{the_room, 1, 0, {}})).at(0).second;
  const auto document =
    matrix::json::canonical(matrix::server_keys_document("elsewhere.example", there_key(), {}, noon + 86'400'000));
  BOOST_TEST(told<keys_found>(r.on(http_says(request.id, 200, document))).at(0).second.keys->empty());
}

// -- what they ask of us ------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_signed_request_is_handed_to_its_room) {
  rig r;
  r.begin_with_keys();
  const auto done = r.on(asked_by_there("GET", "/_matrix/federation/v1/make_join/!r:here.example/@x:there.example"));
  const auto calls = told<federation_call>(done);
  BOOST_REQUIRE(calls.size() == 1u);
  BOOST_TEST(calls.at(0).first.key == the_room.key);
  BOOST_TEST(calls.at(0).second.origin == "there.example");
}

BOOST_AUTO_TEST_CASE(a_request_waits_while_its_key_is_fetched) {
  rig r;
  const auto asked = r.on(asked_by_there("GET", "/_matrix/federation/v1/make_join/!r:here.example/@x:there.example"));
  BOOST_TEST(told<federation_reply>(asked).empty());
  const auto request = told<gateway::http_request>(asked).at(0).second;
  BOOST_TEST(told<gateway::http_request>(
               r.on(asked_by_there("GET", "/_matrix/federation/v1/make_join/!r:here.example/@y:there.example")))
               .empty());
  const auto document =
    matrix::json::canonical(matrix::server_keys_document("there.example", there_key(), {}, noon + 86'400'000));
  BOOST_TEST(told<federation_call>(r.on(http_says(request.id, 200, document))).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_request_whose_key_cannot_be_had_is_401) {
  rig r;
  const auto request =
    told<gateway::http_request>(
      r.on(asked_by_there("GET", "/_matrix/federation/v1/make_join/!r:here.example/@x:there.example")))
      .at(0)
      .second;
  const auto reply =
    told<federation_reply>(r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}))).at(0).second;
  BOOST_TEST(reply.status == 401);
  BOOST_TEST(reply.body.find("M_UNAUTHORIZED") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_request_signed_for_another_server_is_401) {
  rig r;
  r.begin_with_keys();
  const auto done = r.on(asked_by_there("GET", "/_matrix/federation/v1/make_join/!r:here.example/@x:there.example", {},
                                        1, "elsewhere.example"));
  BOOST_TEST(told<federation_call>(done).empty());
  BOOST_TEST(told<federation_reply>(done).at(0).second.status == 401);
}

BOOST_AUTO_TEST_CASE(a_request_changed_on_its_way_is_401) {
  rig r;
  r.begin_with_keys();
  auto q = asked_by_there("GET", "/_matrix/federation/v1/make_join/!r:here.example/@x:there.example");
  auto changed = asked_by("there.example", "GET", "/_matrix/federation/v1/make_join/!r:here.example/@y:there.example",
                          {}, *q.authorization);
  // Its key may have been changed: it is asked once more.
  const auto asked = r.on(changed);
  BOOST_TEST(told<federation_reply>(asked).empty());
  const auto keys = told<gateway::http_request>(asked).at(0).second;
  BOOST_TEST(told<federation_reply>(r.on(http_says(keys.id, 404))).at(0).second.status == 401);
  BOOST_TEST(told<federation_reply>(r.on(changed)).at(0).second.status == 401);
}

BOOST_AUTO_TEST_CASE(a_body_is_not_parsed_before_it_is_known_whose_it_is) {
  rig r;
  r.begin_with_keys();
  // The text is signed as it is, and is no JSON: refused as what it is, after the signature was found right.
  const std::string text = "{\"origin\":";
  const auto target = "/_matrix/federation/v1/get_missing_events/!r:here.example";
  auto header = matrix::sign_request_of_text("POST", target, "there.example", "here.example", text, there_key());
  const auto refused =
    told<federation_reply>(r.on(asked_by("there.example", "POST", target, text, {header}))).at(0).second;
  BOOST_TEST(refused.status == 400);
  BOOST_TEST(*matrix::json::parse(refused.body)->find_string("errcode") == "M_NOT_JSON");
}

BOOST_AUTO_TEST_CASE(a_body_that_is_not_canonical_is_signed_in_its_canonical_form) {
  rig r;
  r.begin_with_keys();
  const auto done =
    r.on(asked_by_there("PUT", send_1, R"({ "pdus": [], "origin_server_ts": 1, "origin": "there.example" })"));
  BOOST_TEST(of_kind<ask_store>(done).size() == 1u); // the signature holds: it is looked up as a transaction
  const auto call = r.on(
    asked_by_there("POST", "/_matrix/federation/v1/get_missing_events/!r:here.example", R"({ "limit": 3, "a": [1] })"));
  BOOST_REQUIRE(told<federation_call>(call).size() == 1u);
  BOOST_TEST(*told<federation_call>(call)[0].second.body->find_integer("limit") == 3);
}

BOOST_AUTO_TEST_CASE(of_several_signatures_one_good_one_is_enough_and_eight_are_tried) {
  rig r;
  r.begin_with_keys();
  const std::string target = "/_matrix/federation/v1/query/profile?user_id=%40a%3Ahere.example";
  const auto good = matrix::sign_request("GET", target, "there.example", "here.example", nullptr, there_key());
  const auto forged = matrix::sign_request("GET", target, "there.example", "here.example", nullptr, key_of('x'));
  const auto of_unknown_key = "X-Matrix origin=\"there.example\",key=\"ed25519:unknown\",sig=\"AAAA\"";
  auto as_if_good = forged;
  const auto id = key_of('x').key_id();
  as_if_good.replace(as_if_good.find(id), id.size(), there_key().key_id());
  BOOST_TEST(
    told<federation_call>(r.on(asked_by("there.example", "GET", target, {}, {as_if_good, of_unknown_key, good})))
      .size() == 1u);
  auto many = [&](std::size_t wrong) {
    std::vector<std::string> headers(wrong, as_if_good);
    headers.push_back(good);
    return told<federation_call>(r.on(asked_by("there.example", "GET", target, {}, headers))).size();
  };
  BOOST_TEST(many(7) == 1u);
  BOOST_TEST(many(8) == 0u);
}

BOOST_AUTO_TEST_CASE(a_retired_key_signs_no_requests) {
  rig r;
  store::destination_loaded stored;
  auto keys = keys_of(there_key());
  keys.begin()->second.is_old = true;
  stored.keys = {"there.example", keys, noon};
  r.begin(stored);
  const auto asked = r.on(asked_by_there("GET", "/_matrix/federation/v1/make_join/!r:here.example/@x:there.example"));
  BOOST_TEST(told<federation_call>(asked).empty());
}

BOOST_AUTO_TEST_CASE(the_first_transaction_after_a_start_may_repeat_one_from_before) {
  rig r;
  r.begin_with_keys();
  const auto asked = of_kind<ask_store>(r.on(asked_by_there("PUT", send_1, body_with(1)))).at(0);
  BOOST_TEST(std::get<store::find_received_transaction>(asked.question).transaction_id == "1");
  const auto done = r.on(store_says(asked.asked, store::received_transaction_found{R"({"pdus":{"$x":{}}})"}));
  BOOST_TEST(told<pdus_received>(done).empty());
  BOOST_TEST(told<federation_reply>(done).at(0).second.body == R"({"pdus":{"$x":{}}})");
}

BOOST_AUTO_TEST_CASE(the_events_of_one_room_go_together_and_their_verdicts_come_back_as_one_answer) {
  rig r;
  r.begin_with_keys();
  const std::string body =
    R"({"edus":[],"origin":"there.example","origin_server_ts":1,"pdus":[{"room_id":"!a:x"},{"room_id":"!b:x"},{"room_id":"!a:x"},{"type":"no room"}]})";
  const auto asked = of_kind<ask_store>(r.on(asked_by_there("PUT", send_1, body))).at(0);
  const auto parts = told<pdus_received>(r.on(store_says(asked.asked, store::received_transaction_found{})));
  BOOST_REQUIRE(parts.size() == 2u);
  BOOST_TEST(parts.at(0).second.pdus->size() == 2u);
  BOOST_TEST(told<federation_reply>(r.on(pdus_handled{parts.at(0).second.asked, {{"$1", ""}, {"$2", "bad"}}})).empty());
  const auto done = r.on(pdus_handled{parts.at(1).second.asked, {{"$3", ""}}});
  const auto reply = told<federation_reply>(done).at(0).second;
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.body == R"({"pdus":{"$1":{},"$2":{"error":"bad"},"$3":{}}})");
  // Kept with the next commit, or a second later: its loss is harmless.
  BOOST_TEST(written<store::put_received_transaction>(r.on(timer_due{"lazy"})).at(0).response == reply.body);
  // A repetition is answered alike, without asking anybody.
  const auto again = r.on(asked_by_there("PUT", send_1, body, 2));
  BOOST_TEST(told<pdus_received>(again).empty());
  BOOST_TEST(told<federation_reply>(again).at(0).second.body == reply.body);
  BOOST_TEST(told<federation_reply>(again).at(0).second.id == 2u);
}

BOOST_AUTO_TEST_CASE(a_repetition_during_the_work_waits_and_another_transaction_is_429) {
  rig r;
  r.begin_with_keys();
  const auto asked = of_kind<ask_store>(r.on(asked_by_there("PUT", send_1, body_with(1)))).at(0);
  const auto part =
    told<pdus_received>(r.on(store_says(asked.asked, store::received_transaction_found{}))).at(0).second;
  BOOST_TEST(told<federation_reply>(r.on(asked_by_there("PUT", send_1, body_with(1), 2))).empty());
  BOOST_TEST(told<federation_reply>(r.on(asked_by_there("PUT", "/_matrix/federation/v1/send/2", body_with(1), 3)))
               .at(0)
               .second.status == 429);
  BOOST_TEST(told<federation_reply>(r.on(pdus_handled{part.asked, {{"$1", ""}}})).size() == 2u);
}

BOOST_AUTO_TEST_CASE(fifty_one_events_are_400_for_the_whole_transaction) {
  rig r;
  r.begin_with_keys();
  const auto asked = of_kind<ask_store>(r.on(asked_by_there("PUT", send_1, body_with(51)))).at(0);
  const auto done = r.on(store_says(asked.asked, store::received_transaction_found{}));
  BOOST_TEST(told<pdus_received>(done).empty());
  BOOST_TEST(told<federation_reply>(done).at(0).second.status == 400);
  // The next one is taken.
  BOOST_TEST(
    told<pdus_received>(r.on(asked_by_there("PUT", "/_matrix/federation/v1/send/2", body_with(50), 2))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_event_that_cannot_be_read_is_left_out_and_the_others_go_to_their_room) {
  rig r;
  r.begin_with_keys();
  const std::string deep(5'000, '['), up(5'000, ']');
  auto text = body_with(49);
  text.insert(text.rfind(']'), ",{\"room_id\":\"" + the_room.key + "\",\"x\":" + deep + up + "}");
  auto header = matrix::sign_request_of_text("PUT", send_1, "there.example", "here.example", text, there_key());
  auto done = r.on(asked_by("there.example", "PUT", send_1, text, {header}));
  for (const auto& q : of_kind<ask_store>(done))
    append(done, r.on(store_says(q.asked, store::received_transaction_found{})));
  BOOST_REQUIRE(told<pdus_received>(done).size() == 1u);
  BOOST_TEST(told<pdus_received>(done)[0].second.pdus->size() == 49u);
  BOOST_TEST(of_kind<note>(done).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_deep_event_in_a_transaction_that_is_not_canonical_goes_to_its_room_like_the_others) {
  rig r;
  r.begin_with_keys();
  auto text = " " + body_with(1);
  text.insert(text.rfind(']'),
              ",{\"room_id\":\"" + the_room.key + "\",\"x\":" + std::string(150, '[') + std::string(150, ']') + "}");
  const auto signed_text = matrix::json::canonical(*matrix::json::parse_deep(text));
  auto header = matrix::sign_request_of_text("PUT", send_1, "there.example", "here.example", signed_text, there_key());
  auto done = r.on(asked_by("there.example", "PUT", send_1, text, {header}));
  for (const auto& q : of_kind<ask_store>(done))
    append(done, r.on(store_says(q.asked, store::received_transaction_found{})));
  BOOST_REQUIRE(told<pdus_received>(done).size() == 1u);
  BOOST_TEST(told<pdus_received>(done)[0].second.pdus->size() == 2u); // the room refuses it by its form, and by its id
}

BOOST_AUTO_TEST_CASE(a_transaction_in_the_name_of_another_server_is_refused) {
  rig r;
  r.begin_with_keys();
  const std::string body =
    R"({"edus":[],"origin":"elsewhere.example","origin_server_ts":1,"pdus":[{"room_id":"!a:x"}]})";
  const auto asked = of_kind<ask_store>(r.on(asked_by_there("PUT", send_1, body))).at(0);
  const auto done = r.on(store_says(asked.asked, store::received_transaction_found{}));
  BOOST_TEST(told<federation_reply>(done).at(0).second.status == 403);
  BOOST_TEST(told<pdus_received>(done).empty());
}

BOOST_AUTO_TEST_CASE(a_room_that_does_not_answer_makes_the_sender_repeat) {
  rig r;
  r.begin_with_keys();
  const auto first = r.on(asked_by_there("PUT", send_1, body_with(1)));
  const auto asked = of_kind<ask_store>(first).at(0);
  r.on(store_says(asked.asked, store::received_transaction_found{}));
  r.now = timer_at(first, "receiving");
  BOOST_TEST(told<federation_reply>(r.on(timer_due{"receiving"})).at(0).second.status == 500);
  BOOST_TEST(told<pdus_received>(r.on(asked_by_there("PUT", send_1, body_with(1), 2))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(typing_of_a_user_of_another_server_is_dropped) {
  rig r;
  r.begin_with_keys();
  const std::string body =
    R"({"edus":[{"content":{"room_id":"!a:x","typing":true,"user_id":"@u:there.example"},"edu_type":"m.typing"},)"
    R"({"content":{"room_id":"!a:x","typing":true,"user_id":"@u:elsewhere.example"},"edu_type":"m.typing"}],"origin":"there.example","origin_server_ts":1,"pdus":[]})";
  const auto asked = of_kind<ask_store>(r.on(asked_by_there("PUT", send_1, body))).at(0);
  BOOST_TEST(told<edu_received>(r.on(store_says(asked.asked, store::received_transaction_found{}))).size() == 1u);
}

// -- life ---------------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(it_ends_when_nothing_is_owed_and_not_before) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.now += 3'600'000;
  BOOST_TEST(of_kind<finish>(r.on(timer_due{"idle"})).empty());
  r.on(http_says(request.id, 200));
  r.now += 3'600'000;
  const auto look = r.on(timer_due{"idle"}); // the last word is the store's
  BOOST_TEST(of_kind<finish>(look).empty());
  BOOST_TEST(
    of_kind<finish>(r.on(store_says(of_kind<ask_store>(look).at(0).asked, store::destination_loaded{}))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_event_whose_room_failed_before_it_could_say_so_is_sent_all_the_same) {
  rig r;
  r.now += 3'600'000;
  const auto look = of_kind<ask_store>(r.on(timer_due{"idle"}));
  BOOST_REQUIRE(look.size() == 1u);
  store::destination_loaded owed;
  owed.pdus = {r.message_event(1)};
  BOOST_TEST(told<gateway::http_request>(r.on(store_says(look[0].asked, owed))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_event_queued_while_the_store_is_asked_what_is_owed_is_not_forgotten) {
  rig r;
  r.now += 3'600'000;
  const auto look = of_kind<ask_store>(r.on(timer_due{"idle"}));
  BOOST_REQUIRE(look.size() == 1u);
  r.on(pdu_queued{r.message_event(1), {}});
  const auto again = of_kind<ask_store>(r.on(store_says(look[0].asked, store::destination_loaded{})));
  BOOST_REQUIRE(again.size() == 1u); // the first answer may be older than the event
  store::destination_loaded owed;
  owed.pdus = {r.message_event(1)};
  BOOST_TEST(told<gateway::http_request>(r.on(store_says(again[0].asked, owed))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(its_description_says_what_the_oldest_event_waits_for) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(request.id, 0, "", {fault_code::peer_tls, "certificate expired"}));
  const auto text = r.machine->describe(r.now);
  BOOST_TEST(text.find("the next attempt in 1 s") != std::string::npos);
  BOOST_TEST(text.find("certificate expired") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
