// Invitations that cross answers to earlier ones: what the room takes, and what it tells the invitation.
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_invitations)

namespace {

const std::string zoe = "@zoe:there.example", ben = "@ben:here.example";

/// A channel with invitations to zoe, whom her server signs for at once.
struct inviting_room : shared_room {
  void invite() {
    on(invite_accepted_by_server{
      zoe, told<room_invite_request>(command(chat::invite_send{"chat-1", ann, zoe, {}})).at(0).second.event});
  }
  void revoke() { on(revoke_invite{zoe, {}, ann, {}, {}, {}}); }
  matrix::event_ptr signed_template(const std::string& what) {
    auto pdu =
      *body_of(call("GET", path("v1/make_" + what, zoe) + (what == "join" ? "?ver=11" : ""))).find_object("event");
    return *matrix::hash_and_sign(std::move(pdu), rules(), "there.example", there_key());
  }
  int status_of(const std::string& what, const matrix::event_ptr& x) {
    return reply_in(call("PUT", path("v2/send_" + what, x->event_id), x->source)).status;
  }
};

/// The same event with another membership of `user` among those it cites.
matrix::event_ptr citing(const shared_room& r, const matrix::event_ptr& x, const std::string& cited,
                         const std::string& instead_of) {
  auto pdu = x->source;
  matrix::json::array auth;
  for (const auto& id : x->auth_events) auth.emplace_back(id == instead_of ? cited : id);
  pdu.set("auth_events", std::move(auth));
  pdu.erase("hashes");
  pdu.erase("signatures");
  return *matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key());
}

} // namespace

BOOST_AUTO_TEST_CASE(an_invitation_tells_its_origin_and_a_template_tells_none) {
  inviting_room r;
  const auto invite =
    told<room_invite_request>(r.command(chat::invite_send{"chat-1", ann, zoe, {}})).at(0).second.event;
  BOOST_REQUIRE(invite->source.find("origin"));
  BOOST_TEST(*invite->source.find("origin")->as_string() == "here.example");
  BOOST_TEST(matrix::has_valid_content_hash(*invite));
  r.on(invite_accepted_by_server{zoe, invite});
  for (const auto* what : {"join", "leave"}) {
    const auto shape = r.body_of(
      r.call("GET", r.path(std::string{"v1/make_"} + what, zoe) + (std::string_view{what} == "join" ? "?ver=11" : "")));
    BOOST_TEST(!shape.find_object("event")->contains("origin"), what);
  }
}

BOOST_AUTO_TEST_CASE(a_yes_to_an_invitation_that_was_taken_back_is_none_to_the_next) {
  inviting_room r;
  r.invite();
  const auto late = r.signed_template("join");
  r.revoke();
  BOOST_TEST(r.status_of("join", late) ==
             400); // public or not: her server would have her in it, and the merge put her out
  r.invite();
  BOOST_TEST(r.status_of("join", late) == 400);
  BOOST_TEST(r.membership(zoe) == "invite");
  const auto before_joining = r.signed_template("join");
  r.now += 10;
  const auto fresh = r.signed_template("join");
  BOOST_TEST(r.status_of("join", fresh) == 200);
  BOOST_TEST(r.membership(zoe) == "join");
  BOOST_TEST(r.status_of("join", fresh) == 200);          // its answer was lost, and it comes again
  BOOST_TEST(r.status_of("join", before_joining) == 200); // or another one, made before the first arrived
  BOOST_TEST(r.membership(zoe) == "join");
}

BOOST_AUTO_TEST_CASE(a_yes_that_crosses_the_revocation_stands_in_a_public_room_and_the_invitation_hears_it) {
  inviting_room r;
  r.invite();
  const auto invite = r.event(r.state().at({"m.room.member", zoe}));
  const auto yes = r.signed_template("join");
  r.revoke();
  BOOST_REQUIRE(r.membership(zoe) == "leave");
  const auto heard = told<invited_membership_changed>(r.push({yes})); // another server of the room has let her in
  BOOST_REQUIRE(r.membership(zoe) == "join");
  BOOST_REQUIRE(heard.size() == 1u);
  BOOST_TEST(heard[0].second.membership == matrix::membership::join);
  BOOST_TEST(heard[0].second.event->event_id == yes->event_id);
  BOOST_TEST(!heard[0].second.historical);
  // The same where the word was lost: with this actor, or with that of the invitation, which asks in time.
  const auto again = told<invited_membership_changed>(r.on(rescission_wanted_again{zoe, invite}));
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].second.event->event_id == yes->event_id);
  for (auto& row : r.disk.invitations) {
    row.state = invitation_state::revoked;
    row.event = invite->to_json();
  }
  BOOST_REQUIRE(r.disk.invitations.size() == 1u);
  const auto made_again = told<invited_membership_changed>(r.restart());
  BOOST_REQUIRE(made_again.size() == 1u);
  BOOST_TEST(made_again[0].second.event->event_id == yes->event_id);
}

BOOST_AUTO_TEST_CASE(who_comes_into_a_public_room_after_the_revocation_has_not_accepted_the_invitation) {
  inviting_room r;
  r.invite();
  r.revoke();
  const auto join = r.signed_template("join");
  const auto done = r.call("PUT", r.path("v2/send_join", join->event_id), join->source);
  BOOST_REQUIRE(r.membership(zoe) == "join");
  BOOST_TEST(told<invited_membership_changed>(done).empty());
  for (auto& row : r.disk.invitations) row.state = invitation_state::revoked;
  BOOST_TEST(told<invited_membership_changed>(r.restart()).empty());
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
  shared_room r;
  auto levels = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  levels.set("users", matrix::json::object{{ann, 100}, {eve, 100}});
  r.push({r.made(ann, "m.room.power_levels", levels, "")});
  const auto invited = [&](std::vector<std::string> prev) {
    return r.made(eve, "m.room.member", {{"membership", "invite"}}, ben, {}, std::move(prev));
  };
  const auto first = invited({});
  r.push({first});
  BOOST_REQUIRE(r.membership(ben) == "invite");
  const auto taken_back = r.made(eve, "m.room.member", {{"membership", "leave"}}, ben, {}, {first->event_id});
  const auto second = citing(r, invited({taken_back->event_id}), taken_back->event_id, first->event_id);
  r.on(leave_request{ben, {}});
  const auto no = r.event(r.state().at({"m.room.member", ben}));
  const auto merged = told<invited_membership_changed>(r.push({taken_back, second}));
  BOOST_REQUIRE(r.state().at({"m.room.member", ben}) == no->event_id);
  BOOST_REQUIRE(!merged.empty());
  BOOST_TEST(merged.back().second.superseded_invite == second->event_id);
  BOOST_TEST(merged.back().second.event->event_id == no->event_id);
  // The same for an invitation that did not hear it.
  store::put_invitation row;
  row.room_id = r.room_id;
  row.user_id = ben;
  row.inviter = eve;
  row.direction = invitation_direction::incoming;
  row.state = invitation_state::pending;
  row.event = second->to_json();
  r.disk.invitations = {row};
  const auto again = told<invited_membership_changed>(r.restart());
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].second.superseded_invite == second->event_id);
}

// -- one of ours is invited by PUT /invite, to a room we take part in -------------------------------------------------

/// A room in which eve may invite.
struct their_invites : shared_room {
  their_invites() {
    auto levels = event(state().at({"m.room.power_levels", ""}))->content();
    levels.set("users", matrix::json::object{{ann, 100}, {eve, 100}});
    push({made(ann, "m.room.power_levels", levels, ""), made(ann, "m.room.join_rules", {{"join_rule", "invite"}}, "")});
  }
  matrix::event_ptr invite_of(const std::string& user, std::vector<std::string> prev = {}) const {
    return matrix::add_signature(*made(eve, "m.room.member", {{"membership", "invite"}}, user, {}, std::move(prev)),
                                 "here.example", node.key);
  }
  /// The room's own word on its way to itself is delivered, as the supervisor does.
  effects arrives(const matrix::event_ptr& invite, token asked = 7) {
    auto list =
      on(invite_arrived{{actor_kind::invitation, room_id + "|" + *invite->state_key}, asked, "there.example", invite});
    for (const auto& [to, m] : told<pdus_handled>(list))
      if (to == address{actor_kind::room, room_id}) append(list, on(m));
    return list;
  }
};

BOOST_AUTO_TEST_CASE(an_invite_that_comes_by_request_only_enters_the_room_and_the_second_of_us_can_accept) {
  their_invites r;
  BOOST_REQUIRE(r.membership(ben).empty());
  const auto arrived = r.arrives(r.invite_of(ben));
  BOOST_TEST(r.membership(ben) == "invite");
  // The invitation hears of it before it may answer, with what the chat server calls the room.
  const auto heard = told<invited_membership_changed>(arrived);
  BOOST_REQUIRE(heard.size() == 1u);
  BOOST_TEST(heard[0].second.membership == matrix::membership::invite);
  BOOST_TEST(heard[0].second.chat_room_id == "chat-1");
  BOOST_TEST((told<invite_placed>(arrived).at(0).second.where == invite_place::taken));
  BOOST_TEST(told<invite_placed>(arrived)[0].second.asked == 7u);
  BOOST_TEST(notified<chat::member_changed>(arrived).at(0).membership == "invite");
  join_request yes;
  yes.user_id = ben;
  const auto joined = r.on(yes);
  BOOST_TEST((told<join_result>(joined).at(0).second.why.code == fault_code::none));
  BOOST_TEST(r.membership(ben) == "join");
}

BOOST_AUTO_TEST_CASE(an_invite_that_comes_by_both_ways_is_one) {
  their_invites r;
  const auto invite = r.invite_of(ben);
  r.push({invite});
  const auto again = r.arrives(invite);
  BOOST_TEST((told<invite_placed>(again).at(0).second.where == invite_place::taken));
  BOOST_TEST(told<invited_membership_changed>(again).empty());
  BOOST_TEST(notified<chat::member_changed>(again).empty());
}

BOOST_AUTO_TEST_CASE(an_invite_of_who_has_joined_or_by_who_may_not_invite_is_forbidden_and_nobody_is_told) {
  their_invites r;
  const auto forbidden = [&](const matrix::event_ptr& invite) {
    const auto done = r.arrives(invite);
    const auto placed = told<invite_placed>(done).at(0).second;
    BOOST_TEST((placed.where == invite_place::refused));
    BOOST_TEST(info(placed.why.code).errcode == "M_FORBIDDEN");
    BOOST_TEST(written<store::append_outbox>(done).empty());
  };
  forbidden(r.invite_of(bob));                                                               // a member
  forbidden(r.made("@eli:there.example", "m.room.member", {{"membership", "invite"}}, ben)); // without power
  BOOST_TEST(r.membership(ben) == "");
}

BOOST_AUTO_TEST_CASE(an_invite_whose_answer_was_lost_is_taken_again_after_the_invited_has_joined_by_it) {
  their_invites r;
  const auto invite = r.invite_of(ben);
  r.arrives(invite);
  join_request yes;
  yes.user_id = ben;
  r.on(yes);
  BOOST_REQUIRE(r.membership(ben) == "join");
  for (const bool is_made_again : {false, true}) {
    if (is_made_again) r.restart();
    const auto at_door = r.call("PUT", r.path("v2/invite", invite->event_id),
                                matrix::json::object{{"event", invite->source}, {"room_version", "11"}});
    BOOST_TEST(told<federation_reply>(at_door).empty());
    BOOST_TEST(told<federation_call>(at_door).at(0).first.key == r.room_id + "|" + ben);
    const auto again = r.arrives(invite);
    BOOST_TEST((told<invite_placed>(again).at(0).second.where == invite_place::taken));
    BOOST_TEST(told<invited_membership_changed>(again).empty());
  }
  BOOST_TEST(r.membership(ben) == "join");
}

BOOST_AUTO_TEST_CASE(an_invite_whose_past_is_missing_is_on_disk_when_it_is_answered) {
  their_invites r;
  const auto message = r.message_of(eve, "not yet here");
  const auto invite = r.invite_of(ben, {message->event_id});
  const auto staged = r.arrives(invite);
  BOOST_TEST(written<store::put_inbox>(staged).at(0).event_id == invite->event_id);
  BOOST_TEST((told<invite_placed>(staged).at(0).second.where == invite_place::staged));
  BOOST_TEST(told<invited_membership_changed>(staged).empty());
  const auto placed = r.push({message});
  BOOST_TEST(told<invited_membership_changed>(placed).at(0).second.membership == matrix::membership::invite);
  BOOST_TEST(r.membership(ben) == "invite");
}

BOOST_AUTO_TEST_CASE(who_was_put_out_and_is_invited_again_before_we_know_that_is_invited) {
  their_invites r;
  const auto put_out = r.made(eve, "m.room.member", {{"membership", "leave"}}, bob);
  const auto unsigned_invite =
    citing(r, r.invite_of(bob, {put_out->event_id}), put_out->event_id, r.state().at({"m.room.member", bob}));
  const auto invite = matrix::add_signature(*unsigned_invite, "here.example", r.node.key);
  const auto staged = r.arrives(invite);
  BOOST_TEST((told<invite_placed>(staged).at(0).second.where == invite_place::staged));
  BOOST_TEST(r.membership(bob) == "join");
  r.push({put_out});
  BOOST_TEST(r.membership(bob) == "invite");
  BOOST_TEST(r.disk.inbox.empty());
}

BOOST_AUTO_TEST_CASE(a_room_we_are_not_in_leaves_the_invite_to_the_invitation) {
  room_host nobody{here()};
  nobody.room_id = "!elsewhere:there.example";
  nobody.restart();
  their_invites r;
  const auto done = nobody.on(invite_arrived{{actor_kind::invitation, "x"}, 3, "there.example", r.invite_of(ben)});
  BOOST_TEST((told<invite_placed>(done).at(0).second.where == invite_place::outside));
}

BOOST_AUTO_TEST_CASE(who_accepts_an_invite_that_the_room_has_missed_brings_it_along) {
  // Invited before the first of us joined, or by a broker from before this was so.
  for (const bool allowed : {true, false}) {
    their_invites r;
    join_request yes;
    yes.user_id = ben;
    yes.invite =
      allowed ? r.invite_of(ben) : r.made("@eli:there.example", "m.room.member", {{"membership", "invite"}}, ben);
    auto list = r.on(yes);
    for (const auto& [to, m] : told<pdus_handled>(list)) append(list, r.on(m));
    const auto ended = told<join_result>(list).at(0).second;
    BOOST_TEST((ended.why.code == (allowed ? fault_code::none : fault_code::forbidden)));
    BOOST_TEST(r.membership(ben) == (allowed ? "join" : ""));
  }
}

BOOST_AUTO_TEST_CASE(who_accepts_while_the_invites_past_is_missing_waits_for_it_and_no_longer_than_half_a_minute) {
  for (const bool comes : {true, false}) {
    their_invites r;
    const auto message = r.message_of(eve, "not yet here");
    join_request yes;
    yes.user_id = ben;
    yes.invite = r.invite_of(ben, {message->event_id});
    auto list = r.on(yes);
    for (const auto& [to, m] : told<pdus_handled>(list)) append(list, r.on(m));
    BOOST_TEST(told<join_result>(list).empty());
    if (comes) {
      auto placed = r.push({message});
      for (const auto& [to, m] : told<join_request>(placed)) append(placed, r.on(m));
      BOOST_TEST((told<join_result>(placed).at(0).second.why.code == fault_code::none));
      BOOST_TEST(r.membership(ben) == "join");
    } else {
      BOOST_TEST(info(told<join_result>(r.pass(30'000)).at(0).second.why.code).retryable);
    }
  }
}

// -- we invite --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_room_writes_no_row_of_an_invitation_and_says_it_until_it_is_heard) {
  inviting_room r;
  chat_command c;
  c.reference = {"s", "c1", 0};
  c.room_id = r.room_id;
  c.body = std::make_shared<const chat::command>(chat::invite_send{"chat-1", ann, zoe, "tea"});
  const auto asked = r.give(c);
  BOOST_TEST(written<store::put_invitation>(asked).empty());
  const auto first = told<room_invite_request>(asked).at(0);
  BOOST_TEST((first.first == address{actor_kind::invitation, r.room_id + "|" + zoe}));
  BOOST_TEST(first.second.command->command_id == "c1");
  r.now += 15'000;
  const auto again = told<room_invite_request>(r.give(timer_due{}));
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].second.event->event_id == first.second.event->event_id);
  r.on(invite_begun{zoe, first.second.event->event_id, ann});
  BOOST_TEST(told<room_invite_request>(r.pass(60'000)).empty());
  BOOST_TEST((refusal_in(r.command(chat::invite_send{"chat-1", ann, zoe, {}})).code == fault_code::conflict));
  // It came to nothing: she can be invited again. The end of another one ends nothing.
  r.on(invite_abandoned{zoe, "$another"});
  BOOST_TEST((refusal_in(r.command(chat::invite_send{"chat-1", ann, zoe, {}})).code == fault_code::conflict));
  r.on(invite_abandoned{zoe, first.second.event->event_id});
  BOOST_TEST(told<room_invite_request>(r.command(chat::invite_send{"chat-1", ann, zoe, {}})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_signed_invite_goes_to_the_servers_in_the_room_only) {
  inviting_room r;
  const std::string zed = "@zed:third.example";
  const auto wanted = told<room_invite_request>(r.command(chat::invite_send{"chat-1", ann, zed, {}})).at(0).second;
  const auto committed = r.on(invite_accepted_by_server{zed, wanted.event});
  std::vector<std::string> servers;
  for (const auto& q : written<store::queue_pdu>(committed)) servers.push_back(q.server_name);
  BOOST_TEST(servers == std::vector<std::string>{"there.example"}, boost::test_tools::per_element());
  // The leave goes there too: nobody else would tell that server.
  servers.clear();
  for (const auto& q : written<store::queue_pdu>(r.on(revoke_invite{zed, {}, ann, {}, {}, {}})))
    servers.push_back(q.server_name);
  BOOST_TEST(std::count(servers.begin(), servers.end(), "third.example") == 1);
}

BOOST_AUTO_TEST_CASE(an_invite_that_is_in_the_room_already_when_her_server_signs_it_is_told_so_again) {
  inviting_room r;
  const auto wanted = told<room_invite_request>(r.command(chat::invite_send{"chat-1", ann, zoe, {}})).at(0).second;
  r.on(invite_accepted_by_server{zoe, wanted.event});
  const auto again = told<invited_membership_changed>(r.on(invite_accepted_by_server{zoe, wanted.event}));
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].second.membership == matrix::membership::invite);
}

BOOST_AUTO_TEST_CASE(an_invite_that_her_server_has_in_its_room_stands_though_we_were_put_out_meanwhile) {
  their_invites r;
  const auto invite =
    told<room_invite_request>(r.command(chat::invite_send{"chat-1", ann, zoe, {}})).at(0).second.event;
  auto levels = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  levels.set("users", matrix::json::object{{eve, 100}});
  r.push({r.made(ann, "m.room.power_levels", levels, "")});
  for (const auto& user : {bob, ann}) r.push({r.made(eve, "m.room.member", {{"membership", "leave"}}, user)});
  BOOST_REQUIRE((r.disk.head.phase == store::room_phase::left));
  const auto list = r.on(invite_accepted_by_server{zoe, invite});
  BOOST_TEST(told<invite_not_taken>(list).empty());
  const auto heard = told<invited_membership_changed>(list);
  BOOST_REQUIRE(heard.size() == 1u);
  BOOST_TEST(heard[0].second.membership == matrix::membership::invite);
  BOOST_TEST(heard[0].second.event->event_id == invite->event_id);
}

BOOST_AUTO_TEST_CASE(a_knock_and_an_invite_whose_word_was_lost_are_found_when_the_room_is_loaded) {
  their_invites r;
  r.push({r.invite_of(ben)});
  r.push({r.made(ann, "m.room.join_rules", {{"join_rule", "knock"}}, "")});
  const std::string carl = "@carl:here.example";
  r.command(chat::room_knock{"chat-1", carl, {}, {}});
  r.disk.invitations.clear();
  auto found = r.restart();
  BOOST_TEST(told<invited_membership_changed>(found).at(0).second.event->event_id ==
             r.state().at({"m.room.member", ben}));
  BOOST_TEST(told<knock_made>(found).at(0).second.event->event_id == r.state().at({"m.room.member", carl}));
  BOOST_TEST(!told<knock_made>(found)[0].second.command);
  // Whoever has his row is not told.
  store::put_invitation row;
  row.user_id = ben;
  row.direction = invitation_direction::incoming;
  row.state = invitation_state::rejected;
  row.event = r.event(r.state().at({"m.room.member", ben}))->to_json();
  r.disk.invitations.push_back(row);
  found = r.restart();
  BOOST_TEST(told<invited_membership_changed>(found).empty());
  BOOST_TEST(told<knock_made>(found).empty()); // the rig's invitation has written it
}

BOOST_AUTO_TEST_CASE(a_third_person_makes_a_dm_a_group_dm_and_the_answer_says_so) {
  room_host r{here()};
  chat::room_create wanted;
  wanted.room = "chat-1";
  wanted.type = chat::room_type::dm;
  wanted.creator = ann;
  wanted.members = {zoe};
  const auto create = *room::found_room(r.node, wanted, ann, "random", r.now);
  r.room_id = create->room_id;
  r.restart();
  chat_command c;
  c.create_event = create;
  const auto created = r.command(std::move(wanted), std::move(c));
  const auto first = told<room_invite_request>(created).at(0).second;
  BOOST_TEST((first.type == chat::room_type::dm));
  BOOST_TEST(written<store::put_invitation>(created).at(0).event ==
             first.event->to_json()); // the only row the room writes, with the room itself
  // Her server does not know her: whom it was meant for takes her place.
  r.on(invite_abandoned{zoe, first.event->event_id});
  const auto right =
    told<room_invite_request>(r.command(chat::invite_send{"chat-1", ann, "@zoa:there.example", {}})).at(0).second;
  BOOST_TEST((right.type == chat::room_type::dm));
  r.on(invite_accepted_by_server{"@zoa:there.example", right.event});
  const auto third = r.command(chat::invite_send{"chat-1", ann, bob, {}});
  BOOST_TEST(told<command_done>(third).at(0).second.body ==
             chat::encode(chat::answer{chat::invited_answer{"pending", "group_dm"}}));
  BOOST_TEST((r.disk.head.type == chat::room_type::group_dm));
  const auto fourth = told<room_invite_request>(r.command(chat::invite_send{"chat-1", ann, "@zed:third.example", {}}));
  BOOST_TEST((fourth.at(0).second.type == chat::room_type::group_dm));
}

BOOST_AUTO_TEST_CASE(an_invitation_taken_back_by_an_event_that_was_staged_when_the_last_of_us_left_has_ended) {
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
  const auto done = written<store::remove_inbox>(r.on(rescission_result{handed_over[0].second.asked, {}}));
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST(done[0].event_ids.at(0) == leave->event_id);
}

BOOST_AUTO_TEST_CASE(an_invitation_that_was_staged_when_the_last_of_us_left_is_shown_all_the_same) {
  their_invites r;
  const auto invite = r.invite_of(ben, {"$" + std::string(43, 'N')});
  BOOST_REQUIRE((told<invite_placed>(r.arrives(invite)).at(0).second.where == invite_place::staged)); // answered for
  r.command(chat::member_leave{"chat-1", bob, {}});
  const auto left = r.command(chat::member_leave{"chat-1", ann, {}});
  const auto handed_over = told<invited_membership_changed>(left);
  BOOST_REQUIRE(handed_over.size() == 1u);
  BOOST_TEST((handed_over[0].first == address{actor_kind::invitation, r.room_id + "|" + ben}));
  BOOST_TEST(handed_over[0].second.membership == matrix::membership::invite);
  BOOST_TEST(handed_over[0].second.event->event_id == invite->event_id);
  BOOST_TEST(!handed_over[0].second.historical);
  BOOST_TEST(r.disk.inbox.empty());
}

BOOST_AUTO_TEST_CASE(an_invitation_and_its_end_that_were_both_staged_when_the_last_of_us_left_are_not_shown) {
  their_invites r;
  const auto invite = r.invite_of(ben, {"$" + std::string(43, 'N')});
  r.arrives(invite);
  const auto like = r.made(eve, "m.room.member", {{"membership", "leave"}}, ben, {}, {invite->event_id})->source;
  auto pdu = like;
  auto auth = *like.find("auth_events")->as_array();
  auth.emplace_back(invite->event_id);
  pdu.set("auth_events", std::move(auth));
  pdu.erase("hashes");
  pdu.erase("signatures");
  r.push({*matrix::hash_and_sign(std::move(pdu), r.rules(), "there.example", there_key())});
  r.command(chat::member_leave{"chat-1", bob, {}});
  const auto left = r.command(chat::member_leave{"chat-1", ann, {}});
  BOOST_TEST(told<rescission_received>(left).size() == 1u);
  BOOST_TEST(told<invited_membership_changed>(left).empty());
}

BOOST_AUTO_TEST_CASE(who_joined_through_others_a_moment_ago_hears_that_the_last_of_us_left) {
  shared_room r;
  // The join of a third server, whose past we are still asking for.
  const std::string zed = "@zed:third.example";
  const auto join = r.made(zed, "m.room.member", {{"membership", "join"}}, zed, {}, {"$unknown"});
  auto pdus = std::make_shared<std::vector<matrix::json::object>>();
  pdus->push_back(join->source);
  const auto pushed =
    r.machine->on(pdus_received{{actor_kind::remote_server, "there.example"}, 1, "there.example", pdus}, ++r.now);
  events_verified valid;
  valid.asked = told<verify_events>(pushed).at(0).second.asked;
  valid.checks = {event_check::valid};
  BOOST_TEST(written<store::put_inbox>(r.on(valid)).size() == 1u);
  r.command(chat::member_leave{"chat-1", bob, {}});
  const auto left = r.command(chat::member_leave{"chat-1", ann, {}});
  const auto queued = written<store::queue_pdu>(left);
  BOOST_TEST(
    std::count_if(queued.begin(), queued.end(), [](const auto& q) { return q.server_name == "third.example"; }) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
