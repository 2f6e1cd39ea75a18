#include "actors/room/relation_commands.hpp"

#include "actors/room/message_relations.hpp"
#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_relation_commands_alone)

namespace {

struct relating_rig : command_rig {
  room::relation_commands handler{room, authoring, redacted};
  matrix::event_ptr said = message_of(ann, "hello");
  store::relations_loaded found = about(said);

  static store::relations_loaded about(const matrix::event_ptr& x) {
    store::relations_loaded loaded;
    if (x) loaded.target = store::stored_event{x, store::verdict::accepted, 0, 0, 1};
    return loaded;
  }
  room::queued_command with_found() const {
    auto c = queued();
    c.relations = found;
    return c;
  }
  room::command_outcome edit(const std::string& by = ann, std::string text = "hello!",
                             std::optional<std::string> html = {}, std::vector<std::string> mentions = {}) {
    return handler.run(with_found(),
                       chat::message_edit{"chat-1", by, "m1", std::move(text), std::move(html), std::move(mentions)});
  }
  room::command_outcome react(const std::string& by = bob) {
    return handler.run(with_found(), chat::reaction_add{"chat-1", by, "m1", "+"});
  }
  room::command_outcome take_back(const std::string& by = bob) {
    return handler.run(with_found(), chat::reaction_remove{"chat-1", by, "m1", "+"});
  }
  matrix::event_ptr deleted(const matrix::event_ptr& x) const {
    return matrix::redacted(*x, redaction_of(ann, x->event_id));
  }
  /// What of the message all three commands refuse alike, if they do.
  std::vector<fault_code> refusals() { return {refusal_of(edit()), refusal_of(react()), refusal_of(take_back())}; }
  bool all_are(fault_code code) {
    const auto all = refusals();
    return all == std::vector<fault_code>(3, code);
  }
};

matrix::event_ptr only_event_in(const effects& list) {
  const auto rows = written<store::put_event>(list);
  if (rows.size() != 1) throw std::runtime_error(std::to_string(rows.size()) + " events");
  return rows[0].event;
}

} // namespace

// -- edits

BOOST_FIXTURE_TEST_CASE(an_edit_goes_to_all_and_counts_for_the_message_at_once, relating_rig) {
  const auto outcome = edit(ann, "good day", "<b>good day</b><script>x</script>", {eve});
  const auto list = take();
  const auto e = only_event_in(list);
  BOOST_TEST(answer_of<chat::event_answer>(outcome).event_id == e->event_id);
  BOOST_TEST((servers_of_events(list) == std::set<std::string>{"there.example"}));
  const auto& fresh = *e->content().find("m.new_content");
  BOOST_TEST(*fresh.find_string("body") == "good day");
  BOOST_TEST(*fresh.find_string("formatted_body") == "<b>good day</b>");
  BOOST_TEST(room::related_of(*e).target_event_id == said->event_id);
  BOOST_TEST(room::related_of(*e).is_edit());
  const auto rows = written<store::put_relation>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST((rows[0].standing == store::relation_standing::counts));
  BOOST_TEST(rows[0].event_id == e->event_id);
}

BOOST_FIXTURE_TEST_CASE(the_latest_edit_counts_also_where_our_clock_was_set_back, relating_rig) {
  after(60'000);
  const auto edit_content = object{{"msgtype", "m.text"},
                                   {"body", "* later"},
                                   {"m.new_content", object{{"msgtype", "m.text"}, {"body", "later"}}},
                                   {"m.relates_to", object{{"rel_type", "m.replace"}, {"event_id", said->event_id}}}};
  found.latest_edit = made(ann, "m.room.message", edit_content);
  after(-60'000);
  (void)edit();
  BOOST_TEST(only_event_in(take())->origin_server_ts == found.latest_edit->origin_server_ts + 1);
}

BOOST_FIXTURE_TEST_CASE(an_edit_is_as_long_as_an_event_holds_twice, relating_rig) {
  BOOST_TEST(is_done(edit(ann, std::string(limits::edited_content_bytes_max, 'x'))));
  (void)take();
  events.changes.clear();
  BOOST_TEST((refusal_of(edit(ann, std::string(limits::edited_content_bytes_max + 1, 'x'))) == fault_code::too_large));
  BOOST_TEST((refusal_of(edit(ann, std::string(limits::edited_content_bytes_max, 'x'), "y")) == fault_code::too_large));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(what_another_has_written_nobody_edits, relating_rig) {
  BOOST_TEST((refusal_of(edit(bob)) == fault_code::forbidden));
  found = about(message_of(eve, "hello"));
  BOOST_TEST((refusal_of(edit(ann)) == fault_code::forbidden));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(a_picture_has_no_text_that_could_be_edited, relating_rig) {
  found =
    about(made(ann, "m.room.message", {{"msgtype", "m.image"}, {"body", "a.png"}, {"url", "mxc://here.example/a"}}));
  BOOST_TEST((refusal_of(edit()) == fault_code::conflict));
  BOOST_TEST(is_done(react())); // it can be liked
}

// -- both

BOOST_FIXTURE_TEST_CASE(a_message_that_is_not_in_the_room_is_neither_edited_nor_reacted_to, relating_rig) {
  found = about(nullptr);
  BOOST_TEST(all_are(fault_code::not_found));
  found = about(said);
  found.target->judged = store::verdict::rejected; // nobody was shown it
  BOOST_TEST(all_are(fault_code::not_found));
  found.target->judged = store::verdict::soft_failed;
  BOOST_TEST(all_are(fault_code::not_found));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(who_is_outside_relates_to_nothing, relating_rig) {
  found = about(message_of(cyd, "hello"));
  BOOST_TEST((refusal_of(edit(cyd)) == fault_code::not_member));
  BOOST_TEST((refusal_of(react(cyd)) == fault_code::not_member));
  BOOST_TEST((refusal_of(take_back(cyd)) == fault_code::not_member));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(a_deleted_message_is_neither_edited_nor_reacted_to, relating_rig) {
  found = about(deleted(said));
  BOOST_TEST((refusal_of(edit()) == fault_code::conflict));
  BOOST_TEST((refusal_of(react()) == fault_code::conflict));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(while_the_policy_server_is_asked_nothing_counts_and_a_no_ends_it, relating_rig) {
  guard();
  BOOST_TEST(asks_policy_server(react()));
  auto list = take();
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST(written<store::put_relation>(list).empty());
  forbid();
  BOOST_TEST((refusal_of(react()) == fault_code::forbidden));
  BOOST_TEST(written<store::put_relation>(take()).empty());
}

// -- reactions

BOOST_FIXTURE_TEST_CASE(a_reaction_goes_to_all_and_counts, relating_rig) {
  const auto outcome = react();
  const auto list = take();
  const auto e = only_event_in(list);
  BOOST_TEST(answer_of<chat::event_answer>(outcome).event_id == e->event_id);
  BOOST_TEST(e->sender == bob);
  BOOST_TEST(room::related_of(*e).key == "+");
  BOOST_TEST(room::related_of(*e).target_event_id == said->event_id);
  BOOST_TEST(written<store::put_relation>(list).size() == 1u);
  BOOST_TEST((servers_of_events(list) == std::set<std::string>{"there.example"}));
}

BOOST_FIXTURE_TEST_CASE(the_same_reaction_twice_is_refused_with_the_id_of_the_first, relating_rig) {
  const auto first = made(bob, "m.reaction", room::reaction_content(said->event_id, "+"));
  found.reaction = store::stored_event{first, store::verdict::accepted, 0, 0, 2};
  const auto outcome = react();
  BOOST_TEST((refusal_of(outcome) == fault_code::already_exists));
  BOOST_TEST(std::get<fault>(outcome).detail.ends_with(first->event_id));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(a_reaction_and_an_edit_are_no_messages_that_one_reacts_to, relating_rig) {
  found = about(made(ann, "m.reaction", room::reaction_content(said->event_id, "+")));
  BOOST_TEST((refusal_of(react()) == fault_code::not_found));
  found = about(member_event_of(ann));
  BOOST_TEST((refusal_of(react()) == fault_code::not_found));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(where_the_room_lets_nobody_react_nobody_does, relating_rig) {
  auto levels = state_of("m.room.power_levels")->content();
  levels.find("events")->as_object()->set("m.reaction", 50);
  set(ann, "m.room.power_levels", levels);
  BOOST_TEST((refusal_of(react(bob)) == fault_code::forbidden));
  BOOST_TEST(is_done(react(ann)));
}

BOOST_FIXTURE_TEST_CASE(a_reaction_is_taken_back_by_deleting_its_event, relating_rig) {
  BOOST_TEST((refusal_of(take_back()) == fault_code::not_found)); // there is none
  (void)react();
  const auto reaction = only_event_in(take());
  found.reaction = store::stored_event{reaction, store::verdict::accepted, 0, 0, 2};
  const auto outcome = take_back();
  const auto list = take();
  const auto e = only_event_in(list);
  BOOST_TEST(answer_of<chat::event_answer>(outcome).event_id == e->event_id);
  BOOST_TEST(e->type == "m.room.redaction");
  BOOST_TEST(written<store::redact_event>(list).at(0).redacted->event_id == reaction->event_id);
  BOOST_TEST((servers_of_events(list) == std::set<std::string>{"there.example"}));
}

BOOST_FIXTURE_TEST_CASE(a_reaction_to_a_message_that_was_deleted_since_can_be_taken_back, relating_rig) {
  found.reaction = store::stored_event{made(bob, "m.reaction", room::reaction_content(said->event_id, "+")),
                                       store::verdict::accepted, 0, 0, 2};
  found.target->event = deleted(said);
  BOOST_TEST(is_done(take_back()));
}

BOOST_AUTO_TEST_SUITE_END()
