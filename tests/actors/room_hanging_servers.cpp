// Servers that let questions hang, and events that nobody can ever place: an honest message is told within five seconds
// all the same.
#include "tests/actors/gap_rig.hpp"

#include "actors/room/circles.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

using namespace causeway;
using namespace causeway::test;
using matrix::endpoint;
using matrix::json::object;

namespace {

constexpr time_ms within_ms = 5'000;

/// Servers that answer from `past` and the room's state, after a while of their own or never.
struct rig : crowded_room {
  std::vector<matrix::event_ptr> past;
  std::map<std::string, time_ms> answers_after; ///< server -> how long it takes; who is not named lets everything hang
  std::vector<std::pair<std::string, endpoint>> asked;
  std::map<std::string, time_ms> told_at;
  std::vector<std::string> told; ///< in order

  rig() {
    outside = [this](const address& to, const message& m) -> std::optional<message> {
      const auto* q = std::get_if<peer_request>(&m);
      if (!q || to.kind != actor_kind::remote_server) return {};
      if (q->endpoint == endpoint::hierarchy) return {};
      asked.emplace_back(to.key, q->endpoint);
      const auto it = answers_after.find(to.key);
      if (it == answers_after.end()) return {};
      if (it->second == 0) return message{by_resident(*q)};
      later_.emplace(now + it->second, by_resident(*q));
      return {};
    };
  }
  void take(const effects& list) {
    for (auto& text : texts_in(list)) {
      told_at.emplace(text, now);
      told.push_back(std::move(text));
    }
  }
  void pass(time_ms ms) {
    for (const auto end = now + ms; now < end;) {
      now += 100;
      while (!later_.empty() && later_.begin()->first <= now) {
        const auto answer = later_.begin()->second;
        later_.erase(later_.begin());
        take(on(answer));
      }
      take(room_host::pass(0));
    }
  }
  /// `x` is pushed, and its text is told before five seconds are over.
  void in_time(const matrix::event_ptr& x, const std::string& text, const std::string& by = "there.example") {
    const auto begun = now;
    take(push({x}, by));
    pass(within_ms);
    BOOST_REQUIRE_MESSAGE(told_at.contains(text), text << " is not told");
    BOOST_TEST(told_at.at(text) - begun < within_ms);
  }
  matrix::event_ptr unsigned_message() const {
    auto pdu = message_of(eve, "odd")->source;
    pdu.set("signatures", object{{"there.example", object{{there_key().key_id(), there_key().sign("other words")}}}});
    return *matrix::make_event(std::move(pdu), rules());
  }
  matrix::event_ptr without_parents(const std::string& text) const {
    auto pdu = message_of(eve, text)->source;
    pdu.set("prev_events", matrix::json::array{});
    return *matrix::hash_and_sign(std::move(pdu), rules(), "there.example", there_key());
  }
  static std::string nobodys(int number) { return "$" + std::string(40, 'N') + std::to_string(100 + number); }

private:
  std::multimap<time_ms, peer_answer> later_;

  peer_answer by_resident(const peer_request& q) const {
    if (q.endpoint == endpoint::get_missing_events) return test::answer_to(q, 200, events_body(past));
    if (q.endpoint == endpoint::state_ids) return test::answer_to(q, 200, state_ids_body(*this));
    if (q.endpoint == endpoint::state) return test::answer_to(q, 200, state_body(*this));
    return test::answer_to(q, 404);
  }
};

/// A room of version 2, where an event names itself.
struct old_room : shared_room {
  old_room() : shared_room("2", false) {
    for (const auto& user : {eve, eli}) push({made(user, "m.room.member", {{"membership", "join"}}, user)});
  }
  matrix::event_ptr named(const std::string& name, std::vector<std::string> prev) const {
    const auto like = message_of(eve, name);
    auto pdu = like->source;
    matrix::json::array parents;
    for (auto& id : prev) parents.emplace_back(std::move(id));
    pdu.set("prev_events", std::move(parents));
    pdu.set("event_id", name_of(name));
    matrix::json::array auth;
    for (const auto& id : like->auth_events) auth.emplace_back(id);
    pdu.set("auth_events", std::move(auth));
    return *matrix::hash_and_sign(std::move(pdu), rules(), "there.example", there_key());
  }
  static std::string name_of(const std::string& name) { return "$" + name + ":there.example"; }
};

std::size_t questions_in(const effects& list) {
  auto asked = told<peer_request>(list);
  std::erase_if(asked, [](const auto& q) { return q.second.endpoint == endpoint::hierarchy; });
  return asked.size();
}

} // namespace

BOOST_AUTO_TEST_SUITE(room_hanging_servers)

BOOST_AUTO_TEST_CASE(an_honest_message_does_not_wait_for_the_gaps_of_silent_servers) {
  for (const int servers : {4, 40}) {
    rig r;
    r.answers_after["there.example"] = 0;
    for (int i = 0; i < servers; ++i)
      for (int n = 0; n < 3; ++n)
        r.take(r.push({r.message_of(r.user(i), "out of nothing", {rig::nobodys(i * 3 + n)})}, crowd_server(i)));
    r.pass(1'500);
    const auto odd = r.unsigned_message();
    r.past = {odd};
    r.in_time(r.message_of(eve, "honest", {odd->event_id}), "honest");
  }
}

BOOST_AUTO_TEST_CASE(another_resident_is_asked_where_the_pusher_lets_a_question_hang) {
  rig r;
  const auto first = r.message_of(eve, "first");
  r.past = {first};
  for (int i = 0; i < 50; ++i) r.answers_after[crowd_server(i)] = 100;
  r.in_time(r.message_of(eve, "second", {first->event_id}), "second");
  BOOST_TEST(r.told_at.contains("first"));
}

BOOST_AUTO_TEST_CASE(the_state_is_asked_of_another_resident_where_the_pusher_lets_a_question_hang) {
  rig r;
  for (int i = 0; i < 50; ++i) r.answers_after[crowd_server(i)] = 100;
  r.in_time(r.message_of(eve, "honest", {rig::nobodys(0)}), "honest");
}

BOOST_AUTO_TEST_CASE(a_second_server_that_sends_a_staged_event_is_asked_at_once) {
  rig r;
  const auto first = r.message_of(eve, "first");
  r.past = {first};
  r.answers_after["there.example"] = 0;
  const auto second = r.message_of(eve, "second", {first->event_id});
  r.take(r.push({second}, crowd_server(7)));
  BOOST_TEST(!r.told_at.contains("second"));
  r.take(r.push({second}));
  BOOST_TEST(r.told_at.contains("first"));
  BOOST_TEST(r.told_at.contains("second"));
}

BOOST_AUTO_TEST_CASE(its_own_server_is_asked_though_the_relay_has_used_up_its_turns) {
  rig r;
  r.answers_after["there.example"] = 0;
  for (int n = 0; n < 3; ++n)
    r.take(r.push({r.message_of(r.user(7), "out of nothing", {rig::nobodys(n)})}, crowd_server(7)));
  const auto first = r.message_of(eve, "first");
  r.past = {first};
  const auto second = r.message_of(eve, "second", {first->event_id});
  r.take(r.push({second}, crowd_server(7)));
  r.in_time(second, "second");
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_late_leads_on_while_the_others_are_silent) {
  rig r;
  const auto first = r.message_of(eve, "first");
  r.past = {first};
  r.answers_after["there.example"] = 2'600;
  r.in_time(r.message_of(eve, "second", {first->event_id}), "second");
  BOOST_TEST(r.told_at.contains("first"));
}

BOOST_AUTO_TEST_CASE(a_server_that_answers_again_is_asked_what_lies_between_before_its_state_is_taken) {
  rig r;
  const auto first = r.message_of(eve, "first");
  r.past = {first};
  r.answers_after["there.example"] = 0;
  bool was_lost = false;
  r.outside = [&, usual = r.outside](const address& to, const message& m) -> std::optional<message> {
    const auto* q = std::get_if<peer_request>(&m);
    if (!q || q->endpoint == endpoint::hierarchy) return {};
    const bool is_walk = q->endpoint == endpoint::get_missing_events;
    if (to.key != "there.example") // others have nothing of it
      return is_walk ? test::answer_to(*q, 200, events_body({})) : test::answer_to(*q, 404);
    if (is_walk && !std::exchange(was_lost, true)) return {};
    return usual(to, m);
  };
  r.take(r.push({r.message_of(eve, "second", {first->event_id})}));
  r.pass(within_ms);
  BOOST_TEST(r.told_at.contains("second"));
  BOOST_TEST(r.told_at.contains("first"));
}

BOOST_AUTO_TEST_CASE(a_server_that_tells_nothing_but_its_state_does_not_make_us_ask_others_without_end) {
  rig r;
  int walks_elsewhere = 0;
  r.outside = [&](const address& to, const message& m) -> std::optional<message> {
    const auto* q = std::get_if<peer_request>(&m);
    if (!q || q->endpoint == endpoint::hierarchy) return {};
    const bool is_walk = q->endpoint == endpoint::get_missing_events;
    if (to.key != "there.example") { // others have nothing of it
      walks_elsewhere += is_walk ? 1 : 0;
      return is_walk ? test::answer_to(*q, 200, events_body({})) : test::answer_to(*q, 404);
    }
    if (q->endpoint != endpoint::state_ids) return {};
    return test::answer_to(*q, 200, state_ids_body(r));
  };
  r.take(r.push({r.message_of(eve, "second", {rig::nobodys(0)})}));
  r.pass(60'000);
  BOOST_TEST(r.told_at.contains("second"));
  BOOST_TEST(walks_elsewhere < 16);
}

BOOST_AUTO_TEST_CASE(who_speaks_is_heard_in_order_though_a_question_about_their_first_words_was_lost) {
  rig r;
  const auto first = r.message_of(eve, "first", {rig::nobodys(0)});
  const auto second = r.message_of(eve, "second", {first->event_id, r.head().at(0)});
  r.outside = [&, walks = 0, was_lost = false](const address& to, const message& m) mutable -> std::optional<message> {
    const auto* q = std::get_if<peer_request>(&m);
    if (!q || q->endpoint == endpoint::hierarchy || to.key != "there.example") return {};
    if (q->endpoint == endpoint::get_missing_events)
      return test::answer_to(*q, 200,
                             events_body(walks++ == 0 ? std::vector{first} : std::vector<matrix::event_ptr>{}));
    if (q->endpoint != endpoint::state_ids) return {};
    if (q->query.at(0).second == first->event_id && !std::exchange(was_lost, true)) return {};
    return test::answer_to(*q, 200, state_ids_body(r));
  };
  r.take(r.push({second}));
  r.pass(within_ms);
  BOOST_TEST((r.told == std::vector<std::string>{"first", "second"}));
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_when_nobody_is_left_to_ask_brings_the_past_all_the_same) {
  rig r;
  const auto first = r.message_of(eve, "first");
  r.past = {first};
  r.answers_after["there.example"] = 12'000; // by then the gap is closed, until the next attempt
  const auto begun = r.now;
  r.take(r.push({r.message_of(eve, "second", {first->event_id})}));
  r.pass(13'000);
  BOOST_REQUIRE(r.told_at.contains("second"));
  BOOST_TEST(r.told_at.at("first") - begun <= 12'200);
}

BOOST_AUTO_TEST_CASE(a_late_answer_about_what_was_dropped_with_its_attempt_leaves_no_hole) {
  rig r;
  const auto first = r.message_of(eve, "first", {rig::nobodys(0)});
  const auto second = r.message_of(eve, "second", {first->event_id});
  const auto third = r.message_of(eve, "third", {second->event_id});
  int walks = 0;
  std::optional<peer_request> hanging;
  r.outside = [&](const address& to, const message& m) -> std::optional<message> {
    const auto* q = std::get_if<peer_request>(&m);
    if (!q || to.key != "there.example") return {};
    if (q->endpoint == endpoint::state_ids) return test::answer_to(*q, 200, state_ids_body(r));
    if (q->endpoint != endpoint::get_missing_events) return {};
    const bool is_of_third = q->body.find(third->event_id) != std::string::npos;
    if (++walks == 2) hanging = *q;
    if (walks == 2) return {};
    return test::answer_to(*q, 200,
                           walks == 1    ? events_body({second})
                           : is_of_third ? events_body({first, second})
                                         : events_body({}));
  };
  r.take(r.push({third}));
  r.pass(11'000);
  BOOST_REQUIRE(hanging.has_value());
  BOOST_REQUIRE(r.told_at.empty());
  r.take(r.on(answer_to(*hanging, 200, events_body({first}))));
  r.pass(within_ms);
  for (const auto* text : {"first", "second", "third"}) BOOST_TEST(r.told_at.contains(text), text);
}

BOOST_AUTO_TEST_CASE(a_server_that_let_a_question_hang_is_asked_after_those_that_answer) {
  rig r;
  for (int i = 0; i < 50; ++i) r.answers_after[crowd_server(i)] = 0;
  r.in_time(r.message_of(eve, "honest", {rig::nobodys(0)}), "honest");
  r.asked.clear();
  const auto begun = r.now;
  r.in_time(r.message_of(eve, "again", {rig::nobodys(1)}), "again");
  BOOST_REQUIRE(!r.asked.empty());
  BOOST_TEST(r.asked.front().first != "there.example");
  BOOST_TEST(r.told_at.at("again") - begun < 1'000);
}

BOOST_AUTO_TEST_CASE(an_event_without_parents_is_refuted_once_and_costs_later_messages_nothing) {
  for (const bool pushed : {true, false}) {
    rig r;
    r.answers_after["there.example"] = 0;
    const auto odd = r.without_parents("odd");
    r.past = {odd};
    if (pushed) r.take(r.push({odd}));
    r.in_time(r.message_of(eve, "first", {r.head().at(0), odd->event_id}), "first");
    r.asked.clear();
    for (const auto* text : {"second", "third"}) {
      r.take(r.push({r.message_of(eve, text, {r.head().at(0), odd->event_id})}));
      BOOST_TEST(r.told_at.contains(text));
    }
    BOOST_TEST(r.asked.empty());
    BOOST_TEST(!r.told_at.contains("odd"));
  }
}

BOOST_AUTO_TEST_CASE(a_message_whose_only_parent_is_refuted_is_placed_by_the_state_at_itself) {
  rig r;
  r.answers_after["there.example"] = 0;
  const auto odd = r.without_parents("odd");
  r.past = {odd};
  r.take(r.push({odd}));
  r.in_time(r.message_of(eve, "honest", {odd->event_id}), "honest");
  BOOST_TEST(std::none_of(r.asked.begin(), r.asked.end(),
                          [](const auto& q) { return q.second == endpoint::get_missing_events; }));
}

BOOST_AUTO_TEST_CASE(events_that_cite_each_other_do_not_silence_who_cites_one_of_them) {
  for (const int length : {1, 2, 5}) {
    old_room r;
    const auto head = r.head().at(0);
    std::vector<matrix::event_ptr> circle;
    for (int n = 0; n < length; ++n)
      circle.push_back(
        r.named("c" + std::to_string(n), {old_room::name_of("c" + std::to_string((n + 1) % length)), head}));
    const auto list = r.push(circle);
    BOOST_TEST(texts_in(list).empty());
    const auto after = r.push({r.named("honest", {head, circle.at(0)->event_id})});
    BOOST_TEST((texts_in(after) == std::vector<std::string>{"honest"}));
    BOOST_TEST(questions_in(after) == 0u);
    BOOST_TEST(r.disk.inbox.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_circle_that_comes_with_the_past_is_found) {
  old_room r;
  const auto head = r.head().at(0);
  const std::vector<matrix::event_ptr> circle{r.named("c0", {old_room::name_of("c1"), head}),
                                              r.named("c1", {old_room::name_of("c0"), head})};
  const auto list = r.push({r.named("honest", {head, circle[0]->event_id})});
  const auto asked = question_in(list);
  BOOST_TEST((asked.endpoint == endpoint::get_missing_events));
  BOOST_TEST((texts_in(r.on(answer_to(asked, 200, events_body(circle)))) == std::vector<std::string>{"honest"}));
}

BOOST_AUTO_TEST_CASE(circles_of_any_length_are_found_and_what_leads_into_one_is_no_part_of_it) {
  old_room r;
  for (const int length : {1, 2, 7, 5'000}) {
    std::vector<matrix::event_ptr> events;
    std::set<std::string> expected;
    const auto bare = r.named("bare", {});
    auto event = [&](const std::string& name, std::vector<std::string> prev) {
      auto x = *bare;
      x.event_id = name;
      x.prev_events = std::move(prev);
      events.push_back(std::make_shared<const matrix::event>(std::move(x)));
    };
    for (int n = 0; n < length; ++n) {
      event(std::to_string(n), {"outside", std::to_string((n + 1) % length)});
      expected.insert(std::to_string(n));
    }
    event("leads in", {"0", "behind it"});
    event("behind it", {"outside"});
    const auto circles = room::circles_among(events);
    BOOST_REQUIRE(circles.size() == 1u);
    BOOST_TEST((std::set<std::string>(circles[0].begin(), circles[0].end()) == expected));
  }
}

BOOST_AUTO_TEST_SUITE_END()
