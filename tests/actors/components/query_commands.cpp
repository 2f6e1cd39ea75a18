#include "actors/room/query_commands.hpp"

#include "messages/edge/packing.hpp"
#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_query_commands_alone)

namespace {

struct queries_rig : command_rig {
  room::query_commands queries{room, out, pending};

  effects ask(std::optional<std::string> after = {}) {
    BOOST_TEST(
      std::holds_alternative<room::ends_later>(queries.run(queued(), chat::query_room{"chat-1", std::move(after)})));
    return take();
  }
  static chat::room_view view_in(const effects& list) {
    const auto done = told<command_done>(list);
    if (done.size() != 1 || !done[0].second.succeeded) throw std::runtime_error("not one view");
    return *edge::unpack<chat::room_view>(done[0].second.body, fault_code::bad_body);
  }
  effects hear_of(const effects& asked, store::answer found) {
    return hear<room::question::room_view>(queries, stored(asked, std::move(found)));
  }
  chat::room_view view(std::optional<std::string> after = {}) {
    return view_in(hear_of(ask(std::move(after)), store::invitations_found{}));
  }
};

/// "user membership role level" of each.
std::vector<std::string> shown(const chat::room_view& x) {
  std::vector<std::string> all;
  for (const auto& m : x.members)
    all.push_back(m.user + " " + m.membership + " " + m.role.value_or("-") + " " + std::to_string(m.power));
  return all;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_room_is_shown_with_who_is_in_it_and_what_they_are, queries_rig) {
  set(ann, "m.room.name", {{"name", "Lobby"}});
  set(ann, "m.room.topic", {{"topic", "Welcome"}});
  set(ann, "m.room.avatar", {{"url", "mxc://here.example/a"}});
  give_level(bob, 50);
  member(ann, cyd, "ban");
  member(eli, eli, "leave");
  const auto x = view();
  BOOST_TEST(x.room == "chat-1");
  BOOST_TEST(x.matrix_room_id == room_id);
  BOOST_TEST(x.room_version == "11");
  BOOST_TEST(x.type == "channel");
  BOOST_TEST(x.room_name == "Lobby");
  BOOST_TEST(x.topic == "Welcome");
  BOOST_TEST(x.avatar.value_or("") == "mxc://here.example/a");
  BOOST_TEST(shown(x) == (std::vector{ann + " join owner 100", bob + " join moderator 50", cyd + " ban member 0",
                                      eli + " leave member 0", eve + " join member 0"}),
             boost::test_tools::per_element());
  BOOST_TEST(!x.more_members);
  BOOST_TEST(x.invitations.empty());
  BOOST_TEST(!x.more_invitations);
}

BOOST_FIXTURE_TEST_CASE(a_room_without_name_and_picture_says_so, queries_rig) {
  const auto x = view();
  BOOST_TEST(x.room_name == "");
  BOOST_TEST(x.topic == "");
  BOOST_TEST(!x.avatar.has_value());
}

// A chat server put it into the page of its users as the address of a picture.
BOOST_FIXTURE_TEST_CASE(a_picture_that_is_no_mxc_uri_is_none, queries_rig) {
  give_level(eve, 50);
  set(eve, "m.room.avatar", {{"url", "javascript:alert(1)"}});
  set(eve, "m.room.member", {{"membership", "join"}, {"displayname", "Eve"}, {"avatar_url", "https://x.example/a"}},
      eve);
  const auto x = view();
  BOOST_TEST(!x.avatar.has_value());
  BOOST_TEST(x.members.back().user == eve);
  BOOST_TEST(x.members.back().display_name == "Eve");
  BOOST_TEST(!x.members.back().avatar.has_value());
}

BOOST_FIXTURE_TEST_CASE(members_come_in_pages, queries_rig) {
  for (std::size_t i = 4; i <= chat::listed_members_max; ++i) {
    const auto user = "@u" + std::to_string(10'000 + i) + ":there.example";
    member(user, user, "join");
  }
  const auto first = view();
  BOOST_TEST(first.members.size() == chat::listed_members_max);
  BOOST_TEST(first.more_members);
  const auto last = view(first.members.back().user);
  BOOST_TEST(last.members.size() == 1u);
  BOOST_TEST(last.members.at(0).user > first.members.back().user);
  BOOST_TEST(!last.more_members);
  BOOST_TEST(view("@zzz:there.example").members.empty());
}

BOOST_FIXTURE_TEST_CASE(invitations_are_those_of_the_store, queries_rig) {
  const auto asked = ask();
  const auto question = std::get<store::find_invitations>(of_kind<ask_store>(asked).at(0).question);
  BOOST_TEST(question.room_id == room_id);
  BOOST_TEST(!queries.is_idle());
  store::invitations_found found;
  store::put_invitation row;
  row.room_id = room_id;
  row.user_id = zoe;
  row.inviter = ann;
  row.direction = invitation_direction::outgoing;
  row.state = invitation_state::sending;
  found.invitations.push_back(row);
  found.next.emplace();
  const auto list = hear_of(asked, found);
  const auto x = view_in(list);
  BOOST_REQUIRE(x.invitations.size() == 1u);
  BOOST_TEST(x.invitations[0].user == zoe);
  BOOST_TEST(x.invitations[0].room == "chat-1");
  BOOST_TEST(x.invitations[0].state == "sending");
  BOOST_TEST(x.more_invitations);
  BOOST_TEST(written<store::put_command_result>(list).empty()); // a repeated question is asked again
  BOOST_TEST(queries.is_idle());
}

BOOST_FIXTURE_TEST_CASE(a_store_that_says_nothing_ends_the_question, queries_rig) {
  (void)ask();
  after(room::pending_questions::store_patience_ms);
  BOOST_TEST((refusal_in(hear_nothing<room::question::room_view>(queries)).code == fault_code::timed_out));
  BOOST_TEST(queries.is_idle());
}

BOOST_FIXTURE_TEST_CASE(a_room_whose_invitations_cannot_be_read_is_not_shown_as_one_that_has_none, queries_rig) {
  BOOST_TEST((refusal_in(hear_of(ask(), fault{fault_code::store_failed, "disk"})).code == fault_code::store_failed));
  BOOST_TEST(queries.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
