// Direct messages and groups of them: who may do what, and what the room is when somebody comes.
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_direct)

namespace {

const std::string zoe = "@zoe:there.example";

/// A room of ann's at here.example with members that are invited, of here.example at once.
struct own_room : shared_room {
  own_room(chat::room_type type, std::vector<std::string> members, std::string version = "11")
      : shared_room(std::move(version), false) {
    chat::room_create wanted;
    wanted.room = "chat-2";
    wanted.type = type;
    wanted.creator = ann;
    wanted.members = std::move(members);
    const auto create = *room::found_room(node, wanted, ann, "other", now);
    room_id = create->room_id;
    disk = {};
    restart();
    chat_command c;
    c.create_event = create;
    created = command(std::move(wanted), std::move(c));
    for (const auto& row : written<store::put_invitation>(created)) take(row);
  }
  /// The invited server signs.
  void take(const store::put_invitation& row) {
    on(invite_accepted_by_server{row.user_id, *matrix::parse_event(row.event, rules())});
  }
  effects invite(const std::string& by, const std::string& user) {
    return command(chat::invite_send{"chat-2", by, user, {}});
  }
  std::string type() const { return *matrix::json::parse(machine->describe(now))->find_string("type"); }
  std::int64_t level(const std::string& user) const {
    const auto* x = event(state().at({"m.room.power_levels", ""}))->content().find("users")->find(user);
    return x ? *x->as_integer() : 0;
  }
  effects pushed(const std::string& by, const std::string& user, const std::string& membership) {
    return push({made(by, "m.room.member", {{"membership", membership}}, user)});
  }

  effects created;
};

} // namespace

BOOST_AUTO_TEST_CASE(whoever_is_named_at_the_creation_of_a_dm_may_invite_and_take_back) {
  for (const auto* version : {"6", "10", "11", "12"})
    for (const auto type : {chat::room_type::dm, chat::room_type::group_dm}) {
      own_room r{type, type == chat::room_type::dm ? std::vector{eve} : std::vector{bob, eve}, version};
      BOOST_TEST(r.level(eve) == 50, version);
      BOOST_TEST(r.level(ann) == (r.rules().privileged_creators ? 0 : 100),
                 version); // version 12: above everybody, and never listed
      r.join(eve);
      r.pushed(eve, zoe, "invite");
      BOOST_TEST(r.membership(zoe) == "invite", version);
      r.pushed(eve, zoe, "leave");
      BOOST_TEST(r.membership(zoe) == "leave", version);
    }
}

BOOST_AUTO_TEST_CASE(their_own_invitations_can_be_taken_back_by_their_creator_and_he_not_be_removed_by_them) {
  own_room r{chat::room_type::group_dm, {eve, eli}};
  r.join(eli);
  r.on(revoke_invite{eve, {}, ann, {}, {}, {}});
  BOOST_TEST(r.membership(eve) == "leave");
  r.pushed(eli, ann, "leave");
  BOOST_TEST(r.membership(ann) == "join");
}

BOOST_AUTO_TEST_CASE(in_a_channel_only_its_creator_begins_with_power) {
  own_room r{chat::room_type::channel, {bob, eve}};
  BOOST_TEST(r.level(eve) == 0);
  BOOST_TEST(r.level(bob) == 0);
  r.join(eve);
  r.pushed(eve, zoe, "invite");
  BOOST_TEST(r.membership(zoe) == "");
}

BOOST_AUTO_TEST_CASE(a_group_whose_levels_would_fill_half_an_event_is_made_without_their_levels) {
  std::vector<std::string> many;
  for (int i = 0; i < 300; ++i) many.push_back("@" + std::string(100, 's') + std::to_string(i) + ":here.example");
  own_room r{chat::room_type::group_dm, many};
  BOOST_TEST((refusal_in(r.created).code == fault_code::none));
  BOOST_TEST(r.level(many[0]) == 0);
  BOOST_TEST(r.level(ann) == 100);
}

BOOST_AUTO_TEST_CASE(a_dm_that_a_third_person_is_invited_to_is_a_group_and_stays_one) {
  own_room r{chat::room_type::dm, {eve}};
  r.join(eve);
  BOOST_TEST(r.type() == "dm");
  r.on(invite_accepted_by_server{zoe, told<room_invite_request>(r.invite(ann, zoe)).at(0).second.event});
  BOOST_TEST(r.type() == "group_dm");
  r.pushed(zoe, zoe, "leave");
  BOOST_TEST(r.type() == "group_dm");
  r.restart();
  BOOST_TEST(r.type() == "group_dm");
}

BOOST_AUTO_TEST_CASE(a_room_we_are_invited_to_is_what_its_state_says_when_we_are_in_it) {
  for (const bool is_direct : {true, false})
    for (const auto& members : {std::vector{eve}, std::vector{bob, eve}}) {
      own_room r{chat::room_type::group_dm, members};
      joining_server there{r};
      join_request w;
      w.user_id = eve;
      w.via = {"here.example"};
      w.is_direct = is_direct;
      const auto created = notified<chat::room_created>(there.on(w));
      BOOST_REQUIRE(created.size() == 1u);
      BOOST_TEST(created[0].type == (members.size() == 1 ? "dm" : "group_dm"));
    }
  shared_room named{"11", false}; // public
  joining_server there{named};
  join_request w;
  w.user_id = eve;
  w.via = {"here.example"};
  BOOST_TEST(notified<chat::room_created>(there.on(w)).at(0).type == "channel");
}

BOOST_AUTO_TEST_CASE(an_invitation_to_a_group_tells_of_more_than_the_inviter) {
  own_room r{chat::room_type::group_dm, {bob, eve}};
  const auto row = written<store::put_invitation>(r.created).at(0);
  const auto told = *matrix::json::parse(row.invite_room_state);
  const auto invite = *matrix::parse_event(row.event, r.rules());
  BOOST_TEST((infer_room_type(traits_of_invite(*invite, told)) == chat::room_type::group_dm));
  own_room channel{chat::room_type::channel, {bob, eve}};
  const auto other = *matrix::json::parse(written<store::put_invitation>(channel.created).at(0).invite_room_state);
  for (const auto& e : *other.as_array())
    BOOST_TEST((*e.find_string("type") != "m.room.member" || *e.find_string("state_key") == ann));
}

// -- asked whether it is the dm of two

namespace {

bool says_it_is(shared_room& r, const std::string& creator, const std::string& other) {
  const auto answered = told<direct_response>(r.on(direct_request{1, creator, other}));
  BOOST_REQUIRE(answered.size() == 1U);
  return answered[0].second.is_one;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_dm_says_that_it_is_one_from_its_first_moment) {
  own_room r{chat::room_type::dm, {eve}};
  BOOST_TEST(says_it_is(r, ann, eve));
  BOOST_TEST(!says_it_is(r, bob, eve));
  BOOST_TEST(!says_it_is(r, ann, zoe));
  own_room group{chat::room_type::group_dm, {eve, zoe}};
  BOOST_TEST(!says_it_is(group, ann, eve));
}

BOOST_AUTO_TEST_CASE(a_dm_that_is_left_or_goes_on_elsewhere_is_none_any_more) {
  own_room r{chat::room_type::dm, {eve}};
  r.pushed(eve, eve, "leave");
  BOOST_TEST(!says_it_is(r, ann, eve));
  own_room left{chat::room_type::dm, {eve}};
  left.command(chat::member_leave{"chat-2", ann, {}});
  BOOST_TEST(!says_it_is(left, ann, eve));
  own_room replaced{chat::room_type::dm, {eve}};
  replaced.push({replaced.made(ann, "m.room.tombstone", {{"replacement_room", "!next:here.example"}}, "")},
                "here.example");
  BOOST_TEST(!says_it_is(replaced, ann, eve));
}

BOOST_AUTO_TEST_CASE(a_dm_lists_its_people_and_a_channel_does_not) {
  own_room r{chat::room_type::dm, {bob}};
  const auto listed = written<store::put_room_listing>(r.created);
  BOOST_REQUIRE(!listed.empty());
  BOOST_TEST(listed.back().listing.find(R"("direct":["@ann:here.example","@bob:here.example"])") != std::string::npos);
  own_room channel{chat::room_type::channel, {bob}};
  for (const auto& row : written<store::put_room_listing>(channel.created))
    BOOST_TEST(row.listing.find("direct") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
