// A room whose version an invited server does not know is founded again in another one.
#include "actors/room/refounded_room.hpp"
#include "actors/room/refounding.hpp"
#include "actors/room/refounding_rules.hpp"
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_refounding)

namespace {

const std::string zoe = "@zoe:old.example", yan = "@yan:other.example";

chat::message_send text(const std::string& by, const std::string& id) {
  chat::message_send x;
  x.room = "chat-1";
  x.sender = by;
  x.message = id;
  x.text = "text of " + id;
  return x;
}

/// A room of ann and bob, whose invitations nobody has answered.
struct lonely_room : shared_room {
  explicit lonely_room(std::string version = "12", bool they_join = false)
      : shared_room(std::move(version), they_join) {}

  matrix::event_ptr invite(const std::string& user) {
    return told<room_invite_request>(command(chat::invite_send{"chat-1", ann, user, "come"})).at(0).second.event;
  }
  effects refused(const matrix::event_ptr& invite) {
    return on(room_version_refused{*invite->state_key, invite->event_id});
  }
  std::string event_of(const effects& sent) const {
    for (const auto& w : written<store::put_event>(sent)) return w.event->event_id;
    return {};
  }
};

/// The room that takes its place.
struct successor_room : room_host {
  explicit successor_room(const context& n, std::string id) : room_host(n) {
    room_id = std::move(id);
    restart();
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& id : disk.order)
      if (const auto& e = *event(id); e.type == "m.room.message") all.push_back(*e.content().find("body")->as_string());
    return all;
  }
  matrix::json::object content_of(const std::string& former) const { return event(disk.former.at(former))->content(); }
};

template <class T>
std::vector<T> notified(const effects& list) {
  std::vector<T> found;
  for (const auto& row : written<store::append_outbox>(list))
    if (auto n = chat::decode_notification(row.name, row.body))
      if (const auto* x = std::get_if<T>(&*n)) found.push_back(*x);
  return found;
}

std::vector<std::string> names_notified(const effects& list) {
  std::vector<std::string> found;
  for (const auto& row : written<store::append_outbox>(list)) found.push_back(row.name);
  return found;
}

refounding_ended ended_in(const effects& list) { return told<refounding_ended>(list).at(0).second; }

} // namespace

BOOST_AUTO_TEST_CASE(room_that_nobody_else_has_seen_is_made_again_with_all_that_was_said) {
  lonely_room r;
  const auto first = r.event_of(r.command(text(ann, "m1")));
  auto answer = text(bob, "m2");
  answer.reply_to = first;
  const auto second = r.event_of(r.command(answer));
  const auto deleted = r.event_of(r.command(text(bob, "m3")));
  r.command(chat::message_delete{"chat-1", bob, deleted, {}});
  const auto edit = r.event_of(r.command(chat::message_edit{"chat-1", ann, "m1", "better", {}, {}}));
  const auto reaction = r.event_of(r.command(chat::reaction_add{"chat-1", bob, "m1", "+1"}));
  const auto invite = r.invite(zoe);

  const auto asked = told<refounding_request>(r.refused(invite));
  BOOST_REQUIRE(asked.size() == 1u);
  const auto& wanted = asked[0].second;
  BOOST_TEST(wanted.refused_by == "old.example");
  BOOST_TEST(wanted.create_event->rules().id == "11");
  BOOST_TEST(r.disk.head.refounded_as == wanted.create_event->room_id);

  successor_room next{r.node, asked[0].first.key};
  const auto made = next.on(wanted);
  BOOST_TEST(told<refounding_done>(made).at(0).first.key == r.room_id);
  BOOST_TEST(next.disk.head.room_version == "11");
  BOOST_TEST(next.disk.head.chat_room_id == "chat-1");
  BOOST_TEST(next.membership(ann) == "join");
  BOOST_TEST(next.membership(bob) == "join");
  const auto levels = next.event(next.state().at({"m.room.power_levels", ""}))->content();
  BOOST_TEST(*levels.find("users")->find_integer(ann) == 100); // a creator of version 12 needs no level
  BOOST_TEST(next.texts() == (std::vector<std::string>{"text of m1", "text of m2", "* better"}),
             boost::test_tools::per_element());
  const auto today = next.disk.former.at(first);
  const auto replied = next.content_of(second);
  BOOST_TEST(*replied.find("m.relates_to")->find_object("m.in_reply_to")->find("event_id")->as_string() == today);
  BOOST_TEST(*next.content_of(edit).find("m.relates_to")->find_string("event_id") == today);
  BOOST_TEST(*next.content_of(reaction).find("m.relates_to")->find_string("event_id") == today);
  BOOST_TEST(!next.disk.former.contains(deleted));
  BOOST_TEST(next.event(today)->origin_server_ts == r.event(first)->origin_server_ts);
  BOOST_TEST(next.disk.relations.size() == 2u);

  // The one invited is invited anew, and only that is told.
  const auto again = told<room_invite_request>(made);
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(*again[0].second.event->content().find("reason")->as_string() == "come");
  BOOST_TEST(names_notified(made) == (std::vector<std::string>{"room.refounded", "invitation.changed"}),
             boost::test_tools::per_element());
  const auto told_of = notified<chat::room_refounded>(made).at(0);
  BOOST_TEST(told_of.previous_matrix_room_id == r.room_id);
  BOOST_TEST(told_of.server == "old.example");
  const auto state = notified<chat::invitation_changed>(made).at(0);
  BOOST_TEST((state.state == "sending" && state.previous_state == "sending"));

  const auto left = r.on(refounding_done{});
  BOOST_TEST((r.disk.head.phase == store::room_phase::left));
  BOOST_TEST(r.membership(bob) == "leave");
  BOOST_TEST(names_notified(left).empty());
  BOOST_TEST(written<store::queue_pdu>(left).empty());
  BOOST_TEST(written<store::remove_invitation>(left).size() == 1u);
  BOOST_TEST(ended_in(left).successor == next.room_id);
  BOOST_TEST(told<room_succeeded>(left).at(0).second.successor == next.room_id);
}

BOOST_AUTO_TEST_CASE(commands_keep_their_order_on_the_way_to_the_room_that_follows) {
  lonely_room r;
  const auto asked = told<refounding_request>(r.refused(r.invite(zoe)));
  successor_room next{r.node, asked.at(0).first.key};
  next.on(asked[0].second);
  BOOST_TEST(told<command_done>(r.command(text(ann, "m1"))).empty()); // it waits
  BOOST_TEST(told<command_done>(next.command(text(ann, "m2"))).empty());
  r.on(refounding_done{});
  const auto passed_on = r.on(room_succeeded{r.room_id, next.room_id, "chat-1"});
  const auto handed = told<chat_command>(passed_on);
  BOOST_REQUIRE(handed.size() == 1u);
  BOOST_TEST(told<command_done>(next.on(handed[0].second)).size() == 1u);
  BOOST_TEST(told<handover_ended>(passed_on).size() == 1u);
  BOOST_TEST(told<command_done>(next.on(handover_ended{})).size() == 1u);
  BOOST_TEST(next.texts() == (std::vector<std::string>{"text of m1", "text of m2"}), boost::test_tools::per_element());
  const auto late = told<chat_command>(r.command(text(ann, "m3")));
  BOOST_REQUIRE(late.size() == 1u);
  BOOST_TEST(late[0].first.key == next.room_id);
}

BOOST_AUTO_TEST_CASE(room_that_hears_nothing_of_what_the_former_one_still_had_goes_on_after_a_while) {
  lonely_room r;
  const auto asked = told<refounding_request>(r.refused(r.invite(zoe)));
  successor_room next{r.node, asked.at(0).first.key};
  next.on(asked[0].second);
  next.command(text(ann, "m1"));
  BOOST_TEST(next.texts().empty());
  next.pass(room::refounded_room::handover_ms);
  BOOST_TEST(next.texts().size() == 1u);
}

BOOST_AUTO_TEST_CASE(former_names_of_messages_go_on_meaning_them) {
  lonely_room r;
  const auto first = r.event_of(r.command(text(ann, "m1")));
  const auto asked = told<refounding_request>(r.refused(r.invite(zoe)));
  successor_room next{r.node, asked.at(0).first.key};
  next.on(asked[0].second);
  next.on(handover_ended{});
  auto answer = text(bob, "m2");
  answer.reply_to = first;
  const auto replied = written<store::put_event>(next.command(answer)).at(0).event;
  BOOST_TEST(*replied->content().find("m.relates_to")->find_object("m.in_reply_to")->find("event_id")->as_string() ==
             next.disk.former.at(first));
  const auto reacted = written<store::put_relation>(next.command(chat::reaction_add{"chat-1", bob, first, "+1"}));
  BOOST_TEST(reacted.at(0).target_event_id == next.disk.former.at(first));
  BOOST_TEST(written<store::redact_event>(next.command(chat::message_delete{"chat-1", ann, first, {}})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(founding_survives_a_restart_of_either_room) {
  lonely_room r;
  r.command(text(ann, "m1"));
  const auto invite = r.invite(zoe);
  const auto asked = told<refounding_request>(r.refused(invite)).at(0);
  // Before anything was made: the same room is asked for again.
  const auto again = told<refounding_request>(r.restart());
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].first.key == asked.first.key);
  BOOST_TEST(again[0].second.create_event->event_id == asked.second.create_event->event_id);
  successor_room next{r.node, asked.first.key};
  next.on(again[0].second);
  // And when it is there already: told twice, it is made once.
  next.restart();
  const auto twice = next.on(told<refounding_request>(r.restart()).at(0).second);
  BOOST_TEST(told<refounding_done>(twice).size() == 1u);
  BOOST_TEST(written<store::put_event>(twice).empty());
  r.on(refounding_done{});
  BOOST_TEST((r.disk.head.phase == store::room_phase::left));
  BOOST_TEST(told<refounding_request>(r.restart()).empty());
  // Whoever invites by the former room hears that there is another one.
  BOOST_TEST(ended_in(r.refused(invite)).successor == next.room_id);
}

BOOST_AUTO_TEST_CASE(room_asks_again_where_nothing_is_heard_of_the_one_that_follows) {
  lonely_room r;
  const auto asked = told<refounding_request>(r.refused(r.invite(zoe))).at(0);
  const auto again = told<refounding_request>(r.pass(room::refounding::tell_again_ms + 1));
  BOOST_REQUIRE(!again.empty());
  BOOST_TEST(again[0].first.key == asked.first.key);
}

BOOST_AUTO_TEST_CASE(room_that_others_have_seen_stays_as_it_is) {
  lonely_room r{"12", true}; // eve and eli are in it
  const auto why = ended_in(r.refused(r.invite(zoe))).why;
  BOOST_TEST((why.code == fault_code::incompatible_room_version));
  BOOST_TEST(why.detail.find("old.example does not know room version 12") == 0u);
  BOOST_TEST(why.detail.find("has seen it already") != std::string::npos);
  BOOST_TEST(told<command_done>(r.command(text(ann, "m1"))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(large_room_is_not_founded_again) {
  lonely_room r;
  for (std::size_t i = 0; i < room::refounding::events_max; ++i) r.command(text(ann, "m" + std::to_string(i)));
  const auto why = ended_in(r.refused(r.invite(zoe))).why;
  BOOST_TEST((why.code == fault_code::incompatible_room_version));
  BOOST_TEST(why.detail.find("more than 1000 events") != std::string::npos);
  BOOST_TEST(r.disk.head.founding.empty());
  BOOST_TEST(told<command_done>(r.command(text(ann, "last"))).size() == 1u);
}

BOOST_AUTO_TEST_CASE(other_servers_that_are_invited_are_waited_for) {
  lonely_room r;
  const auto to_zoe = r.invite(zoe), to_yan = r.invite(yan);
  BOOST_TEST(told<refounding_request>(r.refused(to_zoe)).empty());
  BOOST_TEST(told<command_done>(r.command(text(ann, "m1"))).size() == 1u); // meanwhile everything goes on
  const auto both = told<refounding_request>(r.refused(to_yan));
  BOOST_REQUIRE(both.size() == 1u);
  successor_room next{r.node, both[0].first.key};
  BOOST_TEST(told<room_invite_request>(next.on(both[0].second)).size() == 2u);
}

BOOST_AUTO_TEST_CASE(invitation_fails_where_another_server_has_taken_one_or_does_not_say) {
  {
    lonely_room r;
    const auto to_zoe = r.invite(zoe), to_yan = r.invite(yan);
    r.refused(to_zoe);
    r.on(invite_accepted_by_server{yan, to_yan});
    const auto list = r.pass(2'000);
    BOOST_TEST(ended_in(list).event_id == to_zoe->event_id);
    BOOST_TEST((ended_in(list).why.code == fault_code::incompatible_room_version));
    BOOST_TEST(r.membership(yan) == "invite");
  }
  lonely_room r;
  const auto to_zoe = r.invite(zoe);
  r.invite(yan);
  r.refused(to_zoe);
  const auto list = r.pass(room::refounding::patience_ms + 1'000);
  BOOST_TEST(ended_in(list).why.detail.find(yan + " is being invited") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(room_goes_back_to_the_usual_version_where_none_is_known) {
  lonely_room r{"6"};
  change(r.node).federation.room_version = "12";
  const auto asked = told<refounding_request>(r.refused(r.invite(zoe)));
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(asked[0].second.create_event->rules().id == "12");
  successor_room next{r.node, asked[0].first.key};
  const auto made = next.on(asked[0].second);
  BOOST_TEST(told<room_invite_request>(made).empty());
  const auto state = notified<chat::invitation_changed>(made).at(0);
  BOOST_TEST((state.state == "failed" && state.previous_state == "sending"));
  BOOST_TEST(state.last_fault.starts_with("incompatible_room_version: old.example knows no room version from 6 to 12"));
  const auto levels = next.event(next.state().at({"m.room.power_levels", ""}))->content();
  BOOST_TEST(!levels.find("users")->find_integer(ann)); // or nobody could make the room
}

BOOST_AUTO_TEST_CASE(least_version_is_the_administrators) {
  lonely_room r;
  change(r.node).federation.room_version_min = "12";
  const auto why = ended_in(r.refused(r.invite(zoe))).why;
  BOOST_TEST((why.code == fault_code::incompatible_room_version));
  BOOST_TEST(why.detail.find("no older version") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(next_version_is_one_in_which_the_room_can_be_what_it_is) {
  const auto version_after = [](const char* current, const char* rule, const char* least = "6") {
    shared_room r{"11", false};
    const auto rules = r.made(ann, "m.room.join_rules", {{"join_rule", rule}}, "");
    const auto* next = room::next_older_version(*matrix::find_room_version(current), least, rules.get());
    return next ? std::string{next->id} : "none";
  };
  BOOST_TEST(version_after("12", "invite") == "11");
  BOOST_TEST(version_after("6", "invite") == "none");
  BOOST_TEST(version_after("6", "invite", "1") == "5");
  BOOST_TEST(version_after("8", "restricted") == "none");
  BOOST_TEST(version_after("9", "restricted") == "8");
  BOOST_TEST(version_after("8", "knock") == "7");
  BOOST_TEST(version_after("7", "knock") == "none");
  BOOST_TEST(version_after("10", "knock_restricted") == "none");
}

BOOST_AUTO_TEST_SUITE_END()
