#include "actors/room/event_writer.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_event_writer_alone)

BOOST_AUTO_TEST_CASE(event_is_in_memory_and_among_the_rows_of_the_same_decision) {
  component_rig r;
  const auto x = r.made(eve, "m.room.member", {{"membership", "leave"}}, eve);
  const auto changes = r.writer.add(x, r.writer.state_before(x->prev_events), {});
  BOOST_REQUIRE(changes.size() == 1u);
  BOOST_TEST(changes[0].after->event_id == x->event_id);
  BOOST_TEST(r.room.graph.membership(eve) == matrix::membership::leave);
  const auto list = r.take();
  BOOST_REQUIRE(written<store::put_event>(list).size() == 1u);
  BOOST_TEST(written<store::put_event>(list)[0].event->event_id == x->event_id);
  BOOST_TEST(!written<store::put_state_group>(list).empty());
}

BOOST_AUTO_TEST_CASE(row_of_the_room_follows_the_graph_and_is_written_once) {
  component_rig r;
  const auto x = r.message_of(eve, "hello");
  (void)r.writer.add(x, r.writer.state_before(x->prev_events), {});
  r.writer.write_head();
  const auto rows = written<store::put_room>(r.take());
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].forward_extremities == std::vector{x->event_id}, boost::test_tools::per_element());
  r.writer.write_head();
  BOOST_TEST(r.take().empty());
}

BOOST_AUTO_TEST_CASE(rejected_event_changes_no_state) {
  component_rig r;
  const auto x = r.made(eve, "m.room.member", {{"membership", "ban"}}, bob);
  const auto changes =
    r.writer.add(x, r.writer.state_before(x->prev_events), {store::verdict::rejected, "no power to ban"});
  BOOST_TEST(changes.empty());
  BOOST_TEST(r.room.graph.membership(bob) == matrix::membership::join);
  BOOST_TEST((written<store::put_event>(r.take()).at(0).judged == store::verdict::rejected));
}

BOOST_AUTO_TEST_CASE(room_that_our_last_member_has_left_has_a_row_that_says_so) {
  component_rig r;
  r.writer.left();
  r.writer.write_head();
  BOOST_TEST((written<store::put_room>(r.take()).at(0).phase == store::room_phase::left));
}

BOOST_AUTO_TEST_CASE(creation_that_is_given_up_leaves_nothing_behind) {
  component_rig r;
  room::room_state fresh{r.node, "!new:here.example"};
  decision out{{actor_kind::room, fresh.id}};
  room::event_writer writer{fresh, out};
  chat::room_create wanted;
  wanted.room = "chat-2";
  const auto create = *room::found_room(r.node, wanted, ann, "other", r.now);
  writer.create(create, "chat-2", chat::room_type::channel, true);
  BOOST_TEST(fresh.exists);
  BOOST_TEST(fresh.graph.create()->event_id == create->event_id);
  out.send({actor_kind::directory, ""}, room_named{});
  writer.give_up_create();
  BOOST_TEST(!fresh.exists);
  BOOST_TEST(out.take().empty());
}

BOOST_AUTO_TEST_CASE(what_a_redaction_left_takes_the_place_of_the_event) {
  component_rig r;
  const auto x = r.message_of(eve, "spam");
  (void)r.writer.add(x, r.writer.state_before(x->prev_events), {});
  (void)r.take();
  const auto by = r.redaction_of(eli, x->event_id, {x->event_id});
  r.writer.redact(matrix::redacted(*x, by), by->event_id);
  BOOST_TEST(r.room.graph.find(x->event_id)->event->content().find("body") == nullptr);
  BOOST_TEST(written<store::redact_event>(r.take()).at(0).redaction_event_id == by->event_id);
}

BOOST_AUTO_TEST_SUITE_END()
