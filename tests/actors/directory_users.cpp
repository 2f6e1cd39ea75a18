#include "actors/directory/directory_machine.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using directory::directory_machine;

BOOST_AUTO_TEST_SUITE(directory_users)

namespace {

/// The directory of here.example, which knows ann and the room chat-1.
struct directory_rig {
  context node = here();
  std::unique_ptr<directory_machine> machine;
  std::vector<store::put_user> users{{"@ann:here.example", "ann", "Ann", {}}};
  time_ms now = noon;

  directory_rig() { begin(); }
  void begin() {
    machine = std::make_unique<directory_machine>(node, std::string(32, 's'));
    store::directory_loaded stored;
    stored.users = users;
    stored.rooms.push_back({"!r:here.example", "chat-1", "11", store::room_phase::joined, false, {}});
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, std::move(stored)), now);
  }
  effects command(chat::command x) {
    const auto done =
      machine->on(command_received{{"s", "c1", 0}, std::make_shared<const chat::command>(std::move(x))}, now);
    for (const auto& row : written<store::put_user>(done)) {
      std::erase_if(users, [&](const auto& one) { return one.user_id == row.user_id; });
      users.push_back(row);
    }
    return done;
  }
  fault refusal(chat::command x) {
    const auto results = told<command_done>(command(std::move(x)));
    return results.size() == 1 && !results[0].second.succeeded ? chat::decode_fault(results[0].second.body) : fault{};
  }
  /// What reached the room of a command.
  template <class T>
  T handed_on(T x) {
    const auto commands = told<chat_command>(command(std::move(x)));
    BOOST_REQUIRE(commands.size() == 1u);
    return std::get<T>(*commands[0].second.body);
  }
  bool others_find(const std::string& user_id) {
    federation_call call;
    call.gateway = "g";
    call.origin = "there.example";
    call.match = std::make_shared<const matrix::endpoint_match>(*matrix::match_endpoint(
      "GET", "/_matrix/federation/v1/query/profile?user_id=" + matrix::percent_encode(user_id)));
    return told<federation_reply>(machine->on(call, now)).at(0).second.status == 200;
  }
  std::string field(const effects& answered, const char* key) {
    const auto body = told<command_done>(answered).at(0).second.body; // which the map refers to
    const auto map = edge::unpacked_map::parse(body, fault_code::bad_body);
    BOOST_REQUIRE(map->find(key));
    return map->find(key)->as<std::string>();
  }
};

chat::room_create a_channel(std::string creator, std::vector<std::string> members) {
  chat::room_create x;
  x.room = "new";
  x.type = chat::room_type::channel;
  x.creator = std::move(creator);
  x.members = std::move(members);
  return x;
}

chat::message_send a_message(std::string sender, std::vector<std::string> mentions = {}) {
  chat::message_send x;
  x.room = "chat-1";
  x.sender = std::move(sender);
  x.message = "m1";
  x.text = "hi";
  x.mentions = std::move(mentions);
  return x;
}

constexpr const char* ghost = "@bobb:here.example";

} // namespace

BOOST_FIXTURE_TEST_CASE(a_misspelled_user_becomes_no_ghost_that_others_find, directory_rig) {
  BOOST_TEST((refusal(a_channel("ann", {"bobb"})).code == fault_code::not_found));
  BOOST_TEST((refusal(chat::invite_send{"chat-1", "ann", "bobb", {}}).code == fault_code::not_found));
  BOOST_TEST((refusal(chat::invite_send{"chat-1", "ann", ghost, {}}).code == fault_code::not_found));
  BOOST_TEST(handed_on(a_message("ann", {"bobb"})).mentions == std::vector<std::string>{ghost},
             boost::test_tools::per_element());
  BOOST_TEST(handed_on(a_message("bobb")).sender == ghost); // the room says that he is no member
  BOOST_TEST(handed_on(chat::member_leave{"chat-1", "bobb", {}}).user == ghost);
  BOOST_TEST(handed_on(chat::typing{"chat-1", "bobb", true}).user == ghost);
  BOOST_TEST(handed_on(chat::message_delete{"chat-1", "bobb", "m1", {}}).by == ghost);
  const auto edit = handed_on(chat::message_edit{"chat-1", "bobb", "m1", "hi", {}, {"bobb", "@room"}});
  BOOST_TEST(edit.sender == ghost);
  BOOST_TEST(edit.mentions == (std::vector<std::string>{ghost, "@room"}), boost::test_tools::per_element());
  BOOST_TEST(handed_on(chat::reaction_add{"chat-1", "bobb", "m1", "+"}).user == ghost);
  BOOST_TEST(handed_on(chat::reaction_remove{"chat-1", "bobb", "m1", "+"}).user == ghost);
  BOOST_TEST(handed_on(chat::mark_read{"chat-1", "bobb", "m1", {}}).user == ghost);
  BOOST_TEST(handed_on(chat::query_receipts{"chat-1", "m1", "bobb"}).after.value() == ghost);
  BOOST_TEST(handed_on(chat::query_read_positions{"chat-1", "bobb"}).after.value() == ghost);
  BOOST_TEST(handed_on(chat::invite_revoke{"chat-1", "bobb", "bobb", {}}).user == ghost);
  BOOST_TEST(handed_on(chat::knock_reject{"chat-1", "bobb", "bobb", {}}).user == ghost);
  BOOST_TEST(handed_on(chat::knock_retract{"chat-1", "bobb", {}}).user == ghost);
  BOOST_TEST(handed_on(chat::invite_answer{"chat-1", "bobb", false, {}}).user == ghost);
  BOOST_TEST(of_kind<ask_store>(command(chat::query_invitations{{}, "bobb", false})).size() == 1u);
  BOOST_TEST((refusal(chat::query_user{"bobb"}).code == fault_code::not_found));
  BOOST_TEST((refusal(chat::room_join{"no such room", "bobb", {}}).code == fault_code::not_found));
  BOOST_TEST(!others_find(ghost));
  BOOST_TEST(users.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_refused_room_makes_nobody, directory_rig) {
  BOOST_TEST((refusal(a_channel("carl", {"@b ob:there.example"})).code == fault_code::invalid_identifier));
  BOOST_TEST(!others_find("@carl:here.example"));
}

BOOST_FIXTURE_TEST_CASE(a_user_exists_when_the_chat_server_says_so_or_lets_him_act, directory_rig) {
  command(chat::user_profile{"said", {}, {}, {}});
  command(a_channel("creator", {"creator", "said"}));
  handed_on(chat::room_join{"!r:there.example", "joiner", {}});
  handed_on(chat::room_knock{"!r:there.example", "knocker", {}, {}});
  handed_on(chat::invite_answer{"!r:there.example", "guest", true, {}});
  for (const auto* user : {"said", "creator", "joiner", "knocker", "guest"}) {
    BOOST_TEST(others_find("@" + std::string{user} + ":here.example"), user);
    BOOST_TEST((refusal(chat::invite_send{"chat-1", "ann", user, {}}).code == fault_code::none), user);
  }
  begin(); // from what is on disk
  for (const auto* user : {"said", "creator", "joiner", "knocker", "guest"})
    BOOST_TEST(others_find("@" + std::string{user} + ":here.example"), user);
}

BOOST_FIXTURE_TEST_CASE(the_creator_may_be_among_the_members_under_either_name, directory_rig) {
  const auto made =
    handed_on(a_channel("newcomer", {"@newcomer:here.example", "newcomer", "ann", "@ann:here.example"}));
  BOOST_TEST(made.creator == "@newcomer:here.example");
  BOOST_TEST(made.members == std::vector<std::string>{"@ann:here.example"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(users_of_other_servers_are_taken_with_any_name_real_servers_have, directory_rig) {
  for (const auto* id :
       {"@freenode_Nick:there.example", "@UPPER:there.example", "@a|@b!#:there.example", "@jos\u00e9:there.example"}) {
    BOOST_TEST(handed_on(chat::invite_send{"chat-1", "ann", id, {}}).user == id);
    BOOST_TEST(handed_on(chat::invite_revoke{"chat-1", "ann", id, {}}).user == id);
    BOOST_TEST(handed_on(chat::knock_reject{"chat-1", "ann", id, {}}).user == id);
    BOOST_TEST(handed_on(a_message("ann", {id})).mentions.at(0) == id);
    auto channel = a_channel("ann", {id});
    channel.room = id; // another one each time
    channel.room.insert(0, "r");
    BOOST_TEST(handed_on(channel).members.at(0) == id);
    const auto asked = of_kind<ask_store>(command(chat::query_invitations{{}, id, false}));
    BOOST_TEST(std::get<store::find_invitations>(asked.at(0).question).user_id == id);
    BOOST_TEST(handed_on(chat::query_room{"chat-1", id}).members_after.value() == id);
  }
  // Whoever has such a name in a room already can be spoken of; nobody is invited by a slip of the pen.
  BOOST_TEST(handed_on(chat::knock_reject{"chat-1", "ann", "@b ob:there.example", {}}).user == "@b ob:there.example");
  BOOST_TEST(
    (refusal(chat::invite_send{"chat-1", "ann", "@b ob:there.example", {}}).code == fault_code::invalid_identifier));
  BOOST_TEST(
    (refusal(chat::invite_send{"chat-1", "ann", "@:there.example", {}}).code == fault_code::invalid_identifier));
}

BOOST_FIXTURE_TEST_CASE(list_of_invitations_goes_on_where_the_answer_before_ended, directory_rig) {
  const auto question = [&](std::optional<std::string> after) {
    return of_kind<ask_store>(command(chat::query_invitations{{}, {}, true, std::move(after)})).at(0);
  };
  const auto after_of = [](const ask_store& x) { return std::get<store::find_invitations>(x.question).after; };
  const auto first = question({});
  BOOST_TEST(!after_of(first));
  store::invitations_found page;
  page.invitations.resize(2);
  page.next = store::invitation_place{1, noon, 17};
  const auto next = field(machine->on(store_says(first.asked, page), now), "next");
  const auto second = question(next);
  BOOST_TEST((after_of(second) == page.next));
  const auto last = told<command_done>(machine->on(store_says(second.asked, store::invitations_found{}), now));
  const auto body = last.at(0).second.body;
  const auto map = edge::unpacked_map::parse(body, fault_code::bad_body);
  BOOST_TEST(!map->find("next"));
  BOOST_TEST(!map->find("more_invitations")->as<bool>());
  BOOST_TEST((refusal(chat::query_invitations{{}, {}, true, "17"}).code == fault_code::invalid_param));
}

BOOST_FIXTURE_TEST_CASE(what_is_no_name_of_a_user_is_refused_wherever_it_stands, directory_rig) {
  for (const auto* wrong : {"bob@example.org", "#x:there.example", "!x", " ", "bo\tb", "@bob", "@BOB:here.example"}) {
    const chat::command commands[] = {a_channel(wrong, {}),
                                      a_channel("ann", {wrong}),
                                      chat::invite_send{"chat-1", wrong, "@eve:there.example", {}},
                                      chat::invite_send{"chat-1", "ann", wrong, {}},
                                      chat::invite_revoke{"chat-1", "ann", wrong, {}},
                                      chat::invite_answer{"chat-1", wrong, true, {}},
                                      chat::invite_answer{"chat-1", wrong, false, {}},
                                      chat::room_join{"chat-1", wrong, {}},
                                      chat::room_knock{"chat-1", wrong, {}, {}},
                                      chat::knock_retract{"chat-1", wrong, {}},
                                      chat::knock_reject{"chat-1", "ann", wrong, {}},
                                      a_message(wrong),
                                      a_message("ann", {wrong}),
                                      chat::message_delete{"chat-1", wrong, "m1", {}},
                                      chat::message_edit{"chat-1", wrong, "m1", "hi", {}, {}},
                                      chat::message_edit{"chat-1", "ann", "m1", "hi", {}, {wrong}},
                                      chat::reaction_add{"chat-1", wrong, "m1", "+"},
                                      chat::reaction_remove{"chat-1", wrong, "m1", "+"},
                                      chat::mark_read{"chat-1", wrong, "m1", {}},
                                      chat::query_receipts{"chat-1", "m1", wrong},
                                      chat::query_read_positions{"chat-1", wrong},
                                      chat::member_leave{"chat-1", wrong, {}},
                                      chat::typing{"chat-1", wrong, true},
                                      chat::user_profile{wrong, "B", {}, {}},
                                      chat::query_invitations{{}, wrong, false},
                                      chat::query_user{wrong}};
    for (const auto& x : commands) {
      const auto why = refusal(x);
      BOOST_TEST((why.code == fault_code::invalid_identifier), chat::name(x)
                                                                 << " with " << wrong << ": " << to_string(why));
      BOOST_TEST(why.detail.find(": ") != std::string::npos); // the field stands before it
    }
  }
  BOOST_TEST(users.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_user_of_another_server_cannot_act_for_us, directory_rig) {
  BOOST_TEST((refusal(a_channel("@eve:there.example", {})).code == fault_code::invalid_param));
  BOOST_TEST((refusal(a_message("@eve:there.example")).code == fault_code::invalid_param));
  BOOST_TEST((refusal(chat::mark_read{"chat-1", "@eve:there.example", "m1", {}}).code == fault_code::invalid_param));
  BOOST_TEST((refusal(chat::user_profile{"@eve:there.example", {}, {}, {}}).code == fault_code::invalid_param));
  BOOST_TEST((refusal(chat::query_user{"@eve:there.example"}).code == fault_code::invalid_param));
}

BOOST_FIXTURE_TEST_CASE(a_profile_may_choose_the_localpart_and_the_user_is_asked_for_by_either_name, directory_rig) {
  BOOST_TEST(field(command(chat::user_profile{"rbAXPn", "Ann B.", {}, "annb"}), "user") == "@annb:here.example");
  BOOST_TEST((refusal(chat::user_profile{"rbAXPn", {}, {}, "other"}).code == fault_code::conflict));
  BOOST_TEST((refusal(chat::user_profile{"0815", {}, {}, "annb"}).code == fault_code::already_exists));
  BOOST_TEST((refusal(chat::user_profile{"0815", {}, {}, "Ann B"}).code == fault_code::invalid_identifier));
  for (const auto* name : {"rbAXPn", "@annb:here.example"}) {
    const auto answer = command(chat::query_user{name});
    BOOST_TEST(field(answer, "user") == "@annb:here.example");
    BOOST_TEST(field(answer, "own_id") == "rbAXPn");
    BOOST_TEST(field(answer, "display_name") == "Ann B.");
  }
  BOOST_TEST(handed_on(a_message("rbAXPn")).sender == "@annb:here.example");
  command(chat::user_profile{"@carl:here.example", {}, {}, {}});
  BOOST_TEST(field(command(chat::query_user{"@carl:here.example"}), "own_id").empty());
}

BOOST_FIXTURE_TEST_CASE(own_ids_of_rooms_and_messages_do_not_look_like_matrix_ids, directory_rig) {
  for (const auto* wrong : {"!x", "#x", "!x:here.example"}) {
    auto x = a_channel("ann", {});
    x.room = wrong;
    BOOST_TEST((refusal(x).code == fault_code::invalid_identifier), wrong);
  }
  auto x = a_message("ann");
  x.message = "$m1";
  BOOST_TEST((refusal(x).code == fault_code::invalid_identifier));
}

BOOST_AUTO_TEST_SUITE_END()
