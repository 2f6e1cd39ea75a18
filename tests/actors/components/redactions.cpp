#include "actors/room/redactions.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using room::question::redaction_target;

BOOST_AUTO_TEST_SUITE(room_redactions_alone)

namespace {

struct redactions_rig : assembled_rig {
  matrix::event_ptr spam = message_of(eve, "spam");

  /// An accepted redaction comes. @returns the question to the store what it redacts
  effects accept(const matrix::event_ptr& by) {
    redacted.accepted(*by, room.graph.current());
    return take();
  }
  effects found(const effects& asked, const matrix::event_ptr& by, bool has_target = true) {
    store::redaction_loaded row;
    row.redaction = by;
    if (has_target) row.target = store::stored_event{spam, store::verdict::accepted, 0, 0, 1};
    return hear<redaction_target>(redacted, stored(asked, row));
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(redaction_by_a_user_of_the_same_server_takes_the_content) {
  redactions_rig r;
  const auto by = r.redaction_of(eli, r.spam->event_id);
  const auto asked = r.accept(by);
  BOOST_TEST(written<store::hold_redaction>(asked).size() == 1u);
  BOOST_TEST(!r.redacted.is_idle());
  const auto done = r.found(asked, by);
  BOOST_REQUIRE(written<store::redact_event>(done).size() == 1u);
  BOOST_TEST(written<store::redact_event>(done)[0].redacted->content().find("body") == nullptr);
  BOOST_TEST(written<store::drop_held_redaction>(done).size() == 1u);
  BOOST_TEST(r.redacted.is_idle());
}

BOOST_AUTO_TEST_CASE(redaction_without_power_over_another_servers_event_leaves_it_as_it_is) {
  redactions_rig r;
  const auto by = r.redaction_of(bob, r.spam->event_id);
  const auto done = r.found(r.accept(by), by);
  BOOST_TEST(written<store::redact_event>(done).empty());
  BOOST_TEST(written<store::drop_held_redaction>(done).size() == 1u);
}

BOOST_AUTO_TEST_CASE(redaction_that_comes_before_its_target_is_held_until_that_comes) {
  redactions_rig r;
  const auto by = r.redaction_of(eve, r.spam->event_id);
  const auto held = written<store::hold_redaction>(r.found(r.accept(by), by, false));
  BOOST_REQUIRE(held.size() == 1u);
  BOOST_TEST(held[0].looked_up);
  const auto left = r.redacted.as_redacted(r.spam);
  BOOST_TEST(left->content().find("body") == nullptr);
  BOOST_TEST(r.redacted.applies_to(r.spam->event_id));
  r.redacted.complete(left);
  const auto done = r.take();
  BOOST_TEST(written<store::redact_event>(done).at(0).redaction_event_id == by->event_id);
  BOOST_TEST(!r.redacted.applies_to(r.spam->event_id));
}

BOOST_AUTO_TEST_CASE(redaction_that_the_store_says_nothing_of_stays_held) {
  redactions_rig r;
  const auto by = r.redaction_of(eve, r.spam->event_id);
  (void)r.accept(by);
  r.after(room::pending_questions::store_patience_ms);
  BOOST_TEST(written<store::drop_held_redaction>(r.hear_nothing<redaction_target>(r.redacted)).empty());
  BOOST_TEST(r.redacted.is_idle());
  BOOST_TEST(r.redacted.as_redacted(r.spam)->content().find("body") == nullptr);
}

BOOST_AUTO_TEST_CASE(messages_of_a_banned_user_that_the_store_says_nothing_of_are_asked_for_again) {
  redactions_rig r;
  const auto ban = r.made(ann, "m.room.member", {{"membership", "ban"}, {"redact_events", true}}, eve);
  r.redacted.observe({{"m.room.member", eve}, nullptr, ban});
  const auto held = written<store::hold_redaction>(r.take());
  BOOST_REQUIRE(held.size() == 1u);
  BOOST_TEST(held[0].target_event_id == ban->event_id);
  BOOST_TEST(held[0].sender == eve);
  r.after(room::pending_questions::store_patience_ms);
  BOOST_TEST(written<store::drop_held_redaction>(r.hear_nothing<room::question::before_ban>(r.redacted)).empty());
  BOOST_TEST(!r.redacted.is_idle());

  const auto wait = r.redacted.deadline() - r.now;
  BOOST_TEST(wait == 60'000);
  r.after(wait);
  r.redacted.on_deadline();
  const auto asked = r.take();
  const auto question = std::get<store::load_ancestors>(of_kind<ask_store>(asked).at(0).question);
  BOOST_TEST(question.from == std::vector<std::string>{ban->event_id}); // what came later is not meant
  store::events_loaded found;
  for (const auto& [x, position] : {std::pair{ban, 2}, std::pair{r.spam, 1}})
    found.events.push_back({x, store::verdict::accepted, 0, 0, position});
  (void)r.hear<room::question::before_ban>(r.redacted, r.stored(asked, found));
  r.after(room::pending_questions::store_patience_ms);
  // Of the message itself it says nothing either: once more.
  BOOST_TEST(
    written<store::drop_held_redaction>(r.hear_nothing<room::question::message_of_banned>(r.redacted)).empty());
  BOOST_TEST(r.redacted.deadline() == r.now + 60'000);
}

BOOST_AUTO_TEST_CASE(messages_of_a_banned_user_are_asked_for_by_the_next_incarnation_too) {
  redactions_rig r;
  const auto ban = r.made(ann, "m.room.member", {{"membership", "ban"}, {"redact_events", true}}, eve);
  r.redacted.load({{r.room_id, ban->event_id, ban->event_id, eve, true, false}});
  const auto words = r.take();
  store::events_loaded found;
  found.events.push_back({r.spam, store::verdict::accepted, 0, 0, 1});
  const auto asked = r.hear<room::question::before_ban>(r.redacted, r.stored(words, found));
  store::redaction_loaded row;
  row.redaction = ban;
  row.target = store::stored_event{r.spam, store::verdict::accepted, 0, 0, 1};
  const auto done = r.hear<room::question::message_of_banned>(r.redacted, r.stored(asked, row));
  BOOST_TEST(written<store::redact_event>(done).at(0).redacted->content().find("body") == nullptr);
  BOOST_TEST(written<store::drop_held_redaction>(done).at(0).redaction_event_id == ban->event_id);
  BOOST_TEST(r.redacted.is_idle());
}

BOOST_AUTO_TEST_CASE(of_a_hundred_bans_one_after_the_other_is_taken_up_again_and_the_oldest_beyond_are_left) {
  redactions_rig r;
  std::vector<store::hold_redaction> held;
  for (std::size_t i = 0; i < room::redactions::wishes_max + 1; ++i) {
    const auto ban = "$ban" + std::to_string(i);
    held.push_back({r.room_id, ban, ban, eve, true, false});
  }
  r.redacted.load(held);
  auto asked = r.take();
  BOOST_TEST(written<store::drop_held_redaction>(asked).at(0).redaction_event_id == "$ban0");
  for (std::size_t i = 1; i < held.size(); ++i) {
    BOOST_REQUIRE(of_kind<ask_store>(asked).size() == 1u);
    asked = r.hear<room::question::before_ban>(r.redacted, r.stored(asked, store::events_loaded{}));
    BOOST_TEST(written<store::drop_held_redaction>(asked).at(0).redaction_event_id == held[i].redaction_event_id);
  }
  BOOST_TEST(of_kind<ask_store>(asked).empty());
  BOOST_TEST(r.redacted.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
