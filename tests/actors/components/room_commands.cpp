#include "actors/room/room_commands.hpp"

#include "actors/room/service_user.hpp"
#include "messages/invitation_key.hpp"
#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::membership;

BOOST_AUTO_TEST_SUITE(room_commands_alone)

namespace {

/// A room that does not exist yet: of what was there nothing is known.
struct creation_rig : command_rig {
  /// Whether each change of the state came while the room was made.
  struct listening_events : recorded_events {
    const room::room_commands* maker = nullptr;
    std::size_t loud = 0;
    void state_changed(const std::vector<room::state_change>& more) override {
      recorded_events::state_changed(more);
      if (!maker->is_creating()) ++loud;
    }
  };
  listening_events heard;
  room::authoring author{room, out, pending, writer, policy, heard};
  room::room_invitations invited{room, out, writer, author, inbound, heard};
  room::room_commands rooms{room, out, writer, author, invited, notifier};
  std::string founder = ann;
  std::vector<store::put_user> profiles;

  explicit creation_rig(std::string version = "11") : command_rig(std::move(version)) {
    heard.maker = &rooms;
    room.clear();
    room.head_changed = false;
    (void)take();
  }
  static chat::room_create wanted(chat::room_type type, std::vector<std::string> members = {}) {
    chat::room_create x;
    x.room = "chat-2";
    x.type = type;
    x.creator = ann;
    x.members = std::move(members);
    return x;
  }
  room::command_outcome create(const chat::room_create& x) {
    auto c = queued();
    c.command.create_event = *room::found_room(node, x, founder, "random", noon);
    c.command.profiles = std::make_shared<const std::vector<store::put_user>>(profiles);
    return rooms.run(c, x);
  }
  fault_code refused(const chat::room_create& x) { return refusal_of(create(x)); }
  /// As if it had never been tried.
  bool nothing_is_left() {
    const auto list = take();
    bool is_written = false;
    for (const auto& commit : of_kind<persist>(list)) is_written = is_written || !commit.batch.writes.empty();
    return !is_written && !room.exists && !rooms.is_creating() && invited.uncommitted().all().empty() &&
           told<room_invite_request>(list).empty() && told<pdu_queued>(list).empty();
  }
  std::string rule() const { return room.text("m.room.join_rules", "join_rule"); }
  const matrix::json::value* level_of(const std::string& user) const {
    return state_of("m.room.power_levels")->content().find("users")->find(user);
  }
};

chat::room_create channel(std::vector<std::string> members = {}) {
  return creation_rig::wanted(chat::room_type::channel, std::move(members));
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_channel_is_made_with_our_members_in_it_and_the_chat_server_hears_of_it_once, creation_rig) {
  auto x = channel({bob, ann});
  x.access = chat::visibility::public_;
  x.room_name = "Lobby";
  x.topic = "Welcome";
  x.alias = "lobby";
  profiles = {{bob, "bob", "Bob", "mxc://here.example/b"}};
  const auto answer = answer_of<chat::room_created_answer>(create(x));
  BOOST_TEST(answer.matrix_room_id == room_id);
  BOOST_TEST(answer.room_version == "11");
  BOOST_TEST(answer.invitations.empty());
  BOOST_TEST(room.takes_part());
  BOOST_TEST(room.head.chat_room_id == "chat-2");
  BOOST_TEST((room.type() == chat::room_type::channel));
  BOOST_TEST(rule() == "public");
  BOOST_TEST(room.text("m.room.name", "name") == "Lobby");
  BOOST_TEST(room.text("m.room.topic", "topic") == "Welcome");
  BOOST_TEST(room.text("m.room.canonical_alias", "alias") == "#lobby:here.example");
  BOOST_TEST((of(ann) == membership::join));
  BOOST_TEST((of(bob) == membership::join));
  BOOST_TEST(*member_event_of(bob)->content().find("displayname")->as_string() == "Bob");
  BOOST_REQUIRE(level_of(ann));
  BOOST_TEST(*level_of(ann)->as_integer() == 100);
  BOOST_TEST(level_of(bob) == nullptr);
  BOOST_TEST(!heard.changes.empty());
  BOOST_TEST(heard.loud == 0u);
  BOOST_TEST(!rooms.is_creating());
  BOOST_TEST(room.head_changed);
  const auto list = take();
  BOOST_TEST(told<room_named>(list).size() == 1u);
  const auto shown = notified<chat::system_message>(list);
  BOOST_REQUIRE(shown.size() == 1u);
  BOOST_TEST(shown[0].kind == "created");
  BOOST_TEST(servers_of_events(list).empty());
}

BOOST_FIXTURE_TEST_CASE(in_a_private_room_each_is_invited_before_they_are_in, creation_rig) {
  BOOST_TEST(is_done(create(channel({bob}))));
  BOOST_TEST(rule() == "invite");
  std::vector<std::string> of_bob;
  for (const auto& c : heard.changes)
    if (c.key.second == bob && c.after) of_bob.emplace_back(name(c.after->membership()));
  BOOST_TEST(of_bob == (std::vector<std::string>{"invite", "join"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_direct_message_to_another_server_is_a_room_with_an_invitation_under_way, creation_rig) {
  const auto answer = answer_of<chat::room_created_answer>(create(wanted(chat::room_type::dm, {zoe})));
  BOOST_REQUIRE(answer.invitations.size() == 1u);
  BOOST_TEST(answer.invitations[0].user == zoe);
  BOOST_TEST(answer.invitations[0].state == "sending");
  BOOST_TEST(answer.invitations[0].room == "chat-2");
  const auto list = take();
  const auto rows = written<store::put_invitation>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].user_id == zoe);
  const auto words = told<room_invite_request>(list);
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST((words[0].first == address{actor_kind::invitation, invitation::key_of(room_id, zoe)}));
  BOOST_TEST(!words[0].second.command.has_value()); // the RESULT is the room's
  BOOST_TEST(*words[0].second.event->content().find("is_direct")->as_bool());
  BOOST_TEST(notified<chat::invitation_changed>(list).at(0).state == "sending");
  BOOST_TEST((of(zoe) == membership::none));
  BOOST_REQUIRE(level_of(zoe)); // she may bring in a friend
  BOOST_TEST(*level_of(zoe)->as_integer() == 50);
}

BOOST_FIXTURE_TEST_CASE(a_room_that_exists_is_not_made_again, creation_rig) {
  (void)create(channel());
  (void)take();
  const auto before = room.graph.extremities();
  BOOST_TEST((refused(channel()) == fault_code::already_exists));
  BOOST_TEST((room.graph.extremities() == before));
  BOOST_TEST(written<store::put_event>(take()).empty());
}

BOOST_AUTO_TEST_CASE(who_may_come_in_needs_a_version_that_knows_of_it) {
  for (const auto& [version, knocks, of_others, is_made] :
       {std::tuple{"6", true, false, false}, std::tuple{"7", true, false, true}, std::tuple{"7", false, true, false},
        std::tuple{"8", false, true, true}, std::tuple{"9", true, true, false}, std::tuple{"10", true, true, true}}) {
    creation_rig r{version};
    auto x = channel();
    if (knocks) x.access = chat::visibility::knock;
    if (of_others) x.members_of = {"!space:there.example"};
    const auto code = r.refused(x);
    BOOST_TEST((code == (is_made ? fault_code::none : fault_code::unsupported_room_version)), version);
    if (!is_made) BOOST_TEST(r.nothing_is_left(), version);
    else BOOST_TEST(r.rule() == (knocks && of_others ? "knock_restricted" : knocks ? "knock" : "restricted"), version);
  }
}

BOOST_FIXTURE_TEST_CASE(members_of_a_space_are_let_in_by_its_id, creation_rig) {
  auto x = channel();
  x.members_of = {"!space:there.example"};
  BOOST_TEST(is_done(create(x)));
  const auto* allow = state_of("m.room.join_rules")->content().find("allow");
  BOOST_REQUIRE(allow);
  BOOST_TEST(*allow->as_array()->at(0).find_string("room_id") == "!space:there.example");
}

BOOST_FIXTURE_TEST_CASE(a_room_of_which_a_part_cannot_be_made_is_not_made_and_the_next_try_is, creation_rig) {
  auto x = channel({bob, zoe});
  x.topic = std::string(limits::authored_content_bytes_max, 't');
  BOOST_TEST((refused(x) == fault_code::too_large));
  BOOST_TEST(nothing_is_left());
  x.topic = "short";
  BOOST_TEST(is_done(create(x)));
  BOOST_TEST(room.takes_part());
}

BOOST_FIXTURE_TEST_CASE(a_member_of_a_denied_server_costs_the_room_and_the_others_hear_nothing, creation_rig) {
  change(node).federation.deny_servers = {"denied.example"};
  BOOST_TEST((refused(channel({bob, zoe, "@m:denied.example"})) == fault_code::server_denied));
  BOOST_TEST(nothing_is_left());
}

BOOST_FIXTURE_TEST_CASE(a_service_user_founds_the_room_above_its_owner, creation_rig) {
  founder = "@service:here.example";
  BOOST_TEST(is_done(create(channel({bob}))));
  BOOST_TEST((of(founder) == membership::join));
  BOOST_TEST((of(ann) == membership::join));
  BOOST_TEST(*level_of(founder)->as_integer() == room::service_user_level);
  BOOST_TEST(*level_of(ann)->as_integer() == 100);
  BOOST_TEST(room::service_user_of(room) == founder);
  BOOST_TEST(room.graph.create()->sender == founder);
}

BOOST_FIXTURE_TEST_CASE(so_many_who_talk_among_themselves_that_no_event_names_them_have_no_level_of_their_own,
                        creation_rig) {
  std::vector<std::string> members;
  for (int i = 0; i < 120; ++i)
    members.push_back("@" + std::string(200, 'x') + std::to_string(1'000 + i) + ":here.example");
  BOOST_TEST(is_done(create(wanted(chat::room_type::group_dm, members))));
  BOOST_TEST((of(members.back()) == membership::join));
  BOOST_TEST(level_of(members.front()) == nullptr);
  BOOST_REQUIRE(level_of(ann));
}

BOOST_FIXTURE_TEST_CASE(a_room_for_this_server_alone_says_so_itself, creation_rig) {
  auto x = channel();
  x.federated = false;
  BOOST_TEST(is_done(create(x)));
  BOOST_TEST(!*room.graph.create()->content().find("m.federate")->as_bool());
  BOOST_TEST(!room.head.federated);
}

BOOST_AUTO_TEST_SUITE_END()
