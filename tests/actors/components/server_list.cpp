#include "actors/directory/server_list.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(directory_server_list_alone)

namespace {

using directory::server_list;

std::string room(int number) { return "!r" + std::to_string(number) + ":here.example"; }

struct list_rig {
  decision out{{actor_kind::directory, ""}};
  server_list servers{out};
  std::size_t commands = 0;

  list_rig() { out.set_now(noon); }
  void listed(int number, const std::vector<std::string>& names) {
    array list;
    for (const auto& name : names) list.emplace_back(name);
    const matrix::json::value listing{object{{"servers", std::move(list)}}};
    servers.listed(room(number), &listing);
  }
  effects ask(std::optional<std::string> after = {}) {
    chat::query_servers x;
    x.after = std::move(after);
    servers.run({{"s", "c" + std::to_string(++commands), 0}, {}}, x);
    return out.take();
  }
  effects hear(const effects& asked, store::answer found) {
    const auto questions = of_kind<ask_store>(asked);
    if (questions.size() != 1) throw std::runtime_error(std::to_string(questions.size()) + " questions");
    BOOST_TEST(servers.answered({questions[0].asked, std::make_shared<const store::answer>(std::move(found))}));
    return out.take();
  }
  chat::servers_answer page(std::vector<store::destination_summary> owed = {}, std::optional<std::string> after = {}) {
    const auto done = told<command_done>(hear(ask(std::move(after)), store::destinations_listed{std::move(owed)}));
    if (done.size() != 1 || !done[0].second.succeeded) throw std::runtime_error("not one answer");
    return *edge::unpack<chat::servers_answer>(done[0].second.body, fault_code::bad_body);
  }
};

store::destination_summary owed_to(const std::string& server, std::uint32_t failures = 0) {
  store::destination_summary x;
  x.destination.server_name = server;
  x.destination.failures = failures;
  return x;
}
/// Their names and rooms.
std::string shown(const chat::servers_answer& x) {
  std::string all;
  for (const auto& s : x.servers) all += (all.empty() ? "" : " ") + s.server + "=" + std::to_string(s.rooms);
  return all;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(rooms_are_counted_by_what_each_has_said_last, list_rig) {
  listed(1, {"a.example", "b.example"});
  listed(2, {"b.example"});
  BOOST_TEST(shown(page()) == "a.example=1 b.example=2");
  listed(1, {"b.example", "c.example"});
  BOOST_TEST(shown(page()) == "b.example=2 c.example=1");
  listed(2, {});
  BOOST_TEST(shown(page()) == "b.example=1 c.example=1");
  servers.listed(room(1), nullptr);
  servers.listed(room(9), nullptr);
  BOOST_TEST(shown(page()) == "");
}

BOOST_FIXTURE_TEST_CASE(what_is_no_list_of_servers_counts_nothing, list_rig) {
  listed(1, {"a.example"});
  for (const auto* odd : {R"({})", R"({"servers":7})", R"({"servers":[7,null]})", R"([])"}) {
    listed(1, {"a.example"});
    const auto listing = *matrix::json::parse(odd);
    servers.listed(room(1), &listing);
    BOOST_TEST(shown(page()) == "", odd);
    BOOST_TEST(servers.rooms_shared_with("a.example", 5).empty());
  }
}

BOOST_FIXTURE_TEST_CASE(some_of_the_rooms_shared_with_a_server_are_named, list_rig) {
  for (int i = 0; i < 5; ++i) listed(i, {"a.example", i == 3 ? "b.example" : "c.example"});
  BOOST_TEST(servers.rooms_shared_with("a.example", 9).size() == 5u);
  BOOST_TEST(servers.rooms_shared_with("a.example", 2).size() == 2u);
  BOOST_TEST(servers.rooms_shared_with("a.example", 0).empty());
  BOOST_TEST(servers.rooms_shared_with("b.example", 9) == std::vector{room(3)}, boost::test_tools::per_element());
  BOOST_TEST(servers.rooms_shared_with("d.example", 9).empty());
}

BOOST_FIXTURE_TEST_CASE(who_is_owed_something_and_who_shares_rooms_stand_in_one_order, list_rig) {
  listed(1, {"b.example", "d.example"});
  BOOST_TEST(shown(page({owed_to("a.example"), owed_to("b.example"), owed_to("c.example"), owed_to("e.example")})) ==
             "a.example=0 b.example=1 c.example=0 d.example=1 e.example=0");
  BOOST_TEST(shown(page({owed_to("c.example")}, "b.example")) == "c.example=0 d.example=1");
  BOOST_TEST(shown(page({}, "d.example")) == "");
}

BOOST_FIXTURE_TEST_CASE(the_store_is_asked_for_those_behind_and_one_more_than_are_told, list_rig) {
  const auto asked = of_kind<ask_store>(ask("b.example")).at(0);
  const auto& q = std::get<store::list_destinations>(asked.question);
  BOOST_TEST(q.after.value() == "b.example");
  BOOST_TEST(q.limit == chat::servers_per_answer_max + 1);
  // In order of names also from the beginning; without a place the store would begin with those that fail.
  BOOST_TEST(std::get<store::list_destinations>(of_kind<ask_store>(ask()).at(0).question).after.value() == "");
}

BOOST_FIXTURE_TEST_CASE(a_full_page_says_whether_there_are_more_and_the_next_goes_on_behind_it, list_rig) {
  std::vector<std::string> names;
  std::vector<store::destination_summary> owed;
  for (std::size_t i = 0; i < chat::servers_per_answer_max; ++i) {
    names.push_back("s" + std::to_string(1'000 + i) + ".example");
    owed.push_back(owed_to(names.back()));
  }
  listed(1, names);
  BOOST_TEST(page().servers.size() == chat::servers_per_answer_max);
  BOOST_TEST(!page().more_servers);
  BOOST_TEST(!page(owed).more_servers); // the same ones
  owed.push_back(owed_to("t.example"));
  const auto first = page(owed);
  BOOST_TEST(first.servers.size() == chat::servers_per_answer_max);
  BOOST_TEST(first.more_servers);
  BOOST_TEST(shown(page({owed_to("t.example")}, first.servers.back().server)) == "t.example=0");
  owed.pop_back();
  names.push_back("t.example");
  listed(1, names);
  BOOST_TEST(page(owed).more_servers);
}

BOOST_FIXTURE_TEST_CASE(how_the_last_attempts_went_is_told, list_rig) {
  auto failing = owed_to("a.example", 3);
  failing.destination.first_failure_ts = 1;
  failing.destination.retry_at_ts = 2;
  failing.destination.last_fault = std::string(5'000, 'w');
  failing.queued = 4;
  failing.oldest_queued_ts = 5;
  failing.refused = 6;
  auto healed = owed_to("b.example");
  healed.destination.last_fault = "peer_timeout: long ago";
  const auto list = page({failing, healed});
  BOOST_REQUIRE(list.servers.size() == 2u);
  const auto& x = list.servers[0];
  BOOST_TEST(!x.reachable);
  BOOST_TEST(x.failures == 3u);
  BOOST_TEST(x.failing_since_ts.value() == 1);
  BOOST_TEST(x.retry_at_ts.value() == 2);
  BOOST_TEST(x.last_fault.value().size() <= 1'010u);
  BOOST_TEST(x.queued == 4u);
  BOOST_TEST(x.oldest_queued_ts.value() == 5);
  BOOST_TEST(x.refused == 6u);
  const auto& y = list.servers[1];
  BOOST_TEST(y.reachable);
  BOOST_TEST(!y.last_fault.has_value());
  for (const auto* ts : {&y.failing_since_ts, &y.retry_at_ts, &y.oldest_queued_ts}) BOOST_TEST(!ts->has_value());
}

BOOST_FIXTURE_TEST_CASE(a_store_that_fails_is_told_and_answers_are_taken_once, list_rig) {
  const auto asked = ask();
  const auto failed = told<command_done>(hear(asked, fault{fault_code::store_failed, "broken"}));
  BOOST_REQUIRE(failed.size() == 1u);
  BOOST_TEST((chat::decode_fault(failed[0].second.body).code == fault_code::store_failed));
  BOOST_TEST(!servers.answered(
    {of_kind<ask_store>(asked).at(0).asked, std::make_shared<const store::answer>(store::destinations_listed{})}));
}

BOOST_FIXTURE_TEST_CASE(questions_at_once_are_bounded, list_rig) {
  const auto first = ask();
  for (std::size_t i = 1; i < server_list::questions_max; ++i) BOOST_TEST(told<command_done>(ask()).empty());
  const auto refused = told<command_done>(ask());
  BOOST_REQUIRE(refused.size() == 1u);
  BOOST_TEST((chat::decode_fault(refused[0].second.body).code == fault_code::overloaded));
  (void)hear(first, store::destinations_listed{});
  BOOST_TEST(of_kind<ask_store>(ask()).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
