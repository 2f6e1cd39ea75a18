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

BOOST_AUTO_TEST_CASE(base64_in_events_is_read_as_python_reads_it) {
  using namespace std::string_view_literals;
  const std::vector<std::pair<std::string_view, std::string_view>> read{
    {"Zm9v", "foo"},     {"Zm8", "fo"},       {"Zm8=", "fo"},     {"Zg==", "f"},         {"Zg===", "f"},
    {"Zm9v!!!!", "foo"}, {"!!!!Zm9v", "foo"}, {"Zm8=Zm9v", "fo"}, {"-_8", "\xfb\xff"},   {"", ""},
    {"=", ""},           {"!", ""},           {"====", ""},       {"Zg\0\0\0\0"sv, "f"}, {"Zm9vZg", "foof"}};
  for (const auto& [text, bytes] : read) {
    const auto decoded = base64_decode_as_servers(text);
    BOOST_REQUIRE_MESSAGE(decoded, text);
    BOOST_TEST(*decoded == bytes, text);
  }
  for (auto text : {"Z"sv, "Zm9vZ"sv, "Zm8 "sv, "=Zm8"sv, "Zm\xc3\xa9"sv, " Zm8"sv})
    BOOST_TEST(!base64_decode_as_servers(text), text);
  std::string bytes;
  for (int i = 0; i < 512; ++i) {
    BOOST_TEST(base64_decode_as_servers(base64_encode(bytes)).value() == bytes);
    bytes += static_cast<char>(i * 7);
  }
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
