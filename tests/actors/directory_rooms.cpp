// The chat server's ids of rooms: given, bound, gone over to another room; and a dm of two who have one.
#include "actors/directory/directory_machine.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using directory::direct_rooms;
using directory::directory_machine;

BOOST_AUTO_TEST_SUITE(directory_rooms)

namespace {

const std::string old_dm = "!dm:here.example", eve = "@eve:there.example";

/// The directory of here.example: ann and bob, a room chat-1, and a dm of ann and eve.
struct rooms_rig {
  context node = here();
  std::unique_ptr<directory_machine> machine;
  time_ms now = noon;

  explicit rooms_rig(const std::string& dm_name = "dm-1",
                     const std::string& people = R"("@ann:here.example","@eve:there.example")", bool pending = false) {
    machine = std::make_unique<directory_machine>(node, std::string(32, 's'));
    store::directory_loaded stored;
    stored.users = {{"@ann:here.example", "ann", "Ann", {}}, {"@bob:here.example", "bob", "Bob", {}}};
    stored.rooms.push_back({"!r:here.example", "chat-1", "11", store::room_phase::joined, false, {}});
    stored.rooms.push_back({old_dm, dm_name, "11", store::room_phase::joined, false, R"({"direct":[)" + people + "]}"});
    if (pending) stored.invitations_pending.emplace_back(old_dm, eve);
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, std::move(stored)), now);
  }
  effects command(chat::command x) {
    return machine->on(command_received{{"s", "c1", 0}, std::make_shared<const chat::command>(std::move(x))}, now);
  }
  fault refusal(chat::command x) {
    const auto results = told<command_done>(command(std::move(x)));
    return results.size() == 1 && !results[0].second.succeeded ? chat::decode_fault(results[0].second.body) : fault{};
  }
  std::string room_of(const std::string& named) {
    const auto commands = told<chat_command>(command(chat::query_room{named, {}}));
    return commands.size() == 1 ? commands[0].first.key : std::string{};
  }
  effects create(const std::string& room, const std::string& other = eve) {
    chat::room_create x;
    x.room = room;
    x.creator = "ann";
    x.members = {other};
    return command(std::move(x));
  }
  static direct_request question_in(const effects& list) {
    const auto asked = told<direct_request>(list);
    BOOST_REQUIRE(asked.size() == 1U);
    BOOST_TEST(told<chat_command>(list).empty());
    return asked[0].second;
  }
  effects answer(const direct_request& q, bool is_one, const std::string& chat_room_id = {}) {
    return machine->on(direct_response{q.asked, is_one, chat_room_id, "11"}, now);
  }
};

chat::room_created_answer answer_in(const effects& list) {
  const auto done = told<command_done>(list);
  BOOST_REQUIRE(done.size() == 1U);
  BOOST_REQUIRE(done[0].second.succeeded);
  const auto map = edge::unpacked_map::parse(done[0].second.body, fault_code::bad_body);
  chat::room_created_answer x;
  x.matrix_room_id = map->find("matrix_room_id")->as<std::string>();
  if (const auto* reused = map->find("reused")) x.reused = reused->as<bool>();
  if (const auto* room = map->find("room")) x.room = room->as<std::string>();
  return x;
}

} // namespace

// -- ids

BOOST_AUTO_TEST_CASE(a_room_is_bound_by_a_command_and_works_by_either_name) {
  rooms_rig r;
  const auto list = r.command(chat::room_bind{"!new:there.example", "chat-2"});
  BOOST_REQUIRE(written<store::bind_room>(list).size() == 1U);
  BOOST_TEST(written<store::bind_room>(list)[0].room_id == "!new:there.example");
  BOOST_TEST(written<store::bind_room>(list)[0].chat_room_id == "chat-2");
  BOOST_TEST(told<room_named>(list).at(0).first.key == "!new:there.example");
  BOOST_TEST(told<command_done>(list).at(0).second.succeeded);
  BOOST_TEST(r.room_of("chat-2") == "!new:there.example");
  BOOST_TEST(r.room_of("!new:there.example") == "!new:there.example");
}

BOOST_AUTO_TEST_CASE(an_own_id_is_one_room_s_and_a_room_has_one) {
  rooms_rig r;
  BOOST_TEST((r.refusal(chat::room_bind{old_dm, "chat-1"}).code == fault_code::already_exists));
  BOOST_TEST((r.refusal(chat::room_bind{"chat-1", "chat-1"}).code == fault_code::none)); // it is so already
  for (const auto* odd : {"!x:here.example", "#x:here.example"})
    BOOST_TEST((r.refusal(chat::room_bind{old_dm, odd}).code == fault_code::invalid_identifier));
  BOOST_TEST((r.refusal(chat::room_bind{"chat-9", "chat-2"}).code == fault_code::not_found));
  r.command(chat::room_bind{"chat-1", "chat-2"});
  BOOST_TEST(r.room_of("chat-2") == "!r:here.example");
  BOOST_TEST(r.room_of("chat-1") == "");
}

BOOST_AUTO_TEST_CASE(an_id_goes_over_to_the_room_that_another_goes_on_as) {
  rooms_rig r;
  const std::string next = "!next:here.example";
  auto list = r.machine->on(room_named{next, "chat-1", "!other:here.example"}, r.now);
  BOOST_TEST(r.room_of("chat-1") == "!r:here.example"); // who does not have it gives nothing away
  list = r.machine->on(room_named{next, "chat-1", "!r:here.example"}, r.now);
  BOOST_TEST(r.room_of("chat-1") == next);
  BOOST_TEST(told<room_named>(list).at(0).first.key == next);
}

BOOST_AUTO_TEST_CASE(commands_about_a_room_that_changes_reach_it_with_matrix_ids) {
  rooms_rig r;
  const auto reached = [&](chat::command x) {
    const auto commands = told<chat_command>(r.command(std::move(x)));
    BOOST_REQUIRE(commands.size() == 1U);
    BOOST_TEST(commands[0].first.key == "!r:here.example");
    return commands[0].second;
  };
  BOOST_TEST(std::get<chat::room_set_name>(*reached(chat::room_set_name{"chat-1", "ann", "x"}).body).by ==
             "@ann:here.example");
  BOOST_TEST(std::get<chat::room_set_topic>(*reached(chat::room_set_topic{"chat-1", "ann", "x"}).body).by ==
             "@ann:here.example");
  BOOST_TEST(std::get<chat::room_set_avatar>(*reached(chat::room_set_avatar{"chat-1", "ann", {}}).body).by ==
             "@ann:here.example");
  BOOST_TEST(std::get<chat::room_remove>(*reached(chat::room_remove{"chat-1", "ann", {}}).body).by ==
             "@ann:here.example");
  const auto upgrade = reached(chat::room_upgrade{"chat-1", "ann", {}});
  BOOST_TEST(std::get<chat::room_upgrade>(*upgrade.body).by == "@ann:here.example");
  BOOST_TEST(upgrade.random.size() == 24U);
  BOOST_TEST(reached(chat::room_upgrade{"chat-1", "ann", {}}).random != upgrade.random);
  reached(chat::message_bind{"chat-1", "$a", "m1"});
  BOOST_TEST((r.refusal(chat::message_bind{"chat-1", "$a", "$b"}).code == fault_code::invalid_identifier));
}

BOOST_AUTO_TEST_CASE(an_alias_that_one_room_gives_up_is_the_other_s_that_claims_it) {
  rooms_rig r;
  const auto means = [&] {
    chat::room_join x;
    x.room = "#lobby:here.example";
    x.user = "ann";
    const auto commands = told<chat_command>(r.command(std::move(x)));
    return commands.size() == 1 ? commands[0].first.key : std::string{};
  };
  r.machine->on(room_listed{"!r:here.example", R"({"aliases":["#lobby:here.example"]})"}, r.now);
  r.machine->on(room_listed{"!next:here.example", R"({"aliases":["#lobby:here.example"]})"}, r.now);
  BOOST_TEST(means() == "!r:here.example");
  r.machine->on(room_listed{"!r:here.example", {}}, r.now);
  BOOST_TEST(means() == "!next:here.example");
}

BOOST_AUTO_TEST_CASE(users_of_other_servers_are_refused_in_a_room_that_does_not_federate) {
  rooms_rig r;
  chat::room_create x;
  x.room = "inside";
  x.type = chat::room_type::channel;
  x.creator = "ann";
  x.members = {"bob", eve};
  x.federated = false;
  BOOST_TEST((r.refusal(x).code == fault_code::not_federated));
  x.type = chat::room_type::dm;
  x.members = {eve};
  BOOST_TEST((r.refusal(x).code == fault_code::not_federated)); // whatever dm they have
}

// -- a dm of two who have one

BOOST_AUTO_TEST_CASE(a_dm_of_two_who_have_one_is_that_one) {
  rooms_rig r;
  const auto q = r.question_in(r.create("dm-2"));
  BOOST_TEST(q.creator == "@ann:here.example");
  BOOST_TEST(q.other == eve);
  const auto list = r.answer(q, true, "dm-1");
  const auto answer = answer_in(list);
  BOOST_TEST(answer.matrix_room_id == old_dm);
  BOOST_TEST((answer.reused == true));
  BOOST_TEST((answer.room == "dm-1")); // it has an own id, which it keeps
  BOOST_TEST(written<store::bind_room>(list).empty());
  BOOST_TEST(r.room_of("dm-2") == "");
}

BOOST_AUTO_TEST_CASE(a_dm_without_an_own_id_gets_the_new_one) {
  rooms_rig r{""};
  const auto list = r.answer(r.question_in(r.create("dm-2")), true);
  BOOST_TEST((answer_in(list).room == "dm-2"));
  BOOST_REQUIRE(written<store::bind_room>(list).size() == 1U);
  BOOST_TEST(written<store::bind_room>(list)[0].room_id == old_dm);
  BOOST_TEST(r.room_of("dm-2") == old_dm);
}

BOOST_AUTO_TEST_CASE(a_dm_that_is_over_is_made_anew) {
  rooms_rig r;
  const auto list = r.answer(r.question_in(r.create("dm-2")), false);
  const auto commands = told<chat_command>(list);
  BOOST_REQUIRE(commands.size() == 1U);
  BOOST_TEST((commands[0].second.create_event != nullptr));
  BOOST_TEST(commands[0].first.key != old_dm);
  // It is not asked again, the new one is.
  BOOST_TEST(told<direct_request>(r.create("dm-3")).at(0).first.key == commands[0].first.key);
}

BOOST_AUTO_TEST_CASE(a_room_that_says_nothing_holds_nobody_up) {
  rooms_rig r;
  r.create("dm-2");
  r.now += direct_rooms::patience_ms;
  BOOST_TEST(told<chat_command>(r.machine->on(timer_due{timer_kind::direct}, r.now)).size() == 1U);
}

BOOST_AUTO_TEST_CASE(commands_that_name_the_dm_wait_until_it_is_known_which_it_is) {
  rooms_rig r{""};
  const auto q = r.question_in(r.create("dm-2"));
  BOOST_TEST(r.room_of("dm-2") == "");
  BOOST_TEST(r.room_of("chat-1") == "!r:here.example");
  const auto commands = told<chat_command>(r.answer(q, true));
  BOOST_REQUIRE(commands.size() == 1U);
  BOOST_TEST(commands[0].first.key == old_dm);
  BOOST_TEST(std::holds_alternative<chat::query_room>(*commands[0].second.body));
}

BOOST_AUTO_TEST_CASE(too_many_commands_do_not_wait) {
  rooms_rig r;
  r.create("dm-2");
  for (std::size_t i = 0; i < direct_rooms::held_back_max; ++i)
    BOOST_TEST((r.refusal(chat::query_room{"dm-2", {}}).code == fault_code::none));
  BOOST_TEST((r.refusal(chat::query_room{"dm-2", {}}).code == fault_code::overloaded));
}

BOOST_AUTO_TEST_CASE(other_people_get_a_dm_of_their_own) {
  rooms_rig r;
  BOOST_TEST(told<chat_command>(r.create("dm-2", "bob")).size() == 1U);
  BOOST_TEST(told<direct_request>(r.create("dm-3", "@eva:there.example")).empty());
  // Whom one of them has just got is known at once.
  BOOST_TEST(r.question_in(r.create("dm-4", "bob")).other == "@bob:here.example");
}

BOOST_AUTO_TEST_CASE(an_invitation_that_is_under_way_makes_a_dm_known_after_a_restart) {
  rooms_rig r{"dm-1", R"("@ann:here.example")", true};
  BOOST_TEST(r.question_in(r.create("dm-2")).other == eve);
  rooms_rig alone{"dm-1", R"("@ann:here.example")"};
  BOOST_TEST(told<chat_command>(alone.create("dm-2")).size() == 1U);
}

BOOST_AUTO_TEST_CASE(no_more_than_some_rooms_are_asked) {
  rooms_rig r;
  for (int i = 0; i < 20; ++i)
    r.machine->on(room_listed{"!dm" + std::to_string(i) + ":here.example",
                              R"({"direct":["@ann:here.example","@eve:there.example"]})"},
                  r.now);
  auto list = r.create("dm-2");
  std::size_t asked = 0;
  for (; !told<direct_request>(list).empty(); ++asked) list = r.answer(told<direct_request>(list)[0].second, false);
  BOOST_TEST(asked == direct_rooms::asked_max);
  BOOST_TEST(told<chat_command>(list).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_dm_that_a_third_has_come_to_or_that_is_left_is_not_asked) {
  rooms_rig r;
  r.machine->on(room_listed{old_dm, {}}, r.now);
  BOOST_TEST(told<direct_request>(r.create("dm-2")).empty());
  rooms_rig s;
  s.machine->on(room_listed{old_dm, R"({"direct":["@ann:here.example","@bob:here.example","@eve:there.example"]})"},
                s.now);
  BOOST_TEST(told<direct_request>(s.create("dm-2")).empty());
}

BOOST_AUTO_TEST_SUITE_END()
