#include "tools/causeway/list_view.hpp"
#include "tools/causeway/moments.hpp"
#include "tools/causeway/suggestions.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::tools;
namespace json = causeway::matrix::json;

BOOST_AUTO_TEST_SUITE(list_view)

namespace {

constexpr std::int64_t noon = 1'700'000'000'000;
constexpr std::int64_t minute = 60'000;
const std::vector<std::string_view> columns = {"name", "state", "queued", "since_ts", "retry_at_ts", "ours"};

json::value row(std::string name, std::string state, std::int64_t queued, std::int64_t since, std::int64_t retry,
                bool ours = false) {
  return json::object{{"name", json::value{std::move(name)}}, {"state", json::value{std::move(state)}},
                      {"queued", json::value{queued}},        {"since_ts", json::value{since}},
                      {"retry_at_ts", json::value{retry}},    {"ours", json::value{ours}}};
}

json::array servers() {
  return {json::value{row("b.example", "backing_off", 12, noon - 90 * minute, noon + 2 * minute)},
          json::value{row("a.example", "healthy", 0, noon - minute, 0)},
          json::value{row("c.example", "backing_off", 3, noon - 10 * minute, noon + 40 * minute, true)},
          json::value{row("d.example", "sending", 3, 0, 0)}};
}

std::string fault_of(const selection& x) {
  const auto understood = arrangement::understand(x, columns, noon);
  return understood ? std::string{} : understood.error().detail;
}

/// The names that are left, in order.
std::string names_after(const selection& x) {
  auto rows = servers();
  const auto understood = arrangement::understand(x, columns, noon);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(understood), fault_of(x));
  understood->apply(rows);
  std::string out;
  for (const auto& each : rows) out += (*each.find_string("name"))[0];
  return out;
}

std::string filtered(std::string text) { return names_after({.filters = {std::move(text)}}); }
std::string sorted(std::string text) { return names_after({.sort = std::move(text)}); }
std::string since(std::string text) { return names_after({.since = std::move(text)}); }

} // namespace

BOOST_AUTO_TEST_CASE(without_a_wish_rows_stay_as_the_broker_sorts_them) { BOOST_TEST(names_after({}) == "bacd"); }

BOOST_AUTO_TEST_CASE(text_is_looked_for_in_every_column_of_text) {
  BOOST_TEST(filtered("backing") == "bc");
  BOOST_TEST(filtered("a.ex") == "a");
  BOOST_TEST(filtered("12") == ""); // a number is no text
}

BOOST_AUTO_TEST_CASE(a_column_is_compared_as_its_values_are) {
  BOOST_TEST(filtered("state=backing_off") == "bc");
  BOOST_TEST(filtered("state==backing_off") == "bc");
  BOOST_TEST(filtered("state=backing") == "");
  BOOST_TEST(filtered("state~backing") == "bc");
  BOOST_TEST(filtered("state!=backing_off") == "ad");
  BOOST_TEST(filtered("queued>3") == "b");
  BOOST_TEST(filtered("queued>=3") == "bcd");
  BOOST_TEST(filtered("queued<3") == "a");
  BOOST_TEST(filtered("queued<=3") == "acd");
  BOOST_TEST(filtered("queued=3") == "cd");
  BOOST_TEST(filtered("ours=yes") == "c");
  BOOST_TEST(filtered("ours=false") == "bad");
}

BOOST_AUTO_TEST_CASE(a_time_is_compared_by_how_far_away_it_is) {
  BOOST_TEST(filtered("since_ts>5min") == "bc");
  BOOST_TEST(filtered("retry-at<5min") == "b"); // as the heading has it, and not those that have none
  BOOST_TEST(filtered("since<=1min") == "a");
}

BOOST_AUTO_TEST_CASE(several_filters_hold_together) {
  BOOST_TEST(names_after({.filters = {"backing", "queued>5"}}) == "b");
}

BOOST_AUTO_TEST_CASE(text_with_a_sign_but_no_name_before_it_is_text) {
  json::array rows{json::value{row("$abc=def", "", 0, 0, 0)}, json::value{row("x", "", 0, 0, 0)}};
  const auto understood = arrangement::understand({.filters = {"$abc=d"}}, columns, noon);
  BOOST_REQUIRE(understood);
  BOOST_TEST(understood->apply(rows) == 1u);
}

BOOST_AUTO_TEST_CASE(rows_are_sorted_by_number_text_and_time_and_those_without_a_value_are_last) {
  BOOST_TEST(sorted("name") == "abcd");
  BOOST_TEST(sorted("name:desc") == "dcba");
  BOOST_TEST(sorted("queued:desc") == "bcda"); // equal ones stay in order
  BOOST_TEST(sorted("queued:asc") == "acdb");
  BOOST_TEST(sorted("since_ts") == "bcad");
  BOOST_TEST(sorted("since_ts:desc") == "acbd");
  BOOST_TEST(sorted("RETRY AT") == "bcad");
}

BOOST_AUTO_TEST_CASE(only_what_happened_later_is_left_whatever_is_to_come) {
  BOOST_TEST(since("5min") == "a");
  BOOST_TEST(since("11min") == "ac");
  BOOST_TEST(since("1d") == "bac");
  BOOST_TEST(since("2023-11-14T22:00Z") == "ac"); // noon is 22:13:20
  BOOST_TEST(since("22:05Z") == "a");
}

BOOST_AUTO_TEST_CASE(the_first_rows_are_taken_after_sorting_and_the_others_are_counted) {
  BOOST_TEST(names_after({.sort = "queued:desc", .top = 2}) == "bc");
  auto rows = servers();
  const auto understood = arrangement::understand({.filters = {"queued>0"}, .top = 1}, columns, noon);
  BOOST_REQUIRE(understood);
  BOOST_TEST(understood->apply(rows) == 3u);
  BOOST_TEST(rows.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_not_understood_is_told_with_what_may_be_meant) {
  BOOST_TEST(fault_of({.sort = "quued"}) == "there is no column `quued`; did you mean `queued`?");
  BOOST_TEST(fault_of({.filters = {"stat=x"}}) == "there is no column `stat`; did you mean `state`?");
  BOOST_TEST(fault_of({.sort = "zzz"}) ==
             "there is no column `zzz`; the columns are name, state, queued, since_ts, retry_at_ts, ours");
  BOOST_TEST(fault_of({.sort = "name:down"}).find("asc or desc") != std::string::npos);
  BOOST_TEST(fault_of({.filters = {"queued>many"}}).find("is a number") != std::string::npos);
  BOOST_TEST(fault_of({.filters = {"since_ts>5"}}).find("duration") != std::string::npos);
  BOOST_TEST(fault_of({.since = "lately"}).find("15min") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(columns_are_named_in_any_order) {
  const auto found = find_columns("queued,NAME,since", columns);
  BOOST_REQUIRE(found);
  BOOST_TEST(*found == (std::vector<std::string_view>{"queued", "name", "since_ts"}), boost::test_tools::per_element());
  BOOST_TEST(!find_columns("queued,,name", columns));
}

BOOST_AUTO_TEST_CASE(durations_have_a_unit_and_a_bound) {
  BOOST_TEST(*parse_duration("90s") == 90'000);
  BOOST_TEST(*parse_duration("1.5h") == 90 * minute);
  BOOST_TEST(*parse_duration("15 min") == 15 * minute);
  BOOST_TEST(*parse_duration("250ms") == 250);
  BOOST_TEST(*parse_duration("2d") == 2 * 24 * 60 * minute);
  for (const char* wrong : {"", "5", "s", "-5s", "5 weeks", "1e300d", "nans", "5s5"})
    BOOST_TEST(!parse_duration(wrong), wrong);
}

BOOST_AUTO_TEST_CASE(times_are_read_as_people_write_them) {
  BOOST_TEST(*parse_moment("2023-11-14T22:13:20Z", noon) == noon);
  BOOST_TEST(*parse_moment("2023-11-14 22:13Z", noon) == noon - 20'000);
  BOOST_TEST(*parse_moment("22:13:20Z", noon) == noon);
  BOOST_TEST(*parse_moment("1h", noon) == noon - 60 * minute);
  for (const char* wrong : {"", "noon", "25:00", "2023-13-01", "22:13:20 tomorrow"})
    BOOST_TEST(!parse_moment(wrong, noon), wrong);
}

BOOST_AUTO_TEST_CASE(words_are_close_by_their_letters_or_their_beginning) {
  BOOST_TEST(edit_distance("sever", "server") == 1u);
  BOOST_TEST(edit_distance("", "abc") == 3u);
  BOOST_TEST(edit_distance("roosm", "rooms") == 1u); // swapped
  const std::vector<std::string_view> known = {"rooms", "room", "servers", "server", "invites", "keys"};
  BOOST_TEST(did_you_mean("sever", known) == "; did you mean `server`, `servers`?");
  BOOST_TEST(did_you_mean("inv", known) == "; did you mean `invites`?");
  BOOST_TEST(did_you_mean("coffee", known) == "");
  BOOST_TEST(did_you_mean(std::string(10'000, 's'), known) == "");
}

BOOST_AUTO_TEST_SUITE_END()
