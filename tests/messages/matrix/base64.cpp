#include "messages/matrix/base64.hpp"

#include "tests/vectors.hpp"

namespace causeway::matrix {

BOOST_AUTO_TEST_SUITE(base64)

BOOST_AUTO_TEST_CASE(encodes_and_decodes_the_cases_of_the_specification) {
  const auto vectors = test::load_vectors("base64_spec.json");
  for (const auto& x : test::array_at(vectors, "cases")) {
    const auto& bytes = test::string_at(x, "bytes_utf8");
    const auto& text = test::string_at(x, "unpadded");
    BOOST_TEST(base64_encode(bytes) == text);
    BOOST_TEST(base64_decode(text).value() == bytes);
  }
}

BOOST_AUTO_TEST_CASE(knows_both_alphabets) {
  const auto vectors = test::load_vectors("base64_spec.json");
  for (const auto& x : test::array_at(vectors, "urlsafe")) {
    BOOST_REQUIRE(test::string_at(x, "hex") == "fbff");
    const std::string bytes = "\xfb\xff";
    BOOST_TEST(base64_encode(bytes) == test::string_at(x, "std"));
    BOOST_TEST(base64url_encode(bytes) == test::string_at(x, "url"));
    BOOST_TEST(base64_decode(test::string_at(x, "std")).value() == bytes);
    BOOST_TEST(base64_decode(test::string_at(x, "url")).value() == bytes);
  }
}

BOOST_AUTO_TEST_CASE(accepts_padding) {
  const auto vectors = test::load_vectors("base64_spec.json");
  for (const auto& x : test::array_at(vectors, "decode_must_accept"))
    BOOST_TEST(base64_decode(*x.as_string()).has_value());
  BOOST_TEST(base64_decode("Zg==").value() == "f");
  BOOST_TEST(base64_decode("Zm8=").value() == "fo");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_not_base64) {
  using namespace std::string_view_literals;
  for (auto text : {"Z"sv, "Zg="sv, "Zg==="sv, "="sv, "===="sv, "Zm9v="sv, "Z g"sv, "Zg\n"sv, "Zm9\0"sv, "Zm9\xc3"sv,
         "Z=g="sv, "Zm9vY"sv})
    BOOST_TEST(!base64_decode(text), text);
}

BOOST_AUTO_TEST_CASE(every_length_and_byte_round_trips) {
  std::string bytes;
  for (int i = 0; i < 512; ++i) {
    BOOST_TEST(base64_decode(base64_encode(bytes)).value() == bytes);
    BOOST_TEST(base64_decode(base64url_encode(bytes)).value() == bytes);
    bytes += static_cast<char>(i * 7);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
