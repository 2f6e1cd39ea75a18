#include "actors/room/relations.hpp"

#include "actors/room/message_relations.hpp"
#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using room::question::relation;
using store::relation_standing;

BOOST_AUTO_TEST_SUITE(room_relations_alone)

namespace {

struct relations_rig : assembled_rig {
  room::relations& related = redacted.related();
  matrix::event_ptr said = message_of(eve, "hello");
  matrix::event_ptr reaction = made(eve, "m.reaction", room::reaction_content(said->event_id, "+"));

  /// @returns the question to the store
  effects accept() {
    related.accepted(*reaction, false);
    return take();
  }
  store::relations_loaded found(bool has_target = true) const {
    store::relations_loaded x;
    x.relation = reaction;
    if (has_target) x.target = store::stored_event{said, store::verdict::accepted, 0, 0, 1};
    x.reaction = store::stored_event{reaction, store::verdict::accepted, 0, 0, 2};
    return x;
  }
};

std::vector<relation_standing> standings(const effects& list) {
  std::vector<relation_standing> all;
  for (const auto& row : written<store::put_relation>(list)) all.push_back(row.standing);
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_reaction_is_written_before_it_is_looked_up_and_told_when_its_message_is_known) {
  relations_rig r;
  const auto asked = r.accept();
  BOOST_TEST((standings(asked) == std::vector{relation_standing::waits}));
  BOOST_TEST(!r.related.is_idle());
  const auto done = r.hear<relation>(r.related, r.stored(asked, r.found()));
  BOOST_TEST((standings(done) == std::vector{relation_standing::counts}));
  BOOST_TEST(notified<chat::reaction_added>(done).size() == 1u);
  BOOST_TEST(r.related.is_idle());
  BOOST_TEST(r.related.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_answer_is_asked_again_and_nobody_waits_less_for_it) {
  relations_rig r;
  const auto since = r.now;
  const auto busy = r.hear<relation>(r.related, r.stored(r.accept(), fault{fault_code::overloaded, "busy"}));
  BOOST_TEST(of_kind<ask_store>(busy).empty());
  BOOST_TEST(r.related.deadline() > r.now);
  BOOST_TEST(r.related.deadline() < since + room::relations::wait_ms);
  r.after(r.related.deadline() - r.now);
  r.related.on_deadline();
  // The message is not there yet: it goes on waiting until its own time is over.
  const auto done = r.hear<relation>(r.related, r.stored(r.take(), r.found(false)));
  BOOST_TEST(written<store::remove_relation>(done).empty());
  BOOST_TEST(r.related.deadline() == since + room::relations::wait_ms);
  r.after(r.related.deadline() - r.now);
  r.related.on_deadline();
  BOOST_TEST(written<store::remove_relation>(r.hear<relation>(r.related, r.stored(r.take(), r.found(false)))).size() ==
             1u);
  BOOST_TEST(r.related.is_idle());
}

BOOST_AUTO_TEST_CASE(a_message_that_comes_while_the_store_is_asked_is_looked_up_once_more) {
  relations_rig r;
  const auto asked = r.accept();
  r.related.accepted(*r.said, false);
  BOOST_TEST(of_kind<ask_store>(r.take()).empty());
  const auto again = r.hear<relation>(r.related, r.stored(asked, r.found(false)));
  BOOST_TEST(notified<chat::reaction_added>(r.hear<relation>(r.related, r.stored(again, r.found()))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_waits_in_a_room_that_nobody_of_ours_is_in) {
  relations_rig r;
  const auto asked = r.accept();
  r.related.abandon();
  BOOST_TEST(written<store::remove_relation>(r.take()).size() == 1u);
  BOOST_TEST(r.related.is_idle());
  BOOST_TEST(r.related.deadline() == 0);
  BOOST_TEST(notified<chat::reaction_added>(r.hear<relation>(r.related, r.stored(asked, r.found()))).empty());
}

BOOST_AUTO_TEST_SUITE_END()
