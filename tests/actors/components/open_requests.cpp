#include "actors/remote_server/open_requests.hpp"

#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(open_requests_alone)

namespace {

constexpr std::uint32_t patience_ms = 20'000;

std::uint64_t send_one(server_rig& r, request_purpose of, matrix::endpoint endpoint = matrix::endpoint::version,
                       std::vector<std::string_view> parameters = {}) {
  r.requests.send(std::move(of),
                  {.endpoint = endpoint, .parameters = std::move(parameters), .timeout_ms = patience_ms});
  return told<gateway::http_request>(r.take()).at(0).second.id;
}

} // namespace

BOOST_AUTO_TEST_CASE(answer_goes_to_the_component_that_has_asked_whatever_the_order) {
  server_rig r;
  const auto keys = send_one(r, key_request{}, matrix::endpoint::key_server);
  const auto peer = send_one(r, relayed_request{{actor_kind::room, "!r:x"}, 7});
  const auto first = r.requests.close(no_http_answer(peer));
  BOOST_TEST(std::get<relayed_request>(first->of).asked == 7u);
  BOOST_TEST(std::holds_alternative<key_request>(r.requests.close(no_http_answer(keys))->of));
  BOOST_TEST(!r.requests.close(no_http_answer(keys)).has_value()); // answered already
  BOOST_TEST(r.requests.is_idle());
}

BOOST_AUTO_TEST_CASE(request_that_is_lost_with_the_gateway_is_answered_after_its_deadline) {
  server_rig r;
  r.requests.send(key_request{}, {.timeout_ms = patience_ms});
  const auto due = timer_at(r.take(), open_requests::timer);
  BOOST_TEST(due == r.now + patience_ms + open_requests::lost_after_ms);
  r.after(5'000);
  send_one(r, transaction_request{});
  r.after(due - r.now);
  const auto lost = r.requests.lost();
  BOOST_REQUIRE(lost.size() == 1u);
  BOOST_TEST((lost[0].why.code == fault_code::peer_timeout));
  BOOST_TEST(std::holds_alternative<key_request>(r.requests.close(lost[0])->of));
  BOOST_TEST(r.requests.next_deadline() == due + 5'000);
}

BOOST_AUTO_TEST_CASE(answer_without_what_the_endpoint_promises_is_no_answer) {
  server_rig r;
  const auto id = send_one(r, relayed_request{}, matrix::endpoint::make_join, {"!r:x", "@a:y"});
  const auto closed = r.requests.close(http_answer(id, 200, "<html>welcome</html>"));
  BOOST_TEST(closed->answer.status == 0);
  BOOST_TEST((closed->answer.why.code == fault_code::peer_bad_answer));
}

BOOST_AUTO_TEST_CASE(request_to_the_homeserver_is_signed_and_one_for_its_keys_is_not) {
  server_rig r;
  r.requests.send(transaction_request{}, {.endpoint = matrix::endpoint::send, .parameters = {"t"}, .body = "{}"});
  BOOST_TEST(told<gateway::http_request>(r.take()).at(0).second.authorization.size() == 1u);
  r.requests.send(key_request{}, {.endpoint = matrix::endpoint::key_server});
  BOOST_TEST(told<gateway::http_request>(r.take()).at(0).second.authorization.empty());
}

BOOST_AUTO_TEST_SUITE_END()
