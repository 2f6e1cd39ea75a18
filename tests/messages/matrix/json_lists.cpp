#include "messages/matrix/json_lists.hpp"

#include "tests/vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace causeway::matrix::json {
BOOST_AUTO_TEST_SUITE(json_lists)

namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

/// What came out of `{"before":1,"a":LIST,"behind":2}`: canonical texts of the items, "-" for an unreadable one.
std::vector<std::string> items_of(const std::string& list, values_bound values = values_bound::of_each_item) {
  std::vector<std::string> items;
  const auto rest = parse_lists(
    R"({"before":1,"a":)" + list + R"(,"behind":2})", {"a"},
    [&](std::string_view, result<value>&& item) {
      items.push_back(item ? canonical(*item) : "-");
      return true;
    },
    values);
  BOOST_REQUIRE_MESSAGE(rest, list.substr(0, 80));
  BOOST_TEST(canonical(*rest) == R"({"a":[],"before":1,"behind":2})");
  return items;
}

fault_code why_not(const std::string& list) {
  const auto rest =
    parse_lists(R"({"a":)" + list, {"a"}, [](auto, auto&&) { return true; }, values_bound::of_each_item);
  return rest ? fault_code::none : rest.error().code;
}

using texts = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(an_item_that_cannot_be_read_takes_no_other_with_it) {
  for (const std::string bad :
       {R"({"k":1,"k":2})", R"({"x":[{"k":1,"k":2}]})", "tru", R"({"a":tru})", R"("\ud800")", R"({"a":"\x"})",
        R"({"a":01})", R"({"a":1x})", "{,}", "\"\xff\"", R"({"a":["}","]",",","\"","\\"],"k":1,"k":2})"}) {
    BOOST_TEST((items_of("[1," + bad + ",2]") == texts{"1", "-", "2"}), bad);
    BOOST_TEST((items_of("[ " + bad + " , 2 ]") == texts{"-", "2"}), bad);
    BOOST_TEST((items_of("[" + bad + "]") == texts{"-"}), bad);
  }
}

BOOST_AUTO_TEST_CASE(nesting_is_counted_from_the_item_and_passed_over_whatever_its_depth) {
  BOOST_TEST((items_of("[" + nested(item_depth_max) + ",2]") == texts{nested(item_depth_max), "2"}));
  BOOST_TEST((items_of("[" + nested(item_depth_max + 1) + ",2]") == texts{"-", "2"}));
  BOOST_TEST((items_of("[1," + nested(1'000'000) + ",2]") == texts{"1", "-", "2"}));
  // Beside the lists the bound is the one of all documents.
  BOOST_TEST((parse_lists(
                R"({"a":[],"b":)" + nested(limits::json_depth_max) + "}", {"a"}, [](auto, auto&&) { return true; },
                values_bound::of_each_item)
                .error()
                .code == fault_code::bad_json));
}

BOOST_AUTO_TEST_CASE(members_of_an_item_are_no_lists) {
  BOOST_TEST((items_of(R"([{"a":[1,2]},{"a":[{"a":[]}]}])") == texts{R"({"a":[1,2]})", R"({"a":[{"a":[]}]})"}));
}

BOOST_AUTO_TEST_CASE(an_unreadable_item_leaves_nothing_behind_in_the_next_one) {
  BOOST_TEST((items_of(R"([{"x":1,"y":[1,2,tru]},{"z":[3]}])") == texts{"-", R"({"z":[3]})"}));
}

BOOST_AUTO_TEST_CASE(what_is_no_list_is_refused) {
  for (const std::string list : {"[", "[1", "[1,", "[1,]}", "[,1]}", "[,]}", "[1 2]}", "[{]}", "[}]}", "[tru", "[\"x",
                                 "[\"x\\", "[\"\\", "[{\"k\":\"]}", "[[[]}", "[1}}"})
    BOOST_TEST((why_not(list) == fault_code::not_json), list);
  BOOST_TEST((why_not("[" + std::string(100'000, '[')) != fault_code::none));
  BOOST_TEST((why_not("[]") == fault_code::not_json)); // the object does not end
  BOOST_TEST((why_not("[]}") == fault_code::none));
}

BOOST_AUTO_TEST_CASE(values_are_bounded_per_item_or_per_document) {
  std::string many = "[0";
  for (std::size_t i = 0; i < limits::json_values_max / 2; ++i) many += ",0";
  many += "]";
  BOOST_TEST(items_of("[" + many + "," + many + "," + many + "]").size() == 3u);
  BOOST_TEST(
    (parse_lists(
       R"({"a":[)" + many + "," + many + "]}", {"a"}, [](auto, auto&&) { return true; }, values_bound::of_the_document)
       .error()
       .code == fault_code::bad_json));
  std::string larger = many;
  larger.insert(1, many + ",");
  BOOST_TEST((items_of("[" + larger + ",1]") == texts{"-", "1"}));
}

BOOST_AUTO_TEST_CASE(a_readable_document_is_the_one_that_parse_gives) {
  for (const std::string text :
       {R"({"pdus":[1,{"x":[]}],"edus":[],"n":null})", R"({"pdus":{"a":1},"x":[2]})", R"({"x":{"pdus":[3]}})", "{}"})
    BOOST_TEST(canonical(*parse_readable(text, {"pdus", "edus"})) == canonical(*parse(text)));
  BOOST_TEST(canonical(*parse_readable(R"({"auth_chain":[tru,1],"pdus":[2,)" + nested(2'000) + R"(,3]})",
                                       {"pdus", "auth_chain"})) == R"({"auth_chain":[1],"pdus":[2,3]})");
  BOOST_TEST((parse_readable("[]", {"pdus"}).error().code == fault_code::bad_json));
  BOOST_TEST((parse_readable(R"({"pdus":[],"pdus":[]})", {"pdus"}).error().code == fault_code::bad_json));
}

BOOST_AUTO_TEST_CASE(deep_parsing_has_a_bound_too) {
  BOOST_TEST(bool(parse_deep(nested(item_depth_max))));
  BOOST_TEST((parse_deep(nested(item_depth_max + 1)).error().code == fault_code::bad_json));
  BOOST_TEST(canonical(*parse_deep(nested(item_depth_max))) == nested(item_depth_max));
}

BOOST_AUTO_TEST_CASE(damaged_documents_never_do_harm) {
  std::string text =
    R"({"pdus":[{"a":"b\"","c":[1,[2,{"d":{}}]]},{"k":1,"k":2},)" + nested(600) + R"(,"\u00e9"],"edus":[{"e":[]}]})";
  std::mt19937 random{20240607};
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = text;
    for (int changes = 0; changes < 3; ++changes) damaged[random() % damaged.size()] = R"({}[]",:\1a)"[random() % 10];
    const auto readable = parse_readable(damaged, {"pdus", "edus"});
    // What parse takes, this takes, and to the same end.
    if (const auto whole = parse_deep(damaged); whole && whole->as_object())
      BOOST_REQUIRE(readable && *readable == *whole);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix::json
