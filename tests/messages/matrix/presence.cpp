#include "messages/matrix/presence.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway::matrix;

BOOST_AUTO_TEST_SUITE(presence_edus)

namespace {

const std::string eve = "@eve:there.example";

std::vector<presence> read(const std::string& content) {
  const auto parsed = json::parse(content);
  BOOST_REQUIRE(parsed && parsed->as_object());
  return presences_of(*parsed->as_object(), "there.example");
}

std::string entry(const std::string& user, const std::string& state, const std::string& more = {}) {
  return R"({"user_id":")" + user + R"(","presence":")" + state + '"' + more + '}';
}

std::string push(const std::vector<std::string>& entries) {
  std::string all;
  for (const auto& x : entries) all += (all.empty() ? "" : ",") + x;
  return R"({"push":[)" + all + "]}";
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
  const std::vector<presence> all{{eve, presence_state::online, 5'000, "here \"and\" there", true},
                                  {"@eli:there.example", presence_state::unavailable, {}, "", false},
                                  {"@cay:there.example", presence_state::offline, 0, "", false}};
  BOOST_TEST((read(presence_content(all)) == all));
}

BOOST_AUTO_TEST_CASE(users_of_others_and_states_that_are_none_are_passed_over) {
  const auto all = read(push({entry("@eve:else.example", "online"), entry("eve", "online"), entry(eve, "busy"), "7",
                              R"({"presence":"online"})", entry("@eli:there.example", "online")}));
  BOOST_REQUIRE(all.size() == 1u);
  BOOST_TEST(all[0].user_id == "@eli:there.example");
}

BOOST_AUTO_TEST_CASE(content_that_is_no_list_says_nothing) {
  for (const auto* content : {"{}", R"({"push":{}})", R"({"push":null})"}) BOOST_TEST(read(content).empty(), content);
}

BOOST_AUTO_TEST_CASE(odd_times_and_long_texts_are_left_out_and_the_rest_counts) {
  const auto all = read(push({entry(eve, "online",
                                    R"(,"last_active_ago":-1,"status_msg":")" +
                                      std::string(presence_status_bytes_max + 1, 'x') + R"(","currently_active":1)")}));
  BOOST_TEST((all == std::vector<presence>{{eve, presence_state::online, {}, "", false}}));
}

BOOST_AUTO_TEST_CASE(of_one_user_the_last_word_counts_and_of_many_the_first_hundred) {
  BOOST_TEST((read(push({entry(eve, "online"), entry(eve, "offline")})) ==
              std::vector<presence>{{eve, presence_state::offline, {}, "", false}}));
  std::vector<std::string> many;
  for (int i = 0; i < 150; ++i) many.push_back(entry("@u" + std::to_string(i) + ":there.example", "online"));
  BOOST_TEST(read(push(many)).size() == presences_read_max);
}

BOOST_AUTO_TEST_SUITE_END()
