#include "actors/room/joins.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;
using room::question::membership_elsewhere;

BOOST_AUTO_TEST_SUITE(room_joins_alone)

namespace {

const std::string carl = "@carl:here.example", club = "!club:here.example";

struct joins_rig : assembled_rig {
  static join_request join_of(const std::string& user) {
    join_request m;
    m.user_id = user;
    m.room_version = "11";
    m.via = {"there.example"};
    return m;
  }
  effects want(const join_request& m) {
    joins.want(m);
    return take();
  }
  void set_rule(object content) {
    add(made(ann, "m.room.join_rules", std::move(content), "", {}, room.graph.extremities()));
    (void)take();
  }
  /// Who is in the club may join.
  void restrict() {
    array allow;
    allow.emplace_back(object{{"type", "m.room_membership"}, {"room_id", club}});
    set_rule({{"join_rule", "restricted"}, {"allow", std::move(allow)}});
  }
  /// The club says whether it is known here, and carl is in it.
  effects hear_club(const effects& asked, bool known, bool joined) {
    const auto questions = told<member_request>(asked);
    if (questions.size() != 1) throw std::runtime_error("not one question to the club");
    BOOST_TEST((questions[0].first == address{actor_kind::room, club}));
    return hear<membership_elsewhere>(joins, member_response{questions[0].second.asked, known, joined});
  }
  /// Why the one join that is over has failed.
  fault_code ended() const {
    if (events.ended.size() != 1) throw std::runtime_error(std::to_string(events.ended.size()) + " joins are over");
    return events.ended[0].why.code;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(user_joins_a_public_room_with_the_profile_they_have) {
  joins_rig r;
  auto m = r.join_of(carl);
  m.display_name = "Carl";
  m.avatar_url = "mxc://here.example/c";
  const auto list = r.want(m);
  BOOST_TEST((r.ended() == fault_code::none));
  const auto rows = written<store::put_event>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  const auto& content = rows[0].event->content();
  BOOST_TEST(*content.find("displayname")->as_string() == "Carl");
  BOOST_TEST(*content.find("avatar_url")->as_string() == "mxc://here.example/c");
  BOOST_TEST(content.find("join_authorised_via_users_server") == nullptr);
  BOOST_TEST(r.room.graph.membership(carl) == matrix::membership::join);
  BOOST_TEST(written<store::queue_pdu>(list).size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_is_in_the_room_is_done_and_no_event_is_made) {
  joins_rig r;
  BOOST_TEST(r.want(r.join_of(bob)).empty());
  BOOST_TEST((r.ended() == fault_code::none));
}

BOOST_AUTO_TEST_CASE(who_is_banned_is_refused) {
  joins_rig r;
  r.add(r.made(ann, "m.room.member", {{"membership", "ban"}}, carl));
  (void)r.take();
  BOOST_TEST(written<store::put_event>(r.want(r.join_of(carl))).empty());
  BOOST_TEST((r.ended() == fault_code::forbidden));
}

BOOST_AUTO_TEST_CASE(room_that_nobody_of_ours_is_in_is_joined_through_a_server_that_is) {
  joins_rig r;
  r.room.head.phase = store::room_phase::left;
  BOOST_TEST((addressed(r.want(r.join_of(carl))) == test::question{"there.example", matrix::endpoint::make_join}));
  BOOST_TEST(r.events.ended.empty());
}

BOOST_AUTO_TEST_CASE(room_that_does_not_name_the_one_it_is_said_to_go_on_from_is_not_joined) {
  joins_rig r;
  auto m = r.join_of(carl);
  m.predecessor = "!before:here.example";
  BOOST_TEST(r.want(m).empty());
  BOOST_TEST((r.ended() == fault_code::conflict));
  BOOST_TEST(r.room.graph.membership(carl) == matrix::membership::none);
}

BOOST_AUTO_TEST_CASE(member_of_a_room_that_the_rule_names_is_let_in_by_one_of_ours) {
  joins_rig r;
  r.restrict();
  const auto asked = r.want(r.join_of(carl));
  BOOST_TEST(r.events.ended.empty());
  BOOST_TEST(!r.joins.is_idle());
  const auto rows = written<store::put_event>(r.hear_club(asked, true, true));
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(*rows[0].event->content().find("join_authorised_via_users_server")->as_string() == ann);
  BOOST_TEST((r.ended() == fault_code::none));
  BOOST_TEST(r.joins.is_idle());
}

BOOST_AUTO_TEST_CASE(who_is_in_none_of_them_is_refused_and_no_resident_is_asked) {
  joins_rig r;
  r.restrict();
  const auto list = r.hear_club(r.want(r.join_of(carl)), true, false);
  BOOST_TEST((r.ended() == fault_code::forbidden));
  BOOST_TEST(told<peer_request>(list).empty());
  BOOST_TEST(written<store::put_event>(list).empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_seen_from_here_is_for_a_resident_to_say) {
  joins_rig r;
  object levels = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  levels.set("users", object{{ann, 100}, {eve, 50}});
  r.add(r.made(ann, "m.room.power_levels", std::move(levels), ""));
  r.restrict();
  const auto list = r.hear_club(r.want(r.join_of(carl)), false, false);
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::make_join}));
  BOOST_TEST(r.events.ended.empty());
  BOOST_TEST(!r.joins.is_idle());
}

BOOST_AUTO_TEST_CASE(room_that_is_left_while_others_are_asked_takes_nobody_in) {
  joins_rig r;
  r.restrict();
  const auto asked = r.want(r.join_of(carl));
  r.room.head.phase = store::room_phase::left;
  BOOST_TEST(written<store::put_event>(r.hear_club(asked, true, true)).empty());
  BOOST_TEST((r.ended() == fault_code::not_member));
}

BOOST_AUTO_TEST_CASE(who_was_invited_while_others_were_asked_joins_by_that) {
  joins_rig r;
  r.restrict();
  const auto asked = r.want(r.join_of(carl));
  const auto by_rule = r.authoring.author({"m.room.member", ann, carl, {{"membership", "invite"}}});
  BOOST_REQUIRE(!!by_rule);
  BOOST_REQUIRE(!!r.authoring.commit(*by_rule));
  (void)r.take();
  const auto again = r.want(r.join_of(carl));
  BOOST_TEST(told<member_request>(again).empty()); // who is invited is let in by that
  BOOST_TEST(written<store::put_event>(again).size() == 1u);
  BOOST_TEST(written<store::put_event>(r.hear_club(asked, true, true)).empty()); // and only once
  BOOST_REQUIRE(r.events.ended.size() == 2u);
  for (const auto& x : r.events.ended) BOOST_TEST((x.why.code == fault_code::none));
}

BOOST_AUTO_TEST_CASE(join_of_another_servers_user_goes_on_where_it_came_from) {
  joins_rig r;
  r.restrict();
  federation_call call;
  call.id = 7;
  r.joins.authorise("@zoe:there.example", room::make_join_call{call});
  (void)r.hear_club(r.take(), true, true);
  BOOST_REQUIRE(r.events.authorised.size() == 1u);
  const auto& [next, authoriser] = r.events.authorised[0];
  BOOST_TEST(std::get<room::make_join_call>(next).call.id == 7u);
  BOOST_REQUIRE(!!authoriser);
  BOOST_TEST(*authoriser == ann);
  BOOST_TEST(r.events.ended.empty());
}

BOOST_AUTO_TEST_CASE(invite_that_the_room_has_missed_passes_its_checks_before_the_join) {
  joins_rig r;
  r.set_rule({{"join_rule", "invite"}});
  auto m = r.join_of(carl);
  m.invite = r.made(eve, "m.room.member", {{"membership", "invite"}}, carl, {}, r.room.graph.extremities());
  auto list = r.want(m);
  BOOST_TEST(written<store::put_event>(list).empty());
  list = r.hear<room::question::copies>(r.inbound, assembled_rig::verified(list));
  BOOST_TEST(r.events.again.empty());
  r.invitations.handled_by_room(told<pdus_handled>(list).at(0).second);
  BOOST_REQUIRE(r.events.again.size() == 1u);
  BOOST_TEST(r.events.again[0].user_id == carl);
  BOOST_TEST((r.events.again[0].invite == nullptr));
  (void)r.take();
  // Eve may not invite: the join has nothing to rest on.
  BOOST_TEST(written<store::put_event>(r.want(r.events.again[0])).empty());
  BOOST_TEST((r.ended() == fault_code::forbidden));
}

BOOST_AUTO_TEST_CASE(join_that_waits_for_the_policy_server_is_tried_again_from_its_beginning) {
  joins_rig r;
  r.add(r.made(ann, "m.room.policy",
               {{"via", "there.example"}, {"public_keys", object{{"ed25519", key_of('p').public_key_base64()}}}}, ""));
  const auto list = r.want(r.join_of(carl));
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::policy_sign}));
  BOOST_TEST(r.events.ended.empty());
  BOOST_REQUIRE(r.authoring.has_deferred());
  auto waiting = r.authoring.take_deferred();
  const auto* again = std::get_if<join_request>(&waiting.front());
  BOOST_REQUIRE(again);
  r.authoring.decided(fault{fault_code::policy_denied, "spam"});
  BOOST_TEST(written<store::put_event>(r.want(*again)).empty());
  BOOST_TEST((r.ended() == fault_code::policy_denied));
}

BOOST_AUTO_TEST_SUITE_END()
