#include "actors/directory/user_asks.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using directory::user_asks;

BOOST_AUTO_TEST_SUITE(directory_user_asks_alone)

namespace {

std::string user(std::size_t number) { return "@u" + std::to_string(number) + ":here.example"; }

struct asks_rig {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::directory, ""}};
  user_asks asks{node, out};

  asks_rig() {
    change(node).federation.ask_user = true;
    out.set_now(now);
  }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  time_ms patience_ms() const { return time_ms{node.settings().federation.ask_user_timeout_ms}; }
  bool ask(const std::string& user_id, token number = 1, const std::string& origin = "there.example") {
    return asks.ask(user_id, origin, invite_admission_request{{}, number, origin, user_id});
  }
  /// The names of the questions that the chat server is asked since.
  std::vector<std::string> asked() {
    std::vector<std::string> names;
    list = out.take();
    for (const auto& [to, n] : told<ephemeral_notification>(list)) {
      BOOST_TEST((to.kind == actor_kind::session));
      names.push_back(edge::unpack<chat::ask_user>(n.body, fault_code::bad_body)->ask);
    }
    return names;
  }
  effects list;
};

} // namespace

BOOST_AUTO_TEST_CASE(chat_server_is_asked_only_where_it_answers_and_about_names_that_may_be_ours) {
  asks_rig r;
  BOOST_TEST(r.asks.wants(user(1)));
  BOOST_TEST(!r.asks.wants("@u1:there.example"));
  BOOST_TEST(!r.asks.wants("@U 1:here.example"));
  BOOST_TEST(!r.asks.wants("u1"));
  change(r.node).federation.ask_user = false;
  BOOST_TEST(!r.asks.wants(user(1)));
}

BOOST_AUTO_TEST_CASE(all_who_ask_for_the_same_user_wait_for_one_question) {
  asks_rig r;
  BOOST_TEST(r.ask(user(1), 1));
  const auto asked = r.asked();
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(r.ask(user(1), 2, "third.example"));
  BOOST_TEST(r.asked().empty());
  BOOST_REQUIRE(r.asks.user_of(asked[0]).has_value());
  BOOST_TEST(*r.asks.user_of(asked[0]) == user(1));
  const auto ended = r.asks.answered(asked[0]);
  BOOST_TEST(ended.user_id == user(1));
  BOOST_REQUIRE(ended.who.size() == 2u);
  BOOST_TEST(std::get<invite_admission_request>(ended.who[0]).asked == 1u);
  BOOST_TEST(std::get<invite_admission_request>(ended.who[1]).asked == 2u);
  BOOST_TEST(!r.asks.user_of(asked[0]).has_value());
  BOOST_TEST(r.asks.size() == 0u);
}

BOOST_AUTO_TEST_CASE(answer_to_what_was_not_asked_is_nobodys) {
  asks_rig r;
  BOOST_TEST(r.ask(user(1)));
  const auto name = r.asked().at(0);
  for (const auto& other : {std::string{}, std::string{"x"}, name + "x", name + "0", "-" + name})
    BOOST_TEST(!r.asks.user_of(other).has_value(), other);
}

BOOST_AUTO_TEST_CASE(question_ends_when_nobody_has_answered_in_time) {
  asks_rig r;
  BOOST_TEST(r.ask(user(1)));
  (void)r.asked();
  BOOST_TEST(timer_at(r.list, user_asks::timer) == r.now + r.patience_ms());
  r.after(1'000);
  BOOST_TEST(r.ask(user(2)));
  (void)r.asked();
  BOOST_TEST(timer_at(r.list, user_asks::timer) == r.now + r.patience_ms() - 1'000); // the first one's
  r.after(r.patience_ms() - 1'001);
  BOOST_TEST(r.asks.take_overdue().empty());
  r.after(1);
  (void)r.out.take();
  const auto over = r.asks.take_overdue();
  BOOST_REQUIRE(over.size() == 1u);
  BOOST_TEST(over[0].user_id == user(1));
  BOOST_TEST(timer_at(r.out.take(), user_asks::timer) == r.now + 1'000);
  r.after(1'000);
  BOOST_TEST(r.asks.take_overdue().size() == 1u);
  BOOST_TEST(of_kind<wake_me_at>(r.out.take()).empty());
}

BOOST_AUTO_TEST_CASE(that_there_is_no_such_user_is_kept_for_a_while) {
  asks_rig r;
  r.asks.set_absent(user(1));
  BOOST_TEST(!r.asks.wants(user(1)));
  BOOST_TEST(r.asks.wants(user(2)));
  const auto kept_ms = time_ms{r.node.settings().federation.ask_user_cache_s} * 1'000;
  r.after(kept_ms - 1);
  BOOST_TEST(!r.asks.wants(user(1)));
  r.after(1);
  BOOST_TEST(r.asks.wants(user(1)));
  r.asks.set_absent(user(1));
  r.asks.set_present(user(1));
  BOOST_TEST(r.asks.wants(user(1)));
}

BOOST_AUTO_TEST_CASE(of_the_absent_the_oldest_go_and_one_that_was_found_absent_anew_stays) {
  asks_rig r;
  r.asks.set_absent(user(0));
  r.after(1);
  r.asks.set_absent(user(0));
  for (std::size_t i = 1; i < user_asks::absent_max; ++i) r.asks.set_absent(user(i));
  BOOST_TEST(!r.asks.wants(user(0))); // the earlier word of it has gone
  r.asks.set_absent(user(user_asks::absent_max));
  BOOST_TEST(r.asks.wants(user(0)));
  BOOST_TEST(!r.asks.wants(user(1)));
}

BOOST_AUTO_TEST_CASE(questions_of_one_server_are_bounded_and_those_of_others_are_asked) {
  asks_rig r;
  constexpr auto most = user_asks::questions_of_server_max;
  for (std::size_t i = 0; i < most; ++i) BOOST_TEST(r.ask(user(i)));
  BOOST_TEST(!r.ask(user(most)));
  BOOST_TEST(r.ask(user(0), 2)); // to wait with another costs no question
  BOOST_TEST(r.ask(user(most), 1, "third.example"));
  const auto names = r.asked();
  BOOST_REQUIRE(names.size() == most + 1);
  (void)r.asks.answered(names[0]);
  BOOST_TEST(r.ask(user(most + 1)));
  BOOST_TEST(!r.ask(user(most + 2)));
}

BOOST_AUTO_TEST_CASE(all_questions_together_and_who_waits_for_one_are_bounded) {
  asks_rig r;
  std::size_t asked = 0;
  for (; asked < user_asks::questions_max; ++asked)
    BOOST_REQUIRE(r.ask(user(asked), 1, crowd_server(static_cast<int>(asked / user_asks::questions_of_server_max))));
  BOOST_TEST(!r.ask(user(asked), 1, "third.example"));
  for (std::size_t i = 1; i < user_asks::waiting_max; ++i) BOOST_TEST(r.ask(user(0), 1 + i));
  BOOST_TEST(!r.ask(user(0), 1'000));
}

BOOST_AUTO_TEST_SUITE_END()
