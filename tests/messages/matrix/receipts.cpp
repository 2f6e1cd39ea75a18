#include "messages/matrix/receipts.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::matrix;

BOOST_AUTO_TEST_SUITE(receipts)

namespace {

std::vector<receipt> read_of(const std::string& content, std::string_view origin = "there.example") {
  const auto parsed = json::parse(content);
  BOOST_REQUIRE(parsed);
  return receipts_of(*parsed->as_object(), origin);
}

std::string of_eve(const std::string& entry) {
  return R"({"!r:here.example":{"m.read":{"@eve:there.example":)" + entry + "}}}";
}

} // namespace

BOOST_AUTO_TEST_CASE(receipts_of_several_rooms_and_threads_are_read) {
  const auto found = read_of(R"({
    "!a:here.example":{"m.read":{"@eli:there.example":{"data":{"ts":1,"thread_id":"main"},"event_ids":["$1"]},
                                 "@eve:there.example":{"data":{"ts":2,"thread_id":"$root"},"event_ids":["$2"]}}},
    "!b:here.example":{"m.read":{"@eve:there.example":{"data":{"ts":3},"event_ids":["$3"]}}}})");
  const std::vector<receipt> expected{{"!a:here.example", "@eli:there.example", "$1", "main", 1},
                                      {"!a:here.example", "@eve:there.example", "$2", "$root", 2},
                                      {"!b:here.example", "@eve:there.example", "$3", "", 3}};
  BOOST_TEST((found == expected));
}

BOOST_AUTO_TEST_CASE(what_is_no_receipt_of_that_server_is_passed_over) {
  BOOST_TEST(read_of(of_eve(R"({"data":{"ts":1},"event_ids":["$1"]})")).size() == 1u);
  BOOST_TEST(read_of(of_eve(R"({"data":{"ts":1},"event_ids":["$1"]})"), "elsewhere.example").empty());
  for (const auto* entry : {"[]", "{}", R"({"event_ids":["$1"]})", R"({"data":{},"event_ids":["$1"]})",
                            R"({"data":{"ts":"1"},"event_ids":["$1"]})", R"({"data":{"ts":1.5},"event_ids":["$1"]})",
                            R"({"data":{"ts":1},"event_ids":[]})", R"({"data":{"ts":1},"event_ids":"$1"})",
                            R"({"data":{"ts":1},"event_ids":[1]})", R"({"data":{"ts":1},"event_ids":["1"]})",
                            R"({"data":{"ts":1,"thread_id":7},"event_ids":["$1"]})",
                            R"({"data":{"ts":1,"thread_id":"side"},"event_ids":["$1"]})"})
    BOOST_TEST(read_of(of_eve(entry)).empty(), entry);
  const auto long_id = "$" + std::string(255, 'x');
  BOOST_TEST(read_of(of_eve(R"({"data":{"ts":1},"event_ids":[")" + long_id + R"("]})")).empty());
  BOOST_TEST(read_of(of_eve(R"({"data":{"ts":1,"thread_id":")" + long_id + R"("},"event_ids":["$1"]})")).empty());
  const std::string fine = R"({"@eve:there.example":{"data":{"ts":1},"event_ids":["$1"]}})";
  BOOST_TEST(read_of(R"({"!r:here.example":{"m.read.private":)" + fine + "}}").empty());
  BOOST_TEST(read_of(R"({"r":{"m.read":)" + fine + "}}").empty());
  BOOST_TEST(read_of(R"({"!r:here.example":[]})").empty());
  BOOST_TEST(
    read_of(R"({"!r:here.example":{"m.read":{"eve:there.example":{"data":{"ts":1},"event_ids":["$1"]}}}})").empty());
}

BOOST_AUTO_TEST_CASE(of_an_edu_with_too_many_receipts_the_first_are_read) {
  std::string users;
  for (std::size_t i = 0; i < receipts_per_edu_max + 10; ++i)
    users +=
      (i == 0 ? "\"@u" : ",\"@u") + std::to_string(i) + R"(:there.example":{"data":{"ts":1},"event_ids":["$1"]})";
  BOOST_TEST(read_of(R"({"!r:here.example":{"m.read":{)" + users + "}}}").size() == receipts_per_edu_max);
}

BOOST_AUTO_TEST_CASE(what_is_written_is_canonical_and_read_again) {
  const std::vector<receipt> all{{"!a:here.example", "@ann:here.example", "$1", "", 5},
                                 {"!a:here.example", "@bob:here.example", "$2", "main", 6},
                                 {"!b:here.example", "@ann:here.example", "$3", "$root", 7},
                                 {"!b:here.example", "@odd\"name:here.example", "$3", "", 8}};
  receipt_content content;
  BOOST_TEST(content.empty());
  for (auto at = all.rbegin(); at != all.rend(); ++at) BOOST_TEST(content.add(*at));
  const auto text = content.text();
  const auto parsed = json::parse(text);
  BOOST_REQUIRE(parsed);
  BOOST_TEST(json::canonical(*parsed) == text);
  BOOST_TEST((receipts_of(*parsed->as_object(), "here.example") == all));
}

BOOST_AUTO_TEST_CASE(a_user_has_one_receipt_of_a_room_in_an_edu) {
  receipt_content content;
  BOOST_TEST(content.add({"!a:here.example", "@ann:here.example", "$1", "", 5}));
  BOOST_TEST(!content.add({"!a:here.example", "@ann:here.example", "$2", "$root", 6}));
  BOOST_TEST(content.add({"!b:here.example", "@ann:here.example", "$2", "", 6}));
}

BOOST_AUTO_TEST_CASE(an_edu_is_not_longer_than_others_take) {
  receipt_content content;
  std::size_t count = 0;
  while (content.add({"!" + std::to_string(count % 7) + std::string(100, 'r') + ":here.example",
                      "@user\"" + std::to_string(count) + ":here.example", "$" + std::string(43, 'e'), "main",
                      1'767'268'800'000}))
    ++count;
  const std::string edu = R"({"content":)" + content.text() + R"(,"edu_type":"m.receipt"})";
  BOOST_TEST(edu.size() <= receipt_edu_bytes_max);
  BOOST_TEST(edu.size() > receipt_edu_bytes_max - 1'000);
  BOOST_TEST(count > 100u);
}

BOOST_AUTO_TEST_SUITE_END()
