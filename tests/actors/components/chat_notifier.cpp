#include "actors/room/chat_notifier.hpp"

#include "messages/edge/packing.hpp"
#include "tests/actors/components/component_rig.hpp"
#include "tests/actors/gap_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_chat_notifier_alone)

namespace {

struct notifier_rig : component_rig {
  room::chat_notifier notifier{room, out};

  matrix::event_ptr membership(const std::string& by, const std::string& user, const char* what) const {
    return made(by, "m.room.member", {{"membership", what}, {"reason", "why"}}, user);
  }
  effects membership_changed(const std::string& user, matrix::event_ptr before, matrix::event_ptr after,
                             const room::chat_notifier::membership_context& context = {}) {
    notifier.membership_changed({{"m.room.member", user}, std::move(before), std::move(after)}, context);
    return take();
  }
  effects state_changed(const std::string& type, matrix::event_ptr before, matrix::event_ptr after,
                        const std::string& key = {}) {
    notifier.state_changed({{type, key}, std::move(before), std::move(after)});
    return take();
  }
  effects message(const matrix::event_ptr& x, bool historical = false) {
    notifier.message(x, historical);
    return take();
  }
  matrix::event_ptr name(const std::string& text) const { return made(ann, "m.room.name", {{"name", text}}, ""); }
};

/// Kinds of the system messages in a list of effects, in order.
std::string kinds(const effects& list) {
  std::string all;
  for (const auto& n : notified<chat::system_message>(list)) all += (all.empty() ? "" : " ") + n.kind;
  return all;
}

} // namespace

// -- memberships

BOOST_AUTO_TEST_CASE(each_change_of_a_membership_is_shown_by_its_own_word) {
  notifier_rig r;
  struct row {
    const char *before, *after, *by, *kind;
  };
  const std::string self = eve, other = ann;
  // An empty word: there is no event.
  const std::vector<row> table{{"", "join", "self", "joined"},
                               {"", "invite", "other", "invited"},
                               {"", "knock", "self", "knocked"},
                               {"", "ban", "other", "banned"},
                               {"", "leave", "self", ""},
                               {"invite", "join", "self", "joined"},
                               {"invite", "leave", "self", "rejected"},
                               {"invite", "leave", "other", "revoked"},
                               {"knock", "leave", "self", "knock_retracted"},
                               {"knock", "leave", "other", "knock_rejected"},
                               {"knock", "invite", "other", "invited"},
                               {"join", "leave", "self", "left"},
                               {"join", "leave", "other", "kicked"},
                               {"join", "ban", "other", "banned"},
                               {"ban", "leave", "other", "unbanned"},
                               {"join", "", "", "left"},
                               {"knock", "", "", ""},
                               {"join", "join", "self", ""},
                               {"knock", "knock", "self", ""},
                               {"leave", "leave", "other", ""}};
  for (const auto& x : table) {
    const auto made_by = [&](const std::string& who, const char* what) {
      return *what ? r.membership(who, eve, what) : nullptr;
    };
    const auto list =
      r.membership_changed(eve, made_by(ann, x.before), made_by(std::string{x.by} == "self" ? self : other, x.after));
    BOOST_TEST(kinds(list) == x.kind, x.before << " -> " << x.after << " by " << x.by);
    const auto changed = notified<chat::member_changed>(list);
    BOOST_REQUIRE(changed.size() == 1u);
    BOOST_TEST(changed[0].membership == (*x.after ? x.after : "leave"));
    BOOST_TEST(changed[0].previous_membership == (*x.before ? x.before : "leave"));
    BOOST_TEST(notified<chat::room_removed_for>(list).empty()); // she is not ours
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_that_was_told_when_it_was_sent_or_has_run_out_is_told_so) {
  notifier_rig r;
  const auto invite = r.membership(ann, eve, "invite"), leave = r.membership(ann, eve, "leave");
  BOOST_TEST(kinds(r.membership_changed(eve, nullptr, invite, {.is_invited_already = true})) == "");
  BOOST_TEST(kinds(r.membership_changed(eve, invite, leave, {.has_expired = true})) == "expired");
  const auto self = r.membership(eve, eve, "leave");
  BOOST_TEST(kinds(r.membership_changed(eve, invite, self, {.has_expired = true})) == "rejected");
}

BOOST_AUTO_TEST_CASE(a_room_is_taken_from_the_list_of_ours_who_are_out_of_it) {
  notifier_rig r;
  const auto join = r.membership(bob, bob, "join");
  auto gone = notified<chat::room_removed_for>(r.membership_changed(bob, join, r.membership(ann, bob, "leave")));
  BOOST_REQUIRE(gone.size() == 1u);
  BOOST_TEST(gone[0].cause == "kicked");
  BOOST_TEST(gone[0].by == ann);
  BOOST_TEST(gone[0].reason == "why");
  BOOST_TEST(gone[0].room == "chat-1");
  gone = notified<chat::room_removed_for>(r.membership_changed(bob, join, r.membership(ann, bob, "ban")));
  BOOST_TEST(gone.at(0).cause == "banned");
  gone = notified<chat::room_removed_for>(r.membership_changed(bob, join, nullptr)); // state resolution
  BOOST_TEST(gone.at(0).cause == "left");
  BOOST_TEST(gone.at(0).by == bob);
  BOOST_TEST(gone.at(0).event_id == "");
  const auto invite = r.membership(ann, bob, "invite");
  BOOST_TEST(
    notified<chat::room_removed_for>(r.membership_changed(bob, invite, r.membership(bob, bob, "leave"))).empty());
}

BOOST_AUTO_TEST_CASE(of_a_removed_room_nothing_is_shown_to_those_who_leave_it) {
  notifier_rig r;
  const auto list =
    r.membership_changed(bob, r.membership(bob, bob, "join"), r.membership(bob, bob, "leave"), {.removed_by = ann});
  BOOST_TEST(kinds(list) == "");
  const auto gone = notified<chat::room_removed_for>(list);
  BOOST_REQUIRE(gone.size() == 1u);
  BOOST_TEST(gone[0].cause == "removed");
  BOOST_TEST(gone[0].by == ann);
  // Others are shown as they go.
  BOOST_TEST(kinds(r.membership_changed(eve, r.membership(eve, eve, "join"), r.membership(ann, eve, "leave"),
                                        {.removed_by = ann})) == "kicked");
}

BOOST_AUTO_TEST_CASE(a_membership_that_nobody_knows_is_shown_as_none) {
  notifier_rig r;
  const auto list = r.membership_changed(eve, nullptr, r.membership(eve, eve, "org.example.lurk"));
  BOOST_TEST(notified<chat::member_changed>(list).at(0).membership == "leave");
  BOOST_TEST(kinds(list) == "");
}

// -- settings and levels

BOOST_AUTO_TEST_CASE(a_setting_is_shown_when_somebody_sets_it_and_told_when_it_differs) {
  notifier_rig r;
  auto list = r.state_changed("m.room.name", nullptr, r.name("Lobby"));
  BOOST_TEST(kinds(list) == "renamed");
  BOOST_TEST(notified<chat::system_message>(list)[0].room_name.value() == "Lobby");
  BOOST_TEST(notified<chat::room_changed>(list).at(0).room_name.value() == "Lobby");
  BOOST_TEST(notified<chat::room_changed>(list)[0].by == ann);
  BOOST_TEST(!notified<chat::room_changed>(list)[0].topic.has_value());
  list = r.state_changed("m.room.name", r.name("Lobby"), r.name("Lobby"));
  BOOST_TEST(kinds(list) == "renamed");
  BOOST_TEST(notified<chat::room_changed>(list).empty());
  list = r.state_changed("m.room.name", r.name("Lobby"), nullptr); // nobody did: state resolution
  BOOST_TEST(kinds(list) == "");
  BOOST_TEST(notified<chat::room_changed>(list).at(0).room_name.value() == "");
  BOOST_TEST(notified<chat::room_changed>(list)[0].by == "");
  BOOST_TEST(notified<chat::room_changed>(list)[0].ts == r.now);
}

BOOST_AUTO_TEST_CASE(of_a_picture_it_is_shown_that_there_is_another_and_told_which) {
  notifier_rig r;
  const auto list =
    r.state_changed("m.room.avatar", nullptr, r.made(ann, "m.room.avatar", {{"url", "mxc://here.example/1"}}, ""));
  BOOST_TEST(kinds(list) == "avatar_changed");
  BOOST_TEST(!notified<chat::system_message>(list)[0].room_name.has_value());
  BOOST_TEST(notified<chat::room_changed>(list).at(0).avatar.value() == "mxc://here.example/1");
}

// A chat server put it into the page of its users as the address of a picture.
BOOST_AUTO_TEST_CASE(a_picture_that_is_no_mxc_uri_is_told_as_none) {
  notifier_rig r;
  const auto picture = [&](const char* url) { return r.made(eve, "m.room.avatar", {{"url", url}}, ""); };
  const auto odd = picture("javascript:alert(1)"), good = picture("mxc://there.example/1");
  BOOST_TEST(notified<chat::room_changed>(r.state_changed("m.room.avatar", nullptr, odd)).empty());
  BOOST_TEST(notified<chat::room_changed>(r.state_changed("m.room.avatar", good, odd)).at(0).avatar.value() == "");
  BOOST_TEST(notified<chat::room_changed>(r.state_changed("m.room.avatar", odd, good)).at(0).avatar.value() ==
             "mxc://there.example/1");
  const auto as = [&](const char* url) {
    const auto e = r.made(eve, "m.room.member", {{"membership", "join"}, {"avatar_url", url}}, eve);
    return notified<chat::member_changed>(r.membership_changed(eve, nullptr, e)).at(0).avatar;
  };
  BOOST_TEST(as("https://there.example/1.png") == "");
  BOOST_TEST(as("mxc://there.example/1") == "mxc://there.example/1");
}

BOOST_AUTO_TEST_CASE(encryption_is_shown_once_as_it_begins_with_an_algorithm) {
  notifier_rig r;
  const auto rule = [&](matrix::json::object content) {
    return r.made(eve, "m.room.encryption", std::move(content), "");
  };
  const auto none = rule({}), megolm = rule({{"algorithm", "m.megolm.v1.aes-sha2"}}),
             rotated = rule({{"algorithm", "m.megolm.v1.aes-sha2"}, {"rotation_period_msgs", 50}});
  const auto told = [&](matrix::event_ptr before, matrix::event_ptr after) {
    return kinds(r.state_changed("m.room.encryption", std::move(before), std::move(after)));
  };
  BOOST_TEST(told(nullptr, none) == "");
  BOOST_TEST(told(none, megolm) == "encrypted");
  BOOST_TEST(told(nullptr, megolm) == "encrypted");
  BOOST_TEST(told(megolm, rotated) == "");
  BOOST_TEST(told(megolm, megolm) == ""); // what was missing of its content has come
}

BOOST_AUTO_TEST_CASE(other_state_is_told_by_nobody_here) {
  notifier_rig r;
  BOOST_TEST(r.state_changed("m.room.name", nullptr, r.name("x"), "key").empty());
  BOOST_TEST(r.state_changed("org.example.x", nullptr, r.made(ann, "org.example.x", {{"name", "x"}}, "")).empty());
  BOOST_TEST(
    r.state_changed("m.room.power_levels", r.event(r.state().at({"m.room.power_levels", ""})), nullptr).empty());
}

BOOST_AUTO_TEST_CASE(who_may_do_more_is_shown_by_level_and_told_by_role) {
  notifier_rig r;
  const auto before = r.event(r.state().at({"m.room.power_levels", ""}));
  auto content = before->content();
  content.find("users")->as_object()->set(bob, 50);
  const auto after = r.made(ann, "m.room.power_levels", content, "");
  auto list = r.state_changed("m.room.power_levels", before, after);
  BOOST_TEST(kinds(list) == "role_changed");
  BOOST_TEST(notified<chat::system_message>(list)[0].target == bob);
  BOOST_TEST(notified<chat::system_message>(list)[0].level.value() == 50);
  const auto roles = notified<chat::role_changed>(list);
  BOOST_REQUIRE(roles.size() == 1u);
  BOOST_TEST(roles[0].user == bob);
  BOOST_TEST(roles[0].role == "moderator");
  BOOST_TEST(roles[0].by == ann);
  // With nothing before it nobody's level is news.
  BOOST_TEST(kinds(r.state_changed("m.room.power_levels", nullptr, after)) == "");
}

BOOST_AUTO_TEST_CASE(a_redacted_setting_is_shown_as_taken_and_one_that_was_empty_is_not) {
  notifier_rig r;
  const auto redact = [&](const matrix::event_ptr& x) {
    const auto by = r.redaction_of(ann, x->event_id);
    r.notifier.state_redacted(*x, *matrix::redacted(*x, by), *by, "spam");
    return r.take();
  };
  auto list = redact(r.name("Lobby"));
  BOOST_TEST(kinds(list) == "renamed");
  BOOST_TEST(notified<chat::system_message>(list)[0].reason == "spam");
  BOOST_TEST(notified<chat::room_changed>(list).at(0).room_name.value() == "");
  BOOST_TEST(redact(r.name("")).empty());
  list = redact(r.made(eve, "m.room.member", {{"membership", "join"}, {"displayname", "Eve"}}, eve));
  BOOST_REQUIRE(notified<chat::member_changed>(list).size() == 1u);
  BOOST_TEST(notified<chat::member_changed>(list)[0].display_name == "");
  BOOST_TEST(notified<chat::member_changed>(list)[0].membership == "join");
  BOOST_TEST(kinds(list) == "");
  BOOST_TEST(redact(r.membership(ann, eve, "ban")).empty());
}

// -- messages

BOOST_AUTO_TEST_CASE(what_people_of_other_servers_write_is_told_and_nothing_else) {
  notifier_rig r;
  const auto said = r.message_of(eve, "hello");
  const auto told = notified<chat::message_received>(r.message(said, true));
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0].text == "hello");
  BOOST_TEST(told[0].sender == eve);
  BOOST_TEST(told[0].historical);
  BOOST_TEST(!notified<chat::message_received>(r.message(said))[0].historical);
  BOOST_TEST(r.message(r.message_of(ann, "ours")).empty());
  BOOST_TEST(r.message(matrix::redacted(*said)).empty());
  BOOST_TEST(r.message(r.made(eve, "m.room.message", {{"body", "x"}}, "")).empty()); // a state of that name
  BOOST_TEST(r.message(r.made(eve, "m.sticker", {{"body", "x"}})).empty());
  const matrix::json::object edit{{"rel_type", "m.replace"}, {"event_id", said->event_id}};
  BOOST_TEST(r.message(r.made(eve, "m.room.message",
                              {{"msgtype", "m.text"},
                               {"body", "* hi"},
                               {"m.new_content", matrix::json::object{{"msgtype", "m.text"}, {"body", "hi"}}},
                               {"m.relates_to", edit}}))
               .empty());
}

BOOST_AUTO_TEST_CASE(an_edit_that_is_told_as_a_message_says_its_new_text) {
  notifier_rig r;
  const matrix::json::object edit{{"rel_type", "m.replace"}, {"event_id", "$" + std::string(43, 'x')}};
  r.notifier.edit_as_message(*r.made(eve, "m.room.message",
                                     {{"msgtype", "m.text"},
                                      {"body", "* hi"},
                                      {"m.new_content", matrix::json::object{{"msgtype", "m.text"}, {"body", "hi"}}},
                                      {"m.relates_to", edit}}),
                             false);
  BOOST_TEST(texts_in(r.take()) == std::vector<std::string>{"hi"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(when_something_was_sent_is_told_within_what_can_be) {
  notifier_rig r;
  auto x = r.message_of(eve, "hello")->source;
  const auto shown = [&](time_ms ts) {
    x.set("origin_server_ts", ts);
    const auto e = *matrix::make_event(x, r.rules(), matrix::count_policy::bounded);
    return r.notifier.shown_ts(e.get());
  };
  constexpr time_ms ahead_max = 5 * 60'000;
  BOOST_TEST(shown(r.now - 5) == r.now - 5);
  BOOST_TEST(shown(r.now + ahead_max) == r.now + ahead_max);
  BOOST_TEST(shown(r.now + ahead_max + 1) == r.now + ahead_max);
  BOOST_TEST(shown(-5) == 0);
  BOOST_TEST(r.notifier.shown_ts(nullptr) == r.now);
}

// -- a room that is joined

BOOST_AUTO_TEST_CASE(members_of_a_room_are_told_in_parts_none_of_which_is_left_out_or_told_twice) {
  notifier_rig r;
  const auto max = chat::listed_members_max;
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, max, max + 1, 2 * max, 2 * max + 1}) {
    std::vector<std::string> members;
    for (std::size_t i = count; i > 0; --i) members.push_back("@u" + std::to_string(100'000 + i) + ":there.example");
    r.notifier.created({.room = "chat-1"}, members, false);
    const auto list = r.take();
    const auto created = notified<chat::room_created>(list);
    BOOST_REQUIRE(created.size() == 1u);
    auto told = created[0].members;
    const auto parts = notified<chat::room_members>(list);
    BOOST_TEST(created[0].more_members == !parts.empty());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      BOOST_TEST(parts[i].members.size() <= max);
      BOOST_TEST(parts[i].complete == (i + 1 == parts.size()));
      told.insert(told.end(), parts[i].members.begin(), parts[i].members.end());
    }
    std::sort(members.begin(), members.end());
    BOOST_TEST((told == members), count << " members");
  }
}

BOOST_AUTO_TEST_CASE(that_members_are_not_known_yet_is_told_until_they_are) {
  notifier_rig r;
  r.notifier.created({.room = "chat-1"}, {eve}, true);
  auto list = r.take();
  BOOST_TEST(notified<chat::room_created>(list).at(0).more_members);
  BOOST_TEST(notified<chat::room_members>(list).empty());
  r.notifier.members({}, 0, true); // nobody else was there
  list = r.take();
  BOOST_REQUIRE(notified<chat::room_members>(list).size() == 1u);
  BOOST_TEST(notified<chat::room_members>(list)[0].complete);
  BOOST_TEST(notified<chat::room_members>(list)[0].members.empty());
}

BOOST_AUTO_TEST_CASE(how_far_a_join_has_come_is_told_at_once_and_kept_by_nobody) {
  notifier_rig r;
  r.notifier.join_progress(chat::join_phase::receiving, bob, "there.example", 3, 9);
  const auto list = r.take();
  BOOST_TEST(of_kind<persist>(list).empty());
  const auto told_of = told<ephemeral_notification>(list);
  BOOST_REQUIRE(told_of.size() == 1u);
  BOOST_TEST((told_of[0].first.kind == actor_kind::session));
  const auto n = *edge::unpack<chat::join_progress>(told_of[0].second.body, fault_code::bad_body);
  BOOST_TEST(n.phase == "receiving");
  BOOST_TEST(n.done == 3);
  BOOST_TEST(n.total == 9);
}

BOOST_AUTO_TEST_SUITE_END()
