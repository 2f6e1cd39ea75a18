#include "actors/verifier/verifier_machine.hpp"

#include "messages/matrix/policy_server.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using verifier::verifier_machine;

BOOST_AUTO_TEST_SUITE(verifier_machine_suite)

namespace {

const address the_room{actor_kind::room, "!r:here.example"};

matrix::event_ptr event_by(const std::string& server, const matrix::signing_key& key, const std::string& version = "11",
                           std::int64_t ts = noon) {
  matrix::json::object pdu{{"type", "m.room.message"},
                           {"room_id", the_room.key},
                           {"sender", "@u:" + server},
                           {"content", matrix::json::object{{"body", "x"}}},
                           {"origin_server_ts", ts},
                           {"depth", 1},
                           {"prev_events", matrix::json::array{}},
                           {"auth_events", matrix::json::array{}}};
  return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version(version), server, key);
}

struct rig {
  context node = here();
  std::unique_ptr<verifier_machine> machine;
  explicit rig(std::vector<matrix::old_signing_key> old_keys = {}) {
    change_identity(node).old_keys = std::move(old_keys);
    machine = std::make_unique<verifier_machine>(node, 2);
  }
  effects ask(std::vector<matrix::event_ptr> events) {
    return machine->on(verify_events{the_room, 7, std::move(events)}, noon);
  }
  /// The verdicts once the workers have done what they were given.
  std::vector<event_check> verdicts(const effects& sent) {
    verifier::worker_machine worker;
    std::vector<event_check> all;
    for (const auto& [to, piece] : told<verify_piece>(sent))
      for (const auto& [back, done] : told<piece_verified>(worker.on(piece, noon)))
        for (const auto& [room, v] : told<events_verified>(machine->on(done, noon))) all = v.checks;
    return all;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(keys_of_all_servers_are_asked_for_at_once) {
  rig r;
  std::vector<matrix::event_ptr> events;
  for (int i = 0; i < 5; ++i) events.push_back(event_by("s" + std::to_string(i) + ".example", there_key()));
  const auto few = told<keys_request>(r.ask(events));
  BOOST_TEST(few.size() == 5u);
  for (const auto& [to, m] : few) BOOST_TEST(!m.in_crowd);
  for (int i = 5; i < 30; ++i) events.push_back(event_by("s" + std::to_string(i) + ".example", there_key()));
  const auto many = told<keys_request>(r.ask(events));
  BOOST_TEST(many.size() == 30u);
  for (const auto& [to, m] : many) BOOST_TEST(m.in_crowd);
}

BOOST_AUTO_TEST_CASE(own_event_of_before_a_rotation_verifies_and_one_dated_after_it_does_not) {
  const auto former = key_of('f');
  rig r{{{former.key_id(), former.public_key_base64(), noon - 1'000}}};
  const auto before = event_by("here.example", former, "11", noon - 2'000),
             after = event_by("here.example", former, "11", noon);
  const auto checks = r.verdicts(r.ask({before, after, event_by("here.example", r.node.key)}));
  BOOST_REQUIRE(checks.size() == 3u);
  BOOST_TEST((checks[0] == event_check::valid));
  BOOST_TEST((checks[1] == event_check::no_key));
  BOOST_TEST((checks[2] == event_check::valid));
}

BOOST_AUTO_TEST_CASE(old_room_versions_do_not_ask_how_long_a_key_was_good) {
  rig r;
  BOOST_TEST(told<keys_request>(r.ask({event_by("there.example", there_key(), "4")})).at(0).second.valid_at_ts == 0);
  BOOST_TEST(told<keys_request>(r.ask({event_by("there.example", there_key(), "5")})).at(0).second.valid_at_ts == noon);
  for (const auto* version : {"4", "5"}) {
    const auto sent = r.ask({event_by("there.example", there_key(), version)});
    const auto asked = told<keys_request>(sent).at(0).second.asked;
    const auto checks = r.verdicts(
      r.machine->on(keys_response{asked, "there.example",
                                  std::make_shared<const matrix::verify_keys>(keys_of(there_key(), noon - 1))},
                    noon));
    BOOST_TEST((checks.at(0) == (std::string{version} == "4" ? event_check::valid : event_check::no_key)), version);
  }
}

BOOST_AUTO_TEST_CASE(key_of_a_policy_server_is_not_asked_of_its_homeserver) {
  rig r;
  auto signed_twice = std::make_shared<matrix::event>(*event_by("there.example", there_key()));
  matrix::set_signature(signed_twice->source, "there.example", matrix::policy_server_key_id, "AAAA");
  const auto q = told<keys_request>(r.ask({signed_twice})).at(0).second;
  BOOST_TEST(q.key_ids == std::vector<std::string>{there_key().key_id()}, boost::test_tools::per_element());
}

namespace {

/// Another key under the id of `there_key`, as a server that was installed anew has.
matrix::signing_key reinstalled() {
  return *matrix::signing_key::from_seed(std::string(32, 'r'), there_key().key_id());
}

auto ring(const matrix::signing_key& key, std::vector<matrix::replaced_key> replaced = {}) {
  auto keys = keys_of(key);
  keys.at(key.key_id()).replaced = std::move(replaced);
  return std::make_shared<const matrix::verify_keys>(std::move(keys));
}

/// What the machine sends once the workers have done what they were given.
effects worked(rig& r, const effects& sent) {
  verifier::worker_machine worker;
  effects all;
  for (const auto& [to, piece] : told<verify_piece>(sent))
    for (const auto& [back, done] : told<piece_verified>(worker.on(piece, noon)))
      for (auto& e : r.machine->on(done, noon)) all.push_back(std::move(e));
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_signature_that_does_not_match_a_known_key_has_its_server_asked_once_more) {
  // The user saw: a server was installed anew with the same key id, and what its users said was never told again.
  rig r;
  const auto former = event_by("there.example", there_key()), fresh = event_by("there.example", reinstalled());
  auto sent = r.ask({former, fresh});
  const auto id = told<keys_request>(sent).at(0).second.asked;
  sent = worked(r, r.machine->on(keys_response{id, "there.example", ring(there_key())}, noon));
  BOOST_TEST(told<events_verified>(sent).empty());
  const auto doubts = told<keys_request>(sent);
  BOOST_REQUIRE(doubts.size() == 1u);
  BOOST_TEST((doubts[0].first == address{actor_kind::remote_server, "there.example"}));
  BOOST_TEST(doubts[0].second.are_doubted);
  sent = r.machine->on(keys_response{doubts[0].second.asked, "there.example",
                                     ring(reinstalled(), {{there_key().public_key_base64(), noon}})},
                       noon);
  const auto done = told<events_verified>(worked(r, sent));
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST((done[0].second.checks.at(0) == event_check::valid));
  BOOST_TEST((done[0].second.checks.at(1) == event_check::valid));
}

BOOST_AUTO_TEST_CASE(an_event_dated_beyond_what_its_keys_are_good_for_is_not_waited_for) {
  // The user saw: a server's clock was two days ahead for three seconds, and what was said then was told fifty hours
  // later.
  const time_ms two_days = 48 * 3'600'000;
  rig r;
  auto sent =
    r.ask({event_by("there.example", there_key(), "11", noon + two_days), event_by("there.example", there_key())});
  const auto id = told<keys_request>(sent).at(0).second.asked;
  sent = worked(r, r.machine->on(keys_response{id, "there.example", ring(there_key())}, noon));
  const auto doubts = told<keys_request>(sent); // ours may be old
  BOOST_REQUIRE(doubts.size() == 1u);
  BOOST_TEST(doubts[0].second.are_doubted);
  const auto all = told<events_verified>(
    r.machine->on(keys_response{doubts[0].second.asked, "there.example", ring(there_key())}, noon));
  BOOST_REQUIRE(all.size() == 1u);
  BOOST_TEST((all[0].second.checks.at(0) == event_check::bad_signature));
  BOOST_TEST((all[0].second.checks.at(1) == event_check::valid));
}

BOOST_AUTO_TEST_CASE(an_event_dated_ahead_by_a_right_clock_is_taken_with_the_keys_of_now) {
  const time_ms two_days = 48 * 3'600'000; // ours is behind, and so are the keys we know
  rig r;
  auto sent = r.ask({event_by("there.example", there_key(), "11", noon + two_days)});
  const auto id = told<keys_request>(sent).at(0).second.asked;
  sent = worked(r, r.machine->on(keys_response{id, "there.example", ring(there_key())}, noon));
  const auto asked = told<keys_request>(sent).at(0).second.asked;
  const auto fresh = std::make_shared<const matrix::verify_keys>(keys_of(there_key(), noon + 2 * two_days));
  const auto done = told<events_verified>(worked(r, r.machine->on(keys_response{asked, "there.example", fresh}, noon)));
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST((done[0].second.checks.at(0) == event_check::valid));
}

BOOST_AUTO_TEST_CASE(a_forged_signature_is_wrong_when_its_server_stands_by_its_key) {
  rig r;
  auto sent = r.ask({event_by("there.example", there_key()), event_by("there.example", reinstalled())});
  const auto id = told<keys_request>(sent).at(0).second.asked;
  sent = worked(r, r.machine->on(keys_response{id, "there.example", ring(there_key())}, noon));
  const auto done = told<events_verified>(r.machine->on(
    keys_response{told<keys_request>(sent).at(0).second.asked, "there.example", ring(there_key())}, noon));
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST((done[0].second.checks.at(0) == event_check::valid));
  BOOST_TEST((done[0].second.checks.at(1) == event_check::bad_signature));
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_say_holds_nobody_up_and_its_event_counts_as_one_without_a_key) {
  rig r;
  auto sent = r.ask({event_by("there.example", there_key()), event_by("there.example", reinstalled()),
                     event_by("here.example", key_of('x'))});
  const auto id = told<keys_request>(sent).at(0).second.asked;
  sent = worked(r, r.machine->on(keys_response{id, "there.example", ring(there_key())}, noon));
  const auto at = timer_at(sent, timer_kind::sweep);
  BOOST_TEST(at == noon + 2'000);
  const auto done = told<events_verified>(r.machine->on(timer_due{timer_kind::sweep}, at));
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST((done[0].second.checks.at(0) == event_check::valid));
  BOOST_TEST((done[0].second.checks.at(1) == event_check::no_key));
  // In our own name nobody but us is asked.
  BOOST_TEST(told<keys_request>(sent).size() == 1u);
}

BOOST_AUTO_TEST_CASE(description_names_some_of_the_servers_it_waits_for_and_says_how_many_there_are) {
  rig r;
  std::vector<matrix::event_ptr> events;
  for (int i = 0; i < 200; ++i) events.push_back(event_by("s" + std::to_string(i) + ".example", there_key()));
  r.ask(std::move(events));
  const auto told = *matrix::json::parse(r.machine->describe(noon));
  BOOST_TEST(told.find_array("oldest_waits_for_keys_of")->size() == 50u);
  BOOST_TEST(*told.find_integer("oldest_waits_for_keys_total") == 200);
}

BOOST_AUTO_TEST_SUITE_END()
