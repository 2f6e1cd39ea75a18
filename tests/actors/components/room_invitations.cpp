#include "actors/room/room_invitations.hpp"

#include "messages/invitation_key.hpp"
#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_invitations_alone)

namespace {

const std::string carl = "@carl:here.example", zed = "@zed:far.example";

struct inviting_rig : assembled_rig {
  address of(const std::string& user) const { return {actor_kind::invitation, invitation::key_of(room_id, user)}; }
  /// Ann invites zed, whose invitation is told to begin.
  matrix::event_ptr invite_zed() {
    auto wanted = invitations.invite(ann, zed, {});
    if (!wanted || !*wanted) throw std::runtime_error("no invite");
    auto invite = (*wanted)->event;
    invitations.begin(zed, **wanted);
    return invite;
  }
  /// Their server has signed.
  effects sign(const matrix::event_ptr& invite) {
    invitations.commit({zed, matrix::add_signature(*invite, "far.example", key_of('f'))});
    return take();
  }
  /// Zed is invited: the room has it.
  matrix::event_ptr have_invited_zed() {
    auto invite = invite_zed();
    (void)sign(invite);
    events = {};
    return invite;
  }
  effects author(const std::string& by, const std::string& user, const std::string& membership) {
    const auto x = authoring.author({"m.room.member", by, user, {{"membership", membership}}});
    if (!x || !authoring.commit(*x)) throw std::runtime_error("not allowed");
    return take();
  }
  /// @returns the one word to an invitation in `list`
  invited_membership_changed word_to(const std::string& user, const effects& list) const {
    const auto words = told<invited_membership_changed>(list);
    if (words.size() != 1 || words[0].first != of(user)) throw std::runtime_error("not one word to " + user);
    return words[0].second;
  }
  fault revoked(const std::string& requested_by = {}, const std::string& user = zed) {
    invitations.revoke({user, "$invite", ann, requested_by, "sorry", nullptr});
    const auto done = told<revocation_result>(revocation = take());
    if (done.size() != 1) throw std::runtime_error("not one answer");
    BOOST_TEST(done[0].second.invite == "$invite");
    return done[0].second.why;
  }
  effects revocation;
};

std::set<std::string> queued_for(const effects& list) {
  std::set<std::string> servers;
  for (const auto& row : written<store::queue_pdu>(list)) servers.insert(row.server_name);
  return servers;
}

} // namespace

BOOST_AUTO_TEST_CASE(user_of_ours_is_invited_by_the_event_and_one_of_another_server_when_that_has_signed) {
  inviting_rig r;
  const auto own = r.invitations.invite(ann, carl, "welcome");
  BOOST_REQUIRE(!!own);
  BOOST_TEST(!(*own).has_value());
  BOOST_TEST(r.room.graph.membership(carl) == matrix::membership::invite);
  BOOST_TEST((queued_for(r.take()) == std::set<std::string>{"there.example"}));

  const auto invite = r.invite_zed();
  auto list = r.take();
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST(written<store::queue_pdu>(list).empty());
  BOOST_TEST(r.room.graph.membership(zed) == matrix::membership::none);
  BOOST_TEST(r.invitations.is_uncommitted(zed));
  const auto begun = told<room_invite_request>(list);
  BOOST_REQUIRE(begun.size() == 1u);
  BOOST_TEST((begun[0].first == r.of(zed)));
  BOOST_TEST(begun[0].second.event->event_id == invite->event_id);
  BOOST_TEST(begun[0].second.invite_room_state.starts_with("["));

  list = r.sign(invite);
  BOOST_TEST(r.room.graph.membership(zed) == matrix::membership::invite);
  BOOST_TEST(written<store::put_event>(list).at(0).event->source.find("signatures")->find("far.example") != nullptr);
  BOOST_TEST((queued_for(list) == std::set<std::string>{"there.example"})); // far.example has it
  BOOST_TEST(!r.invitations.is_uncommitted(zed));
  BOOST_TEST(r.events.resolved == std::vector{zed}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_may_not_be_invited_is_refused_with_the_reason) {
  inviting_rig r;
  (void)r.author(ann, "@pia:far.example", "ban");
  (void)r.author(ann, carl, "invite");
  (void)r.invite_zed();
  (void)r.take();
  const auto code = [&](const std::string& by, const std::string& user) {
    const auto x = r.invitations.invite(by, user, {});
    return x ? fault_code::none : x.error().code;
  };
  BOOST_TEST((code(eve, "@tom:far.example") == fault_code::invalid_param)); // she is not ours
  BOOST_TEST((code(bob, "@tom:far.example") == fault_code::forbidden));     // he has no power to
  BOOST_TEST((code(ann, "@pia:far.example") == fault_code::forbidden));
  BOOST_TEST((code(ann, eli) == fault_code::conflict));
  BOOST_TEST((code(ann, carl) == fault_code::conflict));
  BOOST_TEST((code(ann, zed) == fault_code::conflict));
  BOOST_TEST(r.take().empty());
}

BOOST_AUTO_TEST_CASE(word_of_an_invite_is_told_again_until_its_row_is_on_disk) {
  inviting_rig r;
  const auto invite = r.invite_zed();
  (void)r.take();
  BOOST_TEST(r.invitations.deadline() == r.now + room::uncommitted_invites::tell_again_ms);
  r.after(room::uncommitted_invites::tell_again_ms - 1);
  r.invitations.on_deadline();
  BOOST_TEST(r.take().empty());
  r.after(1);
  r.invitations.on_deadline();
  BOOST_TEST(told<room_invite_request>(r.take()).size() == 1u);
  r.invitations.begun({zed, invite->event_id, ann});
  r.after(room::uncommitted_invites::tell_again_ms);
  r.invitations.on_deadline();
  BOOST_TEST(r.take().empty());
  BOOST_TEST(r.invitations.deadline() == 0);
  BOOST_TEST(r.invitations.is_uncommitted(zed)); // the room has no word of their server yet
}

BOOST_AUTO_TEST_CASE(word_that_has_come_before_is_answered_with_what_the_room_says_today) {
  inviting_rig r;
  const auto invite = r.invite_zed();
  (void)r.sign(invite);
  const auto list = r.sign(invite);
  BOOST_TEST(written<store::put_event>(list).empty());
  const auto word = r.word_to(zed, list);
  BOOST_TEST(word.membership == matrix::membership::invite);
  BOOST_TEST(word.historical);
}

BOOST_AUTO_TEST_CASE(invite_of_an_inviter_who_has_left_is_not_taken_and_taken_back_at_their_server) {
  inviting_rig r;
  const auto invite = r.invite_zed();
  (void)r.author(ann, ann, "leave");
  const auto list = r.sign(invite);
  BOOST_TEST(r.room.graph.membership(zed) == matrix::membership::none);
  const auto refused = told<invite_not_taken>(list);
  BOOST_REQUIRE(refused.size() == 1u);
  BOOST_TEST((refused[0].first == r.of(zed)));
  BOOST_TEST(refused[0].second.event_id == invite->event_id);
  BOOST_TEST((queued_for(list) == std::set<std::string>{"far.example"}));
  const auto rows = written<store::put_event>(list);
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST((rows[0].judged == store::verdict::soft_failed));
  BOOST_TEST(rows[1].event->membership() == matrix::membership::leave);
  BOOST_TEST(!r.invitations.is_uncommitted(zed));
}

BOOST_AUTO_TEST_CASE(end_of_another_invite_does_not_end_the_one_that_is_open) {
  inviting_rig r;
  const auto invite = r.invite_zed();
  r.invitations.resolved(zed, "$another");
  BOOST_TEST(r.invitations.is_uncommitted(zed));
  BOOST_TEST(r.events.resolved.empty());
  r.invitations.resolved(zed, invite->event_id);
  BOOST_TEST(!r.invitations.is_uncommitted(zed));
  BOOST_TEST(r.events.resolved.size() == 1u);
}

BOOST_AUTO_TEST_CASE(revocation_is_a_leave_by_the_inviter_which_both_sides_hear_of) {
  inviting_rig r;
  (void)r.have_invited_zed();
  BOOST_TEST((r.revoked(bob).code == fault_code::forbidden)); // he may not kick
  BOOST_TEST(r.room.graph.membership(zed) == matrix::membership::invite);
  BOOST_TEST((r.revoked(ann).code == fault_code::none));
  const auto rows = written<store::put_event>(r.revocation);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].event->sender == ann);
  BOOST_TEST(*rows[0].event->content().find("reason")->as_string() == "sorry");
  BOOST_TEST((queued_for(r.revocation) == std::set<std::string>{"far.example", "there.example"}));
  BOOST_TEST(r.room.graph.membership(zed) == matrix::membership::leave);
  BOOST_TEST((r.revoked(ann).code == fault_code::conflict)); // there is none any more
  r.room.exists = false;
  BOOST_TEST((r.revoked().code == fault_code::not_member));
}

BOOST_AUTO_TEST_CASE(invitation_that_has_run_out_ends_at_their_server_even_when_nobody_here_may_end_it) {
  inviting_rig r;
  (void)r.have_invited_zed();
  (void)r.author(ann, ann, "leave");
  BOOST_TEST((r.revoked(bob).code == fault_code::forbidden));
  BOOST_TEST((r.revoked().code == fault_code::none)); // nobody asked: it is the broker's own
  BOOST_TEST((queued_for(r.revocation) == std::set<std::string>{"far.example"}));
  BOOST_TEST(r.room.graph.membership(zed) == matrix::membership::invite); // the room's rules did not allow it
}

BOOST_AUTO_TEST_CASE(leave_of_the_inviter_waits_until_what_is_not_in_the_room_yet_is_taken_back) {
  inviting_rig r;
  const auto invite = r.invite_zed();
  BOOST_TEST(!r.invitations.withdraw_first(bob, false)); // it is not his
  (void)r.take();
  BOOST_TEST(r.invitations.withdraw_first(ann, false));
  const auto orders = told<chat_command>(r.take());
  BOOST_REQUIRE(orders.size() == 1u);
  BOOST_TEST((orders[0].first == r.of(zed)));
  const auto* order = std::get_if<chat::invite_revoke>(orders[0].second.body.get());
  BOOST_REQUIRE(order);
  BOOST_TEST(order->by == ann);
  BOOST_TEST(r.invitations.has_withdrawals());
  BOOST_TEST(r.events.withdrawals == 0);
  r.invitations.resolved(zed, invite->event_id);
  BOOST_TEST(r.events.withdrawals == 1);
  BOOST_TEST(!r.invitations.has_withdrawals());
  BOOST_TEST(!r.invitations.withdraw_first(ann, true));
  BOOST_TEST(r.events.withdrawals == 1);
}

BOOST_AUTO_TEST_CASE(leave_does_not_wait_for_ever) {
  inviting_rig r;
  r.invitations.begun({zed, r.invite_zed()->event_id, ann});
  BOOST_TEST(r.invitations.withdraw_first(ann, false));
  (void)r.take();
  const auto longest = time_ms{r.node.settings().federation.request_timeout_ms} +
                       time_ms{r.node.settings().invitation.queue_wait_ms} + 15'000;
  r.after(longest - 1);
  r.invitations.on_deadline();
  BOOST_TEST(r.events.withdrawals == 0);
  BOOST_TEST(r.invitations.deadline() == r.now + 1);
  r.after(1);
  r.invitations.on_deadline();
  BOOST_TEST(r.events.withdrawals == 1);
  BOOST_TEST(!r.invitations.has_withdrawals());
}

BOOST_AUTO_TEST_CASE(last_of_ours_takes_back_all_that_is_open_and_others_leave_it) {
  inviting_rig r;
  (void)r.have_invited_zed();
  BOOST_TEST(!r.invitations.withdraw_first(ann, false));
  BOOST_TEST(r.room.graph.membership(zed) == matrix::membership::invite); // bob is still there
  (void)r.author(bob, bob, "leave");
  BOOST_TEST(!r.invitations.withdraw_first(ann, false));
  BOOST_TEST(r.room.graph.membership(zed) == matrix::membership::leave);
  BOOST_TEST(queued_for(r.take()).contains("far.example"));
}

BOOST_AUTO_TEST_CASE(invitation_is_taken_back_in_the_name_of_its_inviter_while_they_can) {
  inviting_rig r;
  (void)r.have_invited_zed();
  const auto leave = r.invitations.take_back(bob, zed, "no");
  BOOST_REQUIRE(!!leave);
  BOOST_TEST((*leave)->sender == ann);
  inviting_rig without;
  (void)without.have_invited_zed();
  (void)without.author(ann, ann, "leave");
  const auto refused = without.invitations.take_back(bob, zed, "no");
  BOOST_REQUIRE((!refused && !refused.waits()));
  BOOST_TEST((refused.error().code == fault_code::forbidden));
  BOOST_TEST(without.room.graph.membership(zed) == matrix::membership::invite);
}

BOOST_AUTO_TEST_CASE(invite_of_another_server_is_placed_by_the_checks_of_every_event) {
  inviting_rig r;
  const auto arrive = [&](const std::string& user) {
    const auto invite = r.made(eve, "m.room.member", {{"membership", "invite"}}, user);
    r.invitations.arrived({r.of(user), 9, "there.example", invite});
    return r.take();
  };
  const auto place = [](const effects& list) {
    const auto answers = told<invite_placed>(list);
    if (answers.size() != 1) throw std::runtime_error("not one answer");
    BOOST_TEST(answers[0].second.asked == 9u);
    return answers[0].second;
  };
  const auto of_member = arrive(bob);
  BOOST_TEST((place(of_member).where == invite_place::refused));
  BOOST_TEST(told<verify_events>(of_member).empty());

  auto list = arrive(carl); // eve has no power to invite
  BOOST_TEST(told<invite_placed>(list).empty());
  BOOST_TEST(!r.invitations.is_idle());
  list = r.hear<room::question::copies>(r.inbound, assembled_rig::verified(list));
  const auto handled = told<pdus_handled>(list);
  BOOST_REQUIRE(handled.size() == 1u);
  r.invitations.handled_by_room(handled[0].second);
  const auto refused = place(r.take());
  BOOST_TEST((refused.where == invite_place::refused));
  BOOST_TEST((refused.why.code == fault_code::forbidden));
  BOOST_TEST(r.room.graph.membership(carl) == matrix::membership::none);
  BOOST_TEST(r.invitations.is_idle());

  (void)arrive("@dora:here.example");
  r.invitations.handled_by_room({handled[0].second.asked, {}, true}); // nobody waits for that one any more
  BOOST_TEST(r.take().empty());
  r.room.head.phase = store::room_phase::left;
  BOOST_TEST((place(arrive(carl)).where == invite_place::outside));
}

BOOST_AUTO_TEST_CASE(who_accepts_a_staged_invite_waits_so_long_whoever_else_comes_to_wait) {
  inviting_rig r;
  const auto stage = [&](const std::string& user) {
    join_request m;
    m.user_id = user;
    m.invite = r.made(eve, "m.room.member", {{"membership", "invite"}}, user);
    BOOST_TEST(r.invitations.receive(m.invite, "there.example", m));
    auto verdict = assembled_rig::verified(r.take());
    verdict.checks.assign(verdict.checks.size(), event_check::no_key);
    const auto handled = told<pdus_handled>(r.hear<room::question::copies>(r.inbound, verdict));
    BOOST_REQUIRE(handled.size() == 1u);
    r.invitations.handled_by_room(handled[0].second);
    return m.invite;
  };
  constexpr auto longest = room::arriving_invites::staged_ms_max;
  (void)stage(carl);
  BOOST_TEST(r.invitations.deadline() == r.now + longest);
  r.after(20'000);
  const auto second = stage("@dora:here.example");
  BOOST_TEST(r.invitations.deadline() == r.now + longest - 20'000);
  (void)r.take();
  r.after(longest - 20'000);
  r.invitations.on_deadline();
  BOOST_REQUIRE(r.events.ended.size() == 1u);
  BOOST_TEST(r.events.ended[0].wanted.user_id == carl);
  BOOST_TEST((r.events.ended[0].why.code == fault_code::timed_out));
  BOOST_TEST(r.invitations.deadline() == r.now + 20'000);
  r.invitations.event_completed(*second);
  const auto goes_on = told<join_request>(r.take());
  BOOST_REQUIRE(goes_on.size() == 1u);
  BOOST_TEST(goes_on[0].second.user_id == "@dora:here.example");
  BOOST_TEST((goes_on[0].second.invite == nullptr)); // it is not looked for once more
  r.after(20'000);
  r.invitations.on_deadline();
  BOOST_TEST(r.events.ended.size() == 1u);
  BOOST_TEST(r.invitations.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(invite_is_missed_only_where_one_is_needed_and_the_room_has_none) {
  inviting_rig r;
  join_request m;
  m.user_id = carl;
  BOOST_TEST(!r.invitations.is_missing(m));
  m.invite = r.made(eve, "m.room.member", {{"membership", "invite"}}, carl);
  BOOST_TEST(!r.invitations.is_missing(m)); // the room is public
  r.add(r.made(ann, "m.room.join_rules", {{"join_rule", "invite"}}, ""));
  BOOST_TEST(r.invitations.is_missing(m));
  (void)r.author(ann, carl, "invite");
  BOOST_TEST(!r.invitations.is_missing(m));
}

BOOST_AUTO_TEST_CASE(invitation_hears_of_what_ends_it_and_of_nothing_else) {
  inviting_rig r;
  const auto member = [&](const std::string& by, const std::string& what, const std::string& of = zed) {
    return r.made(by, "m.room.member", {{"membership", what}}, of);
  };
  const auto heard = [&](matrix::event_ptr before, matrix::event_ptr after, const std::string& of = zed) {
    r.invitations.observe({{"m.room.member", of}, std::move(before), std::move(after)});
    return r.take();
  };
  const auto invite = member(ann, "invite");
  auto word = r.word_to(zed, heard(invite, member(zed, "join")));
  BOOST_TEST(word.membership == matrix::membership::join);
  BOOST_TEST(word.superseded_invite == invite->event_id);
  BOOST_TEST(!word.historical);
  word = r.word_to(zed, heard(nullptr, member(ann, "leave")));
  BOOST_TEST(word.historical); // it may have come and gone
  word = r.word_to(zed, heard(member(ann, "leave"), member(ann, "ban")));
  BOOST_TEST(word.membership == matrix::membership::ban);
  BOOST_TEST(heard(nullptr, member(zed, "join")).empty());
  BOOST_TEST(heard(member(zed, "join"), member(ann, "ban")).empty());
  BOOST_TEST(heard(member(zed, "join"), member(ann, "leave")).empty());
  word = r.word_to(carl, heard(nullptr, member(ann, "invite", carl), carl));
  BOOST_TEST(word.invite_room_state.starts_with("[")); // who is ours is shown the room
  BOOST_TEST(word.chat_room_id == "chat-1");
}

BOOST_AUTO_TEST_CASE(user_of_ours_who_says_no_leaves_and_cannot_where_the_room_is_not_ours_any_more) {
  inviting_rig r;
  (void)r.author(ann, carl, "invite");
  r.invitations.leave({carl, "not for me"});
  auto ended = told<join_result>(r.take());
  BOOST_REQUIRE(ended.size() == 1u);
  BOOST_TEST((ended[0].second.why.code == fault_code::none));
  BOOST_TEST(r.room.graph.membership(carl) == matrix::membership::leave);
  r.room.head.phase = store::room_phase::left;
  r.invitations.leave({bob, {}});
  const auto list = r.take();
  ended = told<join_result>(list);
  BOOST_REQUIRE(ended.size() == 1u);
  BOOST_TEST((ended[0].second.why.code == fault_code::not_member));
  BOOST_TEST(written<store::put_event>(list).empty());
}

BOOST_AUTO_TEST_SUITE_END()
