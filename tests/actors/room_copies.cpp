// Several forms of one event: bogus signatures, content taken out on the way, keys that come late. The first valid copy
// wins, and what a relay took out is found again.
#include "tests/actors/gap_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace causeway;
using namespace causeway::test;
using matrix::endpoint;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_copies_suite)

namespace {

/// A room whose verifier does not know the keys in `unknown`, as long as they are there.
struct rig : shared_room {
  std::vector<std::string> unknown; ///< key ids
  rig(std::string version = "11") : shared_room(std::move(version)) {
    knows_key = [this](const std::string& id) {
      return std::find(unknown.begin(), unknown.end(), id) == unknown.end();
    };
  }
  effects push_pdu(object pdu, const std::string& by = "there.example") { return push_pdus({std::move(pdu)}, by); }
  effects push_pdus(std::vector<object> list, const std::string& by) {
    auto pdus = std::make_shared<std::vector<object>>(std::move(list));
    return on(pdus_received{{actor_kind::remote_server, by}, 1, by, std::move(pdus)});
  }
};

object signed_by(const matrix::event_ptr& x, const std::string& key_id, const std::string& signature) {
  auto pdu = x->source;
  pdu.set("signatures", object{{"there.example", object{{key_id, signature}}}});
  return pdu;
}

object with_content(const matrix::event_ptr& x, object content) {
  auto pdu = x->source;
  pdu.set("content", std::move(content));
  return pdu;
}

std::string error_in(const effects& list) { return told<pdus_handled>(list).at(0).second.outcomes.at(0).error; }

} // namespace

BOOST_AUTO_TEST_CASE(a_bogus_copy_under_an_unknown_key_does_not_swallow_the_genuine_message) {
  rig r;
  const auto genuine = r.message_of(eve, "genuine");
  const auto staged = r.push_pdu(signed_by(genuine, "ed25519:unheard", there_key().sign("x")), "third.example");
  BOOST_TEST(error_in(staged).empty());
  BOOST_TEST(texts_in(staged).empty());
  const auto list = r.push({genuine});
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"genuine"}));
  BOOST_TEST(r.disk.inbox.empty());
  BOOST_TEST(texts_in(r.push({genuine})).empty());
}

BOOST_AUTO_TEST_CASE(of_several_copies_that_wait_for_keys_the_genuine_one_is_told_when_they_come) {
  rig r;
  r.unknown = {there_key().key_id()};
  const auto genuine = r.message_of(eve, "genuine");
  for (const auto* by : {"third.example", "s1.crowd.example"})
    r.push_pdu(signed_by(genuine, there_key().key_id(), there_key().sign(by)), by);
  auto list = r.push({genuine});
  BOOST_TEST(error_in(list).empty());
  BOOST_TEST(r.disk.inbox.size() == 3u);
  r.unknown.clear();
  BOOST_TEST((texts_in(r.wake()) == std::vector<std::string>{"genuine"}));
  BOOST_TEST(r.disk.inbox.empty());
}

BOOST_AUTO_TEST_CASE(copies_that_wait_for_keys_survive_a_restart) {
  rig r;
  r.unknown = {there_key().key_id()};
  const auto genuine = r.message_of(eve, "genuine");
  r.push_pdu(signed_by(genuine, there_key().key_id(), there_key().sign("bogus")), "third.example");
  r.push({genuine});
  r.unknown.clear();
  BOOST_TEST((texts_in(r.restart()) == std::vector<std::string>{"genuine"}));
}

BOOST_AUTO_TEST_CASE(what_waits_for_a_key_is_shown_before_what_its_server_said_later) {
  rig r;
  const auto first = r.message_of(eve, "first");
  const auto second = r.message_of(eve, "second", {first->event_id});
  r.unknown = {there_key().key_id()};
  r.push({first});
  r.unknown.clear();
  const auto begun = r.now;
  auto list = r.push({second});
  append(list, r.wake());
  BOOST_TEST((texts_in(list) == std::vector<std::string>{"first", "second"}));
  BOOST_TEST(r.now - begun < 1'000);
}

BOOST_AUTO_TEST_CASE(forty_servers_with_bogus_copies_do_not_keep_its_own_server_out) {
  rig r;
  r.unknown = {there_key().key_id()};
  const auto genuine = r.message_of(eve, "genuine");
  for (int i = 0; i < 40; ++i)
    r.push_pdu(signed_by(genuine, there_key().key_id(), there_key().sign(std::to_string(i))), crowd_server(i));
  BOOST_TEST(r.disk.inbox.size() == 32u);
  const auto list = r.push({genuine});
  BOOST_TEST(error_in(list).empty());
  r.unknown.clear();
  BOOST_TEST((texts_in(r.wake()) == std::vector<std::string>{"genuine"}));
}

BOOST_AUTO_TEST_CASE(a_refuted_copy_beside_one_that_waits_is_answered_for_itself) {
  rig r;
  const auto genuine = r.message_of(eve, "genuine");
  r.push_pdu(signed_by(genuine, "ed25519:unheard", there_key().sign("x")), "third.example");
  BOOST_TEST(error_in(r.push_pdu(signed_by(genuine, there_key().key_id(), there_key().sign("y")), "s1.crowd.example"))
               .starts_with("bad_signature"));
  BOOST_TEST((texts_in(r.push({genuine})) == std::vector<std::string>{"genuine"}));
}

BOOST_AUTO_TEST_CASE(a_stripped_copy_of_a_relay_is_asked_for_whole_where_it_was_made) {
  for (const auto* version : {"2", "10", "11"}) {
    rig r{version};
    const auto genuine = r.message_of(eve, "whole");
    const auto list = r.push_pdu(with_content(genuine, {}), "third.example");
    BOOST_TEST((addressed(list) == question{"there.example", endpoint::event}));
    BOOST_TEST(texts_in(list).empty());
    BOOST_TEST((texts_in(r.on(answer_to(question_in(list), 200, list_body("pdus", {genuine})))) ==
                std::vector<std::string>{"whole"}));
    BOOST_TEST(r.event(genuine->event_id)->to_json() == genuine->to_json());
  }
}

BOOST_AUTO_TEST_CASE(a_stripped_copy_is_replaced_when_somebody_sends_the_whole_later) {
  for (const bool restarted : {false, true}) {
    rig r;
    const auto genuine = r.message_of(eve, "whole");
    const auto list = r.push_pdu(with_content(genuine, {{"body", "forged"}}), "third.example");
    r.on(answer_to(question_in(list), 404)); // its own server has it no more
    BOOST_TEST(r.event(genuine->event_id)->content().empty());
    r.push({r.message_of(eve, "after")});
    if (restarted) r.restart();
    BOOST_TEST((texts_in(r.push({genuine}, "s1.crowd.example")) == std::vector<std::string>{"whole"}));
    BOOST_TEST(r.event(genuine->event_id)->to_json() == genuine->to_json());
    BOOST_TEST(texts_in(r.push({genuine})).empty());
  }
}

BOOST_AUTO_TEST_CASE(what_was_deleted_is_not_brought_back_by_a_copy) {
  for (const bool restarted : {false, true}) {
    rig r;
    const auto said = r.message_of(eve, "regretted");
    r.push({said});
    r.push({r.redaction_of(eve, said->event_id)});
    if (restarted) r.restart();
    BOOST_TEST(texts_in(r.push({said}, "third.example")).empty());
    BOOST_TEST(r.event(said->event_id)->content().empty());
  }
}

BOOST_AUTO_TEST_CASE(what_is_deleted_while_the_store_is_asked_about_a_copy_is_not_shown) {
  rig r;
  const auto said = r.message_of(eve, "regretted");
  r.on(answer_to(question_in(r.push_pdu(with_content(said, {}), "third.example")), 404));
  auto pdus = std::make_shared<std::vector<object>>(std::vector{said->source});
  const auto asked = of_kind<ask_store>(
    r.give(pdus_received{{actor_kind::remote_server, "there.example"}, 1, "there.example", std::move(pdus)}));
  BOOST_REQUIRE(asked.size() == 1u);
  const auto found = *r.disk.answer(asked[0].question);
  r.push({r.redaction_of(eve, said->event_id)});
  BOOST_TEST(texts_in(r.on(store_says(asked[0].asked, found))).empty());
  BOOST_TEST(r.event(said->event_id)->redacted_because);
}

BOOST_AUTO_TEST_CASE(a_stripped_name_of_the_room_is_told_when_the_whole_comes) {
  rig r;
  auto levels = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  auto users = *levels.find("users")->as_object();
  users.set(eve, 100);
  levels.set("users", std::move(users));
  r.push({r.made(ann, "m.room.power_levels", levels, "")});
  const auto named = r.made(eve, "m.room.name", {{"name", "The whole name"}}, "");
  r.on(answer_to(question_in(r.push_pdu(with_content(named, {}), "third.example")), 0));
  const auto list = r.push({named});
  const auto told_of = notified<chat::system_message>(list);
  BOOST_REQUIRE(told_of.size() == 1u);
  BOOST_TEST(told_of[0].kind == "renamed");
  BOOST_TEST(r.event(named->event_id)->to_json() == named->to_json());
}

BOOST_AUTO_TEST_CASE(content_the_rules_do_not_allow_is_not_found_again_for_an_event_that_was_taken_without_it) {
  const std::vector<std::pair<std::string, std::pair<std::string, matrix::json::value>>> kinds{
    {"10", {"invite", 100}},
    {"10", {"invite", "abc"}},
    {"11", {"notifications", object{{"room", "x"}}}},
    {"12", {"notifications", object{{"room", 100}}}}};
  for (const bool restarted : {false, true})
    for (const auto& [version, key] : kinds) {
      BOOST_TEST_INFO(version << " " << key.first << " restarted: " << restarted);
      rig r{version};
      auto levels = r.event(r.state().at({"m.room.power_levels", ""}))->content();
      levels.erase("notifications");
      levels.erase("invite");
      auto users = *levels.find("users")->as_object();
      users.set(eve, 50);
      levels.set("users", std::move(users));
      auto events = *levels.find("events")->as_object();
      events.set("m.room.power_levels", 50);
      levels.set("events", std::move(events));
      r.push({r.made(ann, "m.room.power_levels", levels, "")});
      auto more = levels;
      more.set(key.first, key.second);
      const auto unauthorized = r.made(eve, "m.room.power_levels", more, "");
      r.on(answer_to(question_in(r.push_pdu(with_content(unauthorized, levels), "third.example")), 404));
      const auto stands = r.state().at({"m.room.power_levels", ""});
      BOOST_TEST(stands == unauthorized->event_id); // without the key it is authorized
      if (restarted) r.restart();
      r.push({unauthorized}, "s1.crowd.example");
      r.push({unauthorized});
      BOOST_TEST(!r.event(stands)->content().contains(key.first));
    }
}

BOOST_AUTO_TEST_CASE(of_copies_in_one_transaction_the_genuine_one_wins_wherever_it_stands) {
  for (const auto* order : {"gb", "bgb", "gs", "sgs", "gbs", "bsg"}) {
    BOOST_TEST_INFO(order);
    rig r;
    const auto genuine = r.message_of(eve, "genuine");
    std::vector<object> pdus;
    for (int n = 0; order[n] != 0; ++n) {
      const auto label = std::to_string(n);
      if (order[n] == 'g') pdus.push_back(genuine->source);
      if (order[n] == 'b') pdus.push_back(signed_by(genuine, there_key().key_id(), there_key().sign("bogus" + label)));
      if (order[n] == 's') pdus.push_back(with_content(genuine, {{"body", "stripped" + label}}));
    }
    const auto said = texts_in(r.push_pdus(std::move(pdus), "third.example"));
    BOOST_TEST((said == std::vector<std::string>{"genuine"}));
  }
}

BOOST_AUTO_TEST_SUITE_END()
