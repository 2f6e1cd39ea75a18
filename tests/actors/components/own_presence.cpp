#include "actors/directory/own_presence.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using directory::own_presence;
using matrix::presence_state;

BOOST_AUTO_TEST_SUITE(directory_own_presence_alone)

namespace {

using texts = std::vector<std::string>;

const std::string ann = "@ann:here.example", bob = "@bob:here.example";
const texts one_server{"there.example"};

struct own_rig {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::directory, ""}};
  own_presence own{node, out};

  own_rig() {
    change(node).federation.presence = true;
    out.set_now(now);
  }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  effects set(const std::string& user, presence_state state, const std::string& status = {}) {
    own.set(user, chat::set_presence{user, state, {}, status, false});
    return out.take();
  }
  effects go_on() {
    own.on_deadline();
    return out.take();
  }
  /// Time passes until there is something to do.
  effects wait() {
    if (own.deadline() == 0) throw std::runtime_error("nothing is to be done");
    after(own.deadline() - now);
    return go_on();
  }
  /// The store says in which rooms the one user is whose servers are looked for.
  effects rooms(const effects& asked, const texts& found, std::int64_t next = 0) {
    const auto questions = of_kind<ask_store>(asked);
    if (questions.size() != 1) throw std::runtime_error(std::to_string(questions.size()) + " questions to the store");
    BOOST_TEST(own.answered(store_answered{
      questions[0].asked, std::make_shared<const store::answer>(store::member_rooms_found{found, next})}));
    return out.take();
  }
  effects servers(token asked, const texts& found) {
    BOOST_TEST(own.answered(room_servers_response{asked, found}));
    return out.take();
  }
  /// The user is there, which is looked up and owed to that server; the EDU is not sent yet.
  void have_owed(const std::string& user, presence_state state) {
    (void)set(user, state);
    const auto asked = rooms(wait(), {"!a:here.example"});
    (void)servers(told<room_servers_request>(asked).at(0).second.asked, one_server);
  }
  effects settle(const effects& sent, bool delivered) {
    own.completed({told<edu_queued>(sent).at(0).second.asked, "there.example", delivered});
    return out.take();
  }
};

/// "server user state" of each entry in the EDUs, in order.
texts told_of(const effects& list) {
  texts found;
  for (const auto& [to, x] : told<edu_queued>(list)) {
    BOOST_TEST(x.edu_type == "m.presence");
    const auto content = *matrix::json::parse(x.content);
    for (const auto& one : *content.find_array("push"))
      found.push_back(to.key + " " + one.find_string("user_id")->substr(0, 4) + " " + *one.find_string("presence"));
  }
  return found;
}
texts only(const std::string& what) { return {what}; }

} // namespace

BOOST_AUTO_TEST_CASE(news_are_gathered_and_the_newest_is_told_once_to_each_server_that_shares_a_room) {
  own_rig r;
  BOOST_TEST(r.set(ann, presence_state::online).empty());
  BOOST_TEST(r.own.deadline() == r.now + own_presence::gather_ms);
  auto list = r.wait();
  (void)r.set(ann, presence_state::unavailable); // while her rooms are asked
  list = r.rooms(list, {"!a:here.example", "!b:here.example"});
  const auto asked = told<room_servers_request>(list);
  BOOST_REQUIRE(asked.size() == 2u);
  BOOST_TEST(r.servers(asked[0].second.asked, {"there.example", "third.example"}).empty());
  BOOST_TEST(r.servers(asked[1].second.asked, {"there.example"}).empty());
  r.after(own_presence::together_ms - 1);
  BOOST_TEST(r.go_on().empty());
  r.after(1);
  BOOST_TEST(told_of(r.go_on()) == (texts{"there.example @ann unavailable", "third.example @ann unavailable"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(two_users_go_together_and_one_EDU_is_under_way_to_a_server) {
  own_rig r;
  (void)r.set(ann, presence_state::online);
  (void)r.set(bob, presence_state::online);
  auto list = r.wait();
  BOOST_REQUIRE(of_kind<ask_store>(list).size() == 2u);
  for (const auto& q : of_kind<ask_store>(list)) {
    BOOST_TEST(r.own.answered(store_answered{
      q.asked, std::make_shared<const store::answer>(store::member_rooms_found{{"!a:here.example"}, 0})}));
    (void)r.servers(told<room_servers_request>(r.out.take()).at(0).second.asked, one_server);
  }
  const auto sent = r.wait();
  BOOST_TEST(told<edu_queued>(sent).size() == 1u);
  BOOST_TEST(told_of(sent) == (texts{"there.example @ann online", "there.example @bob online"}),
             boost::test_tools::per_element());
  (void)r.set(ann, presence_state::unavailable);
  r.after(own_presence::gather_ms);
  BOOST_TEST(r.go_on().empty()); // the servers are known, and that one is busy
  r.after(own_presence::together_ms);
  BOOST_TEST(r.go_on().empty());
  BOOST_TEST(told_of(r.settle(sent, true)) == only("there.example @ann unavailable"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_a_server_does_not_take_is_dropped) {
  own_rig r;
  r.have_owed(ann, presence_state::online);
  const auto sent = r.wait();
  (void)r.set(ann, presence_state::unavailable);
  r.after(own_presence::gather_ms);
  (void)r.go_on();
  BOOST_TEST(told<edu_queued>(r.settle(sent, false)).empty());
  BOOST_TEST(r.own.deadline() > r.now + own_presence::settle_ms_max); // when it is told again by and by
}

BOOST_AUTO_TEST_CASE(answer_to_another_EDU_says_nothing_of_the_one_under_way) {
  own_rig r;
  r.have_owed(ann, presence_state::online);
  const auto sent = told<edu_queued>(r.wait()).at(0).second.asked;
  (void)r.set(ann, presence_state::unavailable);
  r.after(own_presence::gather_ms);
  (void)r.go_on();
  r.own.completed({sent + 1, "there.example", true});
  r.own.completed({sent, "third.example", true});
  BOOST_TEST(told<edu_queued>(r.out.take()).empty());
}

BOOST_AUTO_TEST_CASE(EDU_of_which_nothing_is_heard_is_lost_and_the_next_one_goes) {
  own_rig r;
  r.have_owed(ann, presence_state::online);
  (void)r.wait();
  const auto sent_at = r.now;
  (void)r.set(ann, presence_state::unavailable);
  r.after(own_presence::gather_ms);
  (void)r.go_on();
  r.after(sent_at + own_presence::settle_ms_max - 1 - r.now);
  BOOST_TEST(told<edu_queued>(r.go_on()).empty());
  r.after(1);
  BOOST_TEST(told_of(r.go_on()) == only("there.example @ann unavailable"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(presence_is_told_again_before_others_cease_to_believe_it) {
  own_rig r;
  (void)r.set(ann, presence_state::online);
  auto list = r.wait();
  const auto told_at = r.now;
  list = r.rooms(list, {"!a:here.example"});
  (void)r.servers(told<room_servers_request>(list).at(0).second.asked, one_server);
  (void)r.settle(r.wait(), true);
  BOOST_TEST(r.set(ann, presence_state::online).empty()); // no news
  BOOST_TEST(r.own.deadline() == told_at + own_presence::again_ms);
  list = r.wait();
  BOOST_TEST(of_kind<ask_store>(list).size() == 1u); // who shares a room is found out again
}

BOOST_AUTO_TEST_CASE(rooms_are_read_page_by_page_and_a_few_are_asked_at_once) {
  own_rig r;
  (void)r.set(ann, presence_state::online);
  auto list = r.wait();
  texts page;
  for (int i = 0; i < 12; ++i) page.push_back("!r" + std::to_string(i) + ":here.example");
  list = r.rooms(list, page, 77);
  std::vector<token> open;
  const auto note_questions = [&](const effects& more) {
    for (const auto& [to, m] : told<room_servers_request>(more)) open.push_back(m.asked);
  };
  note_questions(list);
  BOOST_TEST(open.size() == own_presence::rooms_at_once);
  for (std::size_t i = 0; i < open.size(); ++i) note_questions(list = r.servers(open[i], one_server));
  BOOST_TEST(open.size() == 12u);
  const auto next = of_kind<ask_store>(list);
  BOOST_REQUIRE(next.size() == 1u);
  BOOST_TEST(std::get<store::find_member_rooms>(next[0].question).after == 77);
  (void)r.rooms(list, {});
  BOOST_TEST(told_of(r.wait()) == only("there.example @ann online"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rooms_of_one_user_are_bounded) {
  own_rig r;
  (void)r.set(ann, presence_state::online);
  auto list = r.wait();
  std::size_t asked = 0;
  for (std::int64_t page = 1; !of_kind<ask_store>(list).empty(); ++page) {
    BOOST_REQUIRE(page < 100);
    list = r.rooms(list, texts(50, "!a:here.example"), page);
    for (std::vector<token> open; !told<room_servers_request>(list).empty() || !open.empty();) {
      for (const auto& [to, m] : told<room_servers_request>(list)) open.push_back(m.asked);
      list = r.servers(open.back(), {});
      open.pop_back();
      ++asked;
    }
  }
  BOOST_TEST(asked == own_presence::rooms_max);
}

BOOST_AUTO_TEST_CASE(room_that_does_not_answer_leaves_what_is_known_by_then) {
  own_rig r;
  (void)r.set(ann, presence_state::online);
  const auto since = r.now + own_presence::gather_ms;
  const auto asked = told<room_servers_request>(r.rooms(r.wait(), {"!a:here.example", "!silent:here.example"}));
  (void)r.servers(asked.at(0).second.asked, one_server);
  BOOST_TEST(r.own.deadline() == since + own_presence::answer_ms_max);
  (void)r.wait();
  BOOST_TEST(!r.own.answered(room_servers_response{asked.at(1).second.asked, {"late.example"}}));
  BOOST_TEST(told_of(r.wait()) == only("there.example @ann online"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(users_whose_rooms_are_asked_at_once_are_bounded_and_the_others_have_their_turn) {
  own_rig r;
  for (std::size_t i = 0; i <= own_presence::searches_max; ++i)
    (void)r.set("@u" + std::to_string(i) + ":here.example", presence_state::online);
  const auto questions = of_kind<ask_store>(r.wait());
  BOOST_REQUIRE(questions.size() == own_presence::searches_max);
  BOOST_TEST(r.go_on().empty());
  BOOST_TEST(r.own.answered(
    store_answered{questions[0].asked, std::make_shared<const store::answer>(store::member_rooms_found{})}));
  BOOST_TEST(of_kind<ask_store>(r.out.take()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_goes_is_told_of_once_more_and_forgotten) {
  own_rig r;
  BOOST_TEST(r.set(ann, presence_state::offline).empty()); // which others take for granted
  BOOST_TEST(r.own.deadline() == 0);
  r.have_owed(ann, presence_state::online);
  (void)r.settle(r.wait(), true);
  r.own.forget(ann);
  BOOST_TEST(r.own.deadline() == r.now);
  (void)r.go_on();
  BOOST_TEST(r.own.size() == 0u);
  BOOST_TEST(told_of(r.wait()) == only("there.example @ann offline"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(all_are_gone_a_minute_after_the_chat_server_unless_it_comes_back) {
  own_rig r;
  r.have_owed(ann, presence_state::online);
  (void)r.settle(r.wait(), true);
  r.own.chat_server(false);
  BOOST_TEST(r.own.deadline() == r.now + own_presence::chat_server_gone_ms);
  r.own.chat_server(true);
  BOOST_TEST(r.own.deadline() > r.now + own_presence::chat_server_gone_ms);
  r.own.chat_server(false);
  (void)r.wait();
  BOOST_TEST(told_of(r.wait()) == only("there.example @ann offline"), boost::test_tools::per_element());
  BOOST_TEST(r.own.size() == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_is_kept_when_presence_is_switched_off) {
  own_rig r;
  r.have_owed(ann, presence_state::online);
  change(r.node).federation.presence = false;
  BOOST_TEST(told<edu_queued>(r.wait()).empty());
  BOOST_TEST(r.own.size() == 0u);
  BOOST_TEST(r.own.deadline() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
