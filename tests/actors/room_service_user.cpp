// Channels that a service user has founded: every role can be changed in them, and they go when all others have gone.
#include "actors/room/service_user.hpp"

#include "messages/edge/packing.hpp"
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_service_user)

namespace {

constexpr const char* versions[] = {"10", "11", "12"};
const std::string service = "@rooms:here.example";

/// A channel that ann has made, founded by the service user; bob is in it.
struct serviced_room : room_host {
  effects made;

  explicit serviced_room(std::string version, chat::visibility access = chat::visibility::private_)
      : room_host(here(std::move(version))) {
    chat::room_create wanted;
    wanted.room = "chat-1";
    wanted.type = chat::room_type::channel;
    wanted.access = access;
    wanted.creator = ann;
    wanted.members = {bob};
    wanted.room_name = "Lobby";
    const auto create = *room::found_room(node, wanted, service, "random", now);
    room_id = create->room_id;
    restart();
    chat_command c;
    c.create_event = create;
    made = command(std::move(wanted), std::move(c));
  }
  bool succeeds(chat::command x) {
    const auto list = command(std::move(x));
    const auto done = told<command_done>(list);
    BOOST_REQUIRE(done.size() == 1u);
    return done[0].second.succeeded;
  }
  bool give(const std::string& by, const std::string& user, chat::role wanted) {
    return succeeds(chat::member_set_role{"chat-1", by, user, wanted});
  }
  std::int64_t level(const std::string& user) const {
    const auto create = event(state().at({"m.room.create", ""}));
    return matrix::power_levels{create.get(), event(state().at({"m.room.power_levels", ""})).get()}.of_user(user);
  }
  /// What the room says to itself is heard.
  effects say_to_itself(effects list) {
    effects all;
    for (const auto& [to, m] : told<chat_command>(list))
      if (to == address{actor_kind::room, room_id}) append(all, on(m));
    return all;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(who_makes_a_channel_is_its_owner_and_the_service_user_is_above_them) {
  for (const auto* version : versions)
    for (const auto access : {chat::visibility::private_, chat::visibility::public_}) {
      serviced_room r{version, access};
      BOOST_TEST(told<command_done>(r.made).at(0).second.succeeded, version);
      for (const auto& user : {service, ann, bob}) BOOST_TEST(r.membership(user) == "join", version << ' ' << user);
      BOOST_TEST(r.level(ann) == 100);
      BOOST_TEST(r.level(service) > 100);
      BOOST_TEST(r.event(r.state().at({"m.room.create", ""}))->sender == service);
      BOOST_TEST(r.event(r.state().at({"m.room.name", ""}))->sender == ann);
    }
}

BOOST_AUTO_TEST_CASE(an_owner_takes_the_role_of_another_owner_and_of_who_has_made_the_channel) {
  for (const auto* version : versions) {
    serviced_room r{version};
    BOOST_TEST(r.give(ann, bob, chat::role::owner), version);
    chat::query_can may{"chat-1", bob, chat::action::set_role, ann, chat::role::member};
    const auto list = r.command(may);
    BOOST_TEST(
      edge::unpack<chat::can_answer>(told<command_done>(list).at(0).second.body, fault_code::bad_body)->verdict ==
      "yes");
    BOOST_TEST(r.give(bob, ann, chat::role::member), version);
    BOOST_TEST(r.level(ann) == 0);
    BOOST_TEST(r.level(bob) == 100);
  }
}

BOOST_AUTO_TEST_CASE(who_is_no_owner_gets_nothing_by_the_service_user) {
  for (const auto* version : versions) {
    serviced_room r{version};
    BOOST_TEST(!r.give(bob, bob, chat::role::owner), version);
    BOOST_TEST(!r.give(bob, ann, chat::role::member), version);
    BOOST_TEST(r.give(ann, bob, chat::role::moderator), version);
    BOOST_TEST(!r.give(bob, ann, chat::role::member), version);
    BOOST_TEST(r.level(ann) == 100);
    BOOST_TEST(!r.give(ann, service, chat::role::member), version); // nobody is above the service user
  }
}

BOOST_AUTO_TEST_CASE(service_user_goes_with_the_last_of_ours) {
  for (const auto* version : versions) {
    serviced_room r{version};
    BOOST_TEST(told<chat_command>(r.command(chat::member_leave{"chat-1", bob, {}})).empty());
    auto list = r.command(chat::member_leave{"chat-1", ann, {}});
    r.say_to_itself(std::move(list));
    BOOST_TEST(r.membership(service) == "leave", version);
    BOOST_TEST((r.disk.head.phase == store::room_phase::left));
  }
}

BOOST_AUTO_TEST_CASE(room_of_others_makes_nobody_of_ours_a_service_user) {
  shared_room r;
  auto content = r.event(r.state().at({"m.room.create", ""}))->content();
  BOOST_TEST(!content.contains(room::service_user_key)); // who founds a room for themselves is named nowhere
  BOOST_TEST(told<chat_command>(r.command(chat::member_leave{"chat-1", bob, {}})).empty());
}

BOOST_AUTO_TEST_SUITE_END()
