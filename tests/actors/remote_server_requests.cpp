// Requests of a server beyond its share, and requests older servers know in another form.
#include "actors/remote_server/v1_fallback.hpp"
#include "actors/remote_server/remote_server_machine.hpp"
#include "actors/remote_server/request_budget.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using remote_server::remote_server_machine;

BOOST_AUTO_TEST_SUITE(remote_server_requests)

namespace {

const address asker{actor_kind::room, "!r:there.example"};

struct rig {
  context node = here();
  std::unique_ptr<remote_server_machine> machine;
  time_ms now = noon;

  rig() {
    machine = std::make_unique<remote_server_machine>(node, "there.example");
    store::destination_loaded stored;
    stored.keys = {"there.example", keys_of(there_key()), now - 3'600'000, {}};
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, std::move(stored)), now);
  }
  effects on(const message& m) { return machine->on(m, now); }
  gateway::http_request send(matrix::endpoint endpoint, std::string body) {
    peer_request q;
    q.reply_to = asker;
    q.asked = 3;
    q.endpoint = endpoint;
    q.parameters = {"!r:there.example", "$e"};
    q.body = std::move(body);
    return told<gateway::http_request>(on(q)).at(0).second;
  }
};

constexpr const char* unrecognized = R"({"errcode":"M_UNRECOGNIZED","error":"no"})";

} // namespace

BOOST_AUTO_TEST_CASE(requests_beyond_the_share_are_told_when_to_come_again) {
  rig r;
  change(r.node).federation.inbound_requests_burst = 2;
  change(r.node).federation.inbound_requests_per_second = 1;
  const auto ask = [&] {
    return r.on(asked_by_there("GET", "/_matrix/federation/v1/query/profile?user_id=%40a%3Ahere.example"));
  };
  BOOST_TEST(told<federation_call>(ask()).size() == 1u);
  BOOST_TEST(told<federation_call>(ask()).size() == 1u);
  const auto refused = told<federation_reply>(ask()).at(0).second;
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(refused.retry_after_ms > 0u);
  BOOST_TEST(refused.retry_after_ms <= 1'001u);
  const auto body = matrix::json::parse(refused.body);
  BOOST_TEST(*body->find_string("errcode") == "M_LIMIT_EXCEEDED");
  BOOST_TEST(*body->find_integer("retry_after_ms") == std::int64_t{refused.retry_after_ms});
  r.now += refused.retry_after_ms;
  BOOST_TEST(told<federation_call>(ask()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(large_answers_have_to_be_waited_for_by_the_next_request) {
  rig r;
  change(r.node).federation.inbound_answers_mib_burst = 8;
  change(r.node).federation.inbound_answers_mib_per_second = 2;
  const auto ask = [&] {
    return r.on(asked_by_there("GET", "/_matrix/federation/v1/query/profile?user_id=%40a%3Ahere.example"));
  };
  BOOST_TEST(told<federation_call>(ask()).size() == 1u);
  r.on(call_answered{"g", 1, std::uint64_t{7} << 20});
  BOOST_TEST(told<federation_call>(ask()).size() == 1u); // a MiB is left
  r.on(call_answered{"g", 2, std::uint64_t{5} << 20});
  const auto refused = told<federation_reply>(ask()).at(0).second;
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(refused.retry_after_ms > 1'900u);
  BOOST_TEST(refused.retry_after_ms < 2'100u);
  r.now += refused.retry_after_ms;
  BOOST_TEST(told<federation_call>(ask()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(questions_about_history_are_worked_on_a_few_at_a_time) {
  rig r;
  change(r.node).federation.inbound_history_requests_max = 2;
  std::vector<federation_call> at_work;
  auto ask = [&, id = std::uint64_t{0}]() mutable {
    for (auto& [to, call] : told<federation_call>(
           r.on(asked_by_there("GET", "/_matrix/federation/v1/backfill/!r%3Ahere.example?v=$e", {}, ++id))))
      at_work.push_back(call);
  };
  for (int i = 0; i < 5; ++i) ask();
  BOOST_TEST(at_work.size() == 2u);
  // Other questions do not wait for them.
  BOOST_TEST(told<federation_call>(
               r.on(asked_by_there("GET", "/_matrix/federation/v1/query/profile?user_id=%40a%3Ahere.example")))
               .size() == 1u);
  const auto next = told<federation_call>(r.on(call_answered{at_work[0].gateway, at_work[0].id, 100}));
  BOOST_REQUIRE(next.size() == 1u);
  BOOST_TEST((next[0].first == address{actor_kind::room, "!r:here.example"}));
  // Whoever worked on them has failed, and nobody waits for the others any more: they are told to repeat.
  r.now += remote_server::history_calls::patience_ms;
  const auto late = told<federation_reply>(r.on(timer_due{timer_kind::calls}));
  BOOST_TEST(late.size() == 2u);
  BOOST_TEST(late.at(0).second.status == 429);
}

BOOST_AUTO_TEST_CASE(a_question_for_the_keys_of_many_servers_costs_as_many_requests) {
  rig r;
  change(r.node).federation.inbound_requests_burst = 60;
  change(r.node).federation.inbound_requests_per_second = 1;
  std::string body = "{\"server_keys\":{";
  for (int i = 0; i < 100; ++i) body += (i ? "," : "") + ("\"s" + std::to_string(i)) + ".example\":{}";
  const auto ask = [&] { return r.on(asked_by_there("POST", "/_matrix/key/v2/query", body + "}}")); };
  const auto first = told<federation_call>(ask());
  BOOST_REQUIRE(first.size() == 1u);
  BOOST_TEST((first[0].first == address{actor_kind::directory, ""}));
  BOOST_TEST(first[0].second.origin == "there.example");
  BOOST_TEST(told<federation_reply>(ask()).at(0).second.status == 429);
}

BOOST_AUTO_TEST_CASE(a_question_about_keys_with_a_wrong_signature_is_answered_as_a_strangers) {
  rig r;
  auto asked = asked_by_there("GET", "/_matrix/key/v2/query/third.example");
  asked.authorization = std::make_shared<const std::vector<std::string>>(
    std::vector<std::string>{"X-Matrix origin=\"there.example\",key=\"" + there_key().key_id() + "\",sig=\"AAAA\""});
  const auto keys = told<gateway::http_request>(r.on(asked)).at(0).second; // it may have another key now
  const auto handed = told<federation_call>(r.on(http_says(keys.id, 404)));
  BOOST_REQUIRE(handed.size() == 1u);
  BOOST_TEST(handed[0].second.origin.empty());
}

BOOST_AUTO_TEST_CASE(transactions_do_not_count_among_requests) {
  rig r;
  change(r.node).federation.inbound_requests_burst = 1;
  change(r.node).federation.inbound_requests_per_second = 1;
  for (int i = 0; i < 5; ++i) {
    const auto target = "/_matrix/federation/v1/send/" + std::to_string(i);
    auto done =
      r.on(asked_by_there("PUT", target, R"({"edus":[],"origin":"there.example","origin_server_ts":1,"pdus":[]})"));
    for (const auto& q : of_kind<ask_store>(done))
      append(done, r.on(store_says(q.asked, store::received_transaction_found{})));
    BOOST_TEST(told<federation_reply>(done).at(0).second.status == 200);
  }
}

BOOST_AUTO_TEST_CASE(little_waits_for_the_keys_of_a_server_that_was_never_heard_of) {
  rig r;
  r.machine = std::make_unique<remote_server_machine>(r.node, "there.example");
  r.on(store_says(of_kind<ask_store>(r.on(start{})).at(0).asked, store::destination_loaded{}));
  const auto put = [&](std::size_t bytes, std::uint64_t id) {
    const auto target = "/_matrix/federation/v1/send/" + std::to_string(id);
    const std::string body = R"({"edus":[],"origin":"there.example","origin_server_ts":1,"pad":")" +
                             std::string(bytes, 'x') + R"(","pdus":[]})";
    return r.on(asked_by_there("PUT", target, body, id));
  };
  // Too large to be kept for a name that may be invented; the keys are asked for all the same.
  auto done = put(300'000, 1);
  BOOST_TEST(told<federation_reply>(done).at(0).second.status == 429);
  BOOST_TEST(told<federation_reply>(done).at(0).second.retry_after_ms > 0u);
  const auto asked = told<gateway::http_request>(done);
  BOOST_REQUIRE(asked.size() == 1u);
  // Small ones wait, up to a bound of all together.
  BOOST_TEST(told<federation_reply>(put(200'000, 2)).empty());
  BOOST_TEST(told<federation_reply>(put(100'000, 3)).at(0).second.status == 429);
  BOOST_TEST(told<federation_reply>(put(10, 4)).empty());
  // Once the server has keys, a whole transaction passes.
  const auto document =
    matrix::json::canonical(matrix::server_keys_document("there.example", there_key(), {}, noon + 86'400'000));
  r.on(http_says(asked[0].second.id, 200, document));
  BOOST_TEST(told<federation_reply>(put(300'000, 5)).size() <= 1u);
  for (const auto& [to, reply] : told<federation_reply>(put(300'000, 6)))
    BOOST_TEST(reply.body.find("waits for the keys") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(unauthenticated_requests_use_up_nobodys_share) {
  rig r;
  change(r.node).federation.inbound_requests_burst = 1;
  change(r.node).federation.inbound_requests_per_second = 1;
  const std::string target = "/_matrix/federation/v1/query/profile?user_id=%40a%3Ahere.example";
  auto forged = matrix::sign_request("GET", target, "there.example", "here.example", nullptr, key_of('x'));
  for (int i = 0; i < 3; ++i) r.on(asked_by("there.example", "GET", target, {}, {forged}));
  BOOST_TEST(told<federation_call>(r.on(asked_by_there("GET", target))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(budget_fills_up_to_the_burst_only) {
  config::federation_options o;
  o.inbound_requests_per_second = 10;
  o.inbound_requests_burst = 3;
  remote_server::request_budget b;
  for (int i = 0; i < 3; ++i) BOOST_TEST(b.take(o, noon) == 0u);
  BOOST_TEST(b.take(o, noon) > 0u);
  for (int i = 0; i < 3; ++i) BOOST_TEST(b.take(o, noon + 3'600'000) == 0u);
  BOOST_TEST(b.take(o, noon + 3'600'000) > 0u);
}

BOOST_AUTO_TEST_CASE(send_join_is_repeated_in_the_old_form_where_the_new_is_unknown) {
  rig r;
  const auto first = r.send(matrix::endpoint::send_join_v2, R"({"type":"m.room.member"})");
  BOOST_TEST(first.target.starts_with("/_matrix/federation/v2/send_join/"));
  const auto again = r.on(http_says(first.id, 404, unrecognized));
  BOOST_TEST(told<peer_answer>(again).empty());
  const auto second = told<gateway::http_request>(again).at(0).second;
  BOOST_TEST(second.target.starts_with("/_matrix/federation/v1/send_join/"));
  BOOST_TEST(second.body == first.body);
  const auto a =
    told<peer_answer>(r.on(http_says(second.id, 200, " [ 200 , {\"state\":[{}],\"auth_chain\":[]} ]\n"))).at(0).second;
  BOOST_TEST(a.asked == 3u);
  BOOST_TEST(a.body == R"({"state":[{}],"auth_chain":[]})");
}

BOOST_AUTO_TEST_CASE(send_leave_falls_back_once_only) {
  rig r;
  const auto first = r.send(matrix::endpoint::send_leave_v2, "{}");
  const auto second = told<gateway::http_request>(r.on(http_says(first.id, 405, unrecognized))).at(0).second;
  const auto done = r.on(http_says(second.id, 404, unrecognized));
  BOOST_TEST(told<gateway::http_request>(done).empty());
  BOOST_TEST(told<peer_answer>(done).at(0).second.errcode == "M_UNRECOGNIZED");
}

BOOST_AUTO_TEST_CASE(refusal_of_the_request_itself_is_no_reason_to_fall_back) {
  rig r;
  const auto first = r.send(matrix::endpoint::send_join_v2, "{}");
  const auto done = r.on(http_says(first.id, 404, R"({"errcode":"M_NOT_FOUND","error":"no such room"})"));
  BOOST_TEST(told<gateway::http_request>(done).empty());
  BOOST_TEST(told<peer_answer>(done).at(0).second.errcode == "M_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(invite_falls_back_for_rooms_of_versions_1_and_2_only) {
  for (const std::string version : {"1", "2", "6", "11"}) {
    rig r;
    const auto body = R"({"event":{"type":"m.room.member","unsigned":{"age":1}},)"
                      R"("invite_room_state":[{"type":"m.room.name"}],"room_version":")" +
                      version + "\"}";
    const auto first = r.send(matrix::endpoint::invite_v2, body);
    const auto sent = told<gateway::http_request>(r.on(http_says(first.id, 404, unrecognized)));
    const bool old = version == "1" || version == "2";
    BOOST_TEST(sent.size() == (old ? 1u : 0u), version);
    if (!old) continue;
    BOOST_TEST(sent.at(0).second.target.starts_with("/_matrix/federation/v1/invite/"));
    BOOST_TEST(sent.at(0).second.body ==
               R"({"type":"m.room.member","unsigned":{"age":1,"invite_room_state":[{"type":"m.room.name"}]}})");
    const auto a = told<peer_answer>(r.on(http_says(sent.at(0).second.id, 200, R"([200,{"event":{}}])"))).at(0).second;
    BOOST_TEST(a.body == R"({"event":{}})");
  }
}

BOOST_AUTO_TEST_CASE(answer_that_is_in_no_old_form_stays_as_it_is) {
  for (const std::string body : {R"({"event":{}})", R"([404,{"errcode":"M_NOT_FOUND"}])", "[200]", "}{", ""}) {
    gateway::http_answer a;
    a.status = 200;
    a.body = body;
    remote_server::take_out_of_v1_fallback(a);
    BOOST_TEST(a.body == body);
  }
}

BOOST_AUTO_TEST_CASE(key_document_is_kept_for_the_notary_and_fetched_when_only_the_keys_are_known) {
  rig r;
  const auto sent = r.on(keys_request{{actor_kind::directory, ""}, 4, noon, {}, true});
  const auto request = told<gateway::http_request>(sent).at(0).second;
  const auto document =
    matrix::json::canonical(matrix::server_keys_document("there.example", there_key(), {}, noon + 86'400'000));
  const auto done = r.on(http_says(request.id, 200, document));
  BOOST_TEST(told<keys_response>(done).at(0).second.documents->at(0) == document);
  BOOST_TEST(written<store::put_server_keys>(done).at(0).documents == "[" + document + "]");
  BOOST_TEST(told<keys_response>(r.on(keys_request{{actor_kind::directory, ""}, 5, noon, {}, true}))
               .at(0)
               .second.documents->at(0) == document);
}

BOOST_AUTO_TEST_SUITE_END()
