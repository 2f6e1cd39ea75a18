#include "messages/matrix/base64.hpp"
#include "messages/matrix/signing.hpp"
#include "tests/vectors.hpp"

namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(event_signing)

namespace {

const room_version_rules& rules(std::string_view id) { return *find_room_version(id); }

signing_key key(char seed = 'k') {
  return *signing_key::from_seed(std::string(32, seed), std::string{"ed25519:"} + seed);
}

json::object draft(std::string_view type = "m.room.message") {
  auto x = test::parse_object(
    R"({"auth_events":["$a"],"content":{"body":"hi"},"depth":7,"origin_server_ts":1000,"prev_events":["$p"],
    "room_id":"!r:h","sender":"@u:h"})");
  x.set("type", type);
  return x;
}

verify_keys known(char seed, std::int64_t valid_until_ts, bool is_old = false) {
  return {{key(seed).key_id(), {key(seed).public_key_base64(), valid_until_ts, is_old}}};
}

signature_verdict verdict(const event& x, const verify_keys& keys, std::string_view server = "h") {
  return check_event_signature(x, digest(x).signed_bytes, server, keys);
}

} // namespace

BOOST_AUTO_TEST_CASE(hashes_and_signs_the_examples_of_the_specification) {
  const auto vectors = test::load_vectors("event_signing.json");
  const auto signer = *signing_key::from_seed(base64_decode(test::string_at(vectors, "seed_b64")).value(),
                                              test::string_at(vectors, "key_id"));
  const auto& server = test::string_at(vectors, "server_name");
  for (const auto& x : test::array_at(vectors, "cases")) {
    const auto& version = rules(test::string_at(x, "room_version"));
    auto pdu = test::object_at(x, "input");
    pdu.set("hashes", json::object{{"sha256", base64_encode(content_hash(pdu))}});
    set_signature(pdu, server, signer.key_id(), signer.sign(signed_bytes(pdu, version)));
    BOOST_TEST(json::canonical(pdu) == json::canonical(test::at(x, "expected")), test::string_at(x, "name"));
  }
}

BOOST_AUTO_TEST_CASE(authored_event_passes_its_own_checks_in_every_version) {
  for (const auto& version : room_versions()) {
    const auto made = hash_and_sign(draft(), version, "h", key());
    BOOST_REQUIRE_MESSAGE(made, version.id << ": " << test::why(made));
    const auto& x = **made;
    BOOST_TEST(digest(x).content_hash_matches, version.id);
    BOOST_TEST((verdict(x, known('k', 1000)) == signature_verdict::valid), version.id);
    BOOST_TEST((x.prev_events == std::vector<std::string>{"$p"}));
    // Another server reads the same event from the text.
    const auto read = parse_event(x.to_json(), version);
    BOOST_REQUIRE(read);
    BOOST_TEST((*read)->event_id == x.event_id, version.id);
    BOOST_TEST((*read)->source.contains("event_id") == (version.event_ids == event_id_format::given));
    if (version.event_ids == event_id_format::given) BOOST_TEST(x.event_id.ends_with(":h"));
  }
}

BOOST_AUTO_TEST_CASE(authoring_drops_what_the_draft_had_no_right_to) {
  auto pdu = draft();
  pdu.set("unsigned", json::object{{"age", 1}});
  pdu.set("signatures", json::object{{"stranger", json::object{{"ed25519:x", "AA"}}}});
  pdu.set("hashes", json::object{{"md5", "x"}});
  const auto x = *hash_and_sign(pdu, rules("11"), "h", key());
  BOOST_TEST(x->event_id == (*hash_and_sign(draft(), rules("11"), "h", key()))->event_id);
  BOOST_TEST(x->source.find("signatures")->as_object()->size() == 1u);
}

BOOST_AUTO_TEST_CASE(authoring_refuses_what_others_would_drop_or_reject) {
  auto pdu = draft();
  pdu.find("content")->as_object()->set("x", json::number_text{"1.5"});
  BOOST_TEST((hash_and_sign(pdu, rules("11"), "h", key()).error().code == fault_code::not_canonical));
  pdu = draft();
  pdu.erase("depth");
  BOOST_TEST((hash_and_sign(pdu, rules("11"), "h", key()).error().code == fault_code::bad_json));
  pdu = draft();
  pdu.find("content")->as_object()->set("body", std::string(66'000, 'x'));
  BOOST_TEST((hash_and_sign(pdu, rules("11"), "h", key()).error().code == fault_code::too_large));
  std::string long_type;
  for (int i = 0; i < 130; ++i) long_type += "\xc3\xa9";
  BOOST_TEST((hash_and_sign(draft(long_type), rules("10"), "h", key()).error().code == fault_code::too_large));
}

BOOST_AUTO_TEST_CASE(version_12_create_is_authored_without_a_room_id) {
  auto pdu = draft("m.room.create");
  pdu.set("state_key", "");
  pdu.set("content", json::object{{"room_version", "12"}});
  pdu.set("prev_events", json::array{});
  pdu.set("auth_events", json::array{});
  pdu.erase("room_id");
  const auto x = *hash_and_sign(pdu, rules("12"), "h", key());
  BOOST_TEST(x->room_id == '!' + x->event_id.substr(1));
}

BOOST_AUTO_TEST_CASE(second_signature_keeps_the_first_and_the_id) {
  const auto x = *hash_and_sign(draft(), rules("11"), "h", key());
  const auto both = add_signature(*x, "ours", key('o'));
  BOOST_TEST(both->event_id == x->event_id);
  BOOST_TEST((verdict(*both, known('k', 1000)) == signature_verdict::valid));
  BOOST_TEST((verdict(*both, known('o', 1000), "ours") == signature_verdict::valid));
  BOOST_TEST((*parse_event(both->to_json(), rules("11")))->event_id == x->event_id);
}

BOOST_AUTO_TEST_CASE(redacted_event_keeps_its_signature) {
  const auto x = *hash_and_sign(draft(), rules("11"), "h", key());
  BOOST_TEST((verdict(*redacted(*x), known('k', 1000)) == signature_verdict::valid));
}

BOOST_AUTO_TEST_CASE(signature_by_an_unknown_or_unfit_key_is_not_held_against_the_event) {
  const auto x = *hash_and_sign(draft(), rules("11"), "h", key());
  BOOST_TEST((verdict(*x, {}) == signature_verdict::unknown_key));
  BOOST_TEST((verdict(*x, known('k', 999)) == signature_verdict::unknown_key));
  BOOST_TEST((verdict(*x, known('k', 1000)) == signature_verdict::valid));
  BOOST_TEST((verdict(*x, known('k', 1000, true)) == signature_verdict::valid));
  BOOST_TEST((verdict(*x, known('k', 1000), "other") == signature_verdict::missing));
}

BOOST_AUTO_TEST_CASE(key_validity_does_not_matter_before_version_5) {
  for (const auto& version : room_versions()) {
    const auto x = *hash_and_sign(draft(), version, "h", key());
    BOOST_TEST((verdict(*x, known('k', 0)) ==
                (version.enforce_key_validity ? signature_verdict::unknown_key : signature_verdict::valid)));
  }
}

BOOST_AUTO_TEST_CASE(one_invalid_signature_by_a_known_key_spoils_the_valid_one) {
  auto x = **hash_and_sign(draft(), rules("11"), "h", key());
  set_signature(x.source, "h", "ed25519:z", key('z').sign("something else"));
  BOOST_TEST((verdict(x, known('k', 1000)) == signature_verdict::valid));
  auto both = known('k', 1000);
  both.merge(known('z', 1000));
  BOOST_TEST((verdict(x, both) == signature_verdict::invalid));
}

BOOST_AUTO_TEST_CASE(signature_of_a_policy_server_is_nobodys_signing_key) {
  auto x = **hash_and_sign(draft(), rules("11"), "h", key());
  set_signature(x.source, "h", "ed25519:policy_server", key('p').sign("x"));
  BOOST_TEST((verdict(x, known('k', 1000)) == signature_verdict::valid));
  x.source.set("signatures", json::object{{"h", json::object{{"rsa:1", "AA"}}}});
  BOOST_TEST((verdict(x, known('k', 1000)) == signature_verdict::missing));
}

BOOST_AUTO_TEST_CASE(signers_of_an_event_are_those_of_its_version) {
  const auto signers = [](std::string_view version, json::object content, std::string_view event_id = "$e:ids",
                          kept_as kept = kept_as::whole) {
    auto pdu = draft("m.room.member");
    pdu.set("content", std::move(content));
    if (rules(version).event_ids == event_id_format::given) pdu.set("event_id", event_id);
    return required_signers(**hash_and_sign(pdu, rules(version), "h", key()), kept);
  };
  using list = std::vector<std::string>;
  const json::object plain{{"membership", "join"}};
  BOOST_TEST((signers("11", plain) == list{"h"}));
  BOOST_TEST((signers("1", plain) == list{"h", "ids"}));
  BOOST_TEST((signers("2", plain, "$e:h") == list{"h"}));
  const json::object authorised{{"membership", "join"}, {"join_authorised_via_users_server", "@a:resident"}};
  BOOST_TEST((signers("7", authorised) == list{"h"}));
  BOOST_TEST((signers("8", authorised) == list{"h", "resident"}));
  BOOST_TEST((signers("12", authorised) == list{"h", "resident"}));
  BOOST_TEST(
    (signers("12", {{"membership", "leave"}, {"join_authorised_via_users_server", "@a:resident"}}) == list{"h"}));
  const json::object redeemed{{"membership", "invite"},
                              {"third_party_invite", json::object{{"signed", json::object{}}}}};
  BOOST_TEST((signers("11", redeemed).empty()));
  BOOST_TEST((signers("10", redeemed).empty()));
  BOOST_TEST((signers("1", redeemed) == list{"ids"}));
  BOOST_TEST((signers("11", {{"membership", "join"},
                             {"third_party_invite", json::object{{"signed", json::object{}}}}}) == list{"h"}));
  // What a redaction removes excuses nobody.
  BOOST_TEST((signers("10", redeemed, {}, kept_as::redacted) == list{"h"}));
  BOOST_TEST((signers("2", redeemed, "$e:h", kept_as::redacted) == list{"h"}));
  BOOST_TEST((signers("11", redeemed, {}, kept_as::redacted).empty()));
  for (const auto* version : {"2", "6", "10", "11", "12"})
    for (auto odd : {json::value{1}, json::value{true}, json::value{nullptr}, json::value{"x"},
                     json::value{json::array{}}, json::value{json::object{}},
                     json::value{json::object{{"signed", "x"}}}, json::value{json::object{{"signed", nullptr}}}})
      for (auto kept : {kept_as::whole, kept_as::redacted})
        BOOST_TEST(
          (signers(version, {{"membership", "invite"}, {"third_party_invite", odd}}, "$e:h", kept) == list{"h"}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
