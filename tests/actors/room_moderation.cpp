// Who is removed from a room, by us or by others, and what everybody hears of it.
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_moderation)

namespace {

const std::string zoe = "@zoe:there.example", zed = "@zed:third.example";
constexpr const char* versions[] = {"10", "11", "12"};

std::vector<std::string> kinds(const effects& list) {
  std::vector<std::string> found;
  for (const auto& n : notified<chat::system_message>(list)) found.push_back(n.kind);
  return found;
}

/// Types and memberships of what a server is sent, in order.
std::vector<std::string> queued_for(const effects& list, const std::string& server) {
  std::vector<std::string> found;
  for (const auto& [to, m] : told<pdu_queued>(list))
    if (to.key == server) found.push_back(std::string{name(m.event->membership())} + " by " + m.event->sender);
  return found;
}

/// A room of ann's in which bob is moderator.
struct moderated_room : shared_room {
  explicit moderated_room(std::string version = "11") : shared_room(std::move(version)) {
    give(bob, chat::role::moderator);
  }
  effects give(const std::string& user, chat::role wanted) {
    auto list = command(chat::member_set_role{"chat-1", ann, user, wanted});
    BOOST_REQUIRE((refusal_in(list).code == fault_code::none));
    return list;
  }
  effects kick(const std::string& by, const std::string& user) {
    return command(chat::member_kick{"chat-1", by, user, "noise"});
  }
  effects ban(const std::string& by, const std::string& user, bool redact = false) {
    return command(chat::member_ban{"chat-1", by, user, "spam", redact});
  }
  effects unban(const std::string& by, const std::string& user) {
    return command(chat::member_unban{"chat-1", by, user, "sorry"});
  }
  fault_code code(const effects& list) const { return refusal_in(list).code; }
  matrix::event_ptr invite(const std::string& user) {
    return told<room_invite_request>(command(chat::invite_send{"chat-1", ann, user, {}})).at(0).second.event;
  }
  void invite_taken(const std::string& user) { on(invite_accepted_by_server{user, invite(user)}); }
  matrix::event_ptr member(const std::string& user) const { return event(state().at({"m.room.member", user})); }
  std::string body_of_result(const effects& list) const { return told<command_done>(list).at(0).second.body; }
};

} // namespace

BOOST_AUTO_TEST_CASE(who_is_kicked_is_out_and_all_hear_by_whom_and_why) {
  for (const auto* version : versions) {
    moderated_room r{version};
    const auto list = r.kick(bob, eve);
    BOOST_TEST(r.membership(eve) == "leave", version);
    BOOST_TEST(r.body_of_result(list) == chat::encode(chat::answer{chat::event_answer{r.member(eve)->event_id}}));
    const auto said = notified<chat::system_message>(list);
    BOOST_REQUIRE(said.size() == 1U);
    BOOST_TEST(said[0].kind == "kicked");
    BOOST_TEST(said[0].actor == bob);
    BOOST_TEST(said[0].target == eve);
    BOOST_TEST(said[0].reason == "noise");
    BOOST_TEST(queued_for(list, "there.example") == std::vector{"leave by " + bob}, boost::test_tools::per_element());
    BOOST_TEST(notified<chat::room_removed_for>(list).empty()); // none of ours
  }
}

BOOST_AUTO_TEST_CASE(the_room_goes_from_the_list_of_ours_who_leave_are_kicked_or_banned) {
  shared_room r;
  const auto removal = [](const effects& list) {
    const auto told = notified<chat::room_removed_for>(list);
    BOOST_REQUIRE(told.size() == 1U);
    return told[0];
  };
  auto told = removal(r.command(chat::member_kick{"chat-1", ann, bob, "noise"}));
  BOOST_TEST(told.user == bob);
  BOOST_TEST(told.cause == "kicked");
  BOOST_TEST(told.by == ann);
  BOOST_TEST(told.reason == "noise");
  BOOST_TEST(told.room == "chat-1");
  BOOST_TEST(told.event_id == r.event(r.state().at({"m.room.member", bob}))->event_id);
  r.on(join_request{bob, "11", {}, {}, false, {}, {}, {}, nullptr});
  BOOST_REQUIRE(r.membership(bob) == "join");
  told = removal(r.command(chat::member_leave{"chat-1", bob, "bye"}));
  BOOST_TEST(told.cause == "left");
  BOOST_TEST(told.by == bob);
  r.on(join_request{bob, "11", {}, {}, false, {}, {}, {}, nullptr});
  r.command(chat::member_set_role{"chat-1", ann, eve, chat::role::moderator});
  told = removal(r.push({r.made(eve, "m.room.member", {{"membership", "ban"}, {"reason", "spam"}}, bob)}));
  BOOST_TEST(told.cause == "banned");
  BOOST_TEST(told.by == eve);
  BOOST_TEST(told.reason == "spam");
}

BOOST_AUTO_TEST_CASE(the_room_goes_from_the_list_when_servers_agree_on_that) {
  moderated_room r;
  r.give(eve, chat::role::moderator);
  r.give(bob, chat::role::member);
  const auto kick = r.made(eve, "m.room.member", {{"membership", "leave"}}, bob);
  r.command(chat::message_send{"chat-1", bob, "m1", "meanwhile", {}, {}, {}, {}, {}}); // another line of the graph
  const auto told = notified<chat::room_removed_for>(r.push({kick}));
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].user == bob);
  BOOST_TEST(told[0].event_id == kick->event_id);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_says_why) {
  for (const auto* version : versions) {
    moderated_room r{version};
    BOOST_TEST((r.code(r.kick(bob, zoe)) == fault_code::not_member), version);
    BOOST_TEST((r.code(r.kick(bob, bob)) == fault_code::invalid_param));
    BOOST_TEST((r.code(r.kick("@ben:here.example", eve)) == fault_code::not_member));
    BOOST_TEST((r.code(r.unban(bob, eve)) == fault_code::conflict));
    // Nobody is above a creator; in version 12 that is said in words.
    for (const auto& list : {r.kick(bob, ann), r.ban(bob, ann)}) {
      const auto why = refusal_in(list);
      BOOST_TEST((why.code == fault_code::forbidden));
      BOOST_TEST((why.detail.find("creator") != std::string::npos) == (std::string{version} == "12"), why.detail);
    }
    r.give(bob, chat::role::member);
    BOOST_TEST((r.code(r.kick(bob, eve)) == fault_code::forbidden));
    BOOST_TEST((r.code(r.ban(bob, eve)) == fault_code::forbidden));
    BOOST_TEST(r.membership(eve) == "join");
  }
}

BOOST_AUTO_TEST_CASE(a_kick_of_an_invited_user_takes_the_invitation_back_in_its_inviters_name) {
  for (const auto* version : versions) {
    moderated_room r{version};
    r.invite_taken(zed);
    const auto list = r.kick(bob, zed);
    BOOST_TEST((r.code(list) == fault_code::none), version);
    BOOST_TEST(r.member(zed)->sender == ann); // third.example believes nobody else
    BOOST_TEST(queued_for(list, "third.example") == std::vector{"leave by " + ann}, boost::test_tools::per_element());
    const auto changed = told<invited_membership_changed>(list);
    BOOST_REQUIRE(changed.size() == 1U);
    BOOST_TEST(changed[0].second.membership == matrix::membership::leave);
    BOOST_TEST(kinds(list) == std::vector<std::string>{"revoked"}, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(who_may_not_kick_takes_no_invitation_back_by_it) {
  moderated_room r;
  r.give(bob, chat::role::member);
  r.invite_taken(zed);
  BOOST_TEST((r.code(r.kick(bob, zed)) == fault_code::forbidden));
  BOOST_TEST(r.membership(zed) == "invite");
  r.invite(zoe);
  const auto list = r.kick(bob, zoe);
  BOOST_TEST((r.code(list) == fault_code::forbidden));
  BOOST_TEST(told<chat_command>(list).empty());
}

BOOST_AUTO_TEST_CASE(a_kick_of_somebody_whose_invitation_is_under_way_is_the_invitations) {
  moderated_room r;
  const auto invite = r.invite(zed);
  const auto list = r.kick(bob, zed);
  BOOST_TEST(told<command_done>(list).empty());
  const auto asked = told<chat_command>(list);
  BOOST_REQUIRE(asked.size() == 1U);
  BOOST_TEST((asked[0].first == address{actor_kind::invitation, r.room_id + "|" + zed}));
  BOOST_TEST(std::get<chat::invite_revoke>(*asked[0].second.body).by == bob);
  // Commands after it wait: they would otherwise find them invited.
  BOOST_TEST(told<command_done>(r.command(chat::query_banned{"chat-1", {}})).empty());
  const auto ended = r.on(invite_abandoned{zed, invite->event_id});
  BOOST_REQUIRE(told<command_done>(ended).size() == 2U);
  BOOST_TEST(told<command_done>(ended)[0].second.succeeded);
  BOOST_TEST(told<command_done>(ended)[0].second.body == chat::encode(chat::answer{chat::event_answer{}}));
}

BOOST_AUTO_TEST_CASE(an_invited_user_who_is_banned_is_uninvited_first) {
  for (const auto* version : versions) {
    moderated_room r{version};
    r.invite_taken(zed);
    const auto list = r.ban(bob, zed);
    BOOST_TEST((r.code(list) == fault_code::none), version);
    BOOST_TEST(r.membership(zed) == "ban");
    BOOST_TEST(queued_for(list, "third.example") == (std::vector{"leave by " + ann, "ban by " + bob}),
               boost::test_tools::per_element());
    std::vector<std::string> to_invitation;
    for (const auto& [to, m] : told<invited_membership_changed>(list)) to_invitation.emplace_back(name(m.membership));
    BOOST_TEST(to_invitation.back() == "ban");
    BOOST_TEST(kinds(list).back() == "banned");
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_under_way_hears_of_the_ban_and_cannot_enter_the_room) {
  moderated_room r;
  const auto invite = r.invite(zed);
  const auto list = r.ban(bob, zed);
  BOOST_TEST((r.code(list) == fault_code::none));
  BOOST_TEST(told<invited_membership_changed>(list).at(0).second.membership == matrix::membership::ban);
  const auto late = r.on(invite_accepted_by_server{zed, invite});
  BOOST_TEST(told<invite_not_taken>(late).size() == 1U);
  BOOST_TEST(r.membership(zed) == "ban");
  // Their server holds the invite: it is told that the inviter takes it back.
  BOOST_TEST(queued_for(late, "third.example") == std::vector{"leave by " + ann}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_ban_and_its_end_reach_the_server_of_somebody_who_was_never_here) {
  for (const auto* version : versions) {
    moderated_room r{version};
    auto list = r.ban(bob, zed);
    BOOST_TEST((r.code(list) == fault_code::none), version);
    BOOST_TEST(queued_for(list, "third.example") == std::vector{"ban by " + bob}, boost::test_tools::per_element());
    BOOST_TEST((r.code(r.ban(bob, zed)) == fault_code::already_exists));
    list = r.unban(bob, zed);
    BOOST_TEST(queued_for(list, "third.example") == std::vector{"leave by " + bob}, boost::test_tools::per_element());
    const auto said = notified<chat::system_message>(list);
    BOOST_REQUIRE(said.size() == 1U);
    BOOST_TEST(said[0].kind == "unbanned");
    BOOST_TEST(said[0].reason == "sorry");
  }
}

BOOST_AUTO_TEST_CASE(nobody_banned_is_invited_until_the_ban_is_lifted) {
  for (const auto* version : versions) {
    moderated_room r{version};
    r.ban(bob, eve);
    auto list = r.command(chat::invite_send{"chat-1", ann, eve, {}});
    BOOST_TEST((r.code(list) == fault_code::forbidden), version);
    BOOST_TEST(refusal_in(list).detail.find("banned") != std::string::npos);
    BOOST_TEST(told<room_invite_request>(list).empty());
    BOOST_TEST(told<pdu_queued>(list).empty());
    r.unban(bob, eve);
    r.invite_taken(eve);
    BOOST_TEST(r.membership(eve) == "invite");
    r.join(eve);
    const auto told = notified<chat::message_received>(r.push({r.message_of(eve, "back")}));
    BOOST_REQUIRE(told.size() == 1U);
    BOOST_TEST(told[0].text == "back");
  }
}

BOOST_AUTO_TEST_CASE(what_a_banned_user_says_is_nowhere_to_be_seen) {
  for (const auto* version : versions) {
    moderated_room r{version};
    const auto before = r.head();
    const auto said = r.message_of(eve, "before the ban was known there", before);
    r.ban(bob, eve);
    // On a line of the graph that does not know of the ban: allowed there, and not shown.
    BOOST_TEST(notified<chat::message_received>(r.push({said})).empty(), version);
    BOOST_TEST((r.disk.events.at(said->event_id).judged == store::verdict::soft_failed));
    const auto after = r.message_of(eve, "after it");
    BOOST_TEST(notified<chat::message_received>(r.push({after})).empty());
    BOOST_TEST((r.disk.events.at(after->event_id).judged == store::verdict::rejected));
    // Neither by a join of a server that has not heard of it.
    const auto join = r.made(eve, "m.room.member", {{"membership", "join"}}, eve);
    r.push({join});
    BOOST_TEST(r.membership(eve) == "ban");
  }
}

BOOST_AUTO_TEST_CASE(the_list_of_the_banned_says_by_whom_when_and_why) {
  moderated_room r;
  r.ban(bob, eve);
  const auto eve_banned = r.member(eve);
  r.ban(ann, zed);
  const auto zed_banned = r.member(zed);
  chat::banned_answer all;
  all.banned = {{eve, bob, "spam", eve_banned->event_id, eve_banned->origin_server_ts},
                {zed, ann, "spam", zed_banned->event_id, zed_banned->origin_server_ts}};
  BOOST_TEST(r.body_of_result(r.command(chat::query_banned{"chat-1", {}})) == chat::encode(chat::answer{all}));
  all.banned.erase(all.banned.begin());
  BOOST_TEST(r.body_of_result(r.command(chat::query_banned{"chat-1", eve})) == chat::encode(chat::answer{all}));
  r.unban(ann, zed);
  all.banned.clear();
  BOOST_TEST(r.body_of_result(r.command(chat::query_banned{"chat-1", eve})) == chat::encode(chat::answer{all}));
}

BOOST_AUTO_TEST_CASE(a_ban_may_take_away_what_was_written) {
  for (const auto* version : versions) {
    moderated_room r{version};
    const auto one = r.message_of(eve, "one");
    r.push({one});
    const auto other = r.message_of(eli, "of somebody else");
    r.push({other});
    const auto two = r.message_of(eve, "two");
    r.push({two});
    const auto list = r.ban(bob, eve, true);
    const auto ban = r.member(eve);
    for (const auto* key : {"redact_events", "org.matrix.msc4293.redact_events"})
      BOOST_TEST((ban->content().find(key) && *ban->content().find(key)->as_bool()), version << key);
    const auto told = notified<chat::message_deleted>(list);
    BOOST_REQUIRE(told.size() == 2U);
    BOOST_TEST(told[0].event_id == one->event_id);
    BOOST_TEST(told[1].event_id == two->event_id);
    BOOST_TEST(told[0].by == bob);
    BOOST_TEST(told[0].reason == "spam");
    BOOST_TEST(told[0].redaction_event_id == ban->event_id);
    BOOST_TEST(r.event(one->event_id)->content().empty());
    BOOST_TEST(!r.event(other->event_id)->content().empty());
    BOOST_TEST(r.event(one->event_id)->redacted_because->event_id == ban->event_id);
  }
}

BOOST_AUTO_TEST_CASE(a_ban_from_elsewhere_takes_away_what_one_of_ours_wrote_if_it_may_redact) {
  for (const auto* key : {"redact_events", "org.matrix.msc4293.redact_events"}) {
    moderated_room r;
    r.give(eve, chat::role::moderator);
    r.give(bob, chat::role::member);
    r.command(chat::message_send{"chat-1", bob, "m1", "mine", {}, {}, {}, {}, {}});
    const auto told = notified<chat::message_deleted>(
      r.push({r.made(eve, "m.room.member", {{"membership", "ban"}, {"reason", "spam"}, {key, true}}, bob)}));
    BOOST_REQUIRE_MESSAGE(told.size() == 1U, key);
    BOOST_TEST(told[0].message == "m1");
    BOOST_TEST(told[0].by == eve);
  }
  moderated_room r;
  r.give(eve, chat::role::moderator);
  r.give(bob, chat::role::member);
  // eve may ban, and not redact.
  auto content = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  content.set("redact", 90);
  r.push({r.made(ann, "m.room.power_levels", content, "")}, "here.example");
  r.command(chat::message_send{"chat-1", bob, "m1", "mine", {}, {}, {}, {}, {}});
  const auto list = r.push({r.made(eve, "m.room.member", {{"membership", "ban"}, {"redact_events", true}}, bob)});
  BOOST_TEST(r.membership(bob) == "ban");
  BOOST_TEST(notified<chat::message_deleted>(list).empty());
}

BOOST_AUTO_TEST_CASE(what_a_ban_takes_away_is_gone_after_a_crash_in_between_and_what_was_said_later_is_not) {
  moderated_room r;
  const auto one = r.message_of(eve, "one");
  r.push({one});
  const auto two = r.message_of(eve, "two");
  r.push({two});
  const auto list = r.ban(bob, eve, true);
  const auto ban = r.member(eve);
  const auto wishes = written<store::hold_redaction>(list);
  BOOST_REQUIRE(wishes.size() == 1U);
  BOOST_TEST(wishes[0].redaction_event_id == ban->event_id);
  BOOST_TEST(!wishes[0].looked_up); // the room is loaded when the broker starts
  BOOST_TEST(r.disk.held.empty());  // all is done
  r.unban(bob, eve);
  r.join(eve);
  const auto later = r.message_of(eve, "later");
  r.push({later});
  // So much that the ban is beyond what is looked through.
  for (std::size_t i = 0; i < room::redactions::before_ban_max; ++i) r.push({r.message_of(ann, std::to_string(i))});
  // As the store stood when the first message was done.
  r.disk.events[two->event_id].event = two;
  r.disk.held = wishes;
  const auto told = notified<chat::message_deleted>(r.restart());
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].event_id == two->event_id);
  BOOST_TEST(r.event(two->event_id)->redacted_because->event_id == ban->event_id);
  BOOST_TEST(!r.event(later->event_id)->content().empty());
  BOOST_TEST(r.disk.held.empty());
  BOOST_TEST(notified<chat::message_deleted>(r.restart()).empty());
}

BOOST_AUTO_TEST_SUITE_END()
