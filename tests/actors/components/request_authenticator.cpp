#include "actors/remote_server/request_authenticator.hpp"

#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(request_authenticator_alone)

namespace {

constexpr const char* version_of_room = "/_matrix/federation/v1/state/!r:here.example?event_id=$e";

struct authenticator_rig : server_rig {
  key_cache keys{server, out, requests, events};
  request_authenticator authenticator{server, out, keys, events};

  explicit authenticator_rig(matrix::verify_keys known = {}, time_ms fetched_ts = noon) {
    const auto fetched = known.empty() ? 0 : fetched_ts;
    keys.load({"there.example", std::move(known), fetched, {}});
  }
  effects receive(const inbound_request& m) {
    authenticator.receive(m);
    events.requests_wait = !authenticator.is_idle();
    return take();
  }
};

int status_of(const effects& list) {
  const auto replies = told<federation_reply>(list);
  return replies.empty() ? 0 : replies[0].second.status;
}

} // namespace

BOOST_AUTO_TEST_CASE(request_signed_with_a_known_key_is_authenticated) {
  authenticator_rig r{keys_of(there_key())};
  BOOST_TEST(r.receive(asked_by_there("GET", version_of_room)).empty());
  BOOST_TEST(r.events.count("authenticated") == 1u);
}

BOOST_AUTO_TEST_CASE(body_that_is_not_canonical_is_parsed_for_the_check_and_handed_on_parsed) {
  authenticator_rig r{keys_of(there_key())};
  r.receive(asked_by_there("PUT", "/_matrix/federation/v1/send/1", R"({"a":1,"b":2})"));
  r.receive(asked_by_there("PUT", "/_matrix/federation/v1/send/2", R"({ "b":2, "a":1 })"));
  BOOST_REQUIRE(r.events.bodies.size() == 2u);
  BOOST_TEST(!r.events.bodies[0]);
  BOOST_TEST(r.events.bodies[1]);
}

BOOST_AUTO_TEST_CASE(request_whose_key_is_not_known_waits_for_it) {
  authenticator_rig r;
  const auto sent = r.receive(asked_by_there("GET", version_of_room));
  BOOST_TEST(told<gateway::http_request>(sent).size() == 1u);
  BOOST_TEST(!r.authenticator.is_idle());
  r.keys.load({"there.example", keys_of(there_key()), r.now, {}});
  r.authenticator.retry(key_fetch::ended);
  BOOST_TEST(r.events.count("authenticated") == 1u);
  BOOST_TEST(r.authenticator.is_idle());
}

BOOST_AUTO_TEST_CASE(request_whose_key_does_not_match_waits_until_the_server_itself_has_answered) {
  authenticator_rig r{keys_of(key_of('x'), noon + 86'400'000)};
  matrix::verify_keys other;
  other[there_key().key_id()] = {key_of('x').public_key_base64(), noon + 86'400'000, false};
  r.keys.load({"there.example", other, noon, {}});
  r.receive(asked_by_there("GET", version_of_room));
  r.authenticator.retry(key_fetch::open); // by a notary
  BOOST_TEST(!r.authenticator.is_idle());
  r.authenticator.retry(key_fetch::ended);
  BOOST_TEST(status_of(r.take()) == 401);
}

BOOST_AUTO_TEST_CASE(request_without_a_key_that_can_be_had_is_refused_in_the_end) {
  authenticator_rig r;
  r.receive(asked_by_there("GET", version_of_room));
  r.authenticator.retry(key_fetch::ended);
  BOOST_TEST(!r.authenticator.is_idle());
  r.authenticator.retry_all();
  BOOST_TEST(status_of(r.take()) == 401);
  BOOST_TEST(r.authenticator.is_idle());
}

BOOST_AUTO_TEST_CASE(request_for_another_destination_is_refused_at_once) {
  authenticator_rig r{keys_of(there_key())};
  BOOST_TEST(status_of(r.receive(asked_by_there("GET", version_of_room, {}, 1, "else.example"))) == 401);
}

BOOST_AUTO_TEST_CASE(number_and_size_of_what_waits_are_bounded) {
  authenticator_rig r;
  for (std::size_t i = 0; i < request_authenticator::waiting_max; ++i)
    BOOST_TEST(status_of(r.receive(asked_by_there("GET", version_of_room))) == 0);
  const auto done = r.receive(asked_by_there("GET", version_of_room));
  BOOST_TEST(status_of(done) == 429);
  BOOST_TEST(told<federation_reply>(done).at(0).second.retry_after_ms == 1'000u);
  authenticator_rig of_stranger;
  const std::string large(request_authenticator::stranger_waiting_bytes_max, ' ');
  BOOST_TEST(status_of(of_stranger.receive(asked_by_there("PUT", "/_matrix/federation/v1/send/1", "{}" + large))) ==
             429);
}

BOOST_AUTO_TEST_CASE(server_that_the_configuration_excludes_is_refused_unread) {
  authenticator_rig r{keys_of(there_key())};
  change(r.node).federation.deny_servers = {"there.example"};
  BOOST_TEST(status_of(r.receive(asked_by_there("GET", version_of_room))) == 403);
  BOOST_TEST(r.events.said.empty());
}

BOOST_AUTO_TEST_CASE(questions_about_keys_are_answered_to_an_excluded_server_as_to_anybody) {
  authenticator_rig r{keys_of(there_key())};
  change(r.node).federation.enabled = false;
  const auto handed_on = told<federation_call>(r.receive(asked_by_there("GET", "/_matrix/key/v2/query/a.example")));
  BOOST_REQUIRE(handed_on.size() == 1u);
  BOOST_TEST(handed_on[0].second.origin.empty());
  BOOST_TEST(status_of(r.receive(asked_by_there("GET", version_of_room))) == 403);
}

BOOST_AUTO_TEST_SUITE_END()
