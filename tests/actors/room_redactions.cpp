#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_redactions)

namespace {

const matrix::json::value* because(const matrix::json::value& served) {
  const auto* u = served.find("unsigned");
  return u ? u->find("redacted_because") : nullptr;
}
bool is_pruned(const matrix::event& x) { return x.content().empty(); }

/// Moderators of there.example may redact: ann raises one of them.
void raise(shared_room& r, const std::string& user) {
  auto levels = r.event(r.state().at({"m.room.power_levels", ""}));
  // What ann's chat server would do by a command; here her event comes as if from another of her servers.
  matrix::json::object content = levels->content();
  matrix::json::object users = *levels->content().find("users")->as_object();
  users.set(user, 50);
  content.set("users", users);
  matrix::json::object pdu = levels->source;
  for (const auto* key : {"hashes", "signatures", "event_id"}) pdu.erase(key);
  pdu.set("content", content);
  pdu.set("prev_events", matrix::json::array{r.head().at(0)});
  pdu.set("depth", 40);
  matrix::json::array auth;
  for (const auto& id : matrix::select_auth_events(r.rules(), "m.room.power_levels", ann, nullptr, content, r.state()))
    auth.emplace_back(id);
  pdu.set("auth_events", auth);
  const auto x = *matrix::hash_and_sign(pdu, r.rules(), "here.example", key_of('h'));
  r.push({x});
  BOOST_REQUIRE(r.head() == std::vector{x->event_id});
}

} // namespace

BOOST_AUTO_TEST_CASE(the_senders_redaction_of_a_told_message_is_told_and_served) {
  for (const auto* version : {"3", "6", "10", "11", "12"}) {
    shared_room r{version};
    const auto said = r.message_of(eve, "regrets");
    BOOST_TEST(notified<chat::message_received>(r.push({said})).size() == 1u);
    r.disk.chat_ids[said->event_id] = "chat-message";
    const auto deletion = r.redaction_of(eve, said->event_id);
    const auto told = notified<chat::message_deleted>(r.push({deletion}));
    BOOST_REQUIRE_MESSAGE(told.size() == 1u, version);
    BOOST_TEST(told[0].event_id == said->event_id);
    BOOST_TEST(told[0].message == "chat-message");
    BOOST_TEST(told[0].by == eve);
    BOOST_TEST(told[0].reason == "spam");
    BOOST_TEST(told[0].redaction_event_id == deletion->event_id);
    BOOST_TEST(told[0].ts == deletion->origin_server_ts);
    BOOST_TEST(is_pruned(*r.event(said->event_id)));
    const auto served = r.served(said->event_id);
    BOOST_TEST(served.find_object("content")->empty());
    BOOST_TEST((served.find("hashes") && *served.find("hashes") == *said->source.find("hashes")));
    BOOST_REQUIRE(because(served));
    BOOST_TEST((*because(served) == matrix::json::value{deletion->source}));
    BOOST_TEST(r.disk.held.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_stranger_without_power_redacts_nothing_of_another_server) {
  shared_room r;
  r.command(chat::message_send{"chat-1", ann, "m1", "stays", {}, {}, {}, {}});
  const auto said = r.event(r.head().at(0));
  BOOST_TEST(notified<chat::message_deleted>(r.push({r.redaction_of(eve, said->event_id)})).empty());
  BOOST_TEST(!is_pruned(*r.event(said->event_id)));
  BOOST_TEST(!because(r.served(said->event_id)));
  BOOST_TEST(r.disk.held.empty());
}

BOOST_AUTO_TEST_CASE(a_user_of_the_same_server_redacts_as_the_rules_say) {
  shared_room r;
  const auto said = r.message_of(eve, "of my server");
  r.push({said});
  BOOST_TEST(notified<chat::message_deleted>(r.push({r.redaction_of(eli, said->event_id)})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_moderator_of_another_server_deletes_what_our_user_said) {
  shared_room r;
  raise(r, eli);
  r.command(chat::message_send{"chat-1", bob, "m1", "against the rules", {}, {}, {}, {}});
  const auto said = r.event(r.head().at(0));
  const auto told = notified<chat::message_deleted>(r.push({r.redaction_of(eli, said->event_id)}));
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].message == "m1");
  BOOST_TEST(is_pruned(*r.event(said->event_id)));
}

BOOST_AUTO_TEST_CASE(a_redaction_before_its_target_is_held_and_the_message_never_told) {
  shared_room r;
  const auto fork = r.head();
  const auto said = r.message_of(eve, "never seen", fork);
  const auto deletion = r.redaction_of(eve, said->event_id, fork);
  BOOST_TEST(notified<chat::message_deleted>(r.push({deletion})).empty());
  BOOST_REQUIRE(r.disk.held.size() == 1u);
  BOOST_TEST(r.disk.held[0].looked_up);
  const auto done = r.push({said});
  BOOST_TEST(notified<chat::message_received>(done).empty());
  BOOST_TEST(notified<chat::message_deleted>(done).empty());
  BOOST_TEST(is_pruned(*r.event(said->event_id)));
  BOOST_TEST(because(r.served(said->event_id)));
  BOOST_TEST(r.disk.held.empty());
}

BOOST_AUTO_TEST_CASE(a_held_redaction_survives_a_restart) {
  shared_room r;
  const auto fork = r.head();
  const auto said = r.message_of(eve, "never seen", fork);
  r.push({r.redaction_of(eve, said->event_id, fork)});
  r.restart();
  r.push({r.message_of(eli, "in between")});
  BOOST_TEST(notified<chat::message_received>(r.push({said})).empty());
  BOOST_TEST(is_pruned(*r.event(said->event_id)));
  BOOST_TEST(because(r.served(said->event_id)));
  BOOST_TEST(r.disk.held.empty());
}

BOOST_AUTO_TEST_CASE(a_redaction_whose_question_was_lost_in_a_crash_is_applied_at_the_next_start) {
  shared_room r;
  const auto said = r.message_of(eve, "regrets");
  r.push({said});
  const auto deletion = r.redaction_of(eve, said->event_id);
  r.push({deletion});
  // As the store stood after the commit of the redaction, before its target was looked up.
  r.disk.events[said->event_id].event = said;
  r.disk.held = {{r.room_id, deletion->event_id, said->event_id, eve, false, false}};
  BOOST_TEST(notified<chat::message_deleted>(r.restart()).size() == 1u);
  BOOST_TEST(is_pruned(*r.event(said->event_id)));
  BOOST_TEST(r.disk.held.empty());
}

BOOST_AUTO_TEST_CASE(a_held_redaction_is_checked_again_when_its_target_comes) {
  shared_room r;
  const auto fork = r.head();
  // Bob's message comes from elsewhere: it is not eve's to delete.
  auto pdu = r.message_of(eve, "of bob", fork)->source;
  for (const auto* key : {"hashes", "signatures"}) pdu.erase(key);
  pdu.set("sender", bob);
  matrix::json::array auth;
  for (const auto& id : matrix::select_auth_events(r.rules(), "m.room.message", bob, nullptr, {}, r.state()))
    auth.emplace_back(id);
  pdu.set("auth_events", auth);
  const auto said = *matrix::hash_and_sign(pdu, r.rules(), "here.example", key_of('h'));
  r.push({r.redaction_of(eve, said->event_id, fork)});
  BOOST_REQUIRE(r.disk.held.size() == 1u);
  r.push({said});
  BOOST_TEST(!is_pruned(*r.event(said->event_id)));
  BOOST_TEST(r.disk.held.empty());
}

BOOST_AUTO_TEST_CASE(the_create_event_is_never_redacted) {
  shared_room r{"10"};
  raise(r, eve);
  const auto create = r.state().at({"m.room.create", ""});
  r.push({r.redaction_of(eve, create)});
  BOOST_TEST(!r.event(create)->redacted_because);
  BOOST_TEST(r.event(create)->content().contains("room_version"));
  BOOST_TEST(r.disk.held.empty());
}

BOOST_AUTO_TEST_CASE(redacted_state_keeps_what_authority_rests_on) {
  shared_room r;
  raise(r, eve);
  const auto rules = r.state().at({"m.room.join_rules", ""});
  r.push({r.redaction_of(eve, rules)});
  BOOST_TEST(r.event(rules)->redacted_because != nullptr);
  BOOST_TEST(*r.event(rules)->content().find("join_rule")->as_string() == "public");
  // The state that others are given has the pruned form with its reason.
  const auto state =
    r.body_of(r.call("GET", r.path("v1/state") + "?event_id=" + matrix::percent_encode(r.head().at(0))));
  bool found = false;
  for (const auto& e : *state.find_array("pdus"))
    if (*e.find_string("type") == "m.room.join_rules") found = because(e) != nullptr;
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(a_redacted_name_is_told_as_a_change) {
  shared_room r;
  raise(r, eve);
  const auto named = r.made(eve, "m.room.name", {{"name", "rude"}}, "");
  r.push({named});
  const auto told = notified<chat::system_message>(r.push({r.redaction_of(eve, named->event_id)}));
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].kind == "renamed");
  BOOST_TEST(told[0].target == "");
}

BOOST_AUTO_TEST_CASE(the_first_redaction_stays_the_reason) {
  shared_room r;
  const auto said = r.message_of(eve, "regrets");
  r.push({said});
  const auto first = r.redaction_of(eve, said->event_id);
  r.push({first});
  BOOST_TEST(notified<chat::message_deleted>(r.push({r.redaction_of(eli, said->event_id)})).empty());
  BOOST_TEST((*because(r.served(said->event_id)) == matrix::json::value{first->source}));
}

BOOST_AUTO_TEST_CASE(the_chat_server_deletes_its_users_message_in_the_versions_form) {
  for (const auto* version : {"2", "6", "10", "11", "12"}) {
    shared_room r{version, std::string_view{version} != "2"};
    r.command(chat::message_send{"chat-1", bob, "m1", "slip", {}, {}, {}, {}});
    const auto said = r.head().at(0);
    const auto done = r.command(chat::message_delete{"chat-1", bob, "m1", "typo"});
    BOOST_TEST((refusal_in(done).code == fault_code::none));
    const auto deletion = r.event(r.head().at(0));
    BOOST_TEST(deletion->type == "m.room.redaction");
    BOOST_TEST(deletion->redacts() == said);
    BOOST_TEST(deletion->source.contains("redacts") == !r.rules().redaction_updated);
    BOOST_TEST(deletion->content().contains("redacts") == r.rules().redaction_updated);
    BOOST_TEST(is_pruned(*r.event(said)));
    BOOST_TEST(notified<chat::message_deleted>(done).empty()); // it was the chat server's doing
    BOOST_TEST(told<pdu_queued>(done).size() == (std::string_view{version} == "2" ? 0u : 1u));
    BOOST_TEST((refusal_in(r.command(chat::message_delete{"chat-1", bob, "m1", {}})).code == fault_code::conflict));
  }
}

BOOST_AUTO_TEST_CASE(a_message_that_is_not_his_is_deleted_by_a_moderator_only) {
  shared_room r;
  const auto said = r.message_of(eve, "told");
  r.push({said});
  BOOST_TEST(
    (refusal_in(r.command(chat::message_delete{"chat-1", bob, said->event_id, {}})).code == fault_code::forbidden));
  BOOST_TEST(!is_pruned(*r.event(said->event_id)));
  BOOST_TEST((r.event(r.head().at(0))->type == "m.room.message")); // nothing was sent
  BOOST_TEST((refusal_in(r.command(chat::message_delete{"chat-1", ann, said->event_id, {}})).code == fault_code::none));
  BOOST_TEST(is_pruned(*r.event(said->event_id)));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_deleted_is_refused_with_the_reason) {
  shared_room r;
  BOOST_TEST((refusal_in(r.command(chat::message_delete{"chat-1", ann, "no such", {}})).code == fault_code::not_found));
  BOOST_TEST(
    (refusal_in(r.command(chat::message_delete{"chat-1", ann, "$nowhere", {}})).code == fault_code::not_found));
  const auto create = r.state().at({"m.room.create", ""});
  BOOST_TEST(
    (refusal_in(r.command(chat::message_delete{"chat-1", ann, create, {}})).code == fault_code::invalid_param));
  const auto said = r.message_of(eve, "told");
  r.push({said});
  BOOST_TEST((refusal_in(r.command(chat::message_delete{"chat-1", "@carl:here.example", said->event_id, {}})).code ==
              fault_code::not_member));
}

BOOST_AUTO_TEST_CASE(a_thousand_redactions_of_nothing_by_one_server_are_held_and_no_more) {
  shared_room r;
  const auto fork = r.head();
  std::vector<matrix::event_ptr> flood;
  for (int i = 0; i < 1'050; ++i) flood.push_back(r.redaction_of(eve, "$nothing" + std::to_string(i), fork));
  for (std::size_t i = 0; i < flood.size(); i += 50)
    r.push({flood.begin() + static_cast<std::ptrdiff_t>(i), flood.begin() + static_cast<std::ptrdiff_t>(i) + 50});
  BOOST_TEST(r.disk.held.size() == 1'000u);
  BOOST_TEST(r.disk.held.back().target_event_id == "$nothing1049");
}

BOOST_AUTO_TEST_SUITE_END()
