#include "actors/remote_server/peer_requests.hpp"

#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(peer_requests_alone)

namespace {

struct peer_rig : server_rig {
  transaction_queue transactions{server, out, requests, store, events};
  peer_requests peers{server, out, requests, transactions, events};

  effects ask(matrix::endpoint endpoint, token asked = 1) {
    peer_request m;
    m.reply_to = {actor_kind::room, "!r:here.example"};
    m.asked = asked;
    m.endpoint = endpoint;
    m.parameters = {"!r:here.example", "$e"};
    m.body = "{}";
    peers.take(m);
    return take();
  }
  effects answer(std::uint64_t id, int status, std::string body) {
    auto closed = requests.close(http_answer(id, status, std::move(body)));
    if (const auto* relayed = std::get_if<relayed_request>(&closed->of)) peers.answered(*relayed, closed->answer);
    else transactions.answered(closed->answer);
    return take();
  }
  /// An event is queued, and its transaction has failed.
  void back_off() {
    transactions.push(pdu_queued{message_from_here("!r:here.example", 1), {}});
    const auto id = told<gateway::http_request>(take()).at(0).second.id;
    answer(id, 500, "");
  }
};

peer_answer only_answer(const effects& list) {
  const auto all = told<peer_answer>(list);
  BOOST_REQUIRE(all.size() == 1u);
  return all[0].second;
}
std::string target_of(const effects& list) {
  const auto all = told<gateway::http_request>(list);
  return all.empty() ? std::string{} : all[0].second.target;
}
std::uint64_t request_number(const effects& list) { return told<gateway::http_request>(list).at(0).second.id; }

} // namespace

BOOST_AUTO_TEST_CASE(request_about_history_is_answered_at_once_while_the_server_is_in_back_off) {
  peer_rig r;
  r.back_off();
  BOOST_TEST((only_answer(r.ask(matrix::endpoint::event)).why.code == fault_code::peer_unreachable));
  BOOST_TEST(!target_of(r.ask(matrix::endpoint::make_join)).empty()); // nobody else can answer
}

BOOST_AUTO_TEST_CASE(endpoint_the_server_does_not_know_is_repeated_in_the_form_of_version_1_once) {
  peer_rig r;
  const auto first = r.ask(matrix::endpoint::send_leave_v2, 5);
  BOOST_TEST(target_of(first).find("/v2/send_leave/") != std::string::npos);
  const auto second = r.answer(request_number(first), 404, "");
  BOOST_TEST(target_of(second).find("/v1/send_leave/") != std::string::npos);
  const auto done = only_answer(r.answer(request_number(second), 200, "[200, {}]"));
  BOOST_TEST(done.asked == 5u);
  BOOST_TEST(done.body == "{}");
}

BOOST_AUTO_TEST_CASE(pause_the_server_wants_holds_for_this_endpoint_alone) {
  peer_rig r;
  const auto sent = r.ask(matrix::endpoint::make_join);
  BOOST_TEST(only_answer(r.answer(request_number(sent), 429, R"({"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":5000})"))
               .status == 429);
  const auto refused = only_answer(r.ask(matrix::endpoint::make_join));
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(refused.errcode == "M_LIMIT_EXCEEDED");
  BOOST_TEST(!target_of(r.ask(matrix::endpoint::make_leave)).empty());
  r.after(5'000);
  BOOST_TEST(!target_of(r.ask(matrix::endpoint::make_join)).empty());
}

BOOST_AUTO_TEST_CASE(invite_waits_behind_what_was_queued_and_goes_when_that_is_delivered) {
  peer_rig r;
  r.transactions.push(pdu_queued{message_from_here("!r:here.example", 1), {}});
  const auto transaction = request_number(r.take());
  const auto held = r.ask(matrix::endpoint::invite_v2);
  BOOST_TEST(target_of(held).empty());
  BOOST_TEST(!r.peers.is_idle());
  r.answer(transaction, 200, "{}");
  BOOST_TEST(r.events.count("queue_advanced") == 1u);
  r.peers.send_due_invites();
  BOOST_TEST(target_of(r.take()).find("/v2/invite/") != std::string::npos);
  BOOST_TEST(r.peers.is_idle());
}

BOOST_AUTO_TEST_CASE(answer_of_the_homeserver_itself_is_contact_and_that_of_a_proxy_is_none) {
  peer_rig r;
  r.answer(request_number(r.ask(matrix::endpoint::make_join)), 403, "<html>");
  BOOST_TEST(r.events.count("contacted") == 0u);
  const auto done =
    r.answer(request_number(r.ask(matrix::endpoint::make_join)), 403, R"({"errcode":"M_FORBIDDEN","error":"no"})");
  BOOST_TEST((only_answer(done).why.code == fault_code::peer_refused));
  BOOST_TEST(r.events.count("contacted") == 1u);
}

BOOST_AUTO_TEST_CASE(server_that_the_configuration_excludes_is_not_asked) {
  peer_rig r;
  change(r.node).federation.deny_servers = {"there.example"};
  BOOST_TEST((only_answer(r.ask(matrix::endpoint::make_join)).why.code == fault_code::server_denied));
}

BOOST_AUTO_TEST_SUITE_END()
