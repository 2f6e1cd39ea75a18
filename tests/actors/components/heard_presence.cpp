#include "actors/directory/heard_presence.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using directory::heard_presence;
using matrix::presence_state;

BOOST_AUTO_TEST_SUITE(directory_heard_presence_alone)

namespace {

using texts = std::vector<std::string>;

std::string user(std::size_t number) { return "@u" + std::to_string(number) + ":there.example"; }
const std::string eve = "@eve:there.example";
const texts one_room{"!a:here.example"};

texts rooms(std::size_t count) {
  texts list;
  for (std::size_t i = 0; i < count; ++i) list.push_back("!r" + std::to_string(i) + ":here.example");
  return list;
}

struct heard_rig {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::directory, ""}};
  heard_presence heard{node, out};

  heard_rig() {
    change(node).federation.presence = true;
    out.set_now(now);
  }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  effects hear(const std::string& who, presence_state state, const texts& shared = one_room) {
    heard.take(presence_received{"there.example", {{who, state, {}, {}, false}}}, shared);
    return out.take();
  }
  effects answer(token asked, bool is_in) {
    BOOST_TEST(heard.answered(room_servers_response{asked, is_in ? texts{"there.example"} : texts{}}));
    return out.take();
  }
  /// The first of the rooms that are asked in `list` answers.
  effects answer_first(const effects& list, bool is_in) {
    return answer(told<room_servers_request>(list).at(0).second.asked, is_in);
  }
  void have_online(const std::string& who) { (void)answer_first(hear(who, presence_state::online), true); }
  effects go_on() {
    heard.on_deadline();
    return out.take();
  }
};

std::size_t questions_in(const effects& list) { return told<room_servers_request>(list).size(); }

/// "user state" of what the chat server is told.
texts notified(const effects& list) {
  texts found;
  for (const auto& [to, n] : told<ephemeral_notification>(list)) {
    BOOST_TEST((to.kind == actor_kind::session));
    const auto x = *edge::unpack<chat::presence_changed>(n.body, fault_code::bad_body);
    found.push_back(x.user + " " + matrix::presence_states[static_cast<std::size_t>(x.state)]);
  }
  return found;
}
texts is_told(const std::string& who, const std::string& state) { return {who + " " + state}; }

} // namespace

BOOST_AUTO_TEST_CASE(who_shares_a_room_with_us_is_told_of_when_one_room_says_so) {
  heard_rig r;
  const auto asked = r.hear(eve, presence_state::online, rooms(2));
  BOOST_REQUIRE(questions_in(asked) == 2u);
  for (const auto& [to, m] : told<room_servers_request>(asked)) BOOST_TEST(m.user_id == eve);
  BOOST_TEST(notified(asked).empty());
  (void)r.hear(eve, presence_state::unavailable, rooms(2)); // the newest counts when the answer comes
  BOOST_TEST(notified(r.answer_first(asked, true)) == is_told(eve, "unavailable"), boost::test_tools::per_element());
  const auto second = told<room_servers_request>(asked).at(1).second.asked;
  BOOST_TEST(!r.heard.answered(room_servers_response{second, {"there.example"}}));
  BOOST_TEST(r.out.take().empty());
  BOOST_TEST(r.heard.size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_is_in_no_room_of_ours_is_not_told_of_and_not_asked_for_again_for_a_while) {
  heard_rig r;
  BOOST_TEST(r.answer_first(r.hear(eve, presence_state::online), false).empty());
  BOOST_TEST(r.heard.size() == 0u);
  BOOST_TEST(r.hear(eve, presence_state::online).empty());
  r.after(heard_presence::stranger_ms - 1);
  BOOST_TEST(r.hear(eve, presence_state::online).empty());
  r.after(1);
  BOOST_TEST(questions_in(r.hear(eve, presence_state::online)) == 1u);
}

BOOST_AUTO_TEST_CASE(that_a_user_nobody_has_heard_of_is_gone_is_nothing_to_ask_for) {
  heard_rig r;
  BOOST_TEST(r.hear(eve, presence_state::offline).empty());
  BOOST_TEST(r.heard.deadline() == 0);
  BOOST_TEST(r.hear(eve, presence_state::online, {}).empty()); // no room is shared with that server
}

BOOST_AUTO_TEST_CASE(some_of_many_rooms_are_asked_and_a_few_at_once) {
  heard_rig r;
  std::vector<token> open;
  const auto note_questions = [&](const effects& list) {
    for (const auto& [to, m] : told<room_servers_request>(list)) open.push_back(m.asked);
  };
  note_questions(r.hear(eve, presence_state::online, rooms(heard_presence::rooms_max + 5)));
  BOOST_TEST(open.size() == heard_presence::rooms_at_once);
  for (std::size_t i = 0; i < open.size(); ++i) {
    note_questions(r.answer(open[i], false));
    BOOST_TEST(open.size() - i - 1 <= heard_presence::rooms_at_once);
  }
  BOOST_TEST(open.size() == heard_presence::rooms_max);
  BOOST_TEST(r.heard.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(server_that_says_nothing_more_is_not_believed_for_ever) {
  heard_rig r;
  r.have_online(eve);
  r.after(60'000);
  (void)r.hear(eve, presence_state::online); // the same, and heard anew
  BOOST_TEST(r.heard.deadline() == r.now + heard_presence::believed_ms);
  r.after(heard_presence::believed_ms - 1);
  BOOST_TEST(r.go_on().empty());
  r.after(1);
  BOOST_TEST(notified(r.go_on()) == is_told(eve, "offline"), boost::test_tools::per_element());
  BOOST_TEST(r.heard.size() == 0u);
  BOOST_TEST(r.heard.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(only_news_are_told_and_membership_is_looked_for_again) {
  heard_rig r;
  r.have_online(eve);
  BOOST_TEST(r.hear(eve, presence_state::online).empty());
  BOOST_TEST(notified(r.hear(eve, presence_state::unavailable)) == is_told(eve, "unavailable"),
             boost::test_tools::per_element());
  r.after(heard_presence::member_ms);
  const auto asked = r.hear(eve, presence_state::online);
  BOOST_TEST(notified(asked).empty());
  BOOST_REQUIRE(questions_in(asked) == 1u);
  BOOST_TEST(notified(r.answer_first(asked, false)) == is_told(eve, "offline"), boost::test_tools::per_element());
  BOOST_TEST(r.heard.size() == 0u); // has left the rooms we share
}

BOOST_AUTO_TEST_CASE(rooms_that_do_not_answer_leave_a_stranger_unknown_and_a_known_one_as_they_are) {
  heard_rig r;
  (void)r.hear(eve, presence_state::online);
  BOOST_TEST(r.heard.deadline() == r.now + heard_presence::answer_ms_max);
  r.after(heard_presence::answer_ms_max);
  BOOST_TEST(r.go_on().empty());
  BOOST_TEST(r.heard.size() == 0u);
  heard_rig known;
  known.have_online(eve);
  known.after(heard_presence::member_ms);
  (void)known.hear(eve, presence_state::unavailable);
  known.after(heard_presence::answer_ms_max);
  BOOST_TEST(notified(known.go_on()) == is_told(eve, "unavailable"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(questions_of_one_server_are_bounded) {
  heard_rig r;
  constexpr auto most = heard_presence::questions_of_server_max;
  effects first;
  for (std::size_t i = 0; i < most; ++i) {
    auto list = r.hear(user(i), presence_state::online);
    BOOST_TEST(questions_in(list) == 1u);
    if (i == 0) first = std::move(list);
  }
  BOOST_TEST(r.hear(eve, presence_state::online).empty());
  (void)r.answer_first(first, true);
  BOOST_TEST(questions_in(r.hear(eve, presence_state::online)) == 1u);
}

BOOST_AUTO_TEST_CASE(of_one_server_the_user_heard_of_longest_ago_goes_and_is_told_as_gone) {
  heard_rig r;
  constexpr auto most = heard_presence::users_of_server_max;
  for (std::size_t i = 0; i < most; ++i, r.after(1)) r.have_online(user(i));
  (void)r.hear(user(0), presence_state::online); // heard anew: the next one is the oldest
  r.after(1);
  const auto list = r.answer_first(r.hear(eve, presence_state::online), true);
  BOOST_TEST(notified(list) == (texts{user(1) + " offline", eve + " online"}), boost::test_tools::per_element());
  BOOST_TEST(r.heard.size() == most);

  r.heard.chat_server_connected();
  const auto again = notified(r.out.take());
  BOOST_REQUIRE(again.size() == heard_presence::told_again_max);
  BOOST_TEST(again[0] == eve + " online"); // those heard of last
  BOOST_TEST(again[1] == user(0) + " online");
  BOOST_TEST(again[2] == user(most - 1) + " online");
}

BOOST_AUTO_TEST_CASE(nothing_is_kept_when_presence_is_switched_off) {
  heard_rig r;
  r.have_online(eve);
  change(r.node).federation.presence = false;
  BOOST_TEST(r.hear(user(1), presence_state::online).empty());
  BOOST_TEST(r.heard.size() == 0u);
  BOOST_TEST(r.heard.deadline() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
