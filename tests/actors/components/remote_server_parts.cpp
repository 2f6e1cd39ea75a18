// The small components of the actor of another server.
#include "actors/remote_server/delivery_notifier.hpp"
#include "actors/remote_server/edu_queue.hpp"
#include "actors/remote_server/inbound_calls.hpp"
#include "actors/remote_server/retry_schedule.hpp"
#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(remote_server_parts)

namespace {

edu_queued typing_of(const std::string& key, const std::string& content = "{}") { return {"m.typing", key, content}; }

queued_pdu message_of(int n) { return {message_from_here("!r:here.example", n), "room", "m" + std::to_string(n)}; }

std::vector<std::string> states(const effects& list) {
  std::vector<std::string> found;
  for (const auto& w : written<store::append_delivery>(list)) found.push_back(w.told.message + " " + w.told.state);
  return found;
}
using state_list = std::vector<std::string>;

} // namespace

// -- deferred_writes

BOOST_AUTO_TEST_CASE(deferred_row_goes_with_the_next_commit) {
  server_rig r;
  r.deferred.add(store::put_received_transaction{"there.example", "1", "{}", r.now});
  r.out.write(store::remove_destination_pdus{"there.example", {}});
  r.deferred.flush();
  const auto list = r.take();
  BOOST_TEST(written<store::put_received_transaction>(list).size() == 1u);
  BOOST_TEST(of_kind<wake_me_at>(list).empty());
  BOOST_TEST(r.deferred.is_idle());
}

BOOST_AUTO_TEST_CASE(deferred_row_is_written_a_moment_later_when_nothing_else_is) {
  server_rig r;
  r.deferred.add(store::put_received_transaction{"there.example", "1", "{}", r.now});
  r.deferred.flush();
  BOOST_TEST(timer_at(r.take(), deferred_writes::timer) == r.now + deferred_writes::delay_ms);
  r.deferred.flush();
  BOOST_TEST(r.take().empty()); // the timer is set
  r.deferred.on_timer();
  BOOST_TEST(written<store::put_received_transaction>(r.take()).size() == 1u);
  BOOST_TEST(r.deferred.is_idle());
}

// -- store_questions

BOOST_AUTO_TEST_CASE(answer_of_the_store_belongs_to_one_question_and_a_stranger_to_none) {
  server_rig r;
  const auto refill = r.store.ask(refill_question{}, store::load_destination{});
  const auto event = r.store.ask(event_question{}, store::find_event{"$e"});
  BOOST_TEST(r.store.is_open<event_question>());
  BOOST_TEST(std::holds_alternative<event_question>(*r.store.close(event)));
  BOOST_TEST(!r.store.is_open<event_question>());
  BOOST_TEST(std::holds_alternative<refill_question>(*r.store.close(refill)));
  BOOST_TEST(!r.store.close(refill).has_value());
  BOOST_TEST(!r.store.close(refill + 1'000).has_value());
}

// -- edu_queue

BOOST_AUTO_TEST_CASE(edu_replaces_the_older_one_of_its_key_and_the_oldest_go_at_the_bound) {
  server_rig r;
  edu_queue q{r.server, r.out};
  q.push(typing_of("a", R"({"n":1})"), 2);
  q.push(typing_of("b"), 2);
  q.push(typing_of("a", R"({"n":2})"), 2);
  const state_list expected{R"({"content":{},"edu_type":"m.typing"})", R"({"content":{"n":2},"edu_type":"m.typing"})"};
  BOOST_TEST(q.take() == expected, boost::test_tools::per_element());
  BOOST_TEST(q.is_empty());
  for (const auto* key : {"a", "b", "c"}) q.push(typing_of(key), 2);
  BOOST_TEST(q.size() == 2u);
}

BOOST_AUTO_TEST_CASE(transaction_takes_a_bounded_number_of_edus) {
  server_rig r;
  edu_queue q{r.server, r.out};
  for (std::size_t i = 0; i <= limits::edus_per_transaction_max; ++i) q.push(typing_of(std::to_string(i)), 1'000);
  BOOST_TEST(q.take().size() == limits::edus_per_transaction_max);
  BOOST_TEST(q.size() == 1u);
}

BOOST_AUTO_TEST_CASE(whoever_asks_is_told_what_becomes_of_an_edu) {
  server_rig r;
  edu_queue q{r.server, r.out};
  const auto asked = [](const std::string& key, token number) {
    return edu_queued{"m.receipt", key, "{}", 1, {actor_kind::receipts, ""}, number};
  };
  std::vector<std::pair<token, bool>> told_so_far;
  const auto is_told = [&](const std::vector<std::pair<token, bool>>& expected) {
    told_so_far.clear();
    for (const auto& [to, x] : told<edu_completed>(r.take())) {
      BOOST_TEST((to == address{actor_kind::receipts, ""}));
      BOOST_TEST(x.server_name == "there.example");
      told_so_far.emplace_back(x.asked, x.delivered);
    }
    BOOST_TEST((told_so_far == expected));
  };
  q.push(asked("a", 1), 2);
  q.push(asked("a", 2), 2);
  is_told({{1, false}}); // replaced
  q.push(typing_of("b"), 2);
  q.push(typing_of("c"), 2);
  is_told({{2, false}}); // too many
  q.push(asked("a", 3), 10);
  q.push(asked("d", 4), 10);
  BOOST_TEST(q.take().size() == 4u);
  q.push(asked("a", 5), 10);
  is_told({});
  q.complete(true);
  is_told({{3, true}, {4, true}});
  q.complete(false);
  is_told({});
  q.clear();
  is_told({{5, false}});
}

BOOST_AUTO_TEST_CASE(refused_edus_are_dropped_for_an_hour) {
  server_rig r;
  edu_queue q{r.server, r.out};
  q.refused(noon);
  q.push(typing_of("a"), 10);
  q.drop_refused(noon + refused_edus_pause_ms - 1);
  BOOST_TEST(q.is_empty());
  q.push(typing_of("a"), 10);
  q.drop_refused(noon + refused_edus_pause_ms);
  BOOST_TEST(q.size() == 1u);
  q.refused(noon);
  q.allowed();
  q.drop_refused(noon);
  BOOST_TEST(q.size() == 1u);
}

// -- retry_schedule

BOOST_AUTO_TEST_CASE(next_attempt_is_not_before_the_shortest_pause_nor_before_the_server_wants_it) {
  const config::federation_options o;
  const auto shortest = time_ms{o.retry_delay_ms_min};
  retry_schedule s;
  BOOST_TEST(s.earliest(o, noon) == 0);
  s.failed(noon);
  BOOST_TEST(s.earliest(o, noon) == noon + shortest);
  BOOST_TEST(s.earliest(o, noon + shortest) == 0);
  s.answered(60'000, noon);
  BOOST_TEST(s.earliest(o, noon + shortest) == noon + 60'000);
  BOOST_TEST(s.after(1'000, noon) == noon + 60'000);
  BOOST_TEST(s.after(90'000, noon) == noon + 90'000);
  s.answered(0, noon);
  BOOST_TEST(s.after(1'000, noon) == noon + 1'000);
}

// -- delivery_notifier

BOOST_AUTO_TEST_CASE(of_what_is_delivered_the_message_that_was_delayed_is_notified) {
  server_rig r;
  delivery_notifier n{r.server, r.out};
  const std::vector<queued_pdu> both{message_of(1), message_of(2)};
  BOOST_TEST(n.delayed(both[1], "down"));
  BOOST_TEST(states(r.take()) == (state_list{"m2 delayed"}), boost::test_tools::per_element());
  n.delivered(both, {}, both[1].event->event_id);
  BOOST_TEST(states(r.take()) == (state_list{"m2 delivered"}), boost::test_tools::per_element());
  n.delivered(both, {}, "");
  BOOST_TEST(states(r.take()).empty());
}

BOOST_AUTO_TEST_CASE(configuration_decides_what_is_notified) {
  server_rig r;
  delivery_notifier n{r.server, r.out};
  const std::vector<queued_pdu> both{message_of(1), message_of(2)};
  const std::map<std::string, std::string> refused{{both[0].event->event_id, "no"}};
  change(r.node).federation.delivery_notifications = config::delivery_detail::all;
  n.delivered(both, refused, "");
  BOOST_TEST(states(r.take()) == (state_list{"m1 failed", "m2 delivered"}), boost::test_tools::per_element());
  change(r.node).federation.delivery_notifications = config::delivery_detail::none;
  BOOST_TEST(!n.delayed(both[0], "down"));
  n.delivered(both, refused, both[1].event->event_id);
  BOOST_TEST(states(r.take()).empty());
}

// -- inbound_calls

BOOST_AUTO_TEST_CASE(call_is_handed_to_whom_it_concerns) {
  server_rig r;
  inbound_calls calls{r.server, r.out, r.store};
  const auto to = [&](const std::string& method, const std::string& target) {
    calls.receive(asked_by("there.example", method, target, {}, {}), nullptr);
    const auto found = told<federation_call>(r.take());
    return found.empty() ? address{} : found[0].first;
  };
  BOOST_TEST((to("GET", "/_matrix/federation/v1/query/profile?user_id=@a:here.example").kind == actor_kind::directory));
  BOOST_TEST((to("GET", "/_matrix/federation/v1/state/!r:here.example?event_id=$e") ==
              address{actor_kind::room, "!r:here.example"}));
  calls.receive(asked_by("there.example", "GET", "/_matrix/federation/v1/state/room?event_id=$e", {}, {}), nullptr);
  BOOST_TEST(told<federation_reply>(r.take()).at(0).second.status == 400);
}

BOOST_AUTO_TEST_CASE(event_is_looked_up_and_asked_of_its_room_or_unknown) {
  server_rig r;
  inbound_calls calls{r.server, r.out, r.store};
  const auto ask = [&] {
    calls.receive(asked_by("there.example", "GET", "/_matrix/federation/v1/event/$e", {}, {}), nullptr);
    BOOST_TEST(calls.waits_for_store());
    return std::get<event_question>(*r.store.close(of_kind<ask_store>(r.take()).at(0).asked));
  };
  calls.event_found(ask(), nullptr);
  BOOST_TEST(told<federation_reply>(r.take()).at(0).second.status == 404);
  store::events_loaded found;
  found.events.emplace_back().event = message_from_here("!r:here.example", 1);
  calls.event_found(ask(), &found);
  BOOST_TEST(told<federation_call>(r.take()).at(0).first.key == "!r:here.example");
  BOOST_TEST(calls.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
