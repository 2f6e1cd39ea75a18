#include "messages/matrix/power_level.hpp"

#include "messages/matrix/level_changes.hpp"
#include "tests/vectors.hpp"

#include <limits>

namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(power_level_values)

namespace {

power_level level(std::string_view text) {
  const bool negative = text.starts_with('-');
  return power_level::from_digits(negative, text.substr(negative));
}

const room_version_rules& version_9() { return *find_room_version("9"); }

std::optional<std::vector<level_change>> changes(std::string_view before, std::string_view after) {
  const auto old_member = test::parse_json(before), new_member = test::parse_json(after);
  return level_changes(&old_member, version_9(), &new_member, version_9());
}

std::string summary(std::string_view before, std::string_view after) {
  const auto found = changes(before, after);
  if (!found) return "unreadable";
  std::string out;
  for (const auto& [key, old_level, new_level] : *found) {
    const auto number = [](const std::optional<power_level>& x) { return x ? std::to_string(x->clamped()) : "-"; };
    out += key + ":" + number(old_level) + ">" + number(new_level) + " ";
  }
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(levels_of_any_size_keep_their_order) {
  const std::vector<std::string_view> ascending{"-123456789012345678901234567890",
                                                "-99999999999999999999",
                                                "-9223372036854775808",
                                                "-9223372036854775806",
                                                "-1",
                                                "0",
                                                "1",
                                                "9223372036854775806",
                                                "9223372036854775807",
                                                "9223372036854775808",
                                                "18446744073709551616",
                                                "18446744073709551617",
                                                "123456789012345678901234567890"};
  for (std::size_t i = 0; i < ascending.size(); ++i)
    for (std::size_t k = 0; k < ascending.size(); ++k) {
      BOOST_TEST((level(ascending[i]) < level(ascending[k])) == (i < k), ascending[i] << " and " << ascending[k]);
      BOOST_TEST((level(ascending[i]) == level(ascending[k])) == (i == k), ascending[i] << " and " << ascending[k]);
    }
  BOOST_TEST((level("0000000000000000000000000000050") == power_level{50}));
  BOOST_TEST((level("-0") == power_level{0}));
  BOOST_TEST((level("00018446744073709551616") == level("18446744073709551616")));
  for (auto text : ascending)
    BOOST_TEST((level(text) < power_level{infinite_power}), text); // a creator is above everybody
  BOOST_TEST(level("123456789012345678901234567890").clamped() == infinite_power - 1);
  BOOST_TEST(level("-123456789012345678901234567890").clamped() == 1 - infinite_power);
}

BOOST_AUTO_TEST_CASE(at_most_4300_digits_are_read) {
  BOOST_TEST((read_integer(std::string(4298, '0') + "50") == power_level{50}));
  BOOST_TEST(!read_integer(std::string(4299, '0') + "50"));
  BOOST_TEST((read_integer("-" + std::string(4298, '0') + "50") == power_level{-50}));
}

BOOST_AUTO_TEST_CASE(changed_levels_are_told_by_key) {
  BOOST_TEST(summary(R"({"a":1,"b":2,"c":3})", R"({"a":1,"b":"3","d":4})") == "b:2>3 c:3>- d:->4 ");
  BOOST_TEST(summary(R"({"a":50})", R"({"a":" 50 "})") == "");
  BOOST_TEST(summary("{}", "{}") == "");
  BOOST_TEST(summary(R"({"a":"x"})", R"({"a":"x"})") == "unreadable");
  BOOST_TEST(summary(R"({"a":null})", "{}") == "unreadable");
  BOOST_TEST(!changes("null", "{}"));
  const auto one = test::parse_json(R"({"a":1})");
  BOOST_TEST(level_changes(nullptr, version_9(), nullptr, version_9())->empty());
  BOOST_TEST(level_changes(nullptr, version_9(), &one, version_9())->size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_list_in_the_place_of_levels_is_compared_as_python_does) {
  BOOST_TEST(summary("[]", R"({"a":1})") == "\"a\":->1 ");
  BOOST_TEST(summary("[0]", "{}") == "0:0>- ");
  BOOST_TEST(summary("[1,1]", "[0,1]") == "0:->0 ");
  BOOST_TEST(summary("[false]", "[0]") == "");
  BOOST_TEST(summary("[1]", "{}") == "unreadable"); // no second item
  BOOST_TEST(summary("[-1]", "{}") == "-1:-1>- ");
  BOOST_TEST(summary("[-2]", "{}") == "unreadable");
  BOOST_TEST(summary(R"(["a"])", "{}") == "unreadable");
  BOOST_TEST(summary("[[]]", "{}") == "unreadable");
  BOOST_TEST(summary("[0.0]", "{}") == "unreadable");
  BOOST_TEST(summary(R"("")", R"({"a":1})") == "\"a\":->1 ");
  BOOST_TEST(summary(R"("a")", R"({"b":1})") == "unreadable"); // the text has the key "a" and no level for it
  BOOST_TEST(summary("5", "{}") == "unreadable");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
