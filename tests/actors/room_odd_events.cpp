// One event that cannot be taken must not silence the room: what cites it is placed with the state at itself, within
// seconds.
#include "tests/actors/gap_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

using namespace causeway;
using namespace causeway::test;
using matrix::endpoint;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_odd_events)

namespace {

const std::string mallory = "@mallory:dead.example";

/// A room whose other servers answer as they would: there.example has `past`, and tells the state before each of its
/// events.
struct rig : shared_room {
  std::vector<matrix::event_ptr> past;    ///< of there.example, oldest first
  std::vector<matrix::event_ptr> changed; ///< state events that are part of its state and not of ours
  bool tells_past = true;
  std::vector<std::string> heard;
  time_ms heard_after = 0;

  rig() {
    outside = [this](const address& to, const message& m) -> std::optional<message> {
      const auto* q = std::get_if<peer_request>(&m);
      if (!q) return {};
      if (to.key != "there.example") return message{test::answer_to(*q, 0)};
      return message{by_there(*q)};
    };
  }
  peer_answer by_there(const peer_request& q) const {
    if (q.endpoint == endpoint::get_missing_events)
      return test::answer_to(q, 200, events_body(tells_past ? past : decltype(past){}));
    if (q.endpoint == endpoint::state_ids) return test::answer_to(q, 200, state_ids_body(*this, changed));
    if (q.endpoint == endpoint::state) return test::answer_to(q, 200, state_body(*this, changed));
    if (q.endpoint == endpoint::event_auth) return test::answer_to(q, 200, list_body("auth_chain", {}));
    if (q.endpoint == endpoint::event)
      for (const auto* list : {&past, &changed})
        for (const auto& x : *list)
          if (x->event_id == q.parameters.at(0)) return test::answer_to(q, 200, list_body("pdus", {x}));
    return test::answer_to(q, 404);
  }
  /// Lets time pass, half a second after the other, until there is nothing more to be told.
  void settle_for(const effects& list, time_ms ms) {
    const auto begun = now;
    auto take = [&](const effects& some) {
      for (auto& text : texts_in(some)) {
        heard.push_back(text);
        heard_after = now - begun;
      }
    };
    take(list);
    while (now - begun < ms) take(pass(500));
  }
  /// `odd` is pushed by there.example (unless only others tell of it), then an honest message on top of it.
  void honest_after(const matrix::event_ptr& odd, bool pushed) {
    past = {odd};
    if (pushed) settle_for(push({odd}), 0);
    settle_for(push({message_of(eve, "honest", {odd->event_id})}), 5'000);
    BOOST_TEST((heard == std::vector<std::string>{"honest"}));
    BOOST_TEST(heard_after < 5'000);
  }
  matrix::event_ptr by_dead(const std::string& type, object content, std::optional<std::string> key = {}) const {
    auto x = made(mallory, type, std::move(content), std::move(key));
    auto pdu = x->source;
    pdu.set("signatures", object{});
    matrix::set_signature(pdu, "dead.example", key_of('d').key_id(),
                          key_of('d').sign(matrix::signed_bytes(pdu, rules())));
    return *matrix::make_event(std::move(pdu), rules());
  }
  static matrix::event_ptr falsely_signed(const matrix::event_ptr& x) {
    auto pdu = x->source;
    pdu.set("signatures", object{{"there.example", object{{there_key().key_id(), there_key().sign("other words")}}}});
    return *matrix::make_event(std::move(pdu), x->rules());
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_member_whose_server_is_switched_off_does_not_silence_the_others) {
  for (const bool pushed : {false, true}) {
    rig r;
    const auto join = r.by_dead("m.room.member", {{"membership", "join"}}, mallory);
    r.changed = {join};
    r.honest_after(join, pushed);
    BOOST_TEST(r.membership(mallory).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_message_with_a_false_signature_does_not_silence_the_next) {
  for (const bool pushed : {false, true}) {
    rig r;
    r.honest_after(rig::falsely_signed(r.message_of(eve, "false")), pushed);
  }
}

BOOST_AUTO_TEST_CASE(a_deletion_that_is_signed_in_our_users_name_does_not_silence_the_room) {
  for (const bool pushed : {false, true}) {
    rig r;
    r.command(chat::message_send{"chat-1", ann, "m1", "hers", {}, {}, {}, {}, {}});
    auto pdu = r.redaction_of(ann, r.head().at(0))->source;
    pdu.set("signatures", object{});
    matrix::set_signature(pdu, "there.example", there_key().key_id(),
                          there_key().sign(matrix::signed_bytes(pdu, r.rules())));
    r.honest_after(*matrix::make_event(std::move(pdu), r.rules()), pushed);
  }
}

BOOST_AUTO_TEST_CASE(an_event_that_nobody_can_tell_does_not_silence_the_next) {
  rig r;
  r.tells_past = false;
  r.settle_for(r.push({r.message_of(eve, "honest", {"$" + std::string(43, 'N')})}), 5'000);
  BOOST_TEST((r.heard == std::vector<std::string>{"honest"}));
}

BOOST_AUTO_TEST_CASE(an_event_that_rests_on_another_rooms_member_does_not_silence_the_next) {
  for (const bool pushed : {false, true}) {
    rig r;
    shared_room other;
    auto pdu = r.message_of(eve, "odd")->source;
    auto auth = *pdu.find("auth_events")->as_array();
    auth.emplace_back(other.state().at({"m.room.member", ann}) + "x");
    pdu.set("auth_events", std::move(auth));
    r.honest_after(*matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key()), pushed);
  }
}

BOOST_AUTO_TEST_CASE(a_member_whose_key_comes_late_is_taken_with_what_he_has_said) {
  rig r;
  bool dead = true;
  r.knows_key = [&](const std::string& id) { return !dead || id != key_of('3').key_id(); };
  const std::string late = "@late:third.example";
  auto signed_late = [&](const matrix::event_ptr& x) {
    auto pdu = x->source;
    pdu.erase("signatures");
    pdu.erase("hashes");
    return *matrix::hash_and_sign(std::move(pdu), r.rules(), "third.example", key_of('3'));
  };
  const auto join = signed_late(r.made(late, "m.room.member", {{"membership", "join"}}, late));
  r.changed = {join};
  r.past = {join};
  const auto first = r.message_of(eve, "honest", {join->event_id});
  auto list = r.push({join, first});
  r.settle_for(list, 5'000);
  BOOST_TEST((r.heard == std::vector<std::string>{"honest"}));
  BOOST_TEST(r.membership(late).empty());
  dead = false;
  r.pass(r.node.settings().room.inbox_retry_ms);
  BOOST_TEST(r.membership(late) == "join");
  BOOST_TEST(r.disk.inbox.empty());
  // What he says rests on his join, and others go on by what they see.
  const auto said = signed_late(r.message_of(late, "by the late one"));
  r.settle_for(r.push({said}, "third.example"), 5'000);
  r.settle_for(r.push({r.message_of(eve, "and on", {said->event_id})}), 5'000);
  BOOST_TEST((r.heard == std::vector<std::string>{"honest", "by the late one", "and on"}));
}

BOOST_AUTO_TEST_CASE(a_server_waits_no_longer_than_a_moment_for_another_servers_key) {
  shared_room r;
  const auto join = r.made("@late:third.example", "m.room.member", {{"membership", "join"}}, "@late:third.example");
  auto pdus = std::make_shared<std::vector<object>>();
  pdus->push_back(join->source);
  // The verifier waits for the key.
  const auto pushed = r.give(pdus_received{{actor_kind::remote_server, "there.example"}, 1, "there.example", pdus});
  BOOST_TEST(told<pdus_handled>(pushed).empty());
  const auto later = r.pass(2'000);
  BOOST_REQUIRE(told<pdus_handled>(later).size() == 1u);
  BOOST_TEST(told<pdus_handled>(later)[0].second.outcomes.at(0).error.empty());
  BOOST_TEST(written<store::put_inbox>(later).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
