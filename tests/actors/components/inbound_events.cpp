#include "actors/room/inbound_events.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using room::question::copies;

BOOST_AUTO_TEST_SUITE(room_inbound_events_alone)

namespace {

struct intake_rig : assembled_rig {
  effects receive_pdu(matrix::json::object pdu) {
    auto pdus = std::make_shared<std::vector<matrix::json::object>>();
    pdus->push_back(std::move(pdu));
    inbound.receive(pdus_received{{actor_kind::remote_server, "there.example"}, 7, "there.example", std::move(pdus)});
    return take();
  }
  effects receive(const matrix::event_ptr& x) { return receive_pdu(x->source); }
  /// What the verifier says of the one event that it was asked about.
  effects checked(const effects& asked, event_check check) {
    auto verdict = assembled_rig::verified(asked);
    verdict.checks.assign(verdict.checks.size(), check);
    return hear<copies>(inbound, verdict);
  }
};

/// What the sender is answered of its one PDU; nothing: it is not answered yet.
std::optional<std::string> error_in(const effects& list) {
  const auto handled = told<pdus_handled>(list);
  if (handled.size() != 1 || handled[0].second.outcomes.size() != 1) return {};
  return handled[0].second.outcomes[0].error;
}

} // namespace

BOOST_AUTO_TEST_CASE(event_is_taken_when_its_signatures_are_valid_and_answered_when_it_is_on_disk) {
  intake_rig r;
  const auto x = r.message_of(eve, "hello");
  auto list = r.receive(x);
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST(!error_in(list));
  BOOST_TEST(!r.inbound.is_idle());
  list = r.checked(list, event_check::valid);
  const auto rows = written<store::put_event>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST((rows[0].judged == store::verdict::accepted));
  BOOST_TEST(r.has(x));
  BOOST_TEST(r.events.accepted == std::vector{x->event_id}, boost::test_tools::per_element());
  BOOST_TEST(texts_in(list) == std::vector<std::string>{"hello"}, boost::test_tools::per_element());
  BOOST_REQUIRE(error_in(list));
  BOOST_TEST(error_in(list)->empty());
  for (const auto& e : list) // not before the commit
    if (const auto* t = std::get_if<tell>(&e)) BOOST_TEST(!std::holds_alternative<pdus_handled>(t->body));
  BOOST_TEST(r.inbound.is_idle());
}

BOOST_AUTO_TEST_CASE(repeat_of_what_is_in_the_room_is_answered_and_costs_nothing) {
  intake_rig r;
  const auto x = r.message_of(eve, "hello");
  r.add(x);
  (void)r.take();
  const auto list = r.receive(x);
  BOOST_TEST(told<verify_events>(list).empty());
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_REQUIRE(error_in(list));
  BOOST_TEST(error_in(list)->empty());
  BOOST_TEST(r.inbound.is_idle());
}

BOOST_AUTO_TEST_CASE(event_whose_signature_is_not_valid_is_refused_with_the_reason) {
  intake_rig r;
  const auto x = r.message_of(eve, "hello");
  const auto list = r.checked(r.receive(x), event_check::bad_signature);
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_REQUIRE(error_in(list));
  BOOST_TEST(error_in(list)->starts_with("bad_signature"));
  BOOST_TEST(!r.has(x));
  BOOST_TEST(r.inbound.is_idle());
}

BOOST_AUTO_TEST_CASE(what_is_no_event_of_this_room_is_refused_at_once) {
  intake_rig r;
  auto elsewhere = r.message_of(eve, "hello")->source;
  elsewhere.set("room_id", "!other:here.example");
  for (const auto& pdu : {elsewhere, matrix::json::object{{"type", "m.room.message"}}}) {
    const auto list = r.receive_pdu(pdu);
    BOOST_TEST(told<verify_events>(list).empty());
    BOOST_REQUIRE(error_in(list));
    BOOST_TEST(!error_in(list)->empty());
    BOOST_TEST(r.inbound.is_idle());
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_taken_for_a_room_that_nobody_of_ours_is_in) {
  intake_rig r;
  const auto x = r.message_of(eve, "hello");
  r.room.exists = false;
  const auto list = r.receive(x);
  BOOST_TEST(told<verify_events>(list).empty());
  BOOST_REQUIRE(error_in(list));
  BOOST_TEST(!error_in(list)->empty());
}

BOOST_AUTO_TEST_CASE(event_whose_key_cannot_be_had_is_staged_and_verified_again) {
  intake_rig r;
  const auto x = r.message_of(eve, "hello");
  const auto list = r.checked(r.receive(x), event_check::no_key);
  BOOST_TEST(written<store::put_inbox>(list).size() == 1u);
  BOOST_REQUIRE(error_in(list));
  BOOST_TEST(error_in(list)->empty()); // it is on disk: the sender need not repeat it
  BOOST_TEST(!r.has(x));
  effects again;
  for (int i = 0; i < 20 && told<verify_events>(again).empty(); ++i) {
    BOOST_REQUIRE(r.inbound.deadline() != 0);
    r.after(std::max<time_ms>(0, r.inbound.deadline() - r.now));
    r.inbound.on_deadline();
    again = r.take();
  }
  again = r.checked(again, event_check::valid);
  BOOST_TEST(r.has(x));
  BOOST_TEST(!written<store::remove_inbox>(again).empty());
  BOOST_TEST(r.inbound.is_idle());
}

BOOST_AUTO_TEST_CASE(what_lacks_a_key_is_asked_about_at_once_when_the_same_answer_proves_that_key) {
  intake_rig r;
  auto pdus = std::make_shared<std::vector<matrix::json::object>>();
  for (const auto* text : {"first", "second"}) pdus->push_back(r.message_of(eve, text)->source);
  r.inbound.receive(pdus_received{{actor_kind::remote_server, "there.example"}, 7, "there.example", std::move(pdus)});
  auto verdict = r.verified(r.take());
  verdict.checks = {event_check::no_key, event_check::valid};
  (void)r.hear<copies>(r.inbound, verdict);
  BOOST_TEST(r.inbound.deadline() == r.now);
}

BOOST_AUTO_TEST_CASE(turn_of_what_waits_for_a_key_is_not_put_off_by_others_that_come_to_wait) {
  intake_rig r;
  const auto retry_ms = time_ms{r.node.settings().room.inbox_retry_ms};
  (void)r.checked(r.receive(r.message_of(eve, "first")), event_check::no_key);
  r.after(retry_ms - 1'000);
  (void)r.checked(r.receive(r.message_of(eli, "second")), event_check::no_key);
  r.after(1'000);
  r.inbound.on_deadline();
  const auto asked = told<verify_events>(r.take());
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(asked[0].second.events.size() == 2u); // all of them
  BOOST_TEST(asked[0].second.events[0]->sender == eve);
}

BOOST_AUTO_TEST_SUITE_END()
