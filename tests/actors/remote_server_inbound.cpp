// What a remote server asks of us, and the keys it signs with.
#include "messages/matrix/json_lists.hpp"
#include "tests/actors/remote_server_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(remote_server_inbound)

namespace {

using rig = remote_server_rig;

std::string body_with(std::size_t pdus, const std::string& room = the_room.key) {
  std::string body = "{\"edus\":[],\"origin\":\"there.example\",\"origin_server_ts\":1,\"pdus\":[";
  for (std::size_t i = 0; i < pdus; ++i)
    body += (i ? "," : "") + std::string{"{\"depth\":"} + std::to_string(i) + ",\"room_id\":\"" + room +
            "\",\"type\":\"m.x\"}";
  return body + "]}";
}

constexpr const char* send_1 = "/_matrix/federation/v1/send/1";

} // namespace

// -- keys -------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(keys_are_fetched_once_for_all_who_wait) {
  rig r;
  const auto sent = r.on(keys_request{the_room, 1, 0, {there_key().key_id()}});
  const auto request = told<gateway::http_request>(sent).at(0).second;
  BOOST_TEST(request.target == "/_matrix/key/v2/server");
  BOOST_TEST(request.authorization.empty());
  BOOST_TEST(told<gateway::http_request>(r.on(keys_request{the_room, 2, 0, {}})).empty());
  const auto document =
    matrix::json::canonical(matrix::server_keys_document("there.example", there_key(), {}, noon + 86'400'000));
  const auto done = r.on(http_says(request.id, 200, document));
  BOOST_TEST(told<keys_response>(done).size() == 2u);
  BOOST_TEST(told<keys_response>(done).at(1).second.keys->size() == 1u);
  BOOST_TEST(written<store::put_server_keys>(done).size() == 1u);
  BOOST_TEST(told<gateway::http_request>(r.on(keys_request{the_room, 3, noon, {there_key().key_id()}})).empty());
}

BOOST_AUTO_TEST_CASE(after_a_failed_fetch_everybody_is_answered_and_the_next_fetch_waits) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(keys_request{the_room, 1, 0, {}})).at(0).second;
  const auto done = r.on(http_says(request.id, 0, "", {fault_code::peer_unreachable, ""}));
  BOOST_TEST(told<keys_response>(done).at(0).second.keys->empty());
  r.now += 1'000;
  BOOST_TEST(told<keys_response>(r.on(keys_request{the_room, 2, 0, {}})).size() == 1u);
  r.now += r.node.settings().federation.key_fetch_retry_ms;
  BOOST_TEST(told<gateway::http_request>(r.on(keys_request{the_room, 3, 0, {}})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_key_document_of_another_server_is_not_believed) {
  rig r;
  const auto request = told<gateway::http_request>(r.on(keys_request{the_room, 1, 0, {}})).at(0).second;
  const auto document =
    matrix::json::canonical(matrix::server_keys_document("elsewhere.example", there_key(), {}, noon + 86'400'000));
  BOOST_TEST(told<keys_response>(r.on(http_says(request.id, 200, document))).at(0).second.keys->empty());
}

// -- what they ask of us ----------------------------------------------------------------------------------------------

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
  const std::string body = R"({"edus":[],"origin":"there.example","origin_server_ts":1,"pdus":[)"
                           R"({"room_id":"!a:x"},{"room_id":"!b:x"},{"room_id":"!a:x"},{"type":"no room"}]})";
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
  BOOST_TEST(written<store::put_received_transaction>(r.on(timer_due{timer_kind::lazy})).at(0).response == reply.body);
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
  r.now = timer_at(first, timer_kind::receiving);
  BOOST_TEST(told<federation_reply>(r.on(timer_due{timer_kind::receiving})).at(0).second.status == 500);
  BOOST_TEST(told<pdus_received>(r.on(asked_by_there("PUT", send_1, body_with(1), 2))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(typing_of_a_user_of_another_server_is_dropped) {
  rig r;
  r.begin_with_keys();
  const std::string body =
    R"({"edus":[{"content":{"room_id":"!a:x","typing":true,"user_id":"@u:there.example"},"edu_type":"m.typing"},)"
    R"({"content":{"room_id":"!a:x","typing":true,"user_id":"@u:elsewhere.example"},"edu_type":"m.typing"}],)"
    R"("origin":"there.example","origin_server_ts":1,"pdus":[]})";
  const auto asked = of_kind<ask_store>(r.on(asked_by_there("PUT", send_1, body))).at(0);
  BOOST_TEST(told<edu_received>(r.on(store_says(asked.asked, store::received_transaction_found{}))).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
