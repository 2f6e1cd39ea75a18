#include "messages/chat/asyncapi.hpp"
#include "messages/chat/contract_tables.hpp"
#include "messages/chat/description.hpp"
#include "messages/chat/yaml.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <sstream>

/// CONTRACT.md and asyncapi.yaml are what others implement: both are printed from the codec.
using namespace causeway;
using yaml::node;

BOOST_AUTO_TEST_SUITE(contract_text)

namespace {

std::string page(const std::string& name) {
  std::ifstream in{CAUSEWAY_TEST_DATA "/../messages/chat/" + name, std::ios::binary};
  BOOST_REQUIRE(in);
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Tells the first line that differs.
void same(const std::string& file, const std::string& printed, const char* how) {
  std::istringstream is{file}, should_be{printed};
  std::string line, other;
  for (int number = 1; std::getline(should_be, other); ++number) {
    if (!std::getline(is, line)) line = "(nothing)";
    BOOST_REQUIRE_MESSAGE(line == other,
                          "line " << number << " is " << line << ", and should be " << other << ": " << how);
  }
  BOOST_TEST(file == printed, how);
}

std::string refusal(const std::string& text) {
  const auto x = chat::with_tables(text);
  return x ? "none" : x.error().detail;
}

} // namespace

BOOST_AUTO_TEST_CASE(tables_of_the_contract_are_those_that_are_printed) {
  const auto text = page("CONTRACT.md");
  const auto printed = chat::with_tables(text);
  if (!printed) BOOST_FAIL(to_string(printed.error()));
  same(text, *printed, "causeway contract tables messages/chat/CONTRACT.md");
}

BOOST_AUTO_TEST_CASE(asyncapi_document_is_the_one_that_is_printed) {
  same(page("asyncapi.yaml"), chat::asyncapi(), "causeway contract asyncapi > messages/chat/asyncapi.yaml");
}

BOOST_AUTO_TEST_CASE(a_page_that_lacks_a_table_or_its_end_is_refused) {
  const auto text = page("CONTRACT.md");
  BOOST_TEST(refusal("no tables") == "the page lacks the table bounds");
  BOOST_TEST(refusal(text + "<!-- printed: colours -->") == "no table is called colours");
  BOOST_TEST(refusal(text + "<!-- printed: faults -->") == "the table faults has no end");
}

BOOST_AUTO_TEST_CASE(everything_that_is_described_has_a_sentence) {
  for (const auto& x : chat::described_commands()) {
    BOOST_TEST(!x.says.empty(), x.name);
    for (const auto& each : x.faults) BOOST_TEST(std::string{each.says} != "", x.name);
  }
  for (const auto& x : chat::described_events()) BOOST_TEST(!x.says.empty(), x.name);
}

BOOST_AUTO_TEST_CASE(yaml_is_quoted_and_folded) {
  node x;
  x["a.b"] = "say \"no\"";
  x["0"] = true;
  x["list"] = node::list({node{"n"}, node{"y"}});
  x["maps"] = node::list({node{{"k", std::uint64_t{1}}, {"l", "v"}}, node{}});
  x["empty"] = node::list();
  BOOST_TEST(
    x.print() ==
    "a.b: \"say \\\"no\\\"\"\n\"0\": true\nlist: [\"n\", \"y\"]\nmaps:\n  - k: 1\n    l: \"v\"\n  - {}\nempty: []\n");
  node folded;
  folded["text"] = std::string(100, 'a') + " " + std::string(100, 'b');
  BOOST_TEST(folded.print() == "text:\n  \"" + std::string(100, 'a') + "\n  " + std::string(100, 'b') + "\"\n");
}

BOOST_AUTO_TEST_SUITE_END()
