// Edits and reactions of both sides, as the chat server sees them.
#include "actors/room/relations.hpp"
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;
using store::relation_standing;

BOOST_AUTO_TEST_SUITE(room_relations)

namespace {

struct related_room : shared_room {
  using shared_room::shared_room;

  matrix::event_ptr edit_of(const std::string& by, const std::string& target, const std::string& text,
                            std::vector<std::string> prev = {}, object mentions = {}) const {
    object fresh{{"msgtype", "m.text"}, {"body", text}};
    fresh.set("m.mentions", std::move(mentions));
    return made(by, "m.room.message",
                {{"msgtype", "m.text"},
                 {"body", "* " + text},
                 {"m.new_content", std::move(fresh)},
                 {"m.relates_to", object{{"rel_type", "m.replace"}, {"event_id", target}}}},
                {}, {}, std::move(prev));
  }
  matrix::event_ptr reaction_of(const std::string& by, const std::string& target, const std::string& key,
                                std::vector<std::string> prev = {}) const {
    return made(by, "m.reaction",
                {{"m.relates_to", object{{"rel_type", "m.annotation"}, {"event_id", target}, {"key", key}}}}, {}, {},
                std::move(prev));
  }
  /// Said, told and bound.
  matrix::event_ptr said(const std::string& by = eve, const std::string& text = "first") {
    const auto x = message_of(by, text);
    push({x});
    disk.chat_ids[x->event_id] = "m-" + text;
    return x;
  }
  std::string send(const std::string& own_id, const std::string& text) {
    command(chat::message_send{"chat-1", ann, own_id, text, {}, {}, {}, {}, {}});
    return head().at(0);
  }
  std::optional<relation_standing> standing(const std::string& event_id) const {
    const auto row = disk.relation(event_id);
    return row ? std::optional{row->standing} : std::nullopt;
  }
};

std::vector<std::string> texts_in(const effects& list) {
  std::vector<std::string> out;
  for (const auto& x : notified<chat::message_edited>(list)) out.push_back(x.text);
  return out;
}
using texts = std::vector<std::string>;

chat::event_answer answer_in(const effects& list) {
  BOOST_REQUIRE_MESSAGE(refusal_in(list).code == fault_code::none, refusal_in(list).detail);
  const auto events = written<store::put_event>(list);
  BOOST_REQUIRE(events.size() == 1u);
  return {events[0].event->event_id};
}

} // namespace

// -- edits of others

BOOST_AUTO_TEST_CASE(an_edit_is_told_with_the_message_it_changes_in_every_room_version) {
  for (const auto* version : {"3", "6", "10", "11", "12"}) {
    related_room r{version};
    const auto said = r.said();
    const auto edit = r.edit_of(eve, said->event_id, "second");
    const auto done = r.push({edit});
    BOOST_TEST(notified<chat::message_received>(done).empty());
    const auto told = notified<chat::message_edited>(done);
    BOOST_REQUIRE_MESSAGE(told.size() == 1u, version);
    BOOST_TEST(told[0].room == "chat-1");
    BOOST_TEST(told[0].matrix_room_id == r.room_id);
    BOOST_TEST(told[0].event_id == said->event_id);
    BOOST_TEST(told[0].message == "m-first");
    BOOST_TEST(told[0].edit_event_id == edit->event_id);
    BOOST_TEST(told[0].sender == eve);
    BOOST_TEST(told[0].text == "second");
    BOOST_TEST(!told[0].historical);
    BOOST_TEST(told[0].ts == edit->origin_server_ts);
    BOOST_TEST((r.standing(edit->event_id) == relation_standing::counts));
  }
}

BOOST_AUTO_TEST_CASE(an_edit_by_another_user_or_of_an_edit_or_of_a_deleted_message_is_not_told) {
  related_room r;
  const auto said = r.said();
  const auto edit = r.edit_of(eve, said->event_id, "second");
  r.push({edit});
  const auto forged = r.edit_of(eli, said->event_id, "forged");
  BOOST_TEST(texts_in(r.push({forged})).empty());
  BOOST_TEST((r.standing(forged->event_id) == relation_standing::ignored));
  const auto second = r.push({r.edit_of(eve, edit->event_id, "of the edit")});
  BOOST_TEST(texts_in(second).empty());
  BOOST_TEST(notified<chat::message_received>(second).empty());
  r.push({r.redaction_of(eve, said->event_id)});
  const auto late = r.push({r.edit_of(eve, said->event_id, "late")});
  BOOST_TEST(texts_in(late).empty());
  BOOST_TEST(notified<chat::message_received>(late).empty());
}

BOOST_AUTO_TEST_CASE(of_two_edits_in_the_wrong_order_the_later_one_is_told) {
  related_room r;
  const auto said = r.said();
  const auto earlier = r.edit_of(eve, said->event_id, "earlier");
  ++r.now;
  const auto later = r.edit_of(eve, said->event_id, "later");
  BOOST_TEST(texts_in(r.push({later})) == texts{"later"}, boost::test_tools::per_element());
  BOOST_TEST(texts_in(r.push({earlier})).empty());
  BOOST_TEST((r.standing(earlier->event_id) == relation_standing::counts));
}

BOOST_AUTO_TEST_CASE(who_was_mentioned_before_is_not_called_again) {
  related_room r;
  const auto of = [](std::vector<std::string> users) {
    matrix::json::array list;
    for (auto& u : users) list.emplace_back(std::move(u));
    return object{{"user_ids", std::move(list)}};
  };
  const auto said = r.made(eve, "m.room.message", {{"msgtype", "m.text"}, {"body", "x"}, {"m.mentions", of({ann})}});
  r.push({said});
  const auto first = notified<chat::message_edited>(r.push({r.edit_of(eve, said->event_id, "y", {}, of({ann, bob}))}));
  BOOST_REQUIRE(first.size() == 1u);
  BOOST_TEST(first[0].mentions == texts{bob}, boost::test_tools::per_element());
  const auto second =
    notified<chat::message_edited>(r.push({r.edit_of(eve, said->event_id, "z", {}, of({ann, bob, eli}))}));
  BOOST_REQUIRE(second.size() == 1u);
  BOOST_TEST(second[0].mentions == texts{eli}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_edit_taken_back_shows_the_one_before_and_then_the_first_text) {
  for (const bool restarted : {false, true}) {
    related_room r;
    const auto said = r.said();
    const auto second = r.edit_of(eve, said->event_id, "second");
    r.push({second});
    ++r.now;
    const auto third = r.edit_of(eve, said->event_id, "third");
    r.push({third});
    if (restarted) r.restart();
    const auto redaction = r.redaction_of(eve, third->event_id);
    const auto back = r.push({redaction});
    BOOST_TEST(notified<chat::message_deleted>(back).empty());
    auto told = notified<chat::message_edited>(back);
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST(told[0].text == "second");
    BOOST_TEST(told[0].edit_event_id == second->event_id);
    BOOST_TEST(told[0].event_id == said->event_id);
    BOOST_TEST(told[0].ts == redaction->origin_server_ts);
    told = notified<chat::message_edited>(r.push({r.redaction_of(eve, second->event_id)}));
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST(told[0].text == "first");
    BOOST_TEST(told[0].edit_event_id == "");
    BOOST_TEST(r.disk.relations.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_older_edit_taken_back_changes_nothing) {
  related_room r;
  const auto said = r.said();
  const auto second = r.edit_of(eve, said->event_id, "second");
  r.push({second});
  ++r.now;
  r.push({r.edit_of(eve, said->event_id, "third")});
  const auto done = r.push({r.redaction_of(eve, second->event_id)});
  BOOST_TEST(texts_in(done).empty());
  BOOST_TEST(notified<chat::message_deleted>(done).empty());
}

// -- what waits

BOOST_AUTO_TEST_CASE(an_edit_before_its_message_waits_for_it) {
  for (const bool restarted : {false, true}) {
    related_room r;
    const auto fork = r.head();
    const auto said = r.message_of(eve, "first", fork);
    const auto edit = r.edit_of(eve, said->event_id, "second", fork);
    const auto early = r.push({edit});
    BOOST_TEST(notified<chat::message_received>(early).empty());
    BOOST_TEST(texts_in(early).empty());
    if (restarted) r.restart();
    const auto done = r.push({said});
    BOOST_TEST(notified<chat::message_received>(done).size() == 1u);
    BOOST_TEST(texts_in(done) == texts{"second"}, boost::test_tools::per_element());
    BOOST_TEST(texts_in(r.pass(2 * room::relations::wait_ms)).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_reaction_before_its_message_waits_for_it) {
  for (const bool restarted : {false, true}) {
    related_room r;
    const auto fork = r.head();
    const auto said = r.message_of(eve, "first", fork);
    BOOST_TEST(notified<chat::reaction_added>(r.push({r.reaction_of(eve, said->event_id, "+", fork)})).empty());
    if (restarted) r.restart();
    const auto done = r.push({said});
    BOOST_TEST(notified<chat::message_received>(done).size() == 1u);
    const auto told = notified<chat::reaction_added>(done);
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST(told[0].event_id == said->event_id);
    BOOST_TEST(told[0].key == "+");
    BOOST_TEST(notified<chat::reaction_added>(r.pass(2 * room::relations::wait_ms)).empty());
  }
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_message_that_is_not_there_is_told_at_once_with_what_it_answers) {
  const object answer{{"m.in_reply_to", object{{"event_id", "$from-before-our-time"}}}};
  const object in_thread{{"rel_type", "m.thread"}, {"event_id", "$from-before-our-time"}};
  for (const auto& relates : {answer, in_thread}) {
    related_room r;
    const auto x = r.made(eve, "m.room.message", {{"msgtype", "m.text"}, {"body", "yes"}, {"m.relates_to", relates}});
    const auto told = notified<chat::message_received>(r.push({x}));
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST(told[0].text == "yes");
    BOOST_TEST(told[0].reply_to + told[0].thread == "$from-before-our-time");
    r.restart();
    BOOST_TEST(notified<chat::message_received>(r.pass(2 * room::relations::wait_ms)).empty());
    // What is said on it is about a message that is there.
    BOOST_TEST(texts_in(r.push({r.edit_of(eve, x->event_id, "no")})) == texts{"no"}, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_before_its_message_is_followed_by_it) {
  related_room r;
  const auto fork = r.head();
  const auto said = r.message_of(eve, "who?", fork);
  const object relates{{"m.in_reply_to", object{{"event_id", said->event_id}}}};
  const auto answer =
    r.made(eli, "m.room.message", {{"msgtype", "m.text"}, {"body", "me"}, {"m.relates_to", relates}}, {}, {}, fork);
  auto told = notified<chat::message_received>(r.push({answer}));
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].reply_to == said->event_id);
  told = notified<chat::message_received>(r.push({said}));
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].event_id == said->event_id);
}

BOOST_AUTO_TEST_CASE(an_edit_of_a_message_that_never_comes_is_shown_as_a_message_of_its_own) {
  for (const bool restarted : {false, true}) {
    related_room r;
    const auto edit = r.edit_of(eve, "$from-before-our-time", "second");
    r.push({edit});
    if (restarted) r.restart();
    BOOST_TEST(notified<chat::message_received>(r.pass(room::relations::wait_ms - 1'000)).empty());
    const auto told = notified<chat::message_received>(r.pass(2'000));
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST(told[0].event_id == edit->event_id);
    BOOST_TEST(told[0].text == "second");
    BOOST_TEST(told[0].msgtype == "m.text");
    BOOST_TEST(told[0].sender == eve);
    if (restarted) r.restart();
    // It is a message now, and deleted like one.
    const auto deleted = notified<chat::message_deleted>(r.push({r.redaction_of(eve, edit->event_id)}));
    BOOST_REQUIRE(deleted.size() == 1u);
    BOOST_TEST(deleted[0].event_id == edit->event_id);
  }
}

BOOST_AUTO_TEST_CASE(a_reaction_to_a_message_that_never_comes_is_dropped) {
  related_room r;
  r.push({r.reaction_of(eve, "$from-before-our-time", "+")});
  BOOST_TEST(r.disk.relations.size() == 1u);
  BOOST_TEST(notified<chat::reaction_added>(r.pass(room::relations::wait_ms + 1'000)).empty());
  BOOST_TEST(r.disk.relations.empty());
}

BOOST_AUTO_TEST_CASE(an_edit_that_waits_and_is_redacted_is_never_shown) {
  related_room r;
  const auto edit = r.edit_of(eve, "$from-before-our-time", "second");
  r.push({edit});
  const auto done = r.push({r.redaction_of(eve, edit->event_id)});
  BOOST_TEST(notified<chat::message_deleted>(done).empty());
  BOOST_TEST(notified<chat::message_received>(r.pass(2 * room::relations::wait_ms)).empty());
  BOOST_TEST(r.disk.relations.empty());
}

BOOST_AUTO_TEST_CASE(the_oldest_of_too_many_waits_no_longer) {
  related_room r;
  std::vector<matrix::event_ptr> edits;
  const auto fork = r.head();
  for (std::size_t i = 0; i <= room::relations::waiting_max; ++i)
    edits.push_back(r.edit_of(eve, "$unknown" + std::to_string(i), std::to_string(i), fork));
  effects done;
  for (std::size_t i = 0; i < edits.size(); i += 50)
    append(done, r.push({edits.begin() + static_cast<std::ptrdiff_t>(i),
                         edits.begin() + static_cast<std::ptrdiff_t>(std::min(i + 50, edits.size()))}));
  const auto told = notified<chat::message_received>(done);
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].text == "0");
}

BOOST_AUTO_TEST_CASE(a_question_lost_in_a_crash_is_asked_again_by_the_next_start) {
  related_room r;
  const auto said = r.said();
  const auto edit = r.edit_of(eve, said->event_id, "second");
  r.push({edit});
  // As the store stood after the commit of the edit, before its message was looked up.
  r.disk.relations.at(0).standing = relation_standing::waits;
  BOOST_TEST(texts_in(r.restart()) == texts{"second"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(edits_and_reactions_from_before_the_join_are_told_as_history_behind_their_messages) {
  shared_room r{"11", false};
  r.command(chat::message_send{"chat-1", ann, "m1", "first", {}, {}, {}, {}, {}});
  const auto original = r.head().at(0);
  r.command(chat::message_edit{"chat-1", ann, "m1", "second", {}, {}});
  r.command(chat::message_edit{"chat-1", ann, "m1", "third", {}, {}});
  r.command(chat::reaction_add{"chat-1", bob, "m1", "+"});
  r.command(chat::message_send{"chat-1", ann, "m2", "regrets", {}, {}, {}, {}, {}});
  r.command(chat::message_edit{"chat-1", ann, "m2", "regrets more", {}, {}});
  r.command(chat::message_delete{"chat-1", ann, "m2", {}});
  joining_server there{r};
  const auto done = there.command(chat::room_join{r.room_id, eve, {"here.example"}});
  const auto messages = notified<chat::message_received>(done);
  BOOST_REQUIRE(messages.size() == 1u);
  BOOST_TEST(messages[0].text == "first");
  const auto edits = notified<chat::message_edited>(done);
  BOOST_REQUIRE(edits.size() == 1u);
  BOOST_TEST(edits[0].event_id == original);
  BOOST_TEST(edits[0].text == "third");
  BOOST_TEST(edits[0].historical);
  const auto reactions = notified<chat::reaction_added>(done);
  BOOST_REQUIRE(reactions.size() == 1u);
  BOOST_TEST(reactions[0].user == bob);
  BOOST_TEST(reactions[0].historical);
}

// -- our edits

BOOST_AUTO_TEST_CASE(an_edit_by_command_is_an_event_that_replaces_the_message) {
  related_room r;
  const auto original = r.send("m1", "first");
  const auto answer =
    answer_in(r.command(chat::message_edit{"chat-1", ann, "m1", "second", std::string{"<i>second</i>"}, {eve}}));
  const auto e = r.event(answer.event_id);
  BOOST_TEST(e->type == "m.room.message");
  BOOST_TEST(matrix::json::canonical(e->content()) ==
             R"({"body":"* second","format":"org.matrix.custom.html","formatted_body":"* <i>second</i>",)"
             R"("m.mentions":{"user_ids":["@eve:there.example"]},"m.new_content":{"body":"second",)"
             R"("format":"org.matrix.custom.html","formatted_body":"<i>second</i>",)"
             R"("m.mentions":{"user_ids":["@eve:there.example"]},"msgtype":"m.text"},"m.relates_to":{"event_id":")" +
               original + R"(","rel_type":"m.replace"},"msgtype":"m.text"})");
  // By the id of the edit the message is meant; who was called is not called again; it is later for everybody.
  r.restart();
  const auto again =
    r.event(answer_in(r.command(chat::message_edit{"chat-1", ann, answer.event_id, "third", {}, {eve, eli}})).event_id);
  BOOST_TEST(*again->content().find("m.relates_to")->find_string("event_id") == original);
  BOOST_TEST(matrix::json::canonical(*again->content().find("m.mentions")) == R"({"user_ids":["@eli:there.example"]})");
  BOOST_TEST(again->origin_server_ts > e->origin_server_ts);
}

BOOST_AUTO_TEST_CASE(an_edit_is_later_than_the_one_before_though_the_clock_was_set_back) {
  related_room r;
  r.send("m1", "first");
  const auto second = r.event(answer_in(r.command(chat::message_edit{"chat-1", ann, "m1", "second", {}, {}})).event_id);
  r.now -= 60'000;
  const auto third = r.event(answer_in(r.command(chat::message_edit{"chat-1", ann, "m1", "third", {}, {}})).event_id);
  BOOST_TEST(third->origin_server_ts == second->origin_server_ts + 1);
}

BOOST_AUTO_TEST_CASE(an_edit_that_cannot_be_is_refused_with_the_reason) {
  related_room r;
  r.send("m1", "first");
  const auto theirs = r.said();
  const auto refused = [&](chat::message_edit x) { return refusal_in(r.command(std::move(x))).code; };
  BOOST_TEST((refused({"chat-1", ann, "m2", "x", {}, {}}) == fault_code::not_found));
  BOOST_TEST((refused({"chat-1", ann, "$unknown", "x", {}, {}}) == fault_code::not_found));
  BOOST_TEST((refused({"chat-1", bob, "m1", "x", {}, {}}) == fault_code::forbidden));
  BOOST_TEST((refused({"chat-1", ann, theirs->event_id, "x", {}, {}}) == fault_code::forbidden));
  BOOST_TEST((refused({"chat-1", "@nobody:here.example", "m1", "x", {}, {}}) == fault_code::not_member));
  BOOST_TEST((refused({"chat-1", ann, r.state().at({"m.room.create", ""}), "x", {}, {}}) == fault_code::conflict));
  chat::message_send file{"chat-1", ann, "m3", "", {}, {}, {}, {}, {}};
  file.files.push_back({"mxc://a.example/m", "f", "text/plain", 5, {}, {}, {}});
  r.command(file);
  BOOST_TEST((refused({"chat-1", ann, "m3", "x", {}, {}}) == fault_code::conflict));
  r.command(chat::message_delete{"chat-1", ann, "m1", {}});
  BOOST_TEST((refused({"chat-1", ann, "m1", "x", {}, {}}) == fault_code::conflict));
}

// -- reactions of others

BOOST_AUTO_TEST_CASE(a_reaction_is_told_once_and_its_removal_with_who_took_it_back) {
  for (const auto* version : {"3", "6", "10", "11", "12"})
    for (const bool restarted : {false, true}) {
      related_room r{version};
      const auto own = r.send("m1", "first");
      const auto reaction = r.reaction_of(eve, own, "👍");
      const auto told = notified<chat::reaction_added>(r.push({reaction}));
      BOOST_REQUIRE_MESSAGE(told.size() == 1u, version);
      BOOST_TEST(told[0].room == "chat-1");
      BOOST_TEST(told[0].event_id == own);
      BOOST_TEST(told[0].message == "m1");
      BOOST_TEST(told[0].reaction_event_id == reaction->event_id);
      BOOST_TEST(told[0].user == eve);
      BOOST_TEST(told[0].key == "👍");
      BOOST_TEST(told[0].ts == reaction->origin_server_ts);
      if (restarted) r.restart();
      const auto back = r.push({r.redaction_of(eve, reaction->event_id)});
      BOOST_TEST(notified<chat::message_deleted>(back).empty());
      const auto removed = notified<chat::reaction_removed>(back);
      BOOST_REQUIRE_MESSAGE(removed.size() == 1u, version);
      BOOST_TEST(removed[0].event_id == own);
      BOOST_TEST(removed[0].message == "m1");
      BOOST_TEST(removed[0].reaction_event_id == reaction->event_id);
      BOOST_TEST(removed[0].user == eve);
      BOOST_TEST(removed[0].key == "👍");
      BOOST_TEST(removed[0].by == eve);
      BOOST_TEST(r.disk.relations.empty());
    }
}

BOOST_AUTO_TEST_CASE(the_same_reaction_twice_is_one_until_both_are_taken_back) {
  related_room r;
  const auto said = r.said();
  const auto fork = r.head();
  const auto first = r.reaction_of(eve, said->event_id, "+", fork);
  ++r.now;
  const auto second = r.reaction_of(eve, said->event_id, "+", fork);
  BOOST_REQUIRE(first->event_id != second->event_id);
  BOOST_TEST(notified<chat::reaction_added>(r.push({first, second})).size() == 1u);
  BOOST_TEST(notified<chat::reaction_added>(r.push({r.reaction_of(eli, said->event_id, "+")})).size() == 1u);
  BOOST_TEST(notified<chat::reaction_added>(r.push({r.reaction_of(eve, said->event_id, "-")})).size() == 1u);
  BOOST_TEST(notified<chat::reaction_removed>(r.push({r.redaction_of(eve, first->event_id)})).empty());
  BOOST_TEST(notified<chat::reaction_removed>(r.push({r.redaction_of(eve, second->event_id)})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_deleted_message_takes_its_reactions_and_edits_along_without_a_word) {
  related_room r;
  const auto said = r.said();
  const auto reaction = r.reaction_of(eli, said->event_id, "+");
  r.push({reaction});
  r.push({r.edit_of(eve, said->event_id, "second")});
  const auto done = r.push({r.redaction_of(eve, said->event_id)});
  BOOST_TEST(notified<chat::message_deleted>(done).size() == 1u);
  BOOST_TEST(notified<chat::reaction_removed>(done).empty());
  BOOST_TEST(r.disk.relations.empty());
  BOOST_TEST(notified<chat::reaction_removed>(r.push({r.redaction_of(eli, reaction->event_id)})).empty());
  BOOST_TEST(notified<chat::reaction_added>(r.push({r.reaction_of(eli, said->event_id, "+")})).empty());
}

BOOST_AUTO_TEST_CASE(a_reaction_to_what_is_no_message_is_not_told) {
  related_room r;
  BOOST_TEST(
    notified<chat::reaction_added>(r.push({r.reaction_of(eve, r.state().at({"m.room.create", ""}), "+")})).empty());
}

// -- our reactions

BOOST_AUTO_TEST_CASE(a_reaction_by_command_is_an_event_once_and_is_taken_back_by_a_redaction) {
  for (const bool restarted : {false, true}) {
    related_room r;
    const auto said = r.said();
    const auto added = r.command(chat::reaction_add{"chat-1", ann, "m-first", "👍"});
    const auto reaction = answer_in(added).event_id;
    BOOST_TEST(notified<chat::reaction_added>(added).empty());
    BOOST_TEST(r.event(reaction)->type == "m.reaction");
    BOOST_TEST(matrix::json::canonical(r.event(reaction)->content()) ==
               R"({"m.relates_to":{"event_id":")" + said->event_id + R"(","key":"👍","rel_type":"m.annotation"}})");
    if (restarted) r.restart();
    const auto again = refusal_in(r.command(chat::reaction_add{"chat-1", ann, said->event_id, "👍"}));
    BOOST_TEST((again.code == fault_code::already_exists));
    BOOST_TEST((refusal_in(r.command(chat::reaction_add{"chat-1", bob, "m-first", "👍"})).code == fault_code::none));
    const auto removed = r.command(chat::reaction_remove{"chat-1", ann, "m-first", "👍"});
    const auto redaction = r.event(answer_in(removed).event_id);
    BOOST_TEST(redaction->redacts() == reaction);
    BOOST_TEST(notified<chat::reaction_removed>(removed).empty());
    BOOST_TEST(notified<chat::message_deleted>(removed).empty());
    BOOST_TEST(r.event(reaction)->content().empty());
    if (restarted) r.restart();
    const auto gone = refusal_in(r.command(chat::reaction_remove{"chat-1", ann, "m-first", "👍"}));
    BOOST_TEST((gone.code == fault_code::not_found));
    BOOST_TEST((refusal_in(r.command(chat::reaction_add{"chat-1", ann, "m-first", "👍"})).code == fault_code::none));
  }
}

BOOST_AUTO_TEST_CASE(a_reaction_that_cannot_be_is_refused_with_the_reason) {
  related_room r;
  const auto said = r.said();
  const auto refused = [&](const std::string& by, const std::string& message) {
    return refusal_in(r.command(chat::reaction_add{"chat-1", by, message, "+"})).code;
  };
  BOOST_TEST((refused(ann, "m2") == fault_code::not_found));
  BOOST_TEST((refused(ann, r.state().at({"m.room.create", ""})) == fault_code::not_found));
  BOOST_TEST((refused("@nobody:here.example", said->event_id) == fault_code::not_member));
  const auto never = refusal_in(r.command(chat::reaction_remove{"chat-1", ann, "m-first", "+"}));
  BOOST_TEST((never.code == fault_code::not_found));
  r.push({r.redaction_of(eve, said->event_id)});
  BOOST_TEST((refused(ann, said->event_id) == fault_code::conflict));
}

BOOST_AUTO_TEST_CASE(two_of_the_same_reaction_at_once_are_one) {
  related_room r;
  r.said();
  effects asked;
  for (const auto* id : {"c-first", "c-second"}) {
    chat_command c;
    c.reference = {"s", id, 0};
    c.room_id = r.room_id;
    c.body = std::make_shared<const chat::command>(chat::reaction_add{"chat-1", ann, "m-first", "+"});
    append(asked, r.machine->on(c, ++r.now));
  }
  const auto done = told<command_done>(r.settle(std::move(asked)));
  BOOST_REQUIRE(done.size() == 2u);
  BOOST_TEST(done[0].second.succeeded);
  BOOST_TEST((chat::decode_fault(done[1].second.body).code == fault_code::already_exists));
}

BOOST_AUTO_TEST_CASE(our_reaction_that_a_moderator_takes_back_is_told) {
  related_room r;
  const auto said = r.said();
  const auto reaction = answer_in(r.command(chat::reaction_add{"chat-1", bob, "m-first", "+"})).event_id;
  // Eli becomes a moderator by ann's word.
  auto levels = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  auto users = *levels.find("users")->as_object();
  users.set(eli, 50);
  levels.set("users", users);
  r.push({r.made(ann, "m.room.power_levels", levels, "")}, "there.example");
  const auto told = notified<chat::reaction_removed>(r.push({r.redaction_of(eli, reaction)}));
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].user == bob);
  BOOST_TEST(told[0].by == eli);
  BOOST_TEST(told[0].message == "m-first");
}

// -- other kinds of messages

BOOST_AUTO_TEST_CASE(emotes_and_notices_are_sent_as_such) {
  related_room r;
  for (const auto& [kind, msgtype] : {std::pair{chat::message_kind::emote, "m.emote"},
                                      {chat::message_kind::notice, "m.notice"},
                                      {chat::message_kind::text, "m.text"}}) {
    chat::message_send x{"chat-1", ann, std::string{msgtype}, "hello", {}, {}, {}, {}, {}};
    x.kind = kind;
    r.command(x);
    BOOST_TEST(*r.event(r.head().at(0))->content().find("msgtype")->as_string() == msgtype);
  }
}

BOOST_AUTO_TEST_CASE(a_place_is_told_with_its_text_and_where_it_is) {
  related_room r;
  const auto told = [&](object content) {
    return notified<chat::message_received>(r.push({r.made(eve, "m.room.message", std::move(content))})).at(0);
  };
  const auto place = told({{"msgtype", "m.location"}, {"body", "the pub"}, {"geo_uri", "geo:51.5,-0.1"}});
  BOOST_TEST(place.msgtype == "m.location");
  BOOST_TEST(place.text == "the pub");
  BOOST_TEST(place.geo_uri.value() == "geo:51.5,-0.1");
  BOOST_TEST(!told({{"msgtype", "m.location"}, {"body", "x"}, {"geo_uri", "javascript:1"}}).geo_uri);
  BOOST_TEST(!told({{"msgtype", "m.text"}, {"body", "x"}, {"geo_uri", "geo:51.5,-0.1"}}).geo_uri);
}

BOOST_AUTO_TEST_SUITE_END()
