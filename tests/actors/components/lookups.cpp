#include "actors/directory/lookups.hpp"

#include "messages/chat/codec.hpp"
#include "messages/dead_letter_id.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(directory_lookups_alone)

namespace {

using directory::lookups;

/// ann is ours.
struct lookups_rig {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::directory, ""}};
  directory::user_names names{node};
  directory::public_directory own;
  directory::remote_directories::chat_ids chat_ids;
  lookups look{node, out, names, own, chat_ids};
  std::size_t commands = 0;

  lookups_rig() {
    out.set_now(now);
    names.load({{"@ann:here.example", "ann", "Ann", {}}});
  }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  template <class Command>
  effects ask(Command x) {
    look.run({{"s", "c" + std::to_string(++commands), 0}, std::make_shared<const chat::command>(x)}, x);
    return out.take();
  }
  effects ask_rooms(const std::string& server = "there.example") {
    chat::query_public_rooms x;
    x.server = server;
    return ask(x);
  }
  effects ask_users() { return ask(chat::query_verify_users{{"@eve:there.example"}}); }
  effects ask_profile(const std::string& user = "@eve:there.example") { return ask(chat::query_profile{user, {}}); }
  static token asked_in(const effects& list) {
    const auto asked = told<peer_request>(list);
    if (asked.size() != 1) throw std::runtime_error(std::to_string(asked.size()) + " requests");
    return asked[0].second.asked;
  }
  bool hear(token asked, std::string body = "{}") {
    return look.answered(peer_answer{asked, "there.example", 200, std::move(body), {}, {}});
  }
  bool hear_stored(const effects& asked, store::answer found) {
    return look.answered(
      store_answered{of_kind<ask_store>(asked).at(0).asked, std::make_shared<const store::answer>(std::move(found))});
  }
  /// The timer goes off. @returns what comes of it
  effects wake() {
    look.on_timer();
    return out.take();
  }
};

time_ms timer_in(const effects& list) { return timer_at(list, lookups::timer); }
using texts = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_CASE(each_question_goes_to_the_server_that_knows_and_its_answer_to_who_has_asked, lookups_rig) {
  const auto rooms = asked_in(ask_rooms()), users = asked_in(ask_users()), profile = asked_in(ask_profile());
  BOOST_TEST(hear(profile, R"({"displayname":"Eve"})"));
  BOOST_TEST(ended_commands(out.take()) == texts{"c3"}, boost::test_tools::per_element());
  BOOST_TEST(hear(users, R"({"displayname":"Eve"})"));
  BOOST_TEST(ended_commands(out.take()) == texts{"c2"}, boost::test_tools::per_element());
  BOOST_TEST(hear(rooms, R"({"chunk":[]})"));
  BOOST_TEST(ended_commands(out.take()) == texts{"c1"}, boost::test_tools::per_element());
  // Each is answered once.
  for (const auto asked : {rooms, users, profile}) BOOST_TEST(!hear(asked));
  BOOST_TEST(out.take().empty());
}

BOOST_FIXTURE_TEST_CASE(what_was_not_asked_here_is_left_to_others, lookups_rig) {
  BOOST_TEST(!hear(4'711));
  BOOST_TEST(
    !look.answered(store_answered{4'711, std::make_shared<const store::answer>(store::destinations_listed{})}));
  BOOST_TEST(out.take().empty());
}

BOOST_FIXTURE_TEST_CASE(whoever_is_silent_is_waited_for_and_each_question_ends_at_its_own_time, lookups_rig) {
  const auto first = timer_in(ask_rooms());
  BOOST_REQUIRE(first > now);
  after(1'000);
  (void)ask_users();
  (void)ask_profile();
  after(1'000);
  (void)ask_rooms("third.example");
  texts all;
  for (int turns = 0; all.size() < 4 && turns < 10; ++turns) {
    const auto list = wake();
    for (const auto& id : ended_commands(list)) all.push_back(id);
    if (all.size() == 4) break;
    const auto next = timer_in(list);
    BOOST_REQUIRE(next > now); // otherwise nobody would wake it again
    after(next - now);
  }
  std::ranges::sort(all);
  // Who cannot be verified is told as such: that is an answer.
  BOOST_TEST(all == (texts{"c1!", "c2", "c3!", "c4!"}), boost::test_tools::per_element());
  BOOST_TEST(timer_in(wake()) == 0); // nothing is left to wake up for
}

BOOST_FIXTURE_TEST_CASE(the_timer_is_set_for_the_earliest_of_all_questions, lookups_rig) {
  const auto rooms = timer_in(ask_rooms());
  const auto profile = timer_in(ask_profile()), users = timer_in(ask_users());
  BOOST_TEST(profile <= rooms);
  BOOST_TEST(users <= std::min(rooms, profile));
}

BOOST_FIXTURE_TEST_CASE(what_is_known_here_is_answered_at_once_and_needs_no_timer, lookups_rig) {
  const auto of_ann = ask_profile("@ann:here.example");
  BOOST_TEST(ended_commands(of_ann) == texts{"c1"}, boost::test_tools::per_element());
  BOOST_TEST(timer_in(of_ann) == 0);
  const auto of_nobody = ask_profile("@nobody:here.example");
  BOOST_TEST(ended_commands(of_nobody) == texts{"c2!"}, boost::test_tools::per_element());
  const auto odd = ask_rooms("no server name");
  BOOST_TEST(ended_commands(odd) == texts{"c3!"}, boost::test_tools::per_element());
  BOOST_TEST(timer_in(odd) == 0);
  BOOST_TEST(ended_commands(ask(chat::query_public_rooms{})) == texts{"c4"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(servers_are_those_of_the_listed_rooms_and_those_that_something_is_owed_to, lookups_rig) {
  matrix::json::array servers;
  servers.emplace_back("there.example");
  const matrix::json::value listing{matrix::json::object{{"servers", std::move(servers)}}};
  look.listed("!r:here.example", &listing);
  BOOST_TEST(look.rooms_shared_with("there.example", 5) == texts{"!r:here.example"}, boost::test_tools::per_element());
  BOOST_TEST(look.rooms_shared_with("third.example", 5).empty());
  const auto asked = ask(chat::query_servers{});
  BOOST_TEST(timer_in(asked) == 0); // the store has a time-out of its own
  BOOST_TEST(hear_stored(asked, store::destinations_listed{}));
  const auto done = told<command_done>(out.take());
  BOOST_REQUIRE(done.size() == 1u);
  const auto page = edge::unpack<chat::servers_answer>(done[0].second.body, fault_code::bad_body);
  BOOST_REQUIRE(!!page);
  BOOST_REQUIRE(page->servers.size() == 1u);
  BOOST_TEST(page->servers[0].server == "there.example");
  look.listed("!r:here.example", nullptr);
  BOOST_TEST(look.rooms_shared_with("there.example", 5).empty());
}

BOOST_FIXTURE_TEST_CASE(what_the_chat_server_has_refused_is_listed_tried_again_and_dropped, lookups_rig) {
  const auto listed = ask(chat::query_dead_letters{});
  BOOST_TEST(hear_stored(listed, store::dead_letters_listed{}));
  BOOST_TEST(ended_commands(out.take()) == texts{"c1"}, boost::test_tools::per_element());
  BOOST_TEST(ended_commands(ask(chat::dead_letter_retry{"no id"})) == texts{"c2!"}, boost::test_tools::per_element());
  BOOST_TEST(ended_commands(ask(chat::dead_letter_drop{"no id"})) == texts{"c3!"}, boost::test_tools::per_element());
  const auto failed = ask(chat::query_dead_letters{});
  BOOST_TEST(hear_stored(failed, fault{fault_code::store_failed, "disk"}));
  BOOST_TEST(ended_commands(out.take()) == texts{"c4!"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
