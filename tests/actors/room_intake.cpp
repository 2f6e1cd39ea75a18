// How much a room lets in, and what comes while it cannot judge: nobody else waits for one slow resident.
#include "actors/room/intake_limits.hpp"
#include "tests/actors/gap_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>

using namespace causeway;
using namespace causeway::test;
using matrix::endpoint;

namespace {

/// there.example joins through here.example, which may keep its answer to send_join or to backfill for itself.
struct slow_join {
  shared_room r{"11", false};
  joining_server j{r};
  bool join_hangs = true, history_hangs = false;
  std::optional<message> kept; ///< the answer to send_join

  slow_join() {
    j.outside = [this](const address& to, const message& m) -> std::optional<message> {
      const auto* q = std::get_if<peer_request>(&m);
      if (!q || (q->endpoint == endpoint::backfill && history_hangs)) return {};
      auto answer = j.answer_of(to.key, *q);
      if (q->endpoint != endpoint::send_join_v2 || !join_hangs) return answer;
      kept = std::move(answer);
      return {};
    };
  }
  effects join() {
    join_request w;
    w.user_id = eve;
    w.via = {"here.example"};
    return j.on(w);
  }
  effects push(const matrix::event_ptr& x, const std::string& by = "third.example") {
    auto pdus = std::make_shared<std::vector<matrix::json::object>>(1, x->source);
    return j.on(pdus_received{{actor_kind::remote_server, by}, 7, by, std::move(pdus)});
  }
};

pdus_handled outcome_in(const effects& list) {
  const auto answers = told<pdus_handled>(list);
  if (answers.size() != 1) throw std::runtime_error(std::to_string(answers.size()) + " answers");
  return answers[0].second;
}

/// Events of eve without a past, in one transaction.
std::vector<matrix::event_ptr> orphans(const shared_room& r, const std::string& word, std::size_t count,
                                       std::size_t bytes = 10) {
  std::vector<matrix::event_ptr> made;
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(r.message_of(eve, std::string(bytes, 'x') + word, {"$" + word + std::to_string(i)}));
  return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(room_intake)

BOOST_AUTO_TEST_CASE(what_comes_while_our_join_is_unanswered_is_on_disk_and_answered_for_at_once) {
  slow_join s;
  s.join();
  BOOST_REQUIRE(s.kept.has_value());
  const auto x = s.r.message_of(ann, "meanwhile");
  const auto told_now = outcome_in(s.push(x));
  BOOST_TEST(!told_now.overloaded);
  BOOST_REQUIRE(told_now.outcomes.size() == 1u);
  BOOST_TEST(told_now.outcomes[0].event_id == x->event_id);
  BOOST_TEST(told_now.outcomes[0].error == "");
  BOOST_TEST(s.j.disk.inbox.size() == 1u);
  BOOST_TEST(!outcome_in(s.push(x)).overloaded); // a repeat is harmless
  BOOST_TEST((texts_in(s.j.on(*s.kept)) == std::vector<std::string>{"meanwhile"}));
  BOOST_TEST(s.j.disk.inbox.empty());
}

BOOST_AUTO_TEST_CASE(what_came_during_a_join_is_told_when_the_join_is_made_after_a_crash) {
  slow_join s;
  s.join();
  const auto x = s.r.message_of(ann, "meanwhile");
  s.r.push({x});
  s.push(x);
  s.j.restart();
  BOOST_TEST(s.j.disk.inbox.size() == 1u);
  s.join_hangs = false;
  // What it cites lies in the past of the second join: it is asked for.
  auto texts = texts_in(s.join());
  for (const auto& text : texts_in(s.j.pass(5'000))) texts.push_back(text);
  BOOST_TEST((texts == std::vector<std::string>{"meanwhile"}));
  BOOST_TEST(s.j.disk.inbox.empty());
}

BOOST_AUTO_TEST_CASE(what_came_during_a_join_that_fails_leaves_nothing_behind) {
  slow_join s;
  s.join();
  s.push(s.r.message_of(ann, "meanwhile"));
  auto refused = std::get<peer_answer>(*s.kept);
  refused.status = 403;
  refused.body = "{}";
  refused.why = {fault_code::peer_refused, "no"};
  BOOST_TEST(texts_in(s.j.on(refused)).empty());
  BOOST_TEST(s.j.disk.inbox.empty());
}

BOOST_AUTO_TEST_CASE(who_speaks_after_our_join_is_heard_while_the_history_hangs) {
  slow_join s;
  s.r.command(chat::message_send{"chat-1", ann, "m1", "old", {}, {}, {}, {}, {}});
  s.join_hangs = false;
  s.history_hangs = true;
  s.join();
  const auto list = s.push(s.r.message_of(ann, "now"));
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"now"}));
  BOOST_TEST(!outcome_in(list).overloaded);
}

BOOST_AUTO_TEST_CASE(history_that_comes_one_event_every_eight_seconds_ends_after_a_minute) {
  slow_join s;
  for (int i = 0; i < 30; ++i)
    s.r.command(chat::message_send{"chat-1", ann, "m" + std::to_string(i), "old", {}, {}, {}, {}, {}});
  s.join_hangs = false;
  int asked = 0;
  const auto by_room = s.j.outside;
  s.j.outside = [&](const address& to, const message& m) -> std::optional<message> {
    auto answer = by_room(to, m);
    const auto* q = std::get_if<peer_request>(&m);
    if (!q || q->endpoint != endpoint::backfill || !answer) return answer;
    ++asked;
    s.j.now += 8'000;
    auto& told = std::get<peer_answer>(*answer);
    auto body = *matrix::json::parse(told.body);
    auto pdus = *body.find_array("pdus");
    pdus.resize(std::min<std::size_t>(1, pdus.size()));
    body.as_object()->set("pdus", std::move(pdus));
    told.body = matrix::json::canonical(body);
    return answer;
  };
  s.join();
  BOOST_TEST(asked > 1);
  BOOST_TEST(asked <= 9);
  BOOST_TEST(s.j.disk.head.history_from.empty());
}

BOOST_AUTO_TEST_CASE(
  what_comes_during_our_join_is_held_up_to_half_of_the_bound_for_one_server_and_others_always_come_in) {
  slow_join s;
  change(s.j.node).room.pending_pdus_max = 100;
  s.join();
  auto taken = [&](const std::string& by) {
    int count = 0;
    for (int i = 0; i < 60; ++i)
      if (!outcome_in(s.push(s.r.message_of(ann, by + std::to_string(i)), by)).overloaded) ++count;
    return count;
  };
  BOOST_TEST(taken("third.example") == 50);
  BOOST_TEST(taken("fourth.example") == 50);
  BOOST_TEST(!outcome_in(s.push(s.r.message_of(ann, "honest"), "fifth.example")).overloaded);
  BOOST_TEST(s.j.disk.inbox.size() == 100u);
  const auto told = texts_in(s.j.on(*s.kept));
  BOOST_TEST(std::count(told.begin(), told.end(), "honest") == 1);
}

BOOST_AUTO_TEST_CASE(servers_that_fill_the_room_with_events_without_a_past_keep_no_other_out) {
  shared_room r;
  change(r.node).room.pending_pdus_max = 100;
  BOOST_TEST(!outcome_in(r.push(orphans(r, "a", 50), "third.example")).overloaded);
  BOOST_TEST(!outcome_in(r.push(orphans(r, "b", 50), "fourth.example")).overloaded);
  BOOST_TEST(r.disk.inbox.size() == 100u);
  const auto list = r.push({r.message_of(eli, "honest")}, "fifth.example");
  BOOST_TEST(!outcome_in(list).overloaded);
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"honest"}));
  BOOST_TEST(r.disk.inbox.size() == 99u);
}

BOOST_AUTO_TEST_CASE(a_server_at_its_share_is_put_off_until_what_waits_has_waited_for_a_minute) {
  shared_room r;
  change(r.node).room.pending_pdus_max = 100;
  r.push(orphans(r, "a", 50), "third.example");
  BOOST_TEST(outcome_in(r.push({r.message_of(eli, "too early")}, "third.example")).overloaded);
  r.now += room::hopeless_after_ms;
  BOOST_TEST((texts_in(r.push({r.message_of(eli, "later")}, "third.example")) == std::vector<std::string>{"later"}));
  BOOST_TEST(r.disk.inbox.size() == 49u);
}

BOOST_AUTO_TEST_CASE(long_events_without_a_past_are_bounded_by_their_bytes) {
  shared_room r;
  std::map<std::string, int> put_off;
  for (int server = 0; server < 6; ++server)
    for (int transaction = 0; transaction < 4; ++transaction) {
      const auto by = "server" + std::to_string(server) + ".example";
      if (outcome_in(r.push(orphans(r, by + std::to_string(transaction) + "x", 50, 60'000), by)).overloaded)
        ++put_off[by];
    }
  BOOST_TEST(put_off.size() == 6u); // each at its own share
  std::size_t bytes = 0;
  for (const auto& row : r.disk.inbox) bytes += row.pdu.size();
  BOOST_TEST(bytes <= room::staged_bytes_max + limits::pdus_per_transaction_max * limits::event_bytes_max);
  BOOST_TEST((texts_in(r.push({r.message_of(eli, "honest")}, "honest.example")) == std::vector<std::string>{"honest"}));
}

BOOST_AUTO_TEST_SUITE_END()
