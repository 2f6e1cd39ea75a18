// What a remote server is asked for others, whether it is asked at all, and how long its actor lives.
#include "tests/actors/remote_server_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

using namespace causeway;
using namespace causeway::test;
using remote_server::remote_server_machine;

BOOST_AUTO_TEST_SUITE(remote_server_machine_suite)

namespace {

using rig = remote_server_rig;

} // namespace

// -- what becomes of what is sent -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_operator_sees_the_last_errors_with_their_phase) {
  rig r;
  auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.on(http_says(request.id, 0, "", {fault_code::peer_tls, "certificate has expired"}));
  request = told<gateway::http_request>(r.on(retry_now{})).at(0).second;
  r.on(http_says(request.id, 502, "<html>"));
  r.on(call_answered{"g", 1, 10, 403, R"({"errcode":"M_FORBIDDEN"})"});
  const auto told_of = matrix::json::parse(r.machine->describe(r.now));
  const auto& errors = *told_of->find_array("last_errors");
  BOOST_TEST_REQUIRE(errors.size() == 2u);
  BOOST_TEST(*errors[0].find_string("phase") == "HTTP");
  BOOST_TEST(*errors[1].find_string("phase") == "TLS");
  BOOST_TEST(errors[1].find_string("text")->find("has expired") != std::string::npos);
  const auto& returned = *told_of->find_array("returned_errors");
  BOOST_TEST_REQUIRE(returned.size() == 1u);
  BOOST_TEST(returned[0].find_string("text")->find("M_FORBIDDEN") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ten_errors_are_kept) {
  remote_server::error_ring ring;
  for (int i = 1; i <= 25; ++i) ring.add(i, "HTTP", "error " + std::to_string(i));
  const auto listed = ring.listed();
  BOOST_TEST_REQUIRE(listed.size() == remote_server::error_ring::kept_max);
  BOOST_TEST(*listed.front().find_integer("ts") == 25);
  BOOST_TEST(*listed.back().find_string("text") == "error 16");
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

// -- requests for others ----------------------------------------------------------------------------------------------

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
  r.now = timer_at(sent, timer_kind::sweep);
  BOOST_TEST(r.now > noon + 20'000);
  const auto answers = told<peer_answer>(r.on(timer_due{timer_kind::sweep}));
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
  change(r.node).federation.deny_servers = {"there.*"};
  peer_request q;
  q.reply_to = the_room;
  q.asked = 1;
  const auto done = r.on(q);
  BOOST_TEST(told<gateway::http_request>(done).empty());
  BOOST_TEST((told<peer_answer>(done).at(0).second.why.code == fault_code::server_denied));
}

// -- what we do not federate with -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_is_owed_to_an_excluded_server_is_kept_and_goes_when_that_ends) {
  rig r;
  change(r.node).federation.deny_servers = {"there.*"};
  BOOST_TEST(told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), "room"})).empty());
  BOOST_TEST(told<gateway::http_request>(r.on(edu_queued{"m.typing", "typing|x", "{}", 1})).empty());
  BOOST_TEST(r.machine->describe(r.now).find("being federated with: server_denied") != std::string::npos);
  r.now += 24 * 3'600'000LL;
  BOOST_TEST(told<gateway::http_request>(r.on(timer_due{remote_server_machine::idle_timer})).empty());
  BOOST_TEST(of_kind<finish>(r.on(passivate{})).empty());
  change(r.node).federation.deny_servers.clear();
  const auto sent = told<gateway::http_request>(r.on(settings_replaced{}));
  BOOST_REQUIRE(sent.size() == 1u);
  BOOST_TEST(matrix::json::parse(sent[0].second.body)->find_array("pdus")->size() == 1u);
  BOOST_TEST(!matrix::json::parse(sent[0].second.body)->find_array("edus")); // nobody waits for who typed then
}

BOOST_AUTO_TEST_CASE(while_the_federation_is_off_nothing_leaves_not_even_for_keys) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), "room"})).at(0).second;
  r.on(pdu_queued{r.message_event(2), "room"});
  change(r.node).federation.enabled = false;
  BOOST_TEST(told<gateway::http_request>(r.on(settings_replaced{})).empty());
  BOOST_TEST(told<gateway::http_request>(r.on(http_says(first.id, 200, "{}"))).empty());
  const auto keys = r.on(keys_request{the_room, 1, 0, {}});
  BOOST_TEST(told<gateway::http_request>(keys).empty());
  BOOST_TEST(told<keys_response>(keys).size() == 1u);
  peer_request q;
  q.reply_to = the_room;
  BOOST_TEST((told<peer_answer>(r.on(q)).at(0).second.why.code == fault_code::federation_disabled));
  change(r.node).federation.enabled = true;
  BOOST_TEST(told<gateway::http_request>(r.on(settings_replaced{})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_transaction_that_failed_while_the_federation_was_off_is_repeated_as_it_was) {
  rig r;
  const auto first = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), "room"})).at(0).second;
  change(r.node).federation.enabled = false;
  BOOST_TEST(told<gateway::http_request>(r.on(http_says(first.id, 400, "{}"))).empty()); // and no probe
  r.now += 3'600'000;
  BOOST_TEST(told<gateway::http_request>(r.on(timer_due{remote_server::transaction_queue::timer})).empty());
  change(r.node).federation.enabled = true;
  const auto again = told<gateway::http_request>(r.on(settings_replaced{}));
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].second.target == first.target);
  BOOST_TEST(again[0].second.body == first.body);
}

BOOST_AUTO_TEST_CASE(of_a_message_that_waits_because_its_server_is_excluded_the_chat_server_is_told) {
  rig r;
  change(r.node).federation.enabled = false;
  const auto held = written<store::append_delivery>(r.on(pdu_queued{r.message_event(1), "room"}));
  BOOST_REQUIRE(held.size() == 1u);
  BOOST_TEST(held[0].told.state == "delayed");
  BOOST_TEST(held[0].told.reason.starts_with("federation_disabled"));
  BOOST_TEST(written<store::append_delivery>(r.on(pdu_queued{r.message_event(2), "room"})).empty()); // once
  change(r.node).federation.enabled = true;
  const auto sent = told<gateway::http_request>(r.on(settings_replaced{})).at(0).second;
  const auto there = written<store::append_delivery>(r.on(http_says(sent.id, 200, "{}")));
  BOOST_REQUIRE(there.size() == 1u);
  BOOST_TEST(there[0].told.state == "delivered");
}

// -- life -------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(it_ends_when_nothing_is_owed_and_not_before) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(pdu_queued{r.message_event(1), {}})).at(0).second;
  r.now += 3'600'000;
  BOOST_TEST(of_kind<finish>(r.on(timer_due{timer_kind::idle})).empty());
  r.on(http_says(request.id, 200));
  r.now += 3'600'000;
  const auto look = r.on(timer_due{timer_kind::idle}); // the last word is the store's
  BOOST_TEST(of_kind<finish>(look).empty());
  BOOST_TEST(
    of_kind<finish>(r.on(store_says(of_kind<ask_store>(look).at(0).asked, store::destination_loaded{}))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_event_whose_room_failed_before_it_could_say_so_is_sent_all_the_same) {
  rig r;
  r.now += 3'600'000;
  const auto look = of_kind<ask_store>(r.on(timer_due{timer_kind::idle}));
  BOOST_REQUIRE(look.size() == 1u);
  store::destination_loaded owed;
  owed.pdus = {r.message_event(1)};
  BOOST_TEST(told<gateway::http_request>(r.on(store_says(look[0].asked, owed))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_event_queued_while_the_store_is_asked_what_is_owed_is_not_forgotten) {
  rig r;
  r.now += 3'600'000;
  const auto look = of_kind<ask_store>(r.on(timer_due{timer_kind::idle}));
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
