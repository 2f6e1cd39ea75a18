#include "messages/matrix/signing.hpp"

#include "messages/matrix/base64.hpp"
#include "tests/vectors.hpp"

#include <set>

namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(signing)

namespace {

signing_key key_of(const json::value& vectors) {
  return *signing_key::from_seed(base64_decode(test::string_at(vectors, "seed_b64")).value(),
                                 test::string_at(vectors, "key_id"));
}

} // namespace

BOOST_AUTO_TEST_CASE(signs_the_examples_of_the_specification) {
  const auto vectors = test::load_vectors("signing_json_spec.json");
  const auto key = key_of(vectors);
  BOOST_TEST(key.public_key_base64() == test::string_at(vectors, "public_key_b64"));
  const auto& server = test::string_at(vectors, "server_name");
  for (const auto& x : test::array_at(vectors, "cases")) {
    auto object = test::object_at(x, "input");
    sign_json(object, server, key);
    BOOST_TEST(json::canonical(object) == json::canonical(test::at(x, "signed")));
    BOOST_TEST(verify_json(object, server, key.key_id(), key.public_key_base64()));
    BOOST_TEST(!verify_json(object, "other", key.key_id(), key.public_key_base64()));
    BOOST_TEST(!verify_json(object, server, "ed25519:other", key.public_key_base64()));
    object.set("one", 2);
    BOOST_TEST(!verify_json(object, server, key.key_id(), key.public_key_base64()));
  }
}

BOOST_AUTO_TEST_CASE(signature_leaves_others_and_unsigned_alone) {
  const auto mine = *signing_key::from_seed(std::string(32, 'm'), "ed25519:m");
  const auto other = *signing_key::from_seed(std::string(32, 'o'), "ed25519:o");
  auto x = test::parse_object(R"({"a":1,"unsigned":{"age":5}})");
  sign_json(x, "other", other);
  sign_json(x, "mine", mine);
  sign_json(x, "mine", other);
  x.set("unsigned", json::object{{"age", 6}});
  BOOST_TEST(verify_json(x, "other", "ed25519:o", other.public_key_base64()));
  BOOST_TEST(verify_json(x, "mine", "ed25519:m", mine.public_key_base64()));
  BOOST_TEST(verify_json(x, "mine", "ed25519:o", other.public_key_base64()));
}

BOOST_AUTO_TEST_CASE(signing_replaces_signatures_of_the_wrong_shape) {
  const auto key = *signing_key::from_seed(std::string(32, 'k'), "ed25519:k");
  for (auto text : {R"({"signatures":7})", R"({"signatures":{"h":[]}})", R"({"signatures":null})"}) {
    auto x = test::parse_object(text);
    BOOST_TEST(!verify_json(x, "h", "ed25519:k", key.public_key_base64()));
    sign_json(x, "h", key);
    BOOST_TEST(verify_json(x, "h", "ed25519:k", key.public_key_base64()));
  }
}

BOOST_AUTO_TEST_CASE(malformed_keys_and_signatures_do_not_verify) {
  const auto key = *signing_key::from_seed(std::string(32, 'k'));
  const auto signature = key.sign("m");
  BOOST_TEST(verify_signature(key.public_key_base64(), signature, "m"));
  BOOST_TEST(verify_signature(key.public_key_base64() + "=", signature + "==", "m"));
  BOOST_TEST(!verify_signature(key.public_key_base64(), signature, "n"));
  BOOST_TEST(!verify_signature("", signature, "m"));
  BOOST_TEST(!verify_signature("AAAA", signature, "m"));
  BOOST_TEST(!verify_signature(key.public_key_base64(), "", "m"));
  BOOST_TEST(!verify_signature(key.public_key_base64(), "!!!", "m"));
  BOOST_TEST(!verify_signature(key.public_key_base64(), signature + "AAAA", "m"));
  BOOST_TEST(!verify_signature(key.public_key_base64(), std::string(1'000'000, 'A'), "m"));
  // The neutral point signs everything for a careless verifier.
  BOOST_TEST(!verify_signature(base64_encode(std::string{"\1"} + std::string(31, '\0')),
                               base64_encode(std::string{"\1"} + std::string(63, '\0')), "m"));
}

BOOST_AUTO_TEST_CASE(key_is_made_from_32_bytes_and_a_valid_id) {
  BOOST_TEST((signing_key::from_seed("short").error().code == fault_code::invalid_param));
  BOOST_TEST((signing_key::from_seed(std::string(32, 'x'), "rsa:1").error().code == fault_code::invalid_param));
  BOOST_TEST((signing_key::from_seed(std::string(32, 'x'), "ed25519:").error().code == fault_code::invalid_param));
  BOOST_TEST((signing_key::from_seed(std::string(33, 'x'), "ed25519:1").error().code == fault_code::invalid_param));
}

BOOST_AUTO_TEST_CASE(derived_key_id_is_valid_and_follows_the_key) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto key = *signing_key::from_seed(std::string(32, static_cast<char>(i)));
    BOOST_TEST(key.key_id().size() == std::string_view{"ed25519:"}.size() + 6);
    BOOST_TEST(key.key_id().find('-') == std::string::npos);
    BOOST_TEST(seen.insert(key.key_id()).second);
    BOOST_TEST(key.key_id() == signing_key::from_seed(std::string(32, static_cast<char>(i)))->key_id());
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
