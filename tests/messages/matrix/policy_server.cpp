#include "messages/matrix/policy_server.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/signing.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace causeway;
using namespace causeway::matrix;

BOOST_AUTO_TEST_SUITE(policy_server_suite)

namespace {

signing_key key_of(char letter) {
  auto key = signing_key::from_seed(std::string(32, letter), std::string{"ed25519:"} + letter);
  if (!key) throw std::runtime_error("no key");
  return *key;
}

const policy_server guard{"policy.example", key_of('p').public_key_base64()};

event_ptr event_of(std::string type, std::optional<std::string> state_key, json::object content,
                   const std::string& server = "a.example") {
  json::object pdu{{"type", std::move(type)},
                   {"room_id", "!r:a.example"},
                   {"sender", "@u:" + server},
                   {"origin_server_ts", 1},
                   {"depth", 1},
                   {"prev_events", json::array{}},
                   {"auth_events", json::array{}},
                   {"content", std::move(content)}};
  if (state_key) pdu.set("state_key", *state_key);
  auto made = hash_and_sign(std::move(pdu), *find_room_version("11"), server, key_of('a'));
  if (!made) throw std::runtime_error(to_string(made.error()));
  return *made;
}

event_ptr message() { return event_of("m.room.message", std::nullopt, {{"body", "hello"}}); }

std::string answer_for(const event& x, const std::string& via = "policy.example", char letter = 'p') {
  return json::canonical(json::object{
    {via, json::object{{std::string{policy_server_key_id}, key_of(letter).sign(signed_bytes(x.source, x.rules()))}}}});
}

event_ptr policy(json::value content) { return event_of("m.room.policy", "", *content.as_object()); }
json::value content_of(const char* text) { return *json::parse(text); }

} // namespace

BOOST_AUTO_TEST_CASE(room_names_its_policy_server_with_via_and_key_or_has_none) {
  const auto named =
    policy_server_of(*policy(content_of(R"({"via":"policy.example","public_keys":{"ed25519":"AAAA"}})")));
  BOOST_REQUIRE(named.has_value());
  BOOST_TEST(named->via == "policy.example");
  BOOST_TEST(named->public_key_base64 == "AAAA");
  for (const auto* text : {R"({})", R"({"via":"policy.example"})", R"({"via":"policy.example","public_keys":"AAAA"})",
                           R"({"via":5,"public_keys":{"ed25519":"AAAA"}})", R"({"public_keys":{"ed25519":"AAAA"}})",
                           R"({"via":"policy.example","public_keys":{"ed25519":7}})",
                           R"({"via":"no name","public_keys":{"ed25519":"AAAA"}})"})
    BOOST_TEST(!policy_server_of(*policy(content_of(text))).has_value(), text);
  BOOST_TEST(
    !policy_server_of(
       *event_of("m.room.policy", "x", {{"via", "policy.example"}, {"public_keys", json::object{{"ed25519", "AAAA"}}}}))
       .has_value());
}

BOOST_AUTO_TEST_CASE(only_the_event_that_chooses_it_needs_no_signature) {
  BOOST_TEST(!needs_policy_signature("m.room.policy", ""));
  BOOST_TEST(needs_policy_signature("m.room.policy", std::nullopt));
  BOOST_TEST(needs_policy_signature("m.room.policy", "x"));
  BOOST_TEST(needs_policy_signature("m.room.message", std::nullopt));
  BOOST_TEST(needs_policy_signature("m.room.member", "@u:a.example"));
}

BOOST_AUTO_TEST_CASE(signature_is_merged_and_verifies_with_the_key_in_the_state) {
  const auto x = message();
  BOOST_TEST(!has_policy_signature(*x, guard));
  const auto made = with_policy_signature(*x, guard, answer_for(*x));
  BOOST_REQUIRE(made);
  BOOST_TEST((*made)->event_id == x->event_id);
  BOOST_TEST(has_policy_signature(**made, guard));
  BOOST_TEST((*made)->source.find("signatures")->find("a.example")->find_string("ed25519:a"));
  BOOST_TEST(!has_policy_signature(
    **made, {"policy.example", key_of('q').public_key_base64()})); // the room has another key by now
}

BOOST_AUTO_TEST_CASE(policy_server_that_is_the_origin_leaves_the_origins_signature_alone) {
  const auto x = message();
  const auto made = with_policy_signature(*x, {"a.example", guard.public_key_base64}, answer_for(*x, "a.example"));
  BOOST_REQUIRE(made);
  const auto* both = (*made)->source.find("signatures")->find_object("a.example");
  BOOST_TEST(both->size() == 2u);
  verify_keys keys{{"ed25519:a", {key_of('a').public_key_base64(), 100, false}}};
  BOOST_TEST((check_event_signature(**made, signed_bytes((*made)->source, (*made)->rules()), "a.example", keys) ==
              signature_verdict::valid));
}

BOOST_AUTO_TEST_CASE(answers_without_a_valid_signature_are_refused) {
  const auto x = message();
  for (const std::string text :
       {"", "{}", "[]", R"({"policy.example":{}})", R"({"policy.example":{"ed25519:policy_server":5}})",
        R"({"other.example":{"ed25519:policy_server":"AAAA"}})"}) {
    const auto made = with_policy_signature(*x, guard, text);
    BOOST_TEST(!made, text);
    BOOST_TEST((made.error().code == fault_code::peer_bad_answer), text);
  }
  BOOST_TEST((with_policy_signature(*x, guard, answer_for(*x, "policy.example", 'q')).error().code ==
              fault_code::bad_signature));
  BOOST_TEST((with_policy_signature(
                *x, guard, R"({"policy.example":{"ed25519:policy_server":")" + std::string(200, 'A') + R"("}})")
                .error()
                .code == fault_code::peer_bad_answer));
}

BOOST_AUTO_TEST_SUITE_END()
