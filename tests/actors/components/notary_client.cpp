#include "actors/remote_server/notary_client.hpp"

#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;
using matrix::json::array;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(notary_client_alone)

namespace {

constexpr const char* notary = "one.notary";
constexpr time_ms day_of_ms = 86'400'000;

struct notary_rig : server_rig {
  key_cache keys{server, out, requests, events};
  notary_client client{server, out, requests, keys};

  explicit notary_rig(matrix::verify_keys own = keys_of(key_of('n'))) : server_rig(notary) {
    keys.load({notary, std::move(own), noon, {}});
  }
  void want(const std::string& name, token asked) { client.want({name, asked, noon, {"ed25519:1"}}); }
  /// Its request for all that is wanted.
  effects gather() {
    after(notary_client::gather_ms);
    client.on_timer();
    return take();
  }
  effects answer(std::uint64_t id, int status, std::string body) {
    auto closed = requests.close(http_answer(id, status, std::move(body)));
    client.answered(std::get<notary_request>(closed->of), closed->answer);
    return take();
  }
};

/// The answer with the keys of there.example, countersigned.
std::string countersigned_by(const matrix::signing_key& key) {
  auto document = matrix::server_keys_document("there.example", there_key(), {}, noon + day_of_ms);
  matrix::sign_json(document, notary, key);
  return matrix::json::canonical(object{{"server_keys", array{std::move(document)}}});
}
std::uint64_t number_of(const effects& list) { return told<gateway::http_request>(list).at(0).second.id; }

} // namespace

BOOST_AUTO_TEST_CASE(what_is_wanted_within_a_moment_is_asked_for_at_once) {
  notary_rig r;
  r.want("there.example", 1);
  BOOST_TEST(timer_at(r.take(), notary_client::timer) == r.now + notary_client::gather_ms);
  r.want("third.example", 2);
  BOOST_TEST(r.take().empty());
  const auto sent = told<gateway::http_request>(r.gather());
  BOOST_REQUIRE(sent.size() == 1u);
  const auto body = matrix::json::parse(sent[0].second.body);
  BOOST_TEST(body->find_object("server_keys")->size() == 2u);
}

BOOST_AUTO_TEST_CASE(full_request_does_not_wait_and_four_are_open_at_once) {
  notary_rig r;
  const auto all = static_cast<int>(notary_client::servers_per_request_max * (notary_client::requests_open_max + 1));
  for (int i = 0; i < all; ++i) r.want(crowd_server(i), static_cast<token>(i) + 1);
  const auto sent = r.gather();
  BOOST_TEST(r.requests.size() == notary_client::requests_open_max);
  BOOST_TEST(!r.client.is_idle());
  r.answer(number_of(sent), 500, "");
  BOOST_TEST(r.requests.size() == notary_client::requests_open_max);
  BOOST_TEST(r.client.is_idle());
}

BOOST_AUTO_TEST_CASE(document_with_a_valid_countersignature_is_handed_on) {
  notary_rig r;
  r.want("there.example", 7);
  const auto id = number_of(r.gather());
  const auto done = told<notary_keys_response>(r.answer(id, 200, countersigned_by(key_of('n'))));
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST(done[0].first.key == "there.example");
  BOOST_TEST(done[0].second.asked == 7u);
  BOOST_TEST(done[0].second.documents.size() == 1u);
}

BOOST_AUTO_TEST_CASE(answer_waits_for_the_keys_of_the_notary_where_they_may_be_new) {
  notary_rig r{{}};
  r.keys.load({notary, {}, 0, {}});
  r.want("there.example", 7);
  const auto sent = told<gateway::http_request>(r.gather());
  BOOST_REQUIRE(sent.size() == 2u); // its keys are needed when the answer comes
  BOOST_TEST(told<notary_keys_response>(r.answer(sent[0].second.id, 200, countersigned_by(key_of('n')))).empty());
  BOOST_TEST(!r.client.is_idle());
  r.keys.load({notary, keys_of(key_of('n')), r.now, {}});
  r.client.check_waiting();
  BOOST_TEST(told<notary_keys_response>(r.take()).at(0).second.documents.size() == 1u);
}

BOOST_AUTO_TEST_CASE(countersignature_by_another_key_is_checked_again_with_fresh_keys_and_then_refused) {
  notary_rig r;
  r.want("there.example", 7);
  const auto at_once = told<notary_keys_response>(r.answer(number_of(r.gather()), 200, countersigned_by(key_of('x'))));
  BOOST_TEST(at_once.at(0).second.documents.empty()); // its keys were fetched a moment ago
  BOOST_TEST(!at_once.at(0).second.why.empty());
  r.after(r.node.settings().federation.key_fetch_retry_ms);
  r.want("there.example", 8);
  const auto sent = r.answer(number_of(r.gather()), 200, countersigned_by(key_of('x')));
  BOOST_TEST(told<notary_keys_response>(sent).empty());
  BOOST_TEST(told<gateway::http_request>(sent).at(0).second.target == "/_matrix/key/v2/server");
  r.client.check_waiting();
  BOOST_TEST(told<notary_keys_response>(r.take()).at(0).second.documents.empty());
}

BOOST_AUTO_TEST_CASE(answer_that_is_none_is_told_to_all_who_asked) {
  notary_rig r;
  r.want("there.example", 1);
  r.want("third.example", 2);
  const auto done = told<notary_keys_response>(r.answer(number_of(r.gather()), 500, ""));
  BOOST_REQUIRE(done.size() == 2u);
  BOOST_TEST(done[1].second.why == "HTTP 500");
}

BOOST_AUTO_TEST_SUITE_END()
