#include "actors/room/policy_gate.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_policy_gate_alone)

namespace {

const auto gate_key = key_of('p');

struct gate_rig : component_rig {
  room::policy_gate gate{room, pending};
  matrix::policy_server guard{"there.example", gate_key.public_key_base64()};

  peer_request ask(const matrix::event_ptr& x, room::policy_gate::purpose of) {
    gate.ask(x, guard, std::move(of));
    const auto asked = told<peer_request>(take());
    BOOST_REQUIRE(asked.size() == 1u);
    BOOST_TEST(asked[0].first.key == "there.example");
    return asked[0].second;
  }
  peer_answer answer(const peer_request& q, int status, std::string body = "{}",
                     fault_code why = fault_code::peer_refused) const {
    peer_answer a;
    a.asked = q.asked;
    a.status = status;
    a.body = std::move(body);
    if (status != 200) a.why = {why, "says " + std::to_string(status)};
    return a;
  }
  /// As the room hands it over.
  std::optional<room::policy_gate::verdict> hear(const peer_answer& m) {
    return gate.answered(question_of<room::question::policy_signature>(m.asked), m);
  }
  std::string signature(const matrix::event_ptr& x, const matrix::signing_key& key) const {
    return matrix::json::canonical(matrix::json::object{
      {"there.example", matrix::json::object{{std::string{matrix::policy_server_key_id},
                                              key.sign(matrix::signed_bytes(x->source, rules()))}}}});
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(room_without_a_policy_event_has_none) {
  gate_rig r;
  BOOST_TEST(!r.gate.server());
}

BOOST_AUTO_TEST_CASE(signed_event_comes_back_with_the_signature_and_for_whom_it_was_asked) {
  gate_rig r;
  const auto x = r.message_of(ann, "hello");
  const auto q = r.ask(x, room::policy_gate::inbound_event{42});
  BOOST_TEST(!r.gate.is_idle());
  const auto v = r.hear(r.answer(q, 200, r.signature(x, gate_key)));
  BOOST_REQUIRE(v.has_value());
  BOOST_TEST(std::get<room::policy_gate::inbound_event>(v->of).id == 42u);
  BOOST_REQUIRE(!!v->outcome);
  BOOST_TEST(matrix::has_policy_signature(**v->outcome, r.guard));
  BOOST_TEST(r.gate.is_idle());
}

BOOST_AUTO_TEST_CASE(wrong_signature_is_a_bad_answer_and_a_refusal_is_a_denial) {
  gate_rig r;
  const auto x = r.message_of(ann, "hello");
  auto v = r.hear(r.answer(r.ask(x, room::policy_gate::own_event{}), 200, r.signature(x, key_of('q'))));
  BOOST_REQUIRE(v.has_value());
  BOOST_TEST((v->outcome.error().code == fault_code::peer_bad_answer));
  auto denied = r.answer(r.ask(x, room::policy_gate::own_event{}), 400);
  denied.errcode = "M_FORBIDDEN";
  v = r.hear(denied);
  BOOST_REQUIRE(v.has_value());
  BOOST_TEST((v->outcome.error().code == fault_code::policy_denied));
  BOOST_TEST(v->outcome.error().detail.starts_with("M_FORBIDDEN: "));
}

BOOST_AUTO_TEST_CASE(server_that_does_not_answer_is_asked_twice) {
  gate_rig r;
  const auto x = r.message_of(ann, "hello");
  const auto first = r.ask(x, room::policy_gate::own_event{});
  BOOST_TEST(!r.hear(r.answer(first, 0, {}, fault_code::peer_timeout)));
  const auto again = told<peer_request>(r.take());
  BOOST_REQUIRE(again.size() == 1u);
  const auto v = r.hear(r.answer(again[0].second, 0, {}, fault_code::peer_timeout));
  BOOST_REQUIRE(v.has_value());
  BOOST_TEST((v->outcome.error().code == fault_code::peer_timeout));
}

BOOST_AUTO_TEST_CASE(question_that_was_lost_with_its_actor_counts_as_unanswered_after_a_while) {
  gate_rig r;
  r.ask(r.message_of(ann, "hello"), room::policy_gate::own_event{});
  const auto patience = std::int64_t{r.node.settings().federation.policy_server_timeout_ms} + 30'000;
  r.after(patience - 1);
  BOOST_TEST(!r.pending.take_expired());
  r.after(1);
  auto [first, nobody] = r.expired<room::question::policy_signature>();
  BOOST_TEST(!r.gate.answered(first, nobody)); // it is asked once more
  BOOST_TEST(told<peer_request>(r.take()).size() == 1u);
  r.after(patience);
  auto [second, again] = r.expired<room::question::policy_signature>();
  const auto v = r.gate.answered(std::move(second), again);
  BOOST_REQUIRE(v.has_value());
  BOOST_TEST((v->outcome.error().code == fault_code::timed_out));
  BOOST_TEST(r.gate.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
