#include "tests/messages/chat/bodies.hpp"

namespace causeway::test {

using namespace chat;

std::vector<command> commands() {
  room_create channel;
  channel.room = "r1";
  channel.type = room_type::channel;
  channel.access = visibility::knock;
  channel.room_name = "Lobby";
  channel.topic = "What is new";
  channel.alias = "lobby";
  channel.creator = "alice";
  channel.members = {"bob", "@carol:b.example"};
  channel.members_of = {"club", "!a:b.example"};
  channel.federated = false;
  room_create direct;
  direct.room = "d1";
  direct.creator = "alice";

  message_send all;
  all.room = "r1";
  all.sender = "alice";
  all.message = "m1";
  all.text = "hello";
  all.html = "<b>hello</b>";
  all.reply_to = "$a";
  all.thread = "m0";
  all.mentions = {"@bob:b.example", "@room"};
  all.files = {{"mxc://a.example/1", "a.png", "image/png", 70'000, 640, 480, 1'500},
               {"mxc://a.example/2", "b.txt", "text/plain", 0, {}, {}, {}}};
  message_send bare;
  bare.room = "r1";
  bare.sender = "alice";
  bare.message = "m2";
  bare.text = "hi";

  return {
    channel,
    direct,
    room_join{"#lobby:b.example", "alice", {"b.example", "c.example"}},
    room_join{"!a:b.example", "alice", {}},
    room_knock{"#lobby:b.example", "alice", {"b.example"}, "let me in"},
    room_knock{"!a:b.example", "alice", {}, {}},
    knock_retract{"!a:b.example", "alice", "no more"},
    knock_retract{"!a:b.example", "alice", {}},
    knock_reject{"r1", "alice", "@carol:b.example", "full"},
    knock_reject{"r1", "alice", "@carol:b.example", {}},
    invite_send{"r1", "alice", "@carol:b.example", "come in"},
    invite_send{"r1", "alice", "@carol:b.example", {}},
    invite_revoke{"r1", "alice", "@carol:b.example", "a slip"},
    invite_revoke{"r1", "alice", "@carol:b.example", {}},
    invite_answer{"!a:b.example", "alice", true, "with pleasure"},
    invite_answer{"!a:b.example", "alice", false, {}},
    all,
    bare,
    message_delete{"r1", "alice", "m1", "a slip"},
    message_delete{"r1", "alice", "$a", {}},
    member_leave{"r1", "alice", "bye"},
    member_leave{"r1", "alice", {}},
    typing{"r1", "alice", true},
    user_profile{"alice", "Alice", "mxc://a.example/1", "al"},
    user_profile{"alice", {}, {}, {}},
    query_room{"r1", "@bob:b.example"},
    query_room{"r1", {}},
    query_user{"alice"},
    query_invitations{"r1", "alice", true},
    query_invitations{},
    media_put{"f1", 3, std::string{"\0\xff", 2}, 70'000, "image/png", "a.png"},
    media_put{"f1", 0, {}, 0, {}, {}},
    media_get{"mxc://a.example/1", 5, 1'000},
    media_get{"mxc://a.example/1"},
  };
}

std::vector<notification> notifications() {
  return {
    room_created{"r1",
                 "!a:b.example",
                 "11",
                 "channel",
                 "@alice:a.example",
                 "Lobby",
                 "What is new",
                 {"@alice:a.example", "@bob:b.example"},
                 true},
    room_created{},
    room_members{"r1", "!a:b.example", {"@alice:a.example"}, true},
    invitation_received{"r1", "!a:b.example", "11", "@alice:a.example", "@bob:b.example", "Bob", "Lobby", "dm",
                        "come in", 1'700'000'000'000},
    invitation_changed{"r1", "!a:b.example", "@alice:a.example", "@bob:b.example", "outgoing", "sending", "pending",
                       "why", 1'700'000'000'000, 3, 1'700'000'060'000, "peer_timeout: b.example"},
    invitation_changed{},
    member_changed{"r1", "!a:b.example", "@alice:a.example", "join", "invite", "@bob:b.example", "why", "Alice",
                   "mxc://a.example/1", "$a", 1'700'000'000'000},
    message_received{"r1",
                     "!a:b.example",
                     "$a",
                     "@alice:a.example",
                     "m.text",
                     "hello",
                     "<b>hello</b>",
                     "$b",
                     "$c",
                     {"@bob:b.example", "@room"},
                     received_file{"mxc://a.example/1", "a.png", "image/png", 70'000, 640, 480},
                     true,
                     1'700'000'000'000},
    message_received{
      "r1", "!a:b.example", "$a", "@alice:a.example", "m.text", "hello", "", "", "", {}, {}, false, 1'700'000'000'000},
    message_deleted{"r1", "!a:b.example", "$a", "m1", "@bob:b.example", "why", "$b", 1'700'000'000'000},
    delivery_changed{"r1", "!a:b.example", "m1", "$a", "b.example", "delayed", "peer_timeout", 1'700'000'000'000},
    delivery_changed{"r1",
                     "!a:b.example",
                     "m1",
                     "$a",
                     "b.example",
                     "delayed",
                     "peer_timeout",
                     1'700'000'000'000,
                     {{{"c.example", "peer_tls"}}}},
    system_message{"r1", "!a:b.example", "renamed", "@alice:a.example", "@bob:b.example", "why", "$a",
                   1'700'000'000'000, "Lobby", "What is new", -5},
    system_message{
      "r1", "!a:b.example", "kicked", "@alice:a.example", "@bob:b.example", "", "$a", 1'700'000'000'000, {}, {}, {}},
  };
}

std::vector<std::pair<std::string, answer>> answers() {
  const invitation_view invitation{"r1",
                                   "!a:b.example",
                                   "@alice:a.example",
                                   "@bob:b.example",
                                   "outgoing",
                                   "sending",
                                   "why",
                                   1'700'000'000'000,
                                   3,
                                   1'700'000'060'000,
                                   "peer_timeout: b.example"};
  return {
    {"empty", empty_answer{}},
    {"room_created", room_created_answer{"!a:b.example", "11", {invitation}, true}},
    {"room_created without", room_created_answer{}},
    {"room_joined", room_joined_answer{"!a:b.example", "11", "joined"}},
    {"room_knocked", room_knocked_answer{"!a:b.example", "pending"}},
    {"state", state_answer{"pending"}},
    {"invited", invited_answer{"sending", "group_dm"}},
    {"event", event_answer{"$a"}},
    {"user", user_answer{"@alice:a.example"}},
    {"room_view", room_view{"r1",
                            "!a:b.example",
                            "11",
                            "Lobby",
                            "What is new",
                            "channel",
                            {{"@alice:a.example", "join", "Alice", -5}},
                            true,
                            {invitation},
                            true}},
    {"room_view without", room_view{}},
    {"invitations", invitations_answer{{invitation, {}}, true}},
    {"sent", sent_answer{"$a", {"$b", "$c"}}},
    {"media_put", media_put_answer{"mxc://a.example/1", 70'000, true}},
    {"media_get", media_get_answer{std::string{"\0\xff", 2}, 70'000, "image/png", "a.png"}},
    {"user_view", user_view{"@alice:a.example", "alice", "Alice", "mxc://a.example/1"}},
  };
}

typing_changed a_typing_changed() { return {"r1", "!a:b.example", "@alice:a.example", true}; }
join_progress a_join_progress() {
  return {"r1", "!a:b.example", "@alice:a.example", "verifying", "b.example", 3, 70'000};
}

} // namespace causeway::test
