#include "messages/matrix/base64.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/sha256.hpp"
#include "tests/vectors.hpp"

namespace causeway::matrix {

BOOST_AUTO_TEST_SUITE(hashes)

BOOST_AUTO_TEST_CASE(sha256_of_the_standard) {
  // FIPS 180-2, examples; the third again, so that a context that is used twice shows.
  BOOST_TEST(base64_encode(sha256("")) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
  BOOST_TEST(base64_encode(sha256("abc")) == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0");
  BOOST_TEST(base64_encode(sha256(std::string(1'000'000, 'a'))) == "zcduXJkU+5KBocfihNc+Z/GAmkiklyAOBG05zMcRLNA");
  BOOST_TEST(base64_encode(sha256("abc")) == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0");
}

BOOST_AUTO_TEST_CASE(content_hash_of_the_signed_examples) {
  const auto vectors = test::load_vectors("event_signing.json");
  for (const auto& x : test::array_at(vectors, "cases"))
    BOOST_TEST(base64_encode(content_hash(test::object_at(x, "input"))) ==
                 test::string_at(test::at(test::at(x, "expected"), "hashes"), "sha256"),
               test::string_at(x, "name"));
}

BOOST_AUTO_TEST_CASE(content_hash_notices_content_but_not_unsigned_or_signatures) {
  const auto& rules = *find_room_version("11");
  const auto text = test::load_text(test::vector_path("captures/room_v11/pdus/m.room.topic.json"));
  auto pdu = test::parse_object(text);
  BOOST_TEST(has_valid_content_hash(**make_event(pdu, rules)));
  pdu.set("unsigned", json::object{{"age", 5}});
  pdu.set("signatures", json::object{});
  BOOST_TEST(has_valid_content_hash(**make_event(pdu, rules)));
  pdu.find("content")->as_object()->set("topic", "forged");
  const auto forged = *make_event(pdu, rules);
  BOOST_TEST(!has_valid_content_hash(*forged));
  BOOST_TEST(!digest(*forged).content_hash_matches);
}

BOOST_AUTO_TEST_CASE(digest_equals_its_parts) {
  for (const auto& path : test::vector_files("captures/room_v12/pdus")) {
    const auto x = *parse_event(test::load_text(path), *find_room_version("12"));
    const auto both = digest(*x);
    BOOST_TEST(both.content_hash_matches == has_valid_content_hash(*x));
    BOOST_TEST(both.signed_bytes == signed_bytes(x->source, x->rules()));
    BOOST_TEST(sha256(both.signed_bytes) == reference_hash(x->source, x->rules()));
  }
}

BOOST_AUTO_TEST_CASE(malformed_hash_is_no_valid_hash) {
  const auto& rules = *find_room_version("11");
  for (auto told : {"", "xx", "!!!!", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}) {
    auto pdu = test::parse_object(test::load_text(test::vector_path("captures/room_v11/pdus/m.room.topic.json")));
    pdu.set("hashes", json::object{{"sha256", told}});
    BOOST_TEST(!has_valid_content_hash(**make_event(pdu, rules)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
