#include "actors/room/member_updates.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_member_updates_alone)

namespace {

const std::string carl = "@carl:here.example";

struct updates_rig : assembled_rig {
  room::member_updates updates{room, out, authoring};
  std::optional<chat_command> command;

  effects want(const std::string& user, bool leaves, const std::string& name = {}, const std::string& picture = {}) {
    command = updates.want({{actor_kind::directory, ""}, 7, user, leaves, name, picture});
    return take();
  }
  void have(const std::string& by, const std::string& user, matrix::json::object content) {
    const auto x = authoring.author({"m.room.member", by, user, std::move(content)});
    if (!x || !authoring.commit(*x)) throw std::runtime_error("not allowed");
    (void)take();
  }
};

/// Whether it is done, as the directory is told with the commit.
bool is_done(const effects& list) {
  const auto answers = told<member_updated>(list);
  if (answers.size() != 1) throw std::runtime_error("not one answer");
  BOOST_TEST(answers[0].second.asked == 7u);
  for (const auto& e : list)
    if (const auto* t = std::get_if<tell>(&e)) BOOST_TEST(!std::holds_alternative<member_updated>(t->body));
  return answers[0].second.is_done;
}

} // namespace

BOOST_AUTO_TEST_CASE(another_profile_is_a_new_membership_without_what_was_about_the_last_one) {
  updates_rig r;
  r.have(bob, bob, {{"membership", "join"}, {"reason", "here I am"}, {"avatar_url", "mxc://here.example/b"}});
  const auto list = r.want(bob, false, "Bob");
  BOOST_TEST(is_done(list));
  const auto rows = written<store::put_event>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  const auto& content = rows[0].event->content();
  BOOST_TEST(*content.find("membership")->as_string() == "join");
  BOOST_TEST(*content.find("displayname")->as_string() == "Bob");
  for (const auto* gone : {"reason", "avatar_url"}) BOOST_TEST((content.find(gone) == nullptr), gone);
  BOOST_TEST(!written<store::queue_pdu>(list).empty());
  BOOST_TEST(!r.command.has_value());
}

BOOST_AUTO_TEST_CASE(what_is_as_it_should_be_is_left_alone) {
  updates_rig r;
  (void)r.want(bob, false, "Bob", "mxc://here.example/b");
  const auto again = r.want(bob, false, "Bob", "mxc://here.example/b");
  BOOST_TEST(is_done(again));
  BOOST_TEST(written<store::put_event>(again).empty());
  for (const bool leaves : {true, false}) {
    const auto list = r.want(carl, leaves, "Carl"); // who is not in the room
    BOOST_TEST(is_done(list));
    BOOST_TEST(written<store::put_event>(list).empty());
    BOOST_TEST(!r.command.has_value());
  }
  r.room.head.phase = store::room_phase::left;
  BOOST_TEST(is_done(r.want(bob, false, "Robert")));
  BOOST_TEST(is_done(r.want(bob, true)));
  BOOST_TEST(!r.command.has_value());
}

BOOST_AUTO_TEST_CASE(leave_of_a_member_is_a_command_in_its_turn_and_asked_for_again) {
  updates_rig r;
  const auto list = r.want(bob, true);
  BOOST_TEST(!is_done(list));
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_REQUIRE(r.command.has_value());
  BOOST_TEST(r.command->room_id == r.room_id);
  const auto* leave = std::get_if<chat::member_leave>(r.command->body.get());
  BOOST_REQUIRE(leave);
  BOOST_TEST(leave->user == bob);
}

BOOST_AUTO_TEST_CASE(who_is_only_invited_leaves_at_once) {
  updates_rig r;
  r.have(ann, carl, {{"membership", "invite"}});
  BOOST_TEST(written<store::put_event>(r.want(carl, false, "Carl")).empty()); // an invite has no profile of theirs
  const auto list = r.want(carl, true);
  BOOST_TEST(is_done(list));
  BOOST_TEST(r.room.graph.membership(carl) == matrix::membership::leave);
  BOOST_TEST(!r.command.has_value());
}

BOOST_AUTO_TEST_CASE(change_that_waits_for_the_policy_server_is_not_answered_yet_and_a_denial_is_final) {
  updates_rig r;
  r.add(r.made(
    ann, "m.room.policy",
    {{"via", "there.example"}, {"public_keys", matrix::json::object{{"ed25519", key_of('p').public_key_base64()}}}},
    ""));
  const auto list = r.want(bob, false, "Bob");
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::policy_sign}));
  BOOST_TEST(told<member_updated>(list).empty());
  BOOST_TEST(r.authoring.has_deferred());
  r.authoring.decided(fault{fault_code::policy_denied, "spam"});
  const auto again = r.want(bob, false, "Bob");
  BOOST_TEST(is_done(again) == !info(fault_code::policy_denied).retryable);
  BOOST_TEST(written<store::put_event>(again).empty());
}

BOOST_AUTO_TEST_CASE(memberships_of_ours_are_noted_with_the_rows_that_make_them) {
  updates_rig r;
  const auto write = [&](const std::string& by, const std::string& user, const std::string& membership,
                         store::verdict judged = store::verdict::accepted) {
    const auto x = r.made(by, "m.room.member", {{"membership", membership}}, user, {}, r.room.graph.extremities());
    (void)r.writer.add(x, r.writer.state_before(x->prev_events), {judged, {}});
  };
  write(carl, carl, "join");
  write(ann, "@zed:here.example", "invite");
  write("@tom:there.example", "@tom:there.example", "join");
  write("@kim:here.example", "@kim:here.example", "join", store::verdict::rejected);
  r.updates.note_members();
  const auto list = r.take();
  std::vector<std::string> noted;
  for (const auto& row : written<store::put_member_room>(list)) noted.push_back(row.user_id);
  BOOST_TEST(noted == (std::vector<std::string>{carl, "@zed:here.example"}), boost::test_tools::per_element());
  const auto joined = told<local_users_joined>(list);
  BOOST_REQUIRE(joined.size() == 1u);
  BOOST_TEST(joined[0].second.users == std::vector{carl}, boost::test_tools::per_element());
  r.updates.note_members();
  BOOST_TEST(r.take().empty());
}

BOOST_AUTO_TEST_SUITE_END()
