#include "actors/room/room_removal.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;
using matrix::membership;

BOOST_AUTO_TEST_SUITE(room_removal_alone)

namespace {

/// The channel of ann and bob, which eve and eli of there.example are in.
struct removal_rig : assembled_rig {
  /// Who leaves is out of the room, and the room is left with the last of ours; as the machine sees to it.
  struct acting_events : recorded_events {
    removal_rig& rig;
    std::vector<std::string> order;    ///< whose membership has ended
    std::vector<std::string> removers; ///< who removes the room, as it is told with each
    bool ends_room = true;
    explicit acting_events(removal_rig& r) : rig(r) {}
    void state_changed(const std::vector<room::state_change>& more) override {
      recorded_events::state_changed(more);
      for (const auto& c : more)
        if (c.key.first == "m.room.member" && c.after && c.after->membership() == membership::leave) {
          order.push_back(c.key.second);
          removers.push_back(rig.removal.by());
        }
      if (ends_room && rig.room.graph.members().local_joined().empty()) rig.writer.left();
    }
  };
  acting_events acting{*this};
  room::authoring author{room, out, pending, writer, policy, acting};
  room::room_invitations invited{room, out, writer, author, inbound, acting};
  room::room_removal removal{room, author, invited, inbound};

  room::command_outcome run(const std::string& by = ann, std::optional<std::string> reason = "over",
                            bool withdrawn = false) {
    room::queued_command c;
    c.command.reference = {"s", "c1", 0};
    c.withdrawn = withdrawn;
    return removal.run(c, chat::room_remove{"chat-1", by, std::move(reason)});
  }
  bool is_removed(const std::string& by = ann) { return std::holds_alternative<room::succeeded>(run(by)); }
  void set(const std::string& sender, const std::string& type, object content, const std::string& key = {}) {
    add(made(sender, type, std::move(content), key, {}, room.graph.extremities()));
    (void)take();
  }
  void member(const std::string& by, const std::string& user, const char* what) {
    set(by, "m.room.member", {{"membership", what}}, user);
  }
  /// there.example is asked about each event.
  void guard() {
    const auto key = key_of('p');
    set(ann, "m.room.policy",
        {{"via", "there.example"}, {"public_keys", object{{"ed25519", key.public_key_base64()}}}});
  }
  std::string rule() const { return room.text("m.room.join_rules", "join_rule"); }
  std::string reason_of(const std::string& user) const {
    const auto e = room.graph.state_event("m.room.member", user);
    const auto* reason = e ? e->content().find("reason") : nullptr;
    return reason && reason->as_string() ? *reason->as_string() : "-";
  }
  matrix::membership of(const std::string& user) const { return room.graph.membership(user); }
};

using texts = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_CASE(a_channel_is_closed_behind_those_who_go_and_who_removes_it_goes_last, removal_rig) {
  BOOST_TEST(is_removed());
  BOOST_TEST(acting.order == (texts{eli, eve, bob, ann}), boost::test_tools::per_element());
  for (const auto& by : acting.removers) BOOST_TEST(by == ann);
  BOOST_TEST(removal.by() == "");
  BOOST_TEST(rule() == "invite");
  for (const auto& user : {ann, bob, eve, eli}) BOOST_TEST(reason_of(user) == "over", user);
  BOOST_TEST(!room.takes_part());
}

BOOST_FIXTURE_TEST_CASE(without_a_reason_none_is_written, removal_rig) {
  BOOST_TEST(std::holds_alternative<room::succeeded>(run(ann, "")));
  BOOST_TEST(reason_of(bob) == "-");
}

BOOST_FIXTURE_TEST_CASE(who_is_not_in_the_room_removes_nothing, removal_rig) {
  const auto outcome = run("@cyd:here.example");
  BOOST_REQUIRE(std::holds_alternative<fault>(outcome));
  BOOST_TEST((std::get<fault>(outcome).code == fault_code::not_member));
  BOOST_TEST(acting.changes.empty());
  BOOST_TEST(take().empty());
}

BOOST_FIXTURE_TEST_CASE(who_does_not_own_it_leaves_it_to_the_others, removal_rig) {
  BOOST_TEST(is_removed(bob));
  BOOST_TEST(acting.order == (texts{ann, bob}), boost::test_tools::per_element());
  BOOST_TEST((of(eve) == membership::join));
  BOOST_TEST(rule() == "public");
}

BOOST_FIXTURE_TEST_CASE(what_is_no_channel_is_nobodys_to_close, removal_rig) {
  writer.become_group();
  BOOST_TEST(is_removed());
  BOOST_TEST((of(eve) == membership::join));
  BOOST_TEST(rule() == "public");
}

BOOST_FIXTURE_TEST_CASE(one_that_is_closed_already_is_not_closed_twice, removal_rig) {
  set(ann, "m.room.join_rules", {{"join_rule", "invite"}});
  const auto before = room.graph.state_event("m.room.join_rules")->event_id;
  BOOST_TEST(is_removed());
  BOOST_TEST(room.graph.state_event("m.room.join_rules")->event_id == before);
}

BOOST_FIXTURE_TEST_CASE(who_knocks_or_is_invited_is_put_out_and_who_is_banned_stays_so, removal_rig) {
  const std::string knocking = "@kay:there.example", banned = "@mal:there.example", cyd = "@cyd:here.example";
  member(knocking, knocking, "knock");
  member(ann, banned, "ban");
  member(ann, cyd, "invite");
  BOOST_TEST(is_removed());
  BOOST_TEST((of(knocking) == membership::leave));
  BOOST_TEST((of(banned) == membership::ban));
  BOOST_TEST((of(cyd) == membership::leave));
  BOOST_TEST(room.graph.state_event("m.room.member", cyd)->sender == cyd);
}

BOOST_FIXTURE_TEST_CASE(of_a_large_room_so_many_are_put_out_and_the_rest_stays_among_itself, removal_rig) {
  for (std::size_t i = 2; i <= room::room_removal::removed_max; ++i) {
    const auto user = "@u" + std::to_string(100 + i) + ":there.example";
    member(user, user, "join");
  }
  BOOST_TEST(is_removed());
  const auto all = room.graph.members().all();
  BOOST_TEST(all.joined == 1u);
  BOOST_TEST(acting.order.size() == room::room_removal::removed_max + 2);
  BOOST_TEST(!room.takes_part());
}

BOOST_FIXTURE_TEST_CASE(invitations_that_are_not_in_the_room_yet_are_taken_back_first, removal_rig) {
  const std::string zac = "@zac:third.example";
  auto wanted = invited.invite(ann, zac, "");
  BOOST_REQUIRE(!!wanted);
  BOOST_REQUIRE(wanted->has_value());
  invited.begin(zac, **wanted);
  (void)take();
  BOOST_TEST(std::holds_alternative<room::waits_for_withdrawals>(run()));
  BOOST_TEST(acting.order.empty());
  BOOST_TEST((of(ann) == membership::join));
  BOOST_TEST(removal.by() == "");
  // They are: the command is carried out again.
  BOOST_TEST(std::holds_alternative<room::succeeded>(run(ann, "over", true)));
  BOOST_TEST((of(ann) == membership::leave));
}

BOOST_FIXTURE_TEST_CASE(an_invitation_that_is_in_the_room_is_taken_back, removal_rig) {
  const std::string zoe = "@zoe:third.example";
  member(bob, zoe, "invite");
  BOOST_TEST(is_removed());
  BOOST_TEST((of(zoe) == membership::leave));
  BOOST_TEST(acting.order.front() == zoe);
}

BOOST_FIXTURE_TEST_CASE(while_the_policy_server_is_asked_nobody_has_left, removal_rig) {
  guard();
  BOOST_TEST(std::holds_alternative<room::waits_for_policy_server>(run()));
  BOOST_TEST(removal.by() == ""); // what happens meanwhile is no part of it
  BOOST_TEST(acting.order.empty());
  BOOST_TEST(rule() == "public");
  BOOST_TEST(told<peer_request>(take()).size() == 1u);
}

// It was asked about the same steps for ever, and all that was said to the room meanwhile waited.
BOOST_FIXTURE_TEST_CASE(a_room_whose_policy_server_forbids_each_step_ends_its_removal, removal_rig) {
  guard();
  std::size_t asked = 0;
  auto outcome = run();
  for (; asked < 20 && std::holds_alternative<room::waits_for_policy_server>(outcome); ++asked) {
    BOOST_TEST(told<peer_request>(take()).size() == 1u);
    author.decided(fault{fault_code::forbidden, "the policy server says no"});
    outcome = run();
  }
  BOOST_TEST(asked == 5u); // the join rules, eli, eve, bob, ann
  BOOST_REQUIRE(std::holds_alternative<fault>(outcome));
  BOOST_TEST((std::get<fault>(outcome).code == fault_code::forbidden));
  BOOST_TEST(removal.by() == "");
  // Another command asks anew.
  room::queued_command again;
  again.command.reference = {"s", "c2", 0};
  BOOST_TEST(std::holds_alternative<room::waits_for_policy_server>(
    removal.run(again, chat::room_remove{"chat-1", ann, "over"})));
}

// Its silence counted as a no: the channel stayed public, and its removal was told as done.
BOOST_FIXTURE_TEST_CASE(a_policy_server_that_does_not_answer_ends_the_removal_to_be_repeated, removal_rig) {
  guard();
  BOOST_TEST(std::holds_alternative<room::waits_for_policy_server>(run()));
  (void)take();
  author.decided(fault{fault_code::timed_out, "policy server did not answer"});
  const auto outcome = run();
  BOOST_REQUIRE(std::holds_alternative<fault>(outcome));
  BOOST_TEST((std::get<fault>(outcome).code == fault_code::timed_out));
  BOOST_TEST(removal.by() == "");
  BOOST_TEST(acting.order.empty());
  BOOST_TEST(std::holds_alternative<room::waits_for_policy_server>(run())); // said again, it asks again
}

BOOST_FIXTURE_TEST_CASE(a_step_that_the_rules_forbid_does_not_keep_ours, removal_rig) {
  // Somebody of the other server has as much power as ann: she cannot put them out.
  auto levels = room.graph.state_event("m.room.power_levels")->content();
  levels.find("users")->as_object()->set(eve, 100);
  set(ann, "m.room.power_levels", levels);
  BOOST_TEST(is_removed());
  BOOST_TEST((of(eve) == membership::join));
  BOOST_TEST((of(eli) == membership::leave));
  BOOST_TEST((of(bob) == membership::leave));
  BOOST_TEST(!room.takes_part());
}

BOOST_FIXTURE_TEST_CASE(a_room_that_keeps_one_of_ours_is_said_not_to_be_removed, removal_rig) {
  acting.ends_room = false;
  const auto outcome = run();
  BOOST_REQUIRE(std::holds_alternative<fault>(outcome));
  BOOST_TEST((std::get<fault>(outcome).code == fault_code::forbidden));
  BOOST_TEST(removal.by() == "");
}

BOOST_AUTO_TEST_SUITE_END()
