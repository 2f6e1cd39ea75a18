// A verdict on a message is taken over from the sender's last one only while nothing it rests on has changed.
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_verdicts)

namespace {

store::verdict judged(const shared_room& r, const matrix::event_ptr& x) { return r.disk.events.at(x->event_id).judged; }

/// ann changes the power levels.
void set_levels(shared_room& r, const matrix::json::object& changes) {
  auto levels = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  for (const auto& [key, mapped] : changes) levels.set(key, mapped);
  matrix::json::array prev{matrix::json::value{r.head().at(0)}}, auth;
  for (const auto& id : matrix::select_auth_events(r.rules(), "m.room.power_levels", ann, nullptr, levels, r.state()))
    auth.emplace_back(id);
  auto x = *matrix::hash_and_sign({{"type", "m.room.power_levels"},
                                   {"room_id", r.room_id},
                                   {"sender", ann},
                                   {"state_key", ""},
                                   {"origin_server_ts", r.now},
                                   {"depth", 60},
                                   {"content", std::move(levels)},
                                   {"prev_events", std::move(prev)},
                                   {"auth_events", std::move(auth)}},
                                  r.rules(), r.node.server_name, r.node.key);
  r.push({x});
}

} // namespace

BOOST_AUTO_TEST_CASE(the_next_message_of_a_sender_is_accepted_like_the_one_before) {
  shared_room r;
  for (const auto* text : {"1", "2", "3"}) {
    const auto said = r.message_of(eve, text);
    r.push({said});
    BOOST_TEST((judged(r, said) == store::verdict::accepted));
  }
}

BOOST_AUTO_TEST_CASE(a_message_is_judged_anew_when_the_levels_have_changed) {
  shared_room r;
  const auto before = r.message_of(eve, "allowed");
  r.push({before});
  set_levels(r, {{"events_default", 50}});
  const auto after = r.message_of(eve, "no longer allowed");
  r.push({after});
  BOOST_TEST((judged(r, before) == store::verdict::accepted));
  BOOST_TEST((judged(r, after) == store::verdict::rejected));
}

BOOST_AUTO_TEST_CASE(a_message_beside_the_change_that_forbids_it_is_soft_failed) {
  shared_room r;
  const auto first = r.message_of(eve, "allowed");
  r.push({first});
  const auto fork = r.head();
  set_levels(r, {{"events_default", 50}});
  // The same state before it, the same sender and auth events as the first: only the current state is another.
  auto beside = r.message_of(eve, "late", fork)->source;
  beside.set("auth_events", *first->source.find("auth_events"));
  beside.erase("hashes");
  beside.erase("signatures");
  const auto late = *matrix::hash_and_sign(std::move(beside), r.rules(), "there.example", there_key());
  r.push({late});
  BOOST_TEST((judged(r, late) == store::verdict::soft_failed));
}

BOOST_AUTO_TEST_CASE(another_type_of_event_has_a_verdict_of_its_own) {
  shared_room r;
  auto levels_of_types = *r.event(r.state().at({"m.room.power_levels", ""}))->content().find("events")->as_object();
  levels_of_types.set("org.example.closed", 50);
  set_levels(r, {{"events", std::move(levels_of_types)}});
  const auto said = r.message_of(eve, "allowed");
  r.push({said});
  const auto closed = r.made(eve, "org.example.closed", {});
  r.push({closed});
  BOOST_TEST((judged(r, said) == store::verdict::accepted));
  BOOST_TEST((judged(r, closed) == store::verdict::rejected));
}

BOOST_AUTO_TEST_CASE(other_auth_events_are_judged_for_themselves) {
  shared_room r;
  const auto first = r.message_of(eve, "allowed");
  r.push({first});
  auto pdu = r.message_of(eve, "cites a membership of somebody else")->source;
  auto ids = *pdu.find("auth_events")->as_array();
  ids.emplace_back(r.state().at({"m.room.member", eli}));
  pdu.set("auth_events", std::move(ids));
  pdu.erase("hashes");
  pdu.erase("signatures");
  const auto wrong = *matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key());
  r.push({wrong});
  BOOST_TEST((judged(r, wrong) == store::verdict::rejected));
}

BOOST_AUTO_TEST_CASE(
  rejected_state_events_do_not_stay_in_memory_and_are_not_loaded_and_who_cites_one_is_rejected_still) {
  shared_room r;
  change(r.node).room.recent_events_max = 64;
  r.restart();
  auto at_hand = [&] { return *matrix::json::parse(r.machine->describe(r.now))->find_integer("events_at_hand"); };
  const auto before = at_hand();
  matrix::event_ptr first;
  for (int i = 0; i < 1'000; ++i) {
    const auto topic = r.made(eve, "m.room.topic", {{"topic", std::to_string(i)}}, "");
    r.push({topic});
    BOOST_REQUIRE((judged(r, topic) == store::verdict::rejected));
    if (!first) first = topic;
  }
  BOOST_TEST(at_hand() <= before + 64);
  const auto loaded = r.disk.load().state_events;
  BOOST_TEST(std::none_of(loaded.begin(), loaded.end(), [](const auto& e) { return e.event->type == "m.room.topic"; }));
  auto pdu = r.message_of(eve, "by its authority")->source;
  auto auth = *pdu.find("auth_events")->as_array();
  auth.emplace_back(first->event_id);
  pdu.set("auth_events", std::move(auth));
  pdu.erase("hashes");
  pdu.erase("signatures");
  const auto citing = *matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key());
  BOOST_TEST(told<peer_request>(r.push({citing})).empty()); // it is read, not asked for
  BOOST_TEST((judged(r, citing) == store::verdict::rejected));
  const auto said = r.message_of(eve, "after all that");
  r.push({said});
  BOOST_TEST((judged(r, said) == store::verdict::accepted));
}

BOOST_AUTO_TEST_SUITE_END()
