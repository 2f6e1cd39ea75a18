// Events whose past is missing, and the past of a room before our join.
#include "tests/actors/gap_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

using namespace causeway;
using namespace causeway::test;
using matrix::endpoint;

BOOST_AUTO_TEST_SUITE(room_gaps_suite)

namespace {

/// The room at there.example, joined by eve through here.example.
struct joiner {
  shared_room& room;
  context node = node_of("there.example", there_key());
  std::set<std::string> without_key; ///< events whose server's key cannot be had
  std::vector<peer_request> unanswered;
  bool answers = true;
  room::room_machine machine;
  std::vector<std::string> heard;

  explicit joiner(shared_room& r) : room(r), machine(node, r.room_id) {}

  effects on(const message& m) {
    auto list = machine.on(m, ++room.now);
    for (std::size_t i = 0; i < list.size(); ++i) {
      effects more;
      if (const auto* q = std::get_if<ask_store>(&list[i])) {
        if (std::holds_alternative<store::load_room>(q->question))
          more = machine.on(store_says(q->asked, store::room_loaded{}), ++room.now);
        else if (std::holds_alternative<store::load_events>(q->question))
          more = machine.on(store_says(q->asked, store::events_loaded{}), ++room.now);
      } else if (const auto* t = std::get_if<tell>(&list[i])) {
        more = performed(t->body);
      } else if (const auto* p = std::get_if<persist>(&list[i])) {
        for (const auto& text : texts_in({list[i]})) heard.push_back(text);
        auto then = p->then;
        list.insert(list.end(), then.begin(), then.end());
      }
      list.insert(list.end(), more.begin(), more.end());
    }
    return list;
  }
  static join_request wish() {
    join_request w;
    w.user_id = eve;
    w.via = {"here.example"};
    return w;
  }
  /// What the machine does about the wish to join; nothing of it is performed.
  effects begin_join() {
    on(start{});
    return machine.on(wish(), ++room.now);
  }
  effects performed(const message& m) {
    if (const auto* v = std::get_if<verify_events>(&m)) {
      auto verdict = verdict_on(*v);
      for (std::size_t i = 0; i < v->events.size(); ++i)
        if (without_key.contains(v->events[i]->event_id)) verdict.checks[i] = event_check::no_key;
      return machine.on(verdict, ++room.now);
    }
    const auto* q = std::get_if<peer_request>(&m);
    if (!q) return {};
    if (!answers) {
      unanswered.push_back(*q);
      return {};
    }
    return machine.on(answered_by_room(*q), ++room.now);
  }
  peer_answer answered_by_room(const peer_request& q) {
    std::string target = matrix::endpoint_path(q.endpoint, {q.parameters.begin(), q.parameters.end()});
    for (std::size_t i = 0; i < q.query.size(); ++i)
      target += (i == 0 ? "?" : "&") + q.query[i].first + "=" + matrix::percent_encode(q.query[i].second);
    std::optional<matrix::json::object> body;
    if (!q.body.empty()) body = *matrix::json::parse(q.body)->as_object();
    const auto reply =
      shared_room::reply_in(room.call(std::string{matrix::info(q.endpoint).method}, target, std::move(body)));
    return answer_to(q, reply.status, reply.body);
  }
  void join() {
    on(start{});
    on(wish());
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_server_that_does_not_answer_for_a_moment_costs_no_message) {
  shared_room r;
  const auto first = r.message_of(eve, "first");
  const auto second = r.message_of(eve, "second", {first->event_id});
  const auto third = r.message_of(eve, "third", {second->event_id});
  auto asked = question_in(r.push({third}));
  BOOST_TEST((asked.endpoint == endpoint::get_missing_events));
  asked = question_in(r.on(answer_to(asked, 200, events_body({second}))));
  for (int i = 0; i < 2; ++i) {
    const auto unanswered = r.on(answer_to(asked, 0));
    BOOST_TEST(told<peer_request>(unanswered).empty());
    asked = question_in(r.wake());
    BOOST_TEST((asked.endpoint == endpoint::get_missing_events)); // the state would leave out what lies between
  }
  BOOST_TEST((texts_in(r.on(answer_to(asked, 200, events_body({first})))) ==
              std::vector<std::string>{"first", "second", "third"}));
}

BOOST_AUTO_TEST_CASE(a_server_that_stays_away_is_asked_again_later_and_no_message_is_left_out) {
  shared_room r;
  const auto first = r.message_of(eve, "first");
  const auto second = r.message_of(eve, "second", {first->event_id});
  auto asked = question_in(r.push({second}));
  for (int i = 0; i < 2; ++i) {
    r.on(answer_to(asked, 503));
    asked = question_in(r.wake());
  }
  const auto given_up = r.on(answer_to(asked, 503));
  BOOST_TEST(told<peer_request>(given_up).empty());
  asked = question_in(r.wake());
  BOOST_TEST((asked.endpoint == endpoint::get_missing_events));
  BOOST_TEST(
    (texts_in(r.on(answer_to(asked, 200, events_body({first})))) == std::vector<std::string>{"first", "second"}));
}

BOOST_AUTO_TEST_CASE(an_honest_gap_does_not_wait_for_hopeless_ones) {
  crowded_room r;
  std::size_t asked = 0;
  for (int i = 0; i < 4; ++i) {
    const auto junk = r.message_of(r.user(0), "out of nothing", {"$" + std::string(42, 'N') + std::to_string(i)});
    for (const auto& [server, q] : told<peer_request>(r.push({junk}, crowd_server(0))))
      asked += server.key == crowd_server(0);
  }
  BOOST_TEST(asked == 2u); // of one server two at a time
  const auto first = r.message_of(eve, "first");
  const auto second = r.message_of(eve, "second", {first->event_id});
  const auto list = r.push({second});
  BOOST_TEST((addressed(list) == question{"there.example", endpoint::get_missing_events}));
  BOOST_TEST((texts_in(r.on(answer_to(question_in(list), 200, events_body({first})))) ==
              std::vector<std::string>{"first", "second"}));
}

BOOST_AUTO_TEST_CASE(an_event_without_a_past_costs_few_questions_a_day_spread_over_all_servers) {
  crowded_room r;
  auto list = r.push({r.message_of(r.user(0), "out of nothing", {"$" + std::string(43, 'N')})}, crowd_server(0));
  const auto begun = r.now;
  std::map<std::string, int> asked;
  while (r.now < begun + 25 * 3'600'000 && written<store::remove_inbox>(list).empty()) {
    if (auto questions = told<peer_request>(list); !questions.empty()) {
      BOOST_REQUIRE(questions.size() == 1u);
      ++asked[questions[0].first.key];
      list = r.on(answer_to(questions[0].second, 404));
    } else {
      list = r.wake();
    }
  }
  BOOST_TEST(written<store::remove_inbox>(list).size() == 1u); // given up after a day
  int sum = 0;
  for (const auto& [server, count] : asked) {
    sum += count;
    if (server != crowd_server(0)) BOOST_TEST(count <= 8);
  }
  BOOST_TEST(sum <= 200);
  BOOST_TEST(asked.size() == 51u); // there.example is one of them
}

BOOST_AUTO_TEST_CASE(a_leave_that_its_own_server_does_not_know_is_given_up_and_the_invitation_hears_of_it) {
  // It takes an invitation back outside the room, and came when the second of us had joined.
  shared_room r;
  const std::string ben = "@ben:here.example";
  const auto leave = r.made(eve, "m.room.member", {{"membership", "leave"}}, ben, {}, {"$" + std::string(43, 'N')});
  auto list = r.push({leave});
  const auto begun = r.now;
  BOOST_REQUIRE(written<store::put_inbox>(list).size() == 1u);
  while (r.now < begun + 25 * 3'600'000 && told<rescission_received>(list).empty()) {
    if (auto questions = told<peer_request>(list); !questions.empty()) {
      auto unknown = answer_to(questions.at(0).second, 404);
      unknown.errcode = "M_NOT_FOUND";
      list = r.on(unknown);
    } else {
      list = r.wake();
    }
  }
  BOOST_TEST(r.now - begun >= 3'600'000); // it may learn its own states yet, as after a join without all members
  BOOST_TEST(r.now - begun < 3 * 3'600'000);
  const auto [to, handed_over] = told<rescission_received>(list).at(0);
  BOOST_TEST(to.key == r.room_id + "|" + ben);
  r.on(rescission_result{handed_over.asked, {}});
  BOOST_TEST(r.disk.inbox.empty());
}

BOOST_AUTO_TEST_CASE(no_message_is_left_out_where_one_branch_of_the_past_ends_before_the_other) {
  shared_room r;
  const auto first = r.message_of(eve, "first");
  const auto second = r.message_of(eve, "second", {first->event_id});
  const auto third = r.message_of(eve, "third", {second->event_id, "$" + std::string(43, 'N')});
  const auto asked = question_in(r.push({third}));
  // More is asked for when it is known where the answer ends: the other branch alone has nothing more.
  auto list = r.give(answer_to(asked, 200, events_body({second})));
  BOOST_TEST(told<peer_request>(list).empty());
  const auto more = question_in(r.settle(std::move(list)));
  BOOST_REQUIRE((more.endpoint == endpoint::get_missing_events));
  BOOST_TEST(matrix::json::parse(more.body)->find_array("latest_events")->at(0).as_string()->c_str() ==
             second->event_id);
  list = r.on(answer_to(more, 200, events_body({first})));
  for (auto open = told<peer_request>(list); !open.empty(); open = told<peer_request>(list)) {
    const auto& q = open.at(0).second;
    list = r.on(q.endpoint == endpoint::get_missing_events ? answer_to(q, 200, events_body({}))
                                                           : answer_to(q, 200, state_ids_body(r)));
  }
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"third"}));
  BOOST_TEST(r.disk.events.contains(first->event_id));
  BOOST_TEST((r.disk.events.at(first->event_id).judged == store::verdict::accepted));
}

BOOST_AUTO_TEST_CASE(no_message_is_left_out_where_a_server_has_not_heard_of_our_join_yet) {
  shared_room r;
  const auto first = r.message_of(eve, "first");
  const auto second = r.message_of(eve, "second", {first->event_id});
  auto asked = question_in(r.push({second}));
  BOOST_TEST(told<peer_request>(r.on(answer_to(asked, 403))).empty());
  asked = question_in(r.wake());
  BOOST_REQUIRE((asked.endpoint == endpoint::get_missing_events));
  BOOST_TEST(
    (texts_in(r.on(answer_to(asked, 200, events_body({first})))) == std::vector<std::string>{"first", "second"}));
}

BOOST_AUTO_TEST_CASE(no_message_is_left_out_where_an_invite_is_not_yet_in_the_room_of_its_own_server) {
  shared_room r;
  const std::string ben = "@ben:here.example";
  const auto first = r.message_of(eve, "first");
  const auto invite = r.made(eve, "m.room.member", {{"membership", "invite"}}, ben, {}, {first->event_id});
  auto asked = question_in(r.push({invite}));
  // It offers the invite, and takes it into its room when it has our answer.
  asked = question_in(r.on(answer_to(asked, 200, events_body({}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::event));
  BOOST_TEST(asked.parameters.at(0) == invite->event_id);
  BOOST_TEST(told<peer_request>(r.on(answer_to(asked, 404))).empty());
  asked = question_in(r.wake());
  BOOST_REQUIRE((asked.endpoint == endpoint::get_missing_events));
  BOOST_TEST((texts_in(r.on(answer_to(asked, 200, events_body({first})))) == std::vector<std::string>{"first"}));
}

BOOST_AUTO_TEST_CASE(the_second_of_us_invited_at_the_same_moment_does_not_wait_ten_seconds_to_get_in) {
  shared_room r;
  r.command(chat::member_set_role{"chat-1", ann, eve, chat::role::moderator}); // who may invite
  const std::string ben = "@ben:here.example";
  // Made before the first of us was in: what leads to it lies before our join, and its server tells none of it.
  const auto invite = r.made(eve, "m.room.member", {{"membership", "invite"}}, ben, {}, {"$" + std::string(43, 'N')});
  const auto begun = r.now;
  auto asked = question_in(r.push({invite}));
  asked = question_in(r.on(answer_to(asked, 200, events_body({}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::event));
  asked = question_in(r.on(answer_to(asked, 200, list_body("pdus", {invite}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::get_missing_events)); // perhaps it has come to know it meanwhile
  asked = question_in(r.on(answer_to(asked, 200, events_body({}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::state_ids));
  r.on(answer_to(asked, 200, state_ids_body(r)));
  BOOST_TEST(r.membership(ben) == "invite");
  BOOST_TEST(r.now - begun < 1'000);
}

BOOST_AUTO_TEST_CASE(the_second_of_us_does_not_wait_either_where_some_of_the_past_is_told) {
  shared_room r;
  r.command(chat::member_set_role{"chat-1", ann, eve, chat::role::moderator}); // who may invite
  const std::string ben = "@ben:here.example";
  const auto before = r.message_of(eve, "before", {"$" + std::string(43, 'N')});
  const auto invite = r.made(eve, "m.room.member", {{"membership", "invite"}}, ben, {}, {before->event_id});
  const auto begun = r.now;
  auto asked = question_in(r.push({invite}));
  asked = question_in(r.on(answer_to(asked, 200, events_body({before}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::get_missing_events));
  asked = question_in(r.on(answer_to(asked, 200, events_body({}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::state_ids));
  r.on(answer_to(asked, 200, state_ids_body(r)));
  BOOST_TEST(r.membership(ben) == "invite");
  BOOST_TEST(r.now - begun < 1'000);
}

BOOST_AUTO_TEST_CASE(no_message_is_left_out_where_the_answer_to_an_earlier_gap_is_lost) {
  shared_room r;
  const auto first = r.message_of(eve, "first");
  const auto second = r.message_of(eve, "second", {first->event_id});
  const auto third = r.message_of(eve, "third", {second->event_id});
  const auto fourth = r.message_of(eve, "fourth", {third->event_id});
  auto asked = question_in(r.push({third}));
  asked = question_in(r.on(answer_to(asked, 200, events_body({second}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::get_missing_events)); // what leads to `second`: there is no answer to that
  r.pass(3'000);
  asked = question_in(r.push({fourth}));
  asked = question_in(r.on(answer_to(asked, 200, events_body({second, third}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::get_missing_events));
  BOOST_TEST((texts_in(r.on(answer_to(asked, 200, events_body({first})))) ==
              std::vector<std::string>{"first", "second", "third", "fourth"}));
}

BOOST_AUTO_TEST_CASE(who_goes_on_speaking_while_the_past_of_a_message_is_missing_is_heard_in_order) {
  shared_room r;
  const auto first = r.message_of(eve, "first", {"$" + std::string(43, 'N')});
  const auto second = r.message_of(eve, "second", {first->event_id});
  const auto third = r.message_of(eve, "third", {second->event_id});
  auto asked = question_in(r.push({first}));
  asked = question_in(r.on(answer_to(asked, 200, events_body({}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::state_ids)); // the answer takes its time
  r.pass(3'000);
  asked = question_in(r.push({second}));
  r.push({third});
  asked = question_in(r.on(answer_to(asked, 200, events_body({}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::state_ids));
  BOOST_TEST(asked.query.at(0).second == second->event_id);
  BOOST_TEST(
    (texts_in(r.on(answer_to(asked, 200, state_ids_body(r)))) == std::vector<std::string>{"first", "second", "third"}));
}

BOOST_AUTO_TEST_CASE(who_was_missing_in_a_told_state_is_heard_after_the_room_was_made_again) {
  shared_room r;
  const std::string eda = "@eda:there.example";
  const auto join = r.made(eda, "m.room.member", {{"membership", "join"}}, eda);
  // The state is taken without the join, whose key cannot be had just then.
  const auto after = r.message_of(eve, "after", {"$" + std::string(43, 'N')});
  auto asked = question_in(r.push({after}));
  asked = question_in(r.on(answer_to(asked, 200, events_body({}))));
  BOOST_TEST((texts_in(r.on(answer_to(asked, 200, state_ids_body(r)))) == std::vector<std::string>{"after"}));
  r.push({join});
  BOOST_REQUIRE(r.membership(eda) == "join");
  r.restart();
  asked = question_in(r.push({r.message_of(eda, "hello", {after->event_id})}));
  BOOST_REQUIRE((asked.endpoint == endpoint::state_ids));
  BOOST_TEST((texts_in(r.on(answer_to(asked, 200, state_ids_body(r, {join})))) == std::vector<std::string>{"hello"}));
}

BOOST_AUTO_TEST_CASE(a_message_we_answered_for_is_looked_for_after_days_on_which_we_were_down) {
  constexpr time_ms hour_ms = 3'600'000;
  shared_room r;
  const auto first = r.message_of(eve, "first");
  const auto second = r.message_of(eve, "second", {first->event_id});
  BOOST_TEST(written<store::put_inbox>(r.push({second})).size() == 1u);
  r.now += 3 * 24 * hour_ms;
  const auto asked = question_in(r.restart());
  BOOST_TEST((asked.endpoint == endpoint::get_missing_events));
  BOOST_TEST(r.disk.inbox.size() == 1u);
  auto nobody_has_it = [&](effects list) {
    for (auto open = told<peer_request>(list); !open.empty(); open = told<peer_request>(list))
      list = r.on(answer_to(open.at(0).second, 404));
    r.pass(0);
  };
  nobody_has_it(r.on(answer_to(asked, 404)));
  r.now += 11 * hour_ms;
  nobody_has_it(r.wake());
  BOOST_TEST(r.disk.inbox.size() == 1u);
  // Nobody has it: it is given up when we have looked for half a day.
  r.now += 2 * hour_ms;
  r.pass(0);
  BOOST_TEST(r.disk.inbox.empty());
}

BOOST_AUTO_TEST_CASE(a_message_on_disk_is_not_shown_twice_when_its_past_comes_after_a_restart) {
  shared_room r;
  const auto first = r.message_of(eve, "first");
  const auto second = r.message_of(eve, "second", {first->event_id});
  const auto third = r.message_of(eve, "third", {second->event_id});
  // there.example has forgotten what lies before `second`: its state is taken.
  auto asked = question_in(r.push({third}));
  asked = question_in(r.on(answer_to(asked, 200, events_body({second}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::get_missing_events));
  asked = question_in(r.on(answer_to(asked, 200, events_body({}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::state_ids));
  BOOST_TEST((texts_in(r.on(answer_to(asked, 200, state_ids_body(r)))) == std::vector<std::string>{"second", "third"}));
  r.restart();
  BOOST_TEST((texts_in(r.push({first})) == std::vector<std::string>{"first"}));
  BOOST_TEST(texts_in(r.push({second})).empty());
  BOOST_TEST(texts_in(r.push({third})).empty());
}

BOOST_AUTO_TEST_CASE(the_past_is_shown_in_its_order_though_an_event_in_its_midst_cannot_be_verified) {
  shared_room r("11", false);
  r.command(chat::message_send{"chat-1", ann, "m1", "first", {}, {}, {}, {}, {}});
  r.command(chat::message_send{"chat-1", ann, "m2", "second", {}, {}, {}, {}, {}});
  r.command(chat::message_send{"chat-1", ann, "m3", "third", {}, {}, {}, {}, {}});
  r.command(chat::message_send{"chat-1", ann, "m4", "fourth", {}, {}, {}, {}, {}});
  joiner j(r);
  for (const auto& [event_id, chat_id] : r.disk.chat_ids)
    if (chat_id == "m3") j.without_key.insert(event_id);
  j.join();
  BOOST_TEST((j.heard == std::vector<std::string>{"first", "second", "fourth"}));
}

BOOST_AUTO_TEST_CASE(what_comes_from_before_our_join_waits_for_the_history_and_is_shown_in_its_order) {
  shared_room r("11", false);
  r.command(chat::message_send{"chat-1", ann, "m1", "first", {}, {}, {}, {}, {}});
  r.command(chat::message_send{"chat-1", ann, "m2", "second", {}, {}, {}, {}, {}});
  const auto second = r.event(r.head().at(0));
  joiner j(r);
  auto joined = j.begin_join();
  // make_join and send_join are answered, backfill is not.
  auto asked = question_in(joined);
  for (const auto& [to, q] : told<peer_request>(joined))
    if (q.endpoint == endpoint::hierarchy) j.machine.on(answer_to(q, 404), ++r.now);
  asked = question_in(j.machine.on(j.answered_by_room(asked), ++r.now));
  j.answers = false;
  j.on(j.answered_by_room(asked));
  BOOST_REQUIRE(j.unanswered.size() == 1u);
  BOOST_TEST((j.unanswered[0].endpoint == endpoint::backfill));
  const auto backfill = j.unanswered[0];
  j.on(answer_to(backfill, 0));
  j.unanswered.clear();
  auto pdus = std::make_shared<std::vector<matrix::json::object>>();
  pdus->push_back(second->source);
  j.on(pdus_received{{actor_kind::remote_server, "here.example"}, 1, "here.example", pdus});
  BOOST_TEST(j.unanswered.empty());
  j.answers = true;
  r.now += 2'000;
  j.on(timer_due{});
  BOOST_TEST((j.heard == std::vector<std::string>{"first", "second"}));
}

BOOST_AUTO_TEST_CASE(a_message_of_a_member_whose_join_is_still_on_its_way_to_us_is_shown) {
  shared_room r;
  const std::string eda = "@eda:there.example";
  const auto join = r.made(eda, "m.room.member", {{"membership", "join"}}, eda);
  const auto by_eda = [&](const std::string& text, const std::string& prev) {
    auto pdu = r.message_of(eda, text, {prev})->source;
    auto auth = *pdu.find("auth_events")->as_array();
    auth.emplace_back(join->event_id);
    pdu.set("auth_events", std::move(auth));
    pdu.erase("hashes");
    pdu.erase("signatures");
    return *matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key());
  };
  const auto first = by_eda("first", "$forgotten");
  const auto second = by_eda("second", first->event_id);
  auto asked = question_in(r.push({second}));
  asked = question_in(r.on(answer_to(asked, 200, events_body({first}))));
  asked = question_in(r.on(answer_to(asked, 200, events_body({}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::state_ids));
  asked = question_in(r.on(answer_to(asked, 200, state_ids_body(r, {join}))));
  BOOST_REQUIRE((asked.endpoint == endpoint::event));
  BOOST_TEST(
    (texts_in(r.on(answer_to(asked, 200, list_body("pdus", {join})))) == std::vector<std::string>{"first", "second"}));
  BOOST_TEST(r.membership(eda) == "join");
}

BOOST_AUTO_TEST_CASE(a_message_beside_a_long_branch_is_fetched_with_the_past_too) {
  shared_room r("11", false);
  const auto fork = r.head();
  r.command(chat::message_send{"chat-1", ann, "m1", "beside", {}, {}, {}, {}, {}});
  const auto beside = r.event(r.head().at(0));
  auto at = fork;
  for (int i = 0; i < 3; ++i) {
    const auto x = r.message_of(bob, std::to_string(i), at);
    r.push({x});
    at = {x->event_id};
  }
  joiner j(r);
  auto joined = j.begin_join();
  for (const auto& [to, q] : told<peer_request>(joined))
    if (q.endpoint == endpoint::hierarchy) j.machine.on(answer_to(q, 404), ++r.now);
  const auto sending = question_in(j.machine.on(j.answered_by_room(question_in(joined)), ++r.now));
  j.answers = false;
  j.on(j.answered_by_room(sending));
  BOOST_REQUIRE(j.unanswered.size() == 1u);
  // The other branch is nearer to the head and fills the answer.
  auto body = *matrix::json::parse(j.answered_by_room(j.unanswered[0]).body);
  auto& pdus = *body.as_object()->find("pdus")->as_array();
  std::erase_if(pdus, [](const auto& p) {
    const auto* sender = p.find_string("sender");
    const auto* key = p.find_string("state_key");
    return key || *sender != bob;
  });
  BOOST_REQUIRE(pdus.size() == 3u);
  const auto first = answer_to(j.unanswered[0], 200, matrix::json::canonical(body));
  j.answers = true;
  j.on(first);
  BOOST_TEST(std::count(j.heard.begin(), j.heard.end(), "beside") == 1);
  BOOST_TEST(j.heard.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_message_whose_servers_key_cannot_be_had_just_now_is_kept_and_shown_later) {
  shared_room r;
  auto pdus = std::make_shared<std::vector<matrix::json::object>>();
  pdus->push_back(r.message_of(eve, "late")->source);
  const auto pushed = r.give(pdus_received{{actor_kind::remote_server, "there.example"}, 1, "there.example", pdus});
  events_verified no_key;
  no_key.asked = told<verify_events>(pushed).at(0).second.asked;
  no_key.checks = {event_check::no_key};
  const auto staged = r.on(no_key);
  BOOST_TEST(written<store::put_inbox>(staged).size() == 1u);
  BOOST_REQUIRE(told<pdus_handled>(staged).size() == 1u);
  BOOST_TEST(told<pdus_handled>(staged)[0].second.outcomes.at(0).error.empty());
  BOOST_TEST((texts_in(r.wake()) == std::vector<std::string>{"late"}));
}

BOOST_AUTO_TEST_CASE(who_joins_by_himself_while_his_invite_is_under_way_has_accepted_it) {
  shared_room r;
  const std::string eda = "@eda:there.example";
  const auto invited = r.command(chat::invite_send{"chat-1", ann, eda, {}});
  const auto invite = told<room_invite_request>(invited).at(0).second.event;
  const auto joined = r.push({r.made(eda, "m.room.member", {{"membership", "join"}}, eda)}); // the room is public
  const auto heard = told<invited_membership_changed>(joined);
  BOOST_REQUIRE(heard.size() == 1u);
  BOOST_TEST(heard[0].second.membership == matrix::membership::join);
  // Her server's signature comes when she is in already.
  const auto late = r.on(invite_accepted_by_server{eda, invite});
  BOOST_TEST(told<invite_not_taken>(late).empty());
  BOOST_TEST(told<invited_membership_changed>(late).at(0).second.membership == matrix::membership::join);
}

BOOST_AUTO_TEST_CASE(what_became_of_an_invitation_is_told_again_when_the_room_failed_before_it_could) {
  shared_room r;
  store::put_invitation row;
  row.room_id = r.room_id;
  row.user_id = eve;
  row.inviter = ann;
  row.direction = invitation_direction::outgoing;
  row.state = invitation_state::pending;
  r.disk.invitations = {row};
  const auto told_again = told<invited_membership_changed>(r.restart());
  BOOST_REQUIRE(told_again.size() == 1u);
  BOOST_TEST(told_again[0].second.membership == matrix::membership::join);
}

BOOST_AUTO_TEST_SUITE_END()
