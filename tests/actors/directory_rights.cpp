// Who of our users may federate, who takes invitations, who is deactivated, and what their rooms are told.
#include "actors/directory/directory_machine.hpp"

#include "actors/directory/user_updates.hpp"
#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>

using namespace causeway;
using namespace causeway::test;
using directory::directory_machine;
using directory::user_updates;

BOOST_AUTO_TEST_SUITE(directory_rights)

namespace {

using texts = std::vector<std::string>;
using fields = std::map<std::string, std::string>;

/// The directory of here.example, which knows ann and bob; the store is the test.
struct rights_rig {
  context node = here();
  std::unique_ptr<directory_machine> machine;
  std::vector<store::put_user> users{{"@ann:here.example", "ann", "Ann", {}}, {"@bob:here.example", "bob", "Bob", {}}};
  std::map<std::string, texts> rooms_of; ///< user -> rooms
  std::vector<store::put_invitation> invitations;
  std::vector<std::pair<std::string, member_update_request>> asked; ///< of rooms, in order
  texts commands;                                                   ///< to rooms, of nobody
  time_ms now = noon, timer = 0;

  rights_rig() { begin(); }
  void begin() {
    machine = std::make_unique<directory_machine>(node, std::string(32, 's'));
    store::directory_loaded stored;
    stored.users = users;
    stored.rooms.push_back({"!r:here.example", "chat-1", "11", store::room_phase::joined, false, {}});
    const auto question = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    settle(machine->on(store_says(question, std::move(stored)), now));
  }
  /// The store answers.
  effects settle(effects list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (const auto* w = std::get_if<wake_me_at>(&list[i]); w && w->name == user_updates::timer) timer = w->at;
      for (const auto& row : written<store::put_user>({list[i]})) {
        std::erase_if(users, [&](const auto& one) { return one.user_id == row.user_id; });
        users.push_back(row);
      }
      for (const auto& [to, m] : told<member_update_request>({list[i]})) asked.emplace_back(to.key, m);
      for (const auto& [to, m] : told<chat_command>({list[i]}))
        if (m.reference.command_id.empty()) commands.push_back(chat::name(*m.body) + std::string{" "} + to.key);
      for (const auto& q : of_kind<ask_store>({list[i]})) {
        if (const auto* rooms = std::get_if<store::find_member_rooms>(&q.question)) {
          const auto& all = rooms_of[rooms->user_id];
          store::member_rooms_found found;
          const auto end = std::min(all.size(), static_cast<std::size_t>(rooms->after) + rooms->limit);
          found.room_ids.assign(all.begin() + rooms->after, all.begin() + static_cast<std::ptrdiff_t>(end));
          found.next = end < all.size() ? static_cast<std::int64_t>(end) : 0;
          append(list, machine->on(store_says(q.asked, found), now));
        } else if (std::holds_alternative<store::find_invitations>(q.question)) {
          append(list, machine->on(store_says(q.asked, store::invitations_found{invitations, {}}), now));
        }
      }
    }
    return list;
  }
  effects command(chat::command x) {
    return settle(
      machine->on(command_received{{"s", "c1", 0}, std::make_shared<const chat::command>(std::move(x))}, now));
  }
  /// A room answers the last question.
  void room_says(bool is_done) { settle(machine->on(member_updated{asked.back().second.asked, is_done}, now)); }
  void wait() {
    now = std::max(now, std::exchange(timer, 0));
    settle(machine->on(timer_due{user_updates::timer}, now));
  }
  fault refusal(chat::command x) {
    const auto results = told<command_done>(command(std::move(x)));
    return results.size() == 1 && !results[0].second.succeeded ? chat::decode_fault(results[0].second.body) : fault{};
  }
  chat::user_view view(chat::command x) {
    return *edge::unpack<chat::user_view>(told<command_done>(command(std::move(x))).at(0).second.body,
                                          fault_code::bad_body);
  }
  std::pair<int, std::string> call(const std::string& method, const std::string& target, const std::string& body = {}) {
    federation_call c;
    c.gateway = "g";
    c.origin = "there.example";
    c.match = std::make_shared<const matrix::endpoint_match>(*matrix::match_endpoint(method, target));
    if (!body.empty()) c.body = std::make_shared<const matrix::json::value>(*matrix::json::parse(body));
    const auto replies = told<federation_reply>(machine->on(c, now));
    return replies.empty() ? std::pair{0, std::string{}} : std::pair{replies[0].second.status, replies[0].second.body};
  }
  std::pair<int, std::string> profile_of(const std::string& user) {
    return call("GET", "/_matrix/federation/v1/query/profile?user_id=" + matrix::percent_encode(user));
  }
  /// Status and errcode of an invitation from outside; 0: it goes on.
  std::string invited(const std::string& user) {
    const auto [status, body] = call("PUT", "/_matrix/federation/v2/invite/%21x%3Athere.example/%24e",
                                     R"({"event":{"state_key":")" + user + R"("},"room_version":"11"})");
    const auto parsed = matrix::json::parse(body.empty() ? "{}" : body);
    return std::to_string(status) + (body.empty() ? "" : " " + *parsed->find_string("errcode"));
  }
  bool admitted(const std::string& user) {
    const invite_admission_request wanted{{actor_kind::invitation, "k"}, 1, "there.example", user};
    const auto done = machine->on(wanted, now);
    return told<invite_admitted>(done).at(0).second.is_known;
  }
  texts rooms_asked() const {
    texts rooms;
    for (const auto& [room, m] : asked) rooms.push_back(room);
    return rooms;
  }
};

const std::string bob_id = "@bob:here.example";

chat::user_profile renamed(std::string name) { return {"bob", std::move(name), {}, {}}; }

chat::room_create a_room(bool federated, texts members) {
  static int rooms = 0;
  chat::room_create x;
  x.room = "new " + std::to_string(++rooms); // of one that is being made another command is refused
  x.type = chat::room_type::channel;
  x.creator = "ann";
  x.members = std::move(members);
  x.federated = federated;
  return x;
}

} // namespace

// -- who may federate -------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(who_may_not_federate_is_in_no_room_that_does_and_invites_nobody_out_there, rights_rig) {
  BOOST_TEST((refusal(a_room(true, {"bob"})).code == fault_code::none));
  command(chat::user_may_federate{"bob", false});
  begin();
  const auto refused = refusal(a_room(true, {"bob"}));
  BOOST_TEST((refused.code == fault_code::may_not_federate));
  BOOST_TEST(refused.detail.starts_with("members: @bob:here.example"), refused.detail);
  BOOST_TEST((refusal(a_room(false, {"bob"})).code == fault_code::none));
  BOOST_TEST(
    (refusal(chat::invite_send{"chat-1", "bob", "@eve:there.example", {}}).code == fault_code::may_not_federate));
  BOOST_TEST((refusal(chat::invite_send{"chat-1", "ann", "@eve:there.example", {}}).code == fault_code::none));
  BOOST_TEST(invited(bob_id) == "403 M_FORBIDDEN");
  BOOST_TEST(invited("@ann:here.example") == "0");
  BOOST_TEST(!admitted(bob_id));
  command(chat::user_may_federate{"bob", true});
  BOOST_TEST((refusal(a_room(true, {"bob"})).code == fault_code::none));
  BOOST_TEST(admitted(bob_id));
}

BOOST_FIXTURE_TEST_CASE(the_rule_for_all_counts_for_those_of_whom_nothing_is_said, rights_rig) {
  change(node).federation.users_may_federate = federating_users::allowed;
  BOOST_TEST((refusal(a_room(true, {})).code == fault_code::may_not_federate)); // ann, who makes it
  command(chat::user_may_federate{"ann", true});
  BOOST_TEST((refusal(a_room(true, {})).code == fault_code::none));
  BOOST_TEST((refusal(a_room(true, {"bob"})).code == fault_code::may_not_federate));
  BOOST_TEST(*view(chat::query_user{"ann"}).may_federate);
  BOOST_TEST(!view(chat::query_user{"bob"}).may_federate.has_value());
  BOOST_TEST(!view(chat::user_may_federate{"ann", {}}).may_federate.has_value()); // as all again
  BOOST_TEST((refusal(a_room(true, {})).code == fault_code::may_not_federate));
}

BOOST_FIXTURE_TEST_CASE(who_takes_no_invitations_is_asked_by_no_other_server, rights_rig) {
  auto x = renamed("Bob");
  x.invites = invite_policy::block;
  command(x);
  begin();
  BOOST_TEST(invited(bob_id) == "403 M_INVITE_BLOCKED");
  BOOST_TEST(!admitted(bob_id));
  BOOST_TEST((*view(chat::query_user{"bob"}).invites == invite_policy::block));
  BOOST_TEST((refusal(chat::invite_send{"chat-1", "ann", "bob", {}}).code == fault_code::none)); // ours may
  x.invites = invite_policy::allow;
  command(x);
  BOOST_TEST(invited(bob_id) == "0");
}

// -- deactivation -----------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(whoever_is_deactivated_is_nobody_for_others_and_does_nothing_any_more, rights_rig) {
  BOOST_TEST(profile_of(bob_id).first == 200);
  BOOST_TEST(*view(chat::user_deactivate{"bob"}).deactivated_ts == noon);
  begin();
  BOOST_TEST(profile_of(bob_id).first == 404);
  BOOST_TEST(call("GET", "/_matrix/federation/v1/user/devices/%40bob%3Ahere.example").first == 404);
  BOOST_TEST(invited(bob_id) == "404 M_NOT_FOUND");
  BOOST_TEST(!admitted(bob_id));
  for (const chat::command& x :
       {chat::command{renamed("Robert")}, chat::command{chat::user_may_federate{"bob", true}},
        chat::command{chat::invite_send{"chat-1", "ann", "bob", {}}}, chat::command{a_room(false, {"bob"})},
        chat::command{chat::room_join{"!r:there.example", "bob", {}}},
        chat::command{chat::typing{"chat-1", "bob", true}},
        chat::command{chat::invite_answer{"!r:there.example", "bob", true, {}}}})
    BOOST_TEST((refusal(x).code == fault_code::user_deactivated), chat::name(x));
  now += 1'000;
  BOOST_TEST(*view(chat::user_deactivate{"bob"}).deactivated_ts == noon); // again: the same
  BOOST_TEST((refusal(chat::user_deactivate{"nobody"}).code == fault_code::not_found));
}

BOOST_FIXTURE_TEST_CASE(whoever_is_deactivated_leaves_one_room_after_the_other_until_each_has_said_so, rights_rig) {
  rooms_of[bob_id] = {"!a:here.example", "!b:here.example"};
  store::put_invitation invitation;
  invitation.room_id = "!c:there.example";
  invitation.user_id = bob_id;
  invitation.direction = invitation_direction::incoming;
  auto knock = invitation;
  knock.room_id = "!k:there.example";
  knock.direction = invitation_direction::knock;
  invitations = {invitation, knock};
  command(chat::user_deactivate{"bob"});
  BOOST_TEST(commands == (texts{"invite.answer !c:there.example", "knock.retract !k:there.example"}),
             boost::test_tools::per_element());
  BOOST_TEST(rooms_asked() == texts{"!a:here.example"}, boost::test_tools::per_element());
  BOOST_TEST(asked[0].second.leaves);
  room_says(false); // is about to
  BOOST_TEST(rooms_asked().back() == "!b:here.example");
  room_says(true);
  BOOST_TEST(asked.size() == 2u);
  BOOST_TEST((users.back().update == store::user_update::leave));
  invitations.clear();
  begin(); // a restart in the middle: all of it again
  BOOST_TEST(asked.size() == 3u);
  room_says(true);
  room_says(true);
  BOOST_TEST(asked.size() == 4u);
  BOOST_TEST((users.back().update == store::user_update::none));
  begin(); // so soon a join may have ended of which word was lost
  BOOST_TEST(asked.size() == 5u);
  room_says(true);
  room_says(true);
  now += user_updates::joins_end_ms;
  begin();
  BOOST_TEST(asked.size() == 6u); // it is done
}

BOOST_FIXTURE_TEST_CASE(whose_join_ends_after_they_were_deactivated_leaves_that_room_too, rights_rig) {
  rooms_of[bob_id] = {"!a:here.example"};
  command(chat::user_deactivate{"bob"});
  room_says(true);
  BOOST_TEST(asked.size() == 1u);
  BOOST_TEST((users.back().update == store::user_update::none));
  rooms_of[bob_id].push_back("!late:there.example");
  settle(machine->on(local_users_joined{"!late:there.example", {"@ann:here.example", bob_id}}, now));
  BOOST_TEST((users.back().update == store::user_update::leave)); // over a restart too
  room_says(true);
  BOOST_TEST(rooms_asked() == (texts{"!a:here.example", "!a:here.example", "!late:there.example"}),
             boost::test_tools::per_element());
  BOOST_TEST(asked.back().second.user_id == bob_id);
  BOOST_TEST(asked.back().second.leaves);
  room_says(true);
  BOOST_TEST((users.back().update == store::user_update::none));
}

BOOST_FIXTURE_TEST_CASE(whoever_is_deactivated_once_more_leaves_what_they_have_come_into_since, rights_rig) {
  command(chat::user_deactivate{"bob"});
  BOOST_TEST(asked.empty());
  rooms_of[bob_id] = {"!late:there.example"};
  command(chat::user_deactivate{"bob"});
  BOOST_TEST(rooms_asked() == texts{"!late:there.example"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_room_that_does_not_answer_is_asked_again_later_and_no_other_waits_for_it, rights_rig) {
  rooms_of[bob_id] = {"!a:here.example", "!b:here.example"};
  command(renamed("Robert"));
  wait(); // nothing came of !a
  BOOST_TEST(now == noon + user_updates::patience_ms);
  BOOST_TEST(rooms_asked() == (texts{"!a:here.example", "!b:here.example"}), boost::test_tools::per_element());
  room_says(true);
  BOOST_TEST(asked.size() == 2u);
  wait();
  BOOST_TEST(now == noon + user_updates::patience_ms + user_updates::pause_ms_min);
  BOOST_TEST(asked.size() == 3u);
  room_says(true);
  room_says(true);
  BOOST_TEST((users.back().update == store::user_update::none));
}

// -- profiles ---------------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_new_name_is_told_the_rooms_and_the_newest_alone, rights_rig) {
  rooms_of[bob_id] = {"!a:here.example", "!b:here.example"};
  command(renamed("Bob")); // as it was
  BOOST_TEST(asked.empty());
  command(renamed("Robert"));
  BOOST_TEST(asked.back().second.display_name == "Robert");
  BOOST_TEST(!asked.back().second.leaves);
  command(renamed("Rob"));
  BOOST_TEST(asked.size() == 1u); // not beside the other
  room_says(true);
  BOOST_TEST(asked.back().second.display_name == "Rob");
  room_says(true);
  BOOST_TEST(rooms_asked().back() == "!a:here.example"); // which has the former one
  BOOST_TEST(asked.back().second.display_name == "Rob");
  room_says(true);
  room_says(true);
  BOOST_TEST(asked.size() == 4u);
  BOOST_TEST((users.back().update == store::user_update::none));
  BOOST_TEST(profile_of(bob_id).second == R"({"displayname":"Rob"})");
}

BOOST_FIXTURE_TEST_CASE(rooms_are_read_in_pieces_and_few_users_are_told_at_once, rights_rig) {
  for (std::size_t n = 0; n < user_updates::rooms_read_max + 3; ++n)
    rooms_of[bob_id].push_back("!" + std::to_string(n) + ":here.example");
  for (int n = 0; n < 6; ++n) {
    const auto user = "u" + std::to_string(n);
    command(chat::user_profile{user, user, {}, {}});
    rooms_of["@" + user + ":here.example"] = {"!of-" + user + ":here.example"};
  }
  BOOST_TEST(asked.empty()); // who is new is in no room
  command(renamed("Robert"));
  for (std::size_t n = 0; n < rooms_of[bob_id].size(); ++n) room_says(true);
  BOOST_TEST(rooms_asked() == rooms_of[bob_id], boost::test_tools::per_element());
  asked.clear();
  for (int n = 0; n < 6; ++n) command(chat::user_profile{"u" + std::to_string(n), "new", {}, {}});
  BOOST_TEST(asked.size() == user_updates::users_at_once_max);
  room_says(true);
  BOOST_TEST(asked.size() == user_updates::users_at_once_max + 1);
}

BOOST_FIXTURE_TEST_CASE(further_fields_are_kept_told_and_taken_away, rights_rig) {
  auto x = renamed("Bob");
  x.further = fields{{"m.tz", R"("Europe/Berlin")"}, {"org.example.level", R"({"n":7})"}};
  command(x);
  begin();
  BOOST_TEST(profile_of(bob_id).second ==
             R"({"displayname":"Bob","m.tz":"Europe/Berlin","org.example.level":{"n":7}})");
  BOOST_TEST(call("GET", "/_matrix/federation/v1/query/profile?user_id=%40bob%3Ahere.example&field=m.tz").second ==
             R"({"m.tz":"Europe/Berlin"})");
  BOOST_TEST(view(chat::query_user{"bob"}).further->at("org.example.level") == R"({"n":7})");
  x.further.emplace()["m.tz"] = "";
  command(x);
  BOOST_TEST(profile_of(bob_id).second == R"({"displayname":"Bob","org.example.level":{"n":7}})");
  x.further.emplace()["m.long"] = '"' + std::string(chat::profile_bytes_max - 10, 'x') + '"';
  BOOST_TEST((refusal(x).code == fault_code::too_large));
  x.further = fields{}; // not more in several commands than in one
  for (std::size_t i = 0; i < chat::profile_fields_max; ++i) (*x.further)["m.n" + std::to_string(i)] = "1";
  BOOST_TEST((refusal(x).code == fault_code::too_large));
  BOOST_TEST(asked.empty()); // rooms have no such fields
}

BOOST_AUTO_TEST_CASE(what_is_no_field_of_a_profile_is_refused_by_name) {
  const std::pair<const char*, const char*> wrong[] = {{"displayname", "\"x\""}, {"Tz", "\"x\""}, {"m.tz", "x"},
                                                       {"m.tz", "1.5"},          {"", "1"},       {"m tz", "1"}};
  for (const auto& [name, value] : wrong) {
    chat::user_profile x{"bob", {}, {}, {}};
    x.further.emplace()[name] = value;
    const auto read = chat::decode_command(x.name, chat::encode(chat::command{x}));
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().code == fault_code::bad_body));
    BOOST_TEST(read.error().detail.starts_with("fields has "), read.error().detail);
  }
}

BOOST_FIXTURE_TEST_CASE(who_is_asked_about_is_told_the_room_as_far_as_they_are_known, rights_rig) {
  (void)command(chat::user_deactivate{"bob"});
  const auto names_of = [&](const char* target) {
    chat::query_can x;
    x.room = "chat-1";
    x.user = "ann";
    x.what = chat::action::invite;
    x.target = target;
    texts names;
    const auto handed_on = told<chat_command>(command(x));
    for (const auto& p : *handed_on.at(0).second.profiles)
      names.push_back(p.user_id + (p.deactivated_ts != 0 ? " gone" : ""));
    return names;
  };
  BOOST_TEST(names_of("bob") == (texts{"@ann:here.example", "@bob:here.example gone"}),
             boost::test_tools::per_element());
  BOOST_TEST(names_of("nobody") == (texts{"@ann:here.example"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
