#include "actors/directory/presences.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(directory_presences_alone)

namespace {

using directory::heard_presence;
using directory::own_presence;
using directory::presences;
using matrix::presence_state;
using texts = std::vector<std::string>;

const std::string our_ann = "@ann:here.example", their_eve = "@eve:there.example";
const texts shared_room_id{"!a:here.example"};

struct presences_rig {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::directory, ""}};
  presences x{node, out};
  time_ms timer = 0; ///< when it goes off; 0: it is not set

  presences_rig() {
    change(node).federation.presence = true;
    out.set_now(now);
  }
  /// What has been decided; the timer is set as it says.
  effects take() {
    auto list = out.take();
    if (const auto at = timer_at(list, presences::timer); at != 0) timer = at;
    return list;
  }
  /// Time passes until the timer goes off.
  effects wake() {
    if (timer == 0) throw std::runtime_error("the timer is not set");
    now = std::max(now, timer);
    timer = 0;
    out.set_now(now);
    x.on_timer();
    return take();
  }
  effects set(presence_state state) {
    x.set(our_ann, chat::set_presence{our_ann, state, {}, {}, false});
    return take();
  }
  effects hear(presence_state state, const std::string& origin = "there.example") {
    x.take(presence_received{origin, {{their_eve, state, {}, {}, false}}}, shared_room_id);
    return take();
  }
  effects answer(token asked, const texts& servers) {
    x.answered(room_servers_response{asked, servers});
    return take();
  }
  effects rooms_of_ann(const effects& asked) {
    BOOST_TEST(
      x.answered(store_answered{of_kind<ask_store>(asked).at(0).asked,
                                std::make_shared<const store::answer>(store::member_rooms_found{shared_room_id, 0})}));
    return take();
  }
  static token question_in(const effects& list) { return told<room_servers_request>(list).at(0).second.asked; }
  std::int64_t count(const char* of) const {
    matrix::json::object o;
    x.describe(o);
    return *o.find(of)->as_integer();
  }
  /// Wakes up until an EDU is sent. @returns that list; empty: none was
  effects wait_for_edu() {
    for (int turns = 0; turns < 10 && timer != 0; ++turns)
      if (auto list = wake(); !told<edu_queued>(list).empty()) return list;
    return {};
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(that_one_of_ours_is_there_reaches_the_servers_of_their_rooms_by_the_timer_alone,
                        presences_rig) {
  (void)set(presence_state::online);
  BOOST_TEST(count("present_users") == 1);
  BOOST_TEST(timer == now + own_presence::gather_ms);
  const auto asked = rooms_of_ann(wake());
  BOOST_TEST(answer(question_in(asked), {"there.example"}).size() <= 1u); // the timer
  const auto sent = wait_for_edu();
  const auto words = told<edu_queued>(sent);
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST((words[0].first == address{actor_kind::remote_server, "there.example"}));
  x.completed({words[0].second.asked, "there.example", true});
  (void)take();
  BOOST_TEST(timer > now); // it is told again by and by
  BOOST_TEST(count("present_remote_users") == 0);
}

BOOST_FIXTURE_TEST_CASE(that_one_of_theirs_is_there_is_shown_when_a_room_says_that_they_are_in_it, presences_rig) {
  const auto asked = hear(presence_state::online);
  BOOST_TEST(told<ephemeral_notification>(asked).empty());
  BOOST_REQUIRE(timer != 0); // a room that says nothing is not waited for
  const auto shown = answer(question_in(asked), {"there.example"});
  BOOST_TEST(told<ephemeral_notification>(shown).size() == 1u);
  BOOST_TEST(count("present_remote_users") == 1);
  BOOST_TEST(count("present_users") == 0);
}

BOOST_FIXTURE_TEST_CASE(an_answer_about_one_of_theirs_says_nothing_of_ours, presences_rig) {
  const auto of_eve = question_in(hear(presence_state::online));
  (void)set(presence_state::online);
  const auto of_ann = question_in(rooms_of_ann(wake()));
  BOOST_TEST(of_eve != of_ann);
  BOOST_TEST(told<ephemeral_notification>(answer(of_ann, {"there.example"})).empty());
  BOOST_TEST(told<ephemeral_notification>(answer(of_eve, {})).empty()); // she is in none of our rooms
  BOOST_TEST(count("present_remote_users") == 0);
  BOOST_TEST(told<edu_queued>(wait_for_edu()).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(what_nobody_here_has_asked_is_left_to_others, presences_rig) {
  BOOST_TEST(
    !x.answered(store_answered{4'711, std::make_shared<const store::answer>(store::member_rooms_found{{}, 0})}));
  BOOST_TEST(answer(4'711, {"there.example"}).empty());
}

BOOST_FIXTURE_TEST_CASE(a_timer_that_is_set_for_an_earlier_moment_is_not_set_again, presences_rig) {
  (void)set(presence_state::online);
  const auto first = timer;
  now += 100;
  out.set_now(now);
  x.set("@bob:here.example", chat::set_presence{"@bob:here.example", presence_state::online, {}, {}, false});
  BOOST_TEST(of_kind<wake_me_at>(take()).empty());
  BOOST_TEST(timer == first);
  (void)wake(); // and the later one is not forgotten
  BOOST_TEST(timer > now);
  BOOST_TEST(timer <= first + 100 + own_presence::together_ms);
}

BOOST_FIXTURE_TEST_CASE(when_our_chat_server_is_gone_its_users_are_after_a_while_and_when_it_is_back_it_hears_of_theirs,
                        presences_rig) {
  (void)answer(question_in(hear(presence_state::online)), {"there.example"});
  (void)set(presence_state::online);
  x.take(chat_server_seen{false});
  BOOST_TEST(told<ephemeral_notification>(take()).empty());
  const auto gone = now + own_presence::chat_server_gone_ms;
  while (timer != 0 && timer < gone) {
    for (const auto& q : of_kind<ask_store>(wake())) {
      BOOST_TEST(
        x.answered(store_answered{q.asked, std::make_shared<const store::answer>(store::member_rooms_found{{}, 0})}));
      (void)take();
    }
  }
  BOOST_TEST(timer == gone);
  (void)wake();
  x.take(chat_server_seen{true});
  BOOST_TEST(told<ephemeral_notification>(take()).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(where_it_is_off_nothing_is_told_shown_or_kept, presences_rig) {
  change(node).federation.presence = false;
  BOOST_TEST(set(presence_state::online).empty());
  BOOST_TEST(hear(presence_state::online).empty());
  BOOST_TEST(timer == 0);
  BOOST_TEST(count("present_users") == 0);
  BOOST_TEST(count("present_remote_users") == 0);
}

BOOST_FIXTURE_TEST_CASE(whoever_is_forgotten_or_was_never_there_keeps_no_timer_from_rest, presences_rig) {
  x.forget(our_ann);
  x.joined({"!a:here.example", {our_ann}});
  BOOST_TEST(take().empty());
  (void)set(presence_state::offline); // which all take for granted
  BOOST_TEST(timer == 0);
  change(node).federation.deny_servers = {"there.example"};
  BOOST_TEST(hear(presence_state::online).empty());
}

BOOST_AUTO_TEST_SUITE_END()
