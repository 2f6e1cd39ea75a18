// Who is there: ours, as other servers are told, and theirs, as the chat server is.
#include "actors/directory/directory_machine.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>

using namespace causeway;
using namespace causeway::test;
using directory::directory_machine;
using directory::heard_presence;
using directory::own_presence;
using directory::presences;
using matrix::presence_state;

BOOST_AUTO_TEST_SUITE(directory_presence)

namespace {

using texts = std::vector<std::string>;
const std::string ann = "@ann:here.example", bob = "@bob:here.example", eve = "@eve:there.example";
const std::string a_room = "!a:here.example", b_room = "!b:here.example";

/// The directory of here.example, which knows ann and bob; rooms and the store are the test.
struct presence_rig {
  context node = here();
  std::unique_ptr<directory_machine> machine;
  std::map<std::string, texts> rooms_of{{ann, {a_room, b_room}}, {bob, {a_room}}}; ///< ours -> rooms
  std::map<std::string, texts> servers_of{{a_room, {"there.example"}}, {b_room, {"there.example", "third.example"}}};
  std::map<std::string, texts> members{{a_room, {ann, bob, eve}}, {b_room, {ann, eve}}}; ///< room -> who is in it
  bool rooms_answer = true;
  std::size_t rooms_asked = 0;
  time_ms now = noon, timer = 0;

  presence_rig() {
    change(node).federation.presence = true;
    machine = std::make_unique<directory_machine>(node, std::string(32, 's'));
    store::directory_loaded stored;
    stored.users = {{ann, "ann", "Ann", {}}, {bob, "bob", "Bob", {}}};
    for (const auto& [room, servers] : servers_of) {
      matrix::json::array named;
      for (const auto& server : servers) named.emplace_back(server);
      stored.rooms.push_back({room, "", "11", store::room_phase::joined, false,
                              matrix::json::canonical(matrix::json::object{{"servers", std::move(named)}})});
    }
    const auto question = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    settle(machine->on(store_says(question, std::move(stored)), now));
  }
  presence_rig(const presence_rig&) = delete; // the machine refers to `node`

  effects on(const message& m) { return settle(machine->on(m, now)); }
  effects settle(effects list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (const auto* w = std::get_if<wake_me_at>(&list[i]); w && w->name == presences::timer) timer = w->at;
      for (const auto& [to, m] : told<room_servers_request>({list[i]})) {
        ++rooms_asked;
        const bool is_in = std::ranges::count(members[to.key], m.user_id) > 0;
        if (rooms_answer)
          append(list, machine->on(room_servers_response{m.asked, is_in ? servers_of[to.key] : texts{}}, now));
      }
      for (const auto& q : of_kind<ask_store>({list[i]}))
        if (const auto* rooms = std::get_if<store::find_member_rooms>(&q.question))
          append(list, machine->on(store_says(q.asked, store::member_rooms_found{rooms_of[rooms->user_id], 0}), now));
    }
    return list;
  }
  effects pass(time_ms ms) {
    effects all;
    const auto until = now + ms;
    while (timer != 0 && timer <= until) {
      now = std::max(now, std::exchange(timer, 0));
      append(all, on(timer_due{presences::timer}));
    }
    now = until;
    return all;
  }
  effects command(chat::command x) {
    return on(command_received{{"s", "c1", 0}, std::make_shared<const chat::command>(std::move(x))});
  }
  effects say(const std::string& user, presence_state state, std::optional<std::string> status = {}) {
    return command(chat::set_presence{user, state, now, std::move(status), state == presence_state::online});
  }
  effects settle_edus(const effects& list, bool delivered) {
    effects all;
    for (const auto& [to, x] : told<edu_queued>(list)) append(all, on(edu_completed{x.asked, to.key, delivered}));
    return all;
  }
  effects hear(const std::string& user, presence_state state, const std::string& status = {}) {
    return on(presence_received{"there.example", {{user, state, 5'000, status, false}}});
  }
};

/// "server user state" of each entry in the EDUs, in order.
texts told_of(const effects& list) {
  texts found;
  for (const auto& [to, x] : told<edu_queued>(list)) {
    BOOST_TEST(x.edu_type == "m.presence");
    const auto content = *matrix::json::parse(x.content);
    for (const auto& one : *content.find_array("push"))
      found.push_back(to.key + " " + one.find_string("user_id")->substr(0, 4) + " " + *one.find_string("presence"));
  }
  return found;
}

/// "user state status" of what the chat server is told.
texts notified(const effects& list) {
  texts found;
  for (const auto& [to, n] : told<ephemeral_notification>(list)) {
    BOOST_TEST((to.kind == actor_kind::session));
    BOOST_TEST(n.name == "presence");
    const auto x = *edge::unpack<chat::presence_changed>(n.body, fault_code::bad_body);
    found.push_back(x.user.substr(0, 4) + " " + matrix::presence_states[static_cast<std::size_t>(x.state)] +
                    (x.status.empty() ? "" : " " + x.status));
  }
  return found;
}

/// What is said is told after that.
constexpr time_ms told_ms = own_presence::gather_ms + own_presence::together_ms;
constexpr auto online = presence_state::online, away = presence_state::unavailable, offline = presence_state::offline;

} // namespace

// -- ours

BOOST_FIXTURE_TEST_CASE(servers_that_share_a_room_with_a_user_are_told_that_they_are_there, presence_rig) {
  const auto answered = told<command_done>(say("ann", online));
  BOOST_REQUIRE(answered.size() == 1u);
  BOOST_TEST(answered[0].second.succeeded);
  BOOST_TEST(told_of(pass(told_ms - 1)).empty());
  const auto sent = pass(1);
  BOOST_TEST(told_of(sent) == (texts{"there.example @ann online", "third.example @ann online"}),
             boost::test_tools::per_element());
  const auto content = *matrix::json::parse(told<edu_queued>(sent).at(0).second.content);
  const auto& one = content.find_array("push")->at(0);
  BOOST_TEST(*one.find_integer("last_active_ago") == told_ms);
  BOOST_TEST(*one.find_bool("currently_active"));
  BOOST_TEST(one.find_string("status_msg") == nullptr);
}

BOOST_FIXTURE_TEST_CASE(what_changes_at_the_same_time_is_one_edu_for_each_server_and_the_newest_of_each_user,
                        presence_rig) {
  say("ann", online);
  say("bob", online);
  say("ann", away, "at lunch");
  const auto sent = pass(told_ms);
  BOOST_TEST(told<edu_queued>(sent).size() == 2u);
  BOOST_TEST(told_of(sent) ==
               (texts{"there.example @ann unavailable", "there.example @bob online", "third.example @ann unavailable"}),
             boost::test_tools::per_element());
  say("ann", online);
  BOOST_TEST(told_of(pass(5'000)).empty()); // the next when that has arrived
  BOOST_TEST(told_of(settle_edus(sent, true)) == (texts{"there.example @ann online", "third.example @ann online"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(whoever_is_there_is_told_again_before_others_forget_it_and_what_is_no_news_is_not,
                        presence_rig) {
  say("bob", online);
  settle_edus(pass(told_ms), true);
  say("bob", online);
  BOOST_TEST(told_of(pass(own_presence::again_ms - 10'000)).empty());
  auto sent = pass(20'000);
  BOOST_TEST(told_of(sent) == texts{"there.example @bob online"}, boost::test_tools::per_element());
  settle_edus(sent, true);
  say("bob", offline);
  sent = pass(told_ms);
  BOOST_TEST(told_of(sent) == texts{"there.example @bob offline"}, boost::test_tools::per_element());
  settle_edus(sent, true);
  BOOST_TEST(told_of(pass(2 * own_presence::again_ms)).empty());
}

BOOST_FIXTURE_TEST_CASE(server_that_is_down_is_told_nothing_old_when_it_is_back, presence_rig) {
  say("bob", online);
  settle_edus(pass(told_ms), false);
  BOOST_TEST(told_of(pass(60'000)).empty());
  say("bob", away);
  BOOST_TEST(told_of(pass(told_ms)) == texts{"there.example @bob unavailable"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_edu_of_which_nothing_is_heard_holds_nothing_up_for_ever, presence_rig) {
  say("bob", online);
  BOOST_TEST(told_of(pass(told_ms)).size() == 1u);
  say("bob", away);
  BOOST_TEST(told_of(pass(own_presence::settle_ms_max + told_ms)) == texts{"there.example @bob unavailable"},
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(all_of_a_chat_server_that_is_gone_are_told_as_offline, presence_rig) {
  say("ann", online);
  say("bob", away);
  settle_edus(pass(told_ms), true);
  on(chat_server_seen{false});
  pass(own_presence::chat_server_gone_ms / 2);
  on(chat_server_seen{true}); // it was restarted
  BOOST_TEST(told_of(pass(2 * own_presence::chat_server_gone_ms)).empty());
  on(chat_server_seen{false});
  BOOST_TEST(told_of(pass(own_presence::chat_server_gone_ms + own_presence::together_ms)) ==
               (texts{"there.example @ann offline", "there.example @bob offline", "third.example @ann offline"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(presence_that_is_switched_off_is_neither_sent_nor_told, presence_rig) {
  change(node).federation.presence = false;
  BOOST_TEST(told<command_done>(say("ann", online)).at(0).second.succeeded);
  BOOST_TEST(told_of(pass(3'600'000)).empty());
  BOOST_TEST(notified(hear(eve, online)).empty());
  change(node).federation.presence = true; // what was said before stays untold
  BOOST_TEST(told_of(pass(3'600'000)).empty());
  say("ann", online);
  BOOST_TEST(notified(hear(eve, online)).size() == 1u);
  change(node).federation.presence = false;
  const auto list = pass(3'600'000);
  BOOST_TEST(told_of(list).empty());
  BOOST_TEST(notified(list).empty());
}

BOOST_FIXTURE_TEST_CASE(server_that_is_denied_is_told_nothing_and_not_heard, presence_rig) {
  change(node).federation.deny_servers = {"there.example"};
  say("ann", online);
  BOOST_TEST(told_of(pass(told_ms)) == texts{"third.example @ann online"}, boost::test_tools::per_element());
  BOOST_TEST(notified(hear(eve, online)).empty());
}

BOOST_FIXTURE_TEST_CASE(room_that_a_user_has_left_or_that_does_not_answer_brings_no_server, presence_rig) {
  members[b_room] = {eve};
  say("ann", online);
  BOOST_TEST(told_of(pass(told_ms)) == texts{"there.example @ann online"}, boost::test_tools::per_element());
  rooms_answer = false;
  say("bob", online);
  BOOST_TEST(told_of(pass(told_ms + own_presence::answer_ms_max)).empty());
}

BOOST_FIXTURE_TEST_CASE(servers_of_a_room_that_a_user_has_come_into_are_told_at_once, presence_rig) {
  say("bob", online);
  settle_edus(pass(told_ms), true);
  rooms_of[bob].push_back(b_room);
  members[b_room].push_back(bob);
  on(local_users_joined{b_room, {bob}});
  const auto now_told = told_of(pass(told_ms));
  BOOST_TEST((std::ranges::count(now_told, "third.example @bob online") == 1));
}

BOOST_FIXTURE_TEST_CASE(whoever_is_deactivated_is_there_no_more, presence_rig) {
  say("bob", online);
  settle_edus(pass(told_ms), true);
  command(chat::user_deactivate{"bob"});
  BOOST_TEST(told_of(pass(told_ms)) == texts{"there.example @bob offline"}, boost::test_tools::per_element());
  const auto refused = told<command_done>(say("bob", online));
  BOOST_TEST((chat::decode_fault(refused.at(0).second.body).code == fault_code::user_deactivated));
}

BOOST_FIXTURE_TEST_CASE(more_users_than_an_edu_takes_go_in_several_one_after_the_other, presence_rig) {
  const auto count = matrix::presences_sent_max + 10;
  for (std::size_t i = 0; i < count; ++i) {
    const auto user = "u" + std::to_string(i);
    command(chat::user_profile{user, {}, {}, {}});
    const auto id = "@" + user + ":here.example";
    rooms_of[id] = {a_room};
    members[a_room].push_back(id);
    say(user, online);
  }
  auto sent = pass(told_ms);
  std::size_t found = 0;
  for (int round = 0; round < 20 && !told<edu_queued>(sent).empty(); ++round) {
    BOOST_TEST(told<edu_queued>(sent).size() == 1u);
    BOOST_TEST(told_of(sent).size() <= matrix::presences_sent_max);
    found += told_of(sent).size();
    sent = settle_edus(sent, true);
    append(sent, pass(100));
  }
  BOOST_TEST(found == count);
}

// -- theirs

BOOST_FIXTURE_TEST_CASE(chat_server_is_told_of_a_member_of_a_shared_room_and_only_what_is_news, presence_rig) {
  BOOST_TEST(notified(hear(eve, online, "hello")) == texts{"@eve online hello"}, boost::test_tools::per_element());
  const auto asked = rooms_asked;
  BOOST_TEST(asked <= 2u);
  now += 60'000;
  BOOST_TEST(notified(hear(eve, online, "hello")).empty());
  BOOST_TEST(notified(hear(eve, away, "hello")) == texts{"@eve unavailable hello"}, boost::test_tools::per_element());
  BOOST_TEST(rooms_asked == asked); // it is known that she is a member
  BOOST_TEST(notified(hear(eve, offline)) == texts{"@eve offline"}, boost::test_tools::per_element());
  BOOST_TEST(notified(pass(2 * heard_presence::believed_ms)).empty());
}

BOOST_FIXTURE_TEST_CASE(stranger_is_not_told_of_and_not_asked_about_again_and_again, presence_rig) {
  const std::string mallory = "@mal:there.example";
  BOOST_TEST(notified(hear(mallory, online)).empty());
  const auto asked = rooms_asked;
  BOOST_TEST(asked == 2u);
  for (int i = 0; i < 100; ++i) BOOST_TEST(notified(hear(mallory, i % 2 == 0 ? away : online)).empty());
  BOOST_TEST(rooms_asked == asked);
  members[a_room].push_back(mallory);
  pass(heard_presence::stranger_ms);
  BOOST_TEST(notified(hear(mallory, online)) == texts{"@mal online"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(server_that_shares_no_room_tells_nothing_and_costs_no_question, presence_rig) {
  on(presence_received{"else.example", {{"@x:else.example", online, {}, "", true}}});
  BOOST_TEST(rooms_asked == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_a_silent_server_said_ends_by_itself, presence_rig) {
  hear(eve, online);
  BOOST_TEST(notified(pass(heard_presence::believed_ms - 1)).empty());
  BOOST_TEST(notified(pass(1)) == texts{"@eve offline"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(member_who_has_left_is_told_as_offline_when_rooms_are_asked_again, presence_rig) {
  hear(eve, online);
  for (auto& [room, who] : members) std::erase(who, eve);
  pass(heard_presence::member_ms);
  BOOST_TEST(notified(hear(eve, away)) == texts{"@eve offline"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(chat_server_that_has_connected_is_told_again_who_is_there, presence_rig) {
  hear(eve, away, "at lunch");
  BOOST_TEST(notified(on(chat_server_seen{true})) == texts{"@eve unavailable at lunch"},
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(questions_about_users_of_one_server_are_bounded, presence_rig) {
  rooms_answer = false;
  std::vector<matrix::presence> many;
  for (int i = 0; i < 300; ++i) many.push_back({"@u" + std::to_string(i) + ":there.example", online, {}, "", false});
  on(presence_received{"there.example", many});
  BOOST_TEST(rooms_asked == 2 * heard_presence::questions_of_server_max);
  on(presence_received{"there.example", many});
  BOOST_TEST(rooms_asked == 2 * heard_presence::questions_of_server_max);
}

BOOST_FIXTURE_TEST_CASE(users_of_one_server_beyond_its_share_push_out_its_own, presence_rig) {
  std::size_t gone = 0;
  for (std::size_t i = 0; i <= heard_presence::users_of_server_max; ++i) {
    const auto user = "@u" + std::to_string(i) + ":there.example";
    members[a_room] = {user};
    ++now;
    for (const auto& line : notified(hear(user, online))) gone += line.ends_with("offline") ? 1 : 0;
  }
  BOOST_TEST(gone == 1u);
}

BOOST_FIXTURE_TEST_CASE(of_more_strangers_than_are_remembered_the_oldest_alone_is_asked_about_again, presence_rig) {
  const auto stranger = [](std::size_t i) { return "@s" + std::to_string(i) + ":there.example"; };
  for (std::size_t i = 0; i <= heard_presence::strangers_max; ++i) hear(stranger(i), online);
  const auto asked = rooms_asked;
  hear(stranger(1), away);
  hear(stranger(heard_presence::strangers_max), away);
  BOOST_TEST(rooms_asked == asked);
  hear(stranger(0), away);
  BOOST_TEST(rooms_asked == asked + 2);
}

BOOST_AUTO_TEST_SUITE_END()
