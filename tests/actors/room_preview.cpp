#include "actors/invitation/room_preview.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using invitation::preview_text;
using invitation::room_preview;

BOOST_AUTO_TEST_SUITE(room_preview_suite)

namespace {

const std::string eve = "@eve:there.example";

std::string event(const std::string& type, const std::string& content, const std::string& state_key = {}) {
  return R"({"content":)" + content + R"(,"sender":"@eve:there.example","state_key":")" + state_key + R"(","type":")" +
         type + "\"}";
}
std::string preview_of(const std::string& json) {
  const auto told = *matrix::json::parse(json);
  return room_preview(&told, eve);
}

} // namespace

BOOST_AUTO_TEST_CASE(what_tells_people_where_they_are_invited_is_kept_and_nothing_else) {
  const auto name = event("m.room.name", R"({"name":"Tea"})"),
             member = event("m.room.member", R"({"displayname":"Eve","membership":"join"})", eve);
  const auto others = event("m.room.member", R"({"membership":"join"})", "@x:there.example"),
             odd = event("org.example.payload", R"({"a":1})");
  const auto kept = preview_of("[" + odd + "," + others + "," + member + "," + name + "," +
                               event("m.room.name", R"({"name":"Coffee"})") + "]");
  BOOST_TEST(kept == "[" + name + "," + member + "]");
  BOOST_TEST(preview_text(kept, "m.room.name", "", "name") == "Tea");
  BOOST_TEST(preview_text(kept, "m.room.member", eve, "displayname") == "Eve");
  BOOST_TEST(preview_text(kept, "m.room.topic", "", "topic") == "");
}

BOOST_AUTO_TEST_CASE(sixteen_kilobytes_are_kept_the_important_first) {
  const auto long_text = [](std::size_t n) { return std::string(n, 'x'); };
  const auto name = event("m.room.name", R"({"name":")" + long_text(9'000) + "\"}"),
             topic = event("m.room.topic", R"({"topic":")" + long_text(9'000) + "\"}");
  const auto create = event("m.room.create", R"({"room_version":"11"})"),
             rules = event("m.room.join_rules", R"({"join_rule":"invite"})");
  const auto kept = preview_of("[" + topic + "," + rules + "," + name + "," + create + "]");
  BOOST_TEST(kept == "[" + create + "," + name + "," + rules + "]");
  BOOST_TEST(preview_of("[" + event("m.room.name", R"({"name":")" + long_text(100'000) + "\"}") + "," + rules + "]") ==
             "[" + rules + "]");
  BOOST_TEST(preview_text(kept, "m.room.name", "", "name").size() == 1'000u);
}

BOOST_AUTO_TEST_CASE(of_a_megabyte_nothing_is_kept) {
  std::string told = "[" + event("m.room.name", R"({"name":"Tea"})");
  for (int i = 0; i < 1'000; ++i)
    told += "," + event("org.example.payload", R"({"a":")" + std::string(1'000, 'x') + R"("})");
  BOOST_TEST(preview_of(told + "]") == "[]");
}

BOOST_AUTO_TEST_CASE(what_is_no_list_of_events_is_an_empty_one) {
  BOOST_TEST(room_preview(nullptr, eve) == "[]");
  for (const auto* odd : {"5", "{}", "[]", "[1,null,\"x\",{},[]]", R"([{"type":"m.room.name","state_key":""}])",
                          R"([{"type":5,"state_key":"","content":{}}])"})
    BOOST_TEST(preview_of(odd) == "[]", odd);
  BOOST_TEST(preview_text("", "m.room.name", "", "name") == "");
  BOOST_TEST(preview_text(preview_of("[" + event("m.room.name", R"({"name":5})") + "]"), "m.room.name", "", "name") ==
             "");
}

BOOST_AUTO_TEST_SUITE_END()
