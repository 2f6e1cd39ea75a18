// What a room does when a user of ours has another profile, or is deactivated; who may come into it.
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_member_updates)

namespace {

const std::string dora = "@dora:here.example";
const address the_directory{actor_kind::directory, ""};

struct updated_room : shared_room {
  using shared_room::shared_room;

  effects profile(const std::string& user, std::string name, std::string avatar = {}) {
    return on(member_update_request{the_directory, 7, user, false, std::move(name), std::move(avatar)});
  }
  effects gone(const std::string& user) { return on(member_update_request{the_directory, 7, user, true, {}, {}}); }
  static bool is_done(const effects& list) {
    const auto all = told<member_updated>(list);
    BOOST_REQUIRE(all.size() == 1u);
    BOOST_TEST((all[0].first == the_directory));
    BOOST_TEST(all[0].second.asked == 7u);
    return all[0].second.is_done;
  }
  matrix::event_ptr member(const std::string& user) const { return event(state().at({"m.room.member", user})); }
};

std::vector<std::string> servers_told(const effects& list) {
  std::vector<std::string> found;
  for (const auto& [to, m] : told<pdu_queued>(list)) found.push_back(to.key);
  return found;
}

std::string name_in(const matrix::event& x) {
  const auto* name = x.content().find("displayname");
  return name ? *name->as_string() : std::string{};
}

/// Rights of somebody, as the directory sends them along.
chat_command with(const std::string& user, user_right said) {
  store::put_user row{user, "", "", ""};
  row.may_federate = said;
  chat_command c;
  c.profiles = std::make_shared<const std::vector<store::put_user>>(std::vector{row});
  return c;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_new_name_is_a_new_membership_that_all_servers_get) {
  for (const auto* version : {"10", "11", "12"}) {
    updated_room r{version};
    const auto list = r.profile(bob, "Bobby", "mxc://here.example/b");
    BOOST_TEST(r.is_done(list), version);
    BOOST_TEST(r.membership(bob) == "join");
    BOOST_TEST(name_in(*r.member(bob)) == "Bobby");
    BOOST_TEST(*r.member(bob)->content().find("avatar_url")->as_string() == "mxc://here.example/b");
    BOOST_TEST(servers_told(list) == std::vector<std::string>{"there.example"}, boost::test_tools::per_element());
    const auto told = notified<chat::member_changed>(list);
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST(told[0].display_name == "Bobby");
    BOOST_TEST(notified<chat::system_message>(list).empty()); // nobody has come or gone
  }
}

BOOST_AUTO_TEST_CASE(what_is_as_it_should_be_is_left_alone) {
  updated_room r;
  r.profile(bob, "Bobby");
  const auto events = r.disk.order.size();
  BOOST_TEST(r.is_done(r.profile(bob, "Bobby")));
  BOOST_TEST(r.is_done(r.profile(dora, "Dora"))); // who is not in the room
  BOOST_TEST(r.is_done(r.gone(dora)));
  BOOST_TEST(r.disk.order.size() == events);
  BOOST_TEST(r.is_done(r.profile(bob, ""))); // the name is taken away
  BOOST_TEST(!r.member(bob)->content().find("displayname"));
}

BOOST_AUTO_TEST_CASE(whoever_is_deactivated_leaves_and_the_directory_asks_again_until_they_have) {
  updated_room r;
  const auto list = r.gone(bob);
  BOOST_TEST(!r.is_done(list));
  BOOST_TEST(r.membership(bob) == "leave");
  BOOST_TEST(servers_told(list) == std::vector<std::string>{"there.example"}, boost::test_tools::per_element());
  BOOST_TEST(notified<chat::room_removed_for>(list).size() == 1u);
  BOOST_TEST(r.is_done(r.gone(bob)));
}

BOOST_AUTO_TEST_CASE(an_open_invitation_or_knock_of_theirs_ends_in_the_room) {
  updated_room r;
  r.command(chat::invite_send{"chat-1", ann, dora, {}});
  BOOST_TEST(r.membership(dora) == "invite");
  BOOST_TEST(r.is_done(r.gone(dora)));
  BOOST_TEST(r.membership(dora) == "leave");
}

BOOST_AUTO_TEST_CASE(the_last_of_ours_who_leaves_takes_their_invitations_back_first) {
  updated_room r;
  r.command(chat::member_leave{"chat-1", bob, {}});
  r.command(chat::invite_send{"chat-1", ann, "@zoe:there.example", {}});
  BOOST_TEST(!r.is_done(r.gone(ann)));
  BOOST_TEST(r.membership(ann) == "join"); // until the invitation is revoked
}

BOOST_AUTO_TEST_CASE(rooms_of_our_users_are_noted_and_no_others) {
  shared_room r;
  const auto list = r.command(chat::invite_send{"chat-1", ann, dora, {}});
  const auto noted = written<store::put_member_room>(list);
  BOOST_REQUIRE(noted.size() == 1u);
  BOOST_TEST(noted[0].user_id == dora);
  BOOST_TEST(noted[0].room_id == r.room_id);
  BOOST_TEST(written<store::put_member_room>(r.push({r.message_of(eve, "hi")})).empty());
  BOOST_TEST(written<store::put_member_room>(
               r.push({r.made(eve, "m.room.member", {{"membership", "join"}, {"displayname", "Eve"}}, eve)}))
               .empty());
}

BOOST_AUTO_TEST_CASE(who_may_not_federate_comes_into_no_room_that_does) {
  shared_room r;
  change(r.node).federation.users_may_federate = federating_users::allowed;
  const auto code = [&](chat::command x, user_right said) {
    return refusal_in(r.command(std::move(x), with(dora, said))).code;
  };
  BOOST_TEST((code(chat::room_join{"chat-1", dora, {}}, user_right::unsaid) == fault_code::may_not_federate));
  BOOST_TEST((code(chat::invite_send{"chat-1", ann, dora, {}}, user_right::no) == fault_code::may_not_federate));
  BOOST_TEST(r.membership(dora).empty());
  BOOST_TEST((code(chat::room_join{"chat-1", dora, {}}, user_right::yes) == fault_code::none));
  BOOST_TEST(r.membership(dora) == "join");
}

BOOST_AUTO_TEST_CASE(whoever_is_in_the_room_may_leave_it_all_the_same) {
  shared_room r;
  change(r.node).federation.users_may_federate = federating_users::allowed;
  BOOST_TEST(
    (refusal_in(r.command(chat::member_leave{"chat-1", bob, {}}, with(bob, user_right::no))).code == fault_code::none));
}

BOOST_AUTO_TEST_CASE(while_the_federation_is_off_the_room_goes_on_among_ours_and_no_other_is_joined) {
  shared_room r;
  change(r.node).federation.enabled = false;
  BOOST_TEST((refusal_in(r.command(chat::invite_send{"chat-1", ann, "@zoe:there.example", {}})).code ==
              fault_code::federation_disabled));
  BOOST_TEST((refusal_in(r.command(chat::invite_send{"chat-1", ann, dora, {}})).code == fault_code::none));
  BOOST_TEST((refusal_in(r.command(chat::room_join{"chat-1", dora, {}})).code == fault_code::none));
  joining_server there{r};
  change(there.node).federation.enabled = false;
  for (const chat::command& x : {chat::command{chat::room_join{"", eve, {"here.example"}}},
                                 chat::command{chat::room_knock{"", eve, {"here.example"}, {}}},
                                 chat::command{chat::invite_answer{"", eve, true, {}}}})
    BOOST_TEST((refusal_in(there.command(x)).code == fault_code::federation_disabled));
  BOOST_TEST(there.asked.empty());
  BOOST_TEST(told<chat_command>(there.command(chat::invite_answer{"", eve, false, {}})).size() == 1u); // no is no
}

BOOST_AUTO_TEST_CASE(typing_is_neither_sent_nor_told_where_it_is_off) {
  shared_room r;
  const auto sent = [&] { return told<edu_queued>(r.command(chat::typing{"chat-1", ann, true})).size(); };
  const auto heard = [&] {
    edu_received m;
    m.origin = "there.example";
    m.body.edu_type = "m.typing";
    m.body.content = object{{"room_id", r.room_id}, {"user_id", eve}, {"typing", true}};
    return told<ephemeral_notification>(r.on(m)).size();
  };
  BOOST_TEST(sent() == 1u);
  BOOST_TEST(heard() == 1u);
  change(r.node).federation.typing = false;
  BOOST_TEST(sent() == 0u);
  BOOST_TEST(heard() == 0u);
}

BOOST_AUTO_TEST_CASE(the_directory_is_told_who_of_ours_has_come_in_and_not_who_has_left) {
  updated_room r;
  r.push({r.made(ann, "m.room.member", {{"membership", "invite"}}, dora)}, "here.example");
  const auto came =
    told<local_users_joined>(r.push({r.made(dora, "m.room.member", {{"membership", "join"}}, dora)}, "here.example"));
  BOOST_REQUIRE(came.size() == 1u);
  BOOST_TEST((came[0].first == the_directory));
  BOOST_TEST(came[0].second.room_id == r.room_id);
  BOOST_TEST(came[0].second.users == std::vector<std::string>{dora}, boost::test_tools::per_element());
  BOOST_TEST(told<local_users_joined>(r.command(chat::member_leave{"chat-1", dora, {}})).empty());
  BOOST_TEST(told<local_users_joined>(r.push({r.made(eve, "m.room.message", {}, {})})).empty());
}

BOOST_AUTO_TEST_CASE(the_room_is_shown_with_the_names_and_pictures_its_members_have_now) {
  updated_room r;
  r.profile(bob, "Bob", "mxc://here.example/b");
  r.push(
    {r.made(eve, "m.room.member",
            object{{"membership", "join"}, {"displayname", "Eve"}, {"avatar_url", "mxc://there.example/e"}}, eve)});
  r.push({r.made(eli, "m.room.member", object{{"membership", "join"}, {"avatar_url", 7}}, eli)});
  const auto asked = of_kind<ask_store>(r.command(chat::query_room{"chat-1", {}}));
  BOOST_REQUIRE(asked.size() == 1u); // the invitations
  const auto answered = told<command_done>(r.on(store_says(asked[0].asked, store::invitations_found{})));
  BOOST_REQUIRE(answered.size() == 1u);
  const auto member = [](const std::string& user, const std::string& name, std::int64_t power, const std::string& role,
                         std::optional<std::string> avatar) {
    return chat::member_view{user, "join", name, power, role, std::move(avatar)};
  };
  chat::room_view expected{"chat-1", r.room_id, "11", {}, {}, "channel", {}, {}, false, {}, false};
  expected.members = {member(ann, "", 100, "owner", {}), member(bob, "Bob", 0, "member", "mxc://here.example/b"),
                      member(eli, "", 0, "member", {}), member(eve, "Eve", 0, "member", "mxc://there.example/e")};
  BOOST_TEST(answered[0].second.body == chat::encode(chat::answer{expected}));
}

BOOST_AUTO_TEST_SUITE_END()
