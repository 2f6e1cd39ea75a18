#include "messages/matrix/json.hpp"

#include "tests/vectors.hpp"

#include <random>

namespace causeway::matrix::json {
BOOST_AUTO_TEST_SUITE(json_parser)

namespace {

using namespace std::string_view_literals;

fault_code code_of(std::string_view text, number_policy numbers = number_policy::strict) {
  auto parsed = parse(text, numbers);
  return parsed ? fault_code::none : parsed.error().code;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

} // namespace

BOOST_AUTO_TEST_CASE(refuses_malformed_text) {
  for (auto text : {""sv,
                    " "sv,
                    "{"sv,
                    "["sv,
                    "}"sv,
                    "{}}"sv,
                    "[1,]"sv,
                    "[,1]"sv,
                    "[1 2]"sv,
                    "{\"a\"}"sv,
                    "{\"a\":}"sv,
                    "{\"a\":1,}"sv,
                    "{,}"sv,
                    "{a:1}"sv,
                    "{'a':1}"sv,
                    "{1:1}"sv,
                    "tru"sv,
                    "truE"sv,
                    "nul"sv,
                    "nullx"sv,
                    "01"sv,
                    "+1"sv,
                    "-"sv,
                    "--1"sv,
                    ".5"sv,
                    "1."sv,
                    "1e"sv,
                    "1e+"sv,
                    "0x1"sv,
                    "NaN"sv,
                    "Infinity"sv,
                    "-Infinity"sv,
                    "1 1"sv,
                    "\"a"sv,
                    "\"\\x\""sv,
                    "\"\\u12\""sv,
                    "\"\\u12g4\""sv,
                    "\"\\u+123\""sv,
                    "\"\\"sv,
                    "\"\\u"sv,
                    "// c\n1"sv,
                    "1\0"sv,
                    "\0"sv,
                    "\"a\0b\""sv,
                    "\"a\nb\""sv,
                    "\"\x1f\""sv,
                    "\xef\xbb\xbf{}"sv,
                    "\"\\\""sv,
                    "[1\xc2\xa0]"sv,
                    "\v1"sv})
    BOOST_TEST((code_of(text) == fault_code::not_json), "accepted or misjudged: " << text);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_not_utf8) {
  for (auto bytes : {"\x80"sv, "\xc0\xaf"sv, "\xc1\xbf"sv, "\xc3"sv, "\xe0\x80\x80"sv, "\xe0\x9f\xbf"sv,
                     "\xed\xa0\x80"sv, "\xed\xbf\xbf"sv, "\xe2\x82"sv, "\xf0\x80\x80\x80"sv, "\xf0\x8f\xbf\xbf"sv,
                     "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv, "\xfe"sv, "\xf0\x9f\x98"sv, "\xc3("sv}) {
    BOOST_TEST((code_of('"' + std::string{bytes} + '"') == fault_code::not_json), "value");
    BOOST_TEST(
      (code_of("{\"long enough to be skipped in words " + std::string{bytes} + "\":1}") == fault_code::not_json),
      "key");
    BOOST_TEST(!is_utf8(bytes));
  }
  for (auto bytes : {"\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv, "\xee\x80\x80"sv, "\xef\xbf\xbf"sv,
                     "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv, "plain"sv, ""sv}) {
    BOOST_TEST((code_of('"' + std::string{bytes} + '"') == fault_code::none), "value");
    BOOST_TEST(is_utf8(bytes));
  }
}

BOOST_AUTO_TEST_CASE(reads_escapes) {
  const auto x = test::parse_json(R"("\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud83D\uDe00")");
  BOOST_TEST((*x.as_string() == "\"\\/\b\f\n\r\t\0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"sv));
}

BOOST_AUTO_TEST_CASE(refuses_lone_surrogates) {
  for (auto text : {R"("\ud800")"sv, R"("\ud800x")"sv, R"("\udc00")"sv, R"("\udfff\ud800")"sv, R"("\ud800\u0041")"sv,
                    R"("\ud800\ud800")"sv, R"("\ud800\n")"sv})
    BOOST_TEST((code_of(text) == fault_code::not_json), text);
}

BOOST_AUTO_TEST_CASE(refuses_repeated_keys) {
  for (auto text : {R"({"a":1,"a":1})"sv, R"({"b":1,"a":2,"b":3})"sv, R"({"a":1,"\u0061":2})"sv,
                    R"([{"x":{"k":1,"j":2,"k":3}}])"sv})
    BOOST_TEST((code_of(text) == fault_code::bad_json), text);
}

BOOST_AUTO_TEST_CASE(bounds_depth) {
  BOOST_TEST((code_of(nested(limits::json_depth_max)) == fault_code::none));
  BOOST_TEST((code_of(nested(limits::json_depth_max + 1)) == fault_code::bad_json));
  // Deep enough to break a recursion that is not bounded.
  BOOST_TEST((code_of(std::string(5'000'000, '[')) == fault_code::bad_json));
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
  BOOST_TEST((code_of(objects) == fault_code::bad_json));
}

BOOST_AUTO_TEST_CASE(bounds_the_number_of_values) {
  std::string text = "[";
  for (std::size_t i = 0; i < limits::json_values_max; ++i) text += "0,";
  text.back() = ']';
  BOOST_TEST((code_of(text) == fault_code::bad_json)); // with the list itself one too many
}

BOOST_AUTO_TEST_CASE(strict_numbers_are_integers_of_53_bits) {
  for (auto text : {"0"sv, "7"sv, "-7"sv, "9007199254740991"sv, "-9007199254740991"sv})
    BOOST_TEST((code_of(text) == fault_code::none), text);
  for (auto text : {"-0"sv, "1.0"sv, "1e5"sv, "1E-2"sv, "0.5"sv, "9007199254740992"sv, "-9007199254740992"sv,
                    "9223372036854775808"sv, "123456789012345678901234567890"sv})
    BOOST_TEST((code_of(text) == fault_code::not_canonical), text);
}

BOOST_AUTO_TEST_CASE(lenient_numbers_keep_their_text) {
  for (auto text :
       {"-0"sv, "1.0"sv, "1e5"sv, "1E+05"sv, "-0.50"sv, "9007199254740992"sv, "123456789012345678901234567890"sv}) {
    auto parsed = parse(text, number_policy::lenient);
    BOOST_REQUIRE(parsed);
    BOOST_REQUIRE_MESSAGE(parsed->as_number_text(), text);
    BOOST_TEST(parsed->as_number_text()->text == text);
  }
  BOOST_TEST(*parse("9007199254740991")->as_integer() == limits::canonical_integer_max);
}

BOOST_AUTO_TEST_CASE(strict_vectors_of_the_specification_are_refused) {
  const auto vectors = test::load_vectors("canonical_json_extra.json");
  for (const auto& x : test::array_at(vectors, "strict_reject_v6_plus"))
    BOOST_TEST((code_of(test::string_at(x, "input_text")) != fault_code::none), test::string_at(x, "name"));
}

BOOST_AUTO_TEST_CASE(detail_names_the_byte_and_repeats_no_input) {
  auto parsed = parse("{\"secret\": tru}");
  BOOST_REQUIRE(!parsed);
  BOOST_TEST(parsed.error().detail == "byte 11: not a JSON value");
}

BOOST_AUTO_TEST_CASE(truncated_and_damaged_events_never_do_harm) {
  const auto text = test::load_text(test::vector_path("captures/room_v12/pdus/m.room.power_levels.json"));
  for (std::size_t size = 0; size < text.find_last_of('}'); ++size)
    BOOST_TEST((code_of(std::string_view{text}.substr(0, size)) == fault_code::not_json));
  std::mt19937 random{20240607};
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = text;
    for (int changes = 0; changes < 3; ++changes) damaged[random() % damaged.size()] = static_cast<char>(random());
    auto parsed = parse(damaged);
    if (!parsed) continue;
    // What is accepted has one canonical form, which stays itself.
    const auto written = canonical(*parsed);
    auto again = parse(written);
    BOOST_REQUIRE(again);
    BOOST_REQUIRE(canonical(*again) == written);
  }
}

BOOST_AUTO_TEST_CASE(streams_the_items_of_the_named_arrays_and_returns_the_rest) {
  std::vector<std::pair<std::string, std::string>> items;
  auto rest = parse_streamed(R"( {"b":[1,{"c":[2]},[]],"x":{"b":[9]},"a":[],"n":null} )", {"a", "b"},
                             [&](std::string_view member, value&& item) {
                               items.emplace_back(std::string{member}, canonical(item));
                               return true;
                             });
  BOOST_REQUIRE(bool(rest));
  BOOST_TEST(canonical(*rest) == R"({"a":[],"b":[],"n":null,"x":{"b":[9]}})");
  BOOST_REQUIRE(items.size() == 3u);
  BOOST_TEST(items[1].first == "b");
  BOOST_TEST(items[1].second == R"({"c":[2]})");
}

BOOST_AUTO_TEST_CASE(streaming_refuses_what_parsing_refuses) {
  const item_reader all = [](std::string_view, value&&) { return true; };
  for (auto text :
       {"", "[]", R"({"a":[1,]})", R"({"a":[1})", R"({"a":[1])", R"({"a":[1]} x)", R"({"a":[1],"a":[2]})", "1"})
    BOOST_TEST(!parse_streamed(text, {"a"}, all), text);
  BOOST_TEST((parse_streamed(R"({"b":)" + nested(limits::json_depth_max) + "}", {"a"}, all).error().code ==
              fault_code::bad_json));
  // A member of that name that is no array is a value like any other.
  BOOST_TEST(canonical(*parse_streamed(R"({"a":{"a":[1]}})", {"a"}, all)) == R"({"a":{"a":[1]}})");
}

BOOST_AUTO_TEST_CASE(streaming_passes_over_an_item_that_cannot_be_read) {
  std::string seen;
  auto rest = parse_streamed(R"({"a":[1,{"k":1,"k":2},tru,)" + nested(5'000) + R"(,2],"b":3})", {"a"},
                             [&](std::string_view, value&& item) {
                               seen += canonical(item) + " ";
                               return true;
                             });
  BOOST_REQUIRE(bool(rest));
  BOOST_TEST(seen == "1 2 ");
  BOOST_TEST(canonical(*rest) == R"({"a":[],"b":3})");
}

BOOST_AUTO_TEST_CASE(streaming_ends_when_the_reader_has_enough) {
  int seen = 0;
  auto rest = parse_streamed(R"({"a":[1,2,3,4]})", {"a"}, [&](std::string_view, value&&) { return ++seen < 3; });
  BOOST_REQUIRE(!rest);
  BOOST_TEST((rest.error().code == fault_code::too_large));
  BOOST_TEST(seen == 3);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix::json
