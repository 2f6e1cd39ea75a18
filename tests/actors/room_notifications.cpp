#include "actors/room/message_content.hpp"
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

/// What the chat server is told of the rooms' events, as it is told.
using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_notifications)

namespace {

chat::message_received received(shared_room& r, object content, const std::string& type = "m.room.message") {
  const auto told = notified<chat::message_received>(r.push({r.made(eve, type, std::move(content))}));
  BOOST_REQUIRE(told.size() == 1U);
  return told[0];
}

std::vector<chat::system_message> system_messages(const effects& list, const std::string& kind) {
  auto told = notified<chat::system_message>(list);
  std::erase_if(told, [&](const auto& n) { return n.kind != kind; });
  return told;
}

/// ann sets the levels of the room.
effects set_levels(shared_room& r, const std::function<void(object&)>& change) {
  auto content = r.event(r.state().at({"m.room.power_levels", ""}))->content();
  change(content);
  return r.push({r.made(ann, "m.room.power_levels", std::move(content), "")}, "here.example");
}

} // namespace

BOOST_AUTO_TEST_CASE(a_message_in_a_thread_that_falls_back_is_no_reply) {
  shared_room r;
  object relates{{"rel_type", "m.thread"},
                 {"event_id", "$root"},
                 {"is_falling_back", true},
                 {"m.in_reply_to", object{{"event_id", "$last"}}}};
  auto told = received(r, {{"msgtype", "m.text"}, {"body", "x"}, {"m.relates_to", relates}});
  BOOST_TEST(told.thread == "$root");
  BOOST_TEST(told.reply_to == "");
  relates.set("is_falling_back", false);
  told = received(r, {{"msgtype", "m.text"}, {"body", "x"}, {"m.relates_to", relates}});
  BOOST_TEST(told.thread == "$root");
  BOOST_TEST(told.reply_to == "$last");
  relates.erase("is_falling_back");
  BOOST_TEST(received(r, {{"msgtype", "m.text"}, {"body", "x"}, {"m.relates_to", relates}}).reply_to == "$last");
  // Outside of a thread there is nothing to fall back from.
  told = received(
    r, {{"msgtype", "m.text"},
        {"body", "x"},
        {"m.relates_to", object{{"is_falling_back", true}, {"m.in_reply_to", object{{"event_id", "$last"}}}}}});
  BOOST_TEST(told.reply_to == "$last");
  BOOST_TEST(told.thread == "");
}

BOOST_AUTO_TEST_CASE(odd_relations_are_none) {
  shared_room r;
  for (const auto& odd : {matrix::json::value{"text"}, matrix::json::value{array{}},
                          matrix::json::value{object{{"rel_type", 3}, {"m.in_reply_to", "x"}}},
                          matrix::json::value{object{{"rel_type", "m.thread"},
                                                     {"event_id", 3},
                                                     {"is_falling_back", true},
                                                     {"m.in_reply_to", object{{"event_id", 1}}}}}}) {
    const auto told = received(r, {{"msgtype", "m.text"}, {"body", "x"}, {"m.relates_to", odd}});
    BOOST_TEST(told.thread == "");
    BOOST_TEST(told.reply_to == "");
  }
}

BOOST_AUTO_TEST_CASE(an_encrypted_message_says_that_it_is) {
  shared_room r;
  const auto told = received(r,
                             {{"algorithm", "m.megolm.v1.aes-sha2"},
                              {"ciphertext", "AwgAE"},
                              {"body", "said by nobody"},
                              {"m.relates_to", object{{"rel_type", "m.thread"}, {"event_id", "$root"}}}},
                             "m.room.encrypted");
  BOOST_TEST(told.msgtype == "m.room.encrypted");
  BOOST_TEST(told.text == room::encrypted_placeholder);
  BOOST_TEST(told.html == "");
  BOOST_TEST(told.thread == "$root"); // relations are not encrypted
}

BOOST_AUTO_TEST_CASE(people_called_by_a_link_are_told) {
  shared_room r;
  const auto told = received(r, {{"msgtype", "m.text"},
                                 {"body", "Ann: hi"},
                                 {"format", "org.matrix.custom.html"},
                                 {"formatted_body", "<a href=\"https://matrix.to/#/" + ann + "\">Ann</a>: hi"}});
  BOOST_TEST(told.mentions == std::vector<std::string>{ann});
}

BOOST_AUTO_TEST_CASE(a_new_name_and_a_new_topic_stand_in_fields_of_their_own) {
  shared_room r;
  auto told = system_messages(r.push({r.made(ann, "m.room.name", {{"name", "Lobby"}}, "")}, "here.example"), "renamed");
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].room_name.value() == "Lobby");
  BOOST_TEST(told[0].target == "");
  BOOST_TEST(!told[0].topic.has_value());
  BOOST_TEST(!told[0].level.has_value());
  told = system_messages(r.push({r.made(ann, "m.room.name", {}, "")}, "here.example"), "renamed");
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].room_name.value() == "");
  told =
    system_messages(r.push({r.made(ann, "m.room.topic", {{"topic", "Weather"}}, "")}, "here.example"), "topic_changed");
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].topic.value() == "Weather");
  BOOST_TEST(told[0].target == "");
  BOOST_TEST(!told[0].room_name.has_value());
}

BOOST_AUTO_TEST_CASE(rules_that_another_server_changes_are_shown_and_our_own_are_not) {
  const auto changed_by = [](shared_room& r, const std::string& by, const char* type, object content,
                             const char* kind) {
    return system_messages(r.push({r.made(by, type, std::move(content), "")}), kind);
  };
  shared_room r;
  set_levels(r, [](object& x) {
    auto users = x.find("users") ? *x.find("users")->as_object() : object{};
    users.set(eve, 100);
    x.set("users", std::move(users));
  });
  const auto access = changed_by(r, eve, "m.room.join_rules", {{"join_rule", "knock"}}, "access_changed");
  BOOST_REQUIRE(access.size() == 1U);
  BOOST_TEST(access[0].actor == eve);
  BOOST_TEST(access[0].access.value() == "knock");
  BOOST_TEST(changed_by(r, eve, "m.room.join_rules", {{"join_rule", "knock"}}, "access_changed").empty()); // as it was
  const auto odd = changed_by(r, eve, "m.room.join_rules", {{"join_rule", std::string(5'000, 'x')}}, "access_changed");
  BOOST_REQUIRE(odd.size() == 1U);
  BOOST_TEST(odd[0].access->size() <= 80U);
  const object list{{"allow", matrix::json::array{"*"}}, {"deny", matrix::json::array{"bad.example"}}};
  const auto servers = changed_by(r, eve, "m.room.server_acl", list, "servers_changed");
  BOOST_REQUIRE(servers.size() == 1U);
  BOOST_TEST(!servers[0].access.has_value());
  BOOST_TEST(changed_by(r, ann, "m.room.join_rules", {{"join_rule", "public"}}, "access_changed").empty());
}

BOOST_AUTO_TEST_CASE(a_new_role_says_whose_and_which) {
  for (const auto* version : {"9", "11", "12"}) {
    shared_room r{version};
    auto told = system_messages(set_levels(r,
                                           [](object& x) {
                                             auto users = x.find("users") ? *x.find("users")->as_object() : object{};
                                             users.set(eve, 50);
                                             users.set(bob, 75);
                                             x.set("users", std::move(users));
                                           }),
                                "role_changed");
    BOOST_REQUIRE_MESSAGE(told.size() == 2U, version);
    BOOST_TEST(told[0].target == bob);
    BOOST_TEST(told[0].level.value() == 75);
    BOOST_TEST(told[1].target == eve);
    BOOST_TEST(told[1].level.value() == 50);
    BOOST_TEST(told[1].actor == ann);
    // Taken away: what everybody has.
    told = system_messages(set_levels(r,
                                      [](object& x) {
                                        auto users = *x.find("users")->as_object();
                                        users.erase(eve);
                                        x.set("users", std::move(users));
                                      }),
                           "role_changed");
    BOOST_REQUIRE(told.size() == 1U);
    BOOST_TEST(told[0].target == eve);
    BOOST_TEST(told[0].level.value() == 0);
    // What a level is needed for is nobody's role.
    BOOST_TEST(system_messages(set_levels(r, [](object& x) { x.set("invite", 60); }), "role_changed").empty());
    told = system_messages(set_levels(r, [](object& x) { x.set("users_default", 10); }), "role_changed");
    BOOST_REQUIRE(told.size() == 1U);
    BOOST_TEST(told[0].target == "");
    BOOST_TEST(told[0].level.value() == 10);
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_that_ran_out_is_told_as_expired) {
  shared_room r;
  const auto dave = "@dave:elsewhere.example";
  const auto invite =
    told<room_invite_request>(r.command(chat::invite_send{"chat-1", ann, dave, {}})).at(0).second.event;
  // Its server had taken it, and the room too.
  r.on(invite_accepted_by_server{dave, invite});
  BOOST_TEST(r.membership(dave) == "invite");
  const auto done = r.on(revoke_invite{dave, invite->event_id, ann, {}, "The invitation expired.", nullptr});
  BOOST_TEST(r.membership(dave) == "leave");
  BOOST_TEST(system_messages(done, "revoked").empty());
  const auto told = system_messages(done, "expired");
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].target == dave);
  BOOST_TEST(told[0].actor == ann);
  BOOST_TEST(told[0].reason == "The invitation expired.");
}

BOOST_AUTO_TEST_CASE(an_invitation_somebody_takes_back_is_told_as_revoked) {
  shared_room r;
  const auto dave = "@dave:elsewhere.example";
  const auto invite =
    told<room_invite_request>(r.command(chat::invite_send{"chat-1", ann, dave, {}})).at(0).second.event;
  r.on(invite_accepted_by_server{dave, invite});
  const auto done = r.on(revoke_invite{dave, invite->event_id, ann, ann, {}, nullptr});
  BOOST_TEST(system_messages(done, "revoked").size() == 1U);
  BOOST_TEST(system_messages(done, "expired").empty());
}

BOOST_AUTO_TEST_SUITE_END()
