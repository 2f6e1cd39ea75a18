#include "actors/directory/directory_machine.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using directory::directory_machine;

BOOST_AUTO_TEST_SUITE(directory_user_asks)

namespace {

/// The directory of here.example, whose chat server answers questions about users.
struct asks_rig {
  context node = here();
  std::unique_ptr<directory_machine> machine;
  time_ms now = noon;
  std::string origin = "there.example";

  asks_rig() {
    change(node).federation.ask_user = true;
    machine = std::make_unique<directory_machine>(node, std::string(32, 's'));
    store::directory_loaded stored;
    stored.users = {{"@ann:here.example", "ann", "Ann", {}}};
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, std::move(stored)), now);
  }
  effects on(const message& m) { return machine->on(m, now); }
  effects call(const std::string& method, const std::string& path, const std::string& body = {}) {
    federation_call c;
    c.gateway = "g";
    c.origin = origin;
    c.match =
      std::make_shared<const matrix::endpoint_match>(*matrix::match_endpoint(method, "/_matrix/federation/" + path));
    if (!body.empty()) c.body = std::make_shared<const matrix::json::value>(*matrix::json::parse(body));
    return on(c);
  }
  effects profile(const std::string& user_id) {
    return call("GET", "v1/query/profile?user_id=" + matrix::percent_encode(user_id));
  }
  effects invite(const std::string& user_id) {
    return call("PUT", "v2/invite/%21r%3Athere.example/%24e",
                R"({"room_version":"11","event":{"type":"m.room.member","state_key":")" + user_id + "\"}}");
  }
  effects reply(chat::answer_user x) {
    return on(command_received{{"s", "c1", 0}, std::make_shared<const chat::command>(std::move(x))});
  }
};

/// The questions that went to the chat server.
std::vector<chat::ask_user> asks(const effects& from) {
  std::vector<chat::ask_user> out;
  for (const auto& [to, n] : told<ephemeral_notification>(from)) {
    BOOST_TEST(n.name == "ask.user");
    BOOST_TEST((to.kind == actor_kind::session));
    out.push_back(*edge::unpack<chat::ask_user>(n.body, fault_code::bad_body));
  }
  return out;
}

std::vector<int> statuses(const effects& from) {
  std::vector<int> out;
  for (const auto& [to, r] : told<federation_reply>(from)) out.push_back(r.status);
  return out;
}

fault refusal_of(const effects& from) {
  const auto done = told<command_done>(from).at(0).second;
  return done.succeeded ? fault{} : chat::decode_fault(done.body);
}

constexpr const char* bob = "@bob:here.example";

} // namespace

BOOST_FIXTURE_TEST_CASE(whoever_the_broker_does_not_know_is_asked_for_and_shown, asks_rig) {
  const auto began = profile(bob);
  BOOST_TEST(statuses(began).empty());
  const auto asked = asks(began);
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(asked[0].user == bob);
  BOOST_TEST(asked[0].localpart == "bob");
  const auto done = reply({asked[0].ask, true, {}, "Bob", "mxc://here.example/b", true});
  BOOST_TEST((statuses(done) == std::vector{200}));
  BOOST_TEST(told<federation_reply>(done).at(0).second.body.find("\"Bob\"") != std::string::npos);
  const auto rows = written<store::put_user>(done);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].display_name == "Bob");
  BOOST_TEST(asks(profile(bob)).empty()); // known from now on
}

BOOST_FIXTURE_TEST_CASE(one_question_answers_all_who_ask_for_the_same_user, asks_rig) {
  const auto asked = asks(profile(bob));
  origin = "third.example";
  BOOST_TEST(asks(profile(bob)).empty());
  BOOST_TEST(asks(invite(bob)).empty());
  const auto done = reply({asked.at(0).ask, true, {}, {}, {}, {}});
  BOOST_TEST((statuses(done) == std::vector{200, 200}));
  BOOST_TEST(told<federation_call>(done).size() == 1u); // the invitation goes its way
}

BOOST_FIXTURE_TEST_CASE(that_there_is_no_such_user_is_kept_for_a_while, asks_rig) {
  const auto done = reply({asks(profile(bob)).at(0).ask, false, {}, {}, {}, {}});
  BOOST_TEST((statuses(done) == std::vector{404}));
  BOOST_TEST(written<store::put_user>(done).empty());
  now += 299'999;
  BOOST_TEST((statuses(profile(bob)) == std::vector{404}));
  BOOST_TEST((statuses(invite(bob)) == std::vector{404}));
  now += 1;
  BOOST_TEST(asks(profile(bob)).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(one_who_may_not_federate_is_nobody_to_others, asks_rig) {
  const auto done = reply({asks(invite(bob)).at(0).ask, true, {}, "Bob", {}, false});
  BOOST_TEST((statuses(done) == std::vector{404}));
  BOOST_TEST(written<store::put_user>(done).empty());
}

BOOST_FIXTURE_TEST_CASE(one_who_takes_no_invitations_is_known_and_not_invited, asks_rig) {
  const auto done = reply({asks(invite(bob)).at(0).ask, true, {}, "Bob", {}, {}, invite_policy::block});
  BOOST_TEST((statuses(done) == std::vector{403}));
  BOOST_TEST(told<federation_reply>(done).at(0).second.body.find("M_INVITE_BLOCKED") != std::string::npos);
  BOOST_TEST((statuses(profile(bob)) == std::vector{200}));
  const auto again = invite(bob); // nobody is asked any more
  BOOST_TEST(asks(again).empty());
  BOOST_TEST((statuses(again) == std::vector{403}));
}

BOOST_FIXTURE_TEST_CASE(a_rule_that_changes_is_said_of_whom_it_concerns_and_nobody_is_asked_again, asks_rig) {
  const auto rule_says = [this](std::optional<bool> may) {
    chat::user_may_federate x;
    x.user = bob;
    x.may = may;
    on(command_received{{"s", "c1", 0}, std::make_shared<const chat::command>(std::move(x))});
  };
  reply({asks(invite(bob)).at(0).ask, true, {}, {}, {}, {}});
  rule_says(false);
  const auto refused = invite(bob);
  BOOST_TEST(asks(refused).empty());
  BOOST_TEST((statuses(refused) == std::vector{403}));
  BOOST_TEST((statuses(profile(bob)) == std::vector{200})); // they are in rooms, perhaps
  rule_says(true);
  BOOST_TEST(told<federation_call>(invite(bob)).size() == 1u);
  // Of one who was nobody till then it is the first word.
  const std::string eve = "@eve:here.example";
  reply({asks(invite(eve)).at(0).ask, true, {}, {}, {}, false});
  BOOST_TEST((statuses(invite(eve)) == std::vector{404}));
  chat::user_may_federate x;
  x.user = eve;
  x.may = true;
  on(command_received{{"s", "c1", 0}, std::make_shared<const chat::command>(std::move(x))});
  BOOST_TEST(told<federation_call>(invite(eve)).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(who_is_told_of_meanwhile_is_found, asks_rig) {
  reply({asks(profile(bob)).at(0).ask, false, {}, {}, {}, {}});
  on(command_received{{"s", "c2", 0}, std::make_shared<const chat::command>(chat::user_profile{"bob", "Bob", {}, {}})});
  BOOST_TEST((statuses(profile(bob)) == std::vector{200}));
}

BOOST_FIXTURE_TEST_CASE(a_question_nobody_answers_ends_and_others_may_come_again, asks_rig) {
  const auto began = invite(bob);
  const auto ask = asks(began).at(0).ask;
  now = timer_at(began, directory::user_asks::timer);
  BOOST_TEST(now == noon + 5'000);
  const auto ended = on(timer_due{directory::user_asks::timer});
  BOOST_TEST((statuses(ended) == std::vector{504}));
  BOOST_TEST(of_kind<note>(ended).at(0).what.starts_with("A821 "));
  BOOST_TEST((refusal_of(reply({ask, true, {}, {}, {}, {}})).code == fault_code::not_found));
  BOOST_TEST(asks(invite(bob)).size() == 1u); // nothing is known of him
}

BOOST_FIXTURE_TEST_CASE(an_invitation_that_comes_with_a_room_waits_for_the_answer_too, asks_rig) {
  const invite_admission_request wanted{{actor_kind::invitation, "!r|@bob:here.example"}, 3, "there.example", bob};
  const auto asked = asks(on(wanted));
  BOOST_REQUIRE(asked.size() == 1u);
  const auto admitted = told<invite_admitted>(reply({asked[0].ask, true, {}, {}, {}, {}})).at(0).second;
  BOOST_TEST(admitted.is_known);
  BOOST_TEST(admitted.wait_ms == 0u);
  const invite_admission_request other{wanted.reply_to, 4, "there.example", "@eve:here.example"};
  now = timer_at(on(other), directory::user_asks::timer);
  const auto later = told<invite_admitted>(on(timer_due{directory::user_asks::timer})).at(0).second;
  BOOST_TEST(later.is_known);
  BOOST_TEST(later.wait_ms > 0u);
}

BOOST_FIXTURE_TEST_CASE(an_own_id_that_the_localpart_was_not_made_of_is_said, asks_rig) {
  const auto asked = asks(profile(bob)).at(0).ask;
  BOOST_TEST((refusal_of(reply({asked, true, "ann", {}, {}, {}})).code == fault_code::conflict)); // that is another
  const auto done = reply({asked, true, "user-17", {}, {}, {}});
  BOOST_TEST(written<store::put_user>(done).at(0).chat_name == "user-17");
  BOOST_TEST((statuses(done) == std::vector{200}));
}

BOOST_FIXTURE_TEST_CASE(a_wrong_answer_leaves_the_question_open, asks_rig) {
  const auto asked = asks(profile(bob)).at(0).ask;
  BOOST_TEST((refusal_of(reply({asked, true, {}, {}, "https://x.example/a", {}})).code == fault_code::bad_body));
  BOOST_TEST((refusal_of(reply({"x", true, {}, {}, {}, {}})).code == fault_code::not_found));
  BOOST_TEST((statuses(reply({asked, true, {}, {}, {}, {}})) == std::vector{200}));
}

BOOST_FIXTURE_TEST_CASE(nobody_is_asked_for_whom_we_cannot_have_or_where_the_chat_server_does_not_answer, asks_rig) {
  for (const auto* user : {"@BOB:here.example", "@b b:here.example", "@bob:third.example"}) {
    const auto done = profile(user);
    BOOST_TEST(asks(done).empty());
    BOOST_TEST(statuses(done).size() == 1u);
  }
  change(node).federation.ask_user = false;
  BOOST_TEST((statuses(profile(bob)) == std::vector{404}));
}

BOOST_FIXTURE_TEST_CASE(closed_profiles_make_no_question, asks_rig) {
  change(node).federation.profiles_need_shared_room = true;
  const auto done = profile(bob);
  BOOST_TEST(asks(done).empty());
  BOOST_TEST((statuses(done) == std::vector{403}));
}

BOOST_FIXTURE_TEST_CASE(a_server_that_tries_names_has_a_bounded_number_asked_for, asks_rig) {
  const auto user = [](std::size_t i) { return "@u" + std::to_string(i) + ":here.example"; };
  std::string first;
  for (std::size_t i = 0; i < directory::user_asks::questions_of_server_max; ++i) {
    const auto asked = asks(profile(user(i)));
    BOOST_REQUIRE(asked.size() == 1u);
    if (i == 0) first = asked[0].ask;
  }
  const auto refused = profile(bob);
  BOOST_TEST(asks(refused).empty());
  BOOST_TEST((statuses(refused) == std::vector{info(fault_code::limit_exceeded).http_status}));
  BOOST_TEST(told<federation_reply>(refused).at(0).second.body.find("too many questions about users") !=
             std::string::npos);
  origin = "third.example"; // another one is not concerned
  BOOST_TEST(asks(profile("@eve:here.example")).size() == 1u);
  origin = "there.example";
  reply({first, false, {}, {}, {}, {}});
  BOOST_TEST(asks(profile(bob)).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(who_waits_for_one_answer_is_bounded, asks_rig) {
  for (std::size_t i = 0; i < directory::user_asks::waiting_max; ++i) BOOST_TEST(statuses(profile(bob)).empty());
  BOOST_TEST((statuses(profile(bob)) == std::vector{429}));
}

BOOST_AUTO_TEST_SUITE_END()
