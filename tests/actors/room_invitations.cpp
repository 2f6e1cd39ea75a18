// Invitations that cross answers to earlier ones: what the room takes, and what it tells the invitation.
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

namespace {

const std::string zoe = "@zoe:there.example";

/// A channel with invitations to zoe, whom her server signs for at once.
struct inviting_room : shared_room {
  void invite() {
    const auto row = written<store::put_invitation>(command(chat::invite_send{"chat-1", ann, zoe, {}})).at(0);
    on(invite_accepted_by_server{zoe, *matrix::parse_event(row.event, rules())});
  }
  void revoke() { on(revoke_invite{zoe, ann, {}, {}, {}}); }
  matrix::event_ptr signed_template(const std::string& what) {
    auto pdu = *body_of(call("GET", path("v1/make_" + what, zoe) + (what == "join" ? "?ver=11" : ""))).find_object("event");
    return *matrix::hash_and_sign(std::move(pdu), rules(), "there.example", there_key());
  }
  int status_of(const std::string& what, const matrix::event_ptr& x) {
    return reply_in(call("PUT", path("v2/send_" + what, x->event_id), x->source)).status;
  }
};

/// The same event with another membership of `user` among those it cites.
matrix::event_ptr citing(const shared_room& r, const matrix::event_ptr& x, const std::string& cited, const std::string& instead_of) {
  auto pdu = x->source;
  matrix::json::array auth;
  for (const auto& id : x->auth_events) auth.emplace_back(id == instead_of ? cited : id);
  pdu.set("auth_events", std::move(auth));
  pdu.erase("hashes");
  pdu.erase("signatures");
  return *matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key());
}

} // namespace

BOOST_AUTO_TEST_SUITE(room_invitations)

BOOST_AUTO_TEST_CASE(an_invitation_tells_its_origin_and_a_template_tells_none) {
  inviting_room r;
  const auto row = written<store::put_invitation>(r.command(chat::invite_send{"chat-1", ann, zoe, {}})).at(0);
  const auto invite = *matrix::parse_event(row.event, r.rules());
  BOOST_REQUIRE(invite->source.find("origin"));
  BOOST_TEST(*invite->source.find("origin")->as_string() == "here.example");
  BOOST_TEST(matrix::has_valid_content_hash(*invite));
  r.on(invite_accepted_by_server{zoe, invite});
  for (const auto* what : {"join", "leave"}) {
    const auto shape = r.body_of(r.call("GET", r.path(std::string{"v1/make_"} + what, zoe) + (std::string_view{what} == "join" ? "?ver=11" : "")));
    BOOST_TEST(!shape.find_object("event")->contains("origin"), what);
  }
}

BOOST_AUTO_TEST_CASE(a_yes_to_an_invitation_that_was_taken_back_is_none_to_the_next) {
  inviting_room r;
  r.invite();
  const auto late = r.signed_template("join");
  r.revoke();
  BOOST_TEST(r.status_of("join", late) == 400); // public or not: her server would have her in it, and the merge put her out
  r.invite();
  BOOST_TEST(r.status_of("join", late) == 400);
  BOOST_TEST(r.membership(zoe) == "invite");
  const auto before_joining = r.signed_template("join");
  r.now += 10;
  const auto fresh = r.signed_template("join");
  BOOST_TEST(r.status_of("join", fresh) == 200);
  BOOST_TEST(r.membership(zoe) == "join");
  BOOST_TEST(r.status_of("join", fresh) == 200); // its answer was lost, and it comes again
  BOOST_TEST(r.status_of("join", before_joining) == 200); // or another one, made before the first arrived
  BOOST_TEST(r.membership(zoe) == "join");
}

BOOST_AUTO_TEST_CASE(a_join_made_before_the_room_was_made_again_is_taken_and_answered_when_it_comes_twice) {
  inviting_room r;
  r.invite();
  const auto join = r.signed_template("join");
  r.disk.invitations.clear(); // the invitation's own actor has it as pending by now
  for (const auto* text : {"1", "2"}) r.command(chat::message_send{"chat-1", ann, text, text, {}, {}, {}, {}, {}});
  r.restart();
  BOOST_TEST(r.status_of("join", join) == 200);
  BOOST_TEST(r.membership(zoe) == "join");
  r.command(chat::message_send{"chat-1", ann, "3", "3", {}, {}, {}, {}, {}});
  r.restart();
  BOOST_TEST(r.status_of("join", join) == 200);
  const auto invented = r.made(zoe, "m.room.member", {{"membership", "leave"}}, zoe, {}, {"$unknown"});
  BOOST_TEST(r.status_of("leave", invented) == 400);
}

BOOST_AUTO_TEST_CASE(a_no_to_an_invitation_that_was_taken_back_is_none_to_the_next) {
  inviting_room r;
  r.invite();
  const auto late = r.signed_template("leave");
  r.revoke();
  r.invite();
  BOOST_TEST(r.status_of("leave", late) == 400);
  BOOST_TEST(r.membership(zoe) == "invite");
  BOOST_TEST(r.status_of("leave", r.signed_template("leave")) == 200);
  BOOST_TEST(r.membership(zoe) == "leave");
}

BOOST_AUTO_TEST_CASE(a_new_invitation_that_crosses_his_no_to_the_one_before_is_told_how_the_room_sees_it) {
  const std::string ben = "@ben:here.example";
  shared_room r;
  auto levels = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  levels.set("users", matrix::json::object{{ann, 100}, {eve, 100}});
  r.push({r.made(ann, "m.room.power_levels", levels, "")});
  const auto invited = [&](std::vector<std::string> prev) { return r.made(eve, "m.room.member", {{"membership", "invite"}}, ben, {}, std::move(prev)); };
  const auto first = invited({});
  r.push({first});
  BOOST_REQUIRE(r.membership(ben) == "invite");
  const auto taken_back = r.made(eve, "m.room.member", {{"membership", "leave"}}, ben, {}, {first->event_id});
  const auto second = citing(r, invited({taken_back->event_id}), taken_back->event_id, first->event_id);
  r.on(leave_wanted{ben, {}});
  const auto no = r.event(r.state().at({"m.room.member", ben}));
  const auto merged = told<invited_membership_changed>(r.push({taken_back, second}));
  BOOST_REQUIRE(r.state().at({"m.room.member", ben}) == no->event_id);
  BOOST_REQUIRE(!merged.empty());
  BOOST_TEST(merged.back().second.past_invite == second->event_id);
  BOOST_TEST(merged.back().second.event->event_id == no->event_id);
  // The same for an invitation that did not hear it.
  store::put_invitation row;
  row.room_id = r.room_id;
  row.user_id = ben;
  row.inviter = eve;
  row.direction = "incoming";
  row.state = "pending";
  row.event = second->to_json();
  r.disk.invitations = {row};
  const auto again = told<invited_membership_changed>(r.restart());
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].second.past_invite == second->event_id);
}

BOOST_AUTO_TEST_CASE(an_invitation_taken_back_by_an_event_that_was_staged_when_the_last_of_us_left_has_ended) {
  const std::string ben = "@ben:here.example";
  shared_room r;
  const auto leave = r.made(eve, "m.room.member", {{"membership", "leave"}}, ben, {}, {"$unknown"});
  BOOST_TEST(written<store::put_inbox>(r.push({leave})).size() == 1u); // answered for
  r.command(chat::member_leave{"chat-1", bob, {}});
  const auto left = r.command(chat::member_leave{"chat-1", ann, {}});
  const auto handed_over = told<rescission_received>(left);
  BOOST_REQUIRE(handed_over.size() == 1u);
  BOOST_TEST((handed_over[0].first == address{actor_kind::invitation, r.room_id + "|" + ben}));
  BOOST_TEST(handed_over[0].second.origin == "there.example");
  BOOST_TEST(written<store::remove_inbox>(left).empty());
  const auto done = written<store::remove_inbox>(r.on(rescission_handled{handed_over[0].second.asked, {}}));
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST(done[0].event_ids.at(0) == leave->event_id);
}

BOOST_AUTO_TEST_CASE(who_joined_through_others_a_moment_ago_hears_that_the_last_of_us_left) {
  shared_room r;
  // The join of a third server, whose past we are still asking for.
  const std::string zed = "@zed:third.example";
  const auto join = r.made(zed, "m.room.member", {{"membership", "join"}}, zed, {}, {"$unknown"});
  auto pdus = std::make_shared<std::vector<matrix::json::object>>();
  pdus->push_back(join->source);
  const auto pushed = r.machine->on(pdus_received{{actor_kind::remote_server, "there.example"}, 1, "there.example", pdus}, ++r.now);
  events_verified valid;
  valid.asked = told<verify_events>(pushed).at(0).second.asked;
  valid.checks = {event_check::valid};
  BOOST_TEST(written<store::put_inbox>(r.on(valid)).size() == 1u);
  r.command(chat::member_leave{"chat-1", bob, {}});
  const auto left = r.command(chat::member_leave{"chat-1", ann, {}});
  const auto queued = written<store::queue_pdu>(left);
  BOOST_TEST(std::count_if(queued.begin(), queued.end(), [](const auto& q) { return q.server_name == "third.example"; }) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
