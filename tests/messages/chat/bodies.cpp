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
  message_send emote = bare;
  emote.text = "waves";
  emote.kind = message_kind::emote;
  message_send place = bare;
  place.text = "the pub";
  place.geo_uri = "geo:51.5,-0.1";
  message_send clip = bare;
  clip.files = {{"mxc://a.example/3", "c.mp4", "video/mp4", 70'000, 640, 480, 1'500, "mxc://a.example/4"}};

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
    emote,
    place,
    clip,
    message_edit{"r1", "alice", "m1", "hello all", "<b>hello</b> all", {"@bob:b.example", "@room"}},
    message_edit{"r1", "alice", "$a", "hello all", {}, {}},
    reaction_add{"r1", "alice", "m1", "\xf0\x9f\x91\x8d"},
    reaction_remove{"r1", "alice", "$a", "+1"},
    message_delete{"r1", "alice", "m1", "a slip"},
    message_delete{"r1", "alice", "$a", {}},
    member_leave{"r1", "alice", "bye"},
    member_leave{"r1", "alice", {}},
    member_kick{"r1", "alice", "@bob:b.example", "noise"},
    member_kick{"r1", "alice", "@bob:b.example", {}},
    member_ban{"r1", "alice", "@bob:b.example", "spam", true},
    member_ban{"r1", "alice", "@bob:b.example", {}, false},
    member_unban{"r1", "alice", "@bob:b.example", "a slip"},
    member_unban{"r1", "alice", "@bob:b.example", {}},
    query_banned{"r1", "@bob:b.example"},
    query_banned{"r1", {}},
    member_set_role{"r1", "alice", "@bob:b.example", role::moderator},
    mark_read{"r1", "alice", "m1", "m0", 1'700'000'000'000, true},
    mark_read{"r1", "alice", "$a", {}, {}, false},
    set_presence{"alice", matrix::presence_state::unavailable, 1'700'000'000'000, "at lunch", true},
    set_presence{"alice", matrix::presence_state::offline, {}, {}, false},
    query_receipts{"r1", "m1", "@bob:b.example"},
    query_receipts{"r1", "$a", {}},
    query_read_positions{"r1", "@bob:b.example"},
    query_read_positions{"r1", {}},
    query_can{"r1", "alice", action::set_role, "@bob:b.example", role::owner},
    query_can{"r1", "alice", action::send, {}, {}},
    typing{"r1", "alice", true},
    user_profile{"alice", "Alice", "mxc://a.example/1", "al"},
    user_profile{"alice", {}, {}, {}},
    user_profile{
      "alice", {}, {}, {}, invite_policy::block, std::map<std::string, std::string>{{"m.tz", "\"Europe/Berlin\""}}},
    user_may_federate{"alice", false},
    user_may_federate{"alice", {}},
    user_deactivate{"alice"},
    query_room{"r1", "@bob:b.example"},
    query_room{"r1", {}},
    query_user{"alice"},
    federation_configure{false, false, true, true, std::vector<std::string>{"b.example", "*.c.example"},
                         std::vector<std::string>{"d.example:8448"}, invite_policy::block, federating_users::allowed},
    federation_configure{},
    query_federation{},
    query_invitations{"r1", "alice", true},
    query_invitations{},
    query_invitations{"r1", {}, false, "2.1700000000000.17"},
    media_put{"f1", 3, std::string{"\0\xff", 2}, 70'000, "image/png", "a.png"},
    media_put{"f1", 0, {}, 0, {}, {}},
    media_get{"mxc://a.example/1", 5, 1'000},
    media_get{"mxc://a.example/1"},
    room_set_name{"r1", "alice", "Lobby"},
    room_set_name{"r1", "alice", {}},
    room_set_topic{"r1", "alice", "What is new"},
    room_set_avatar{"r1", "alice", "mxc://a.example/1"},
    room_bind{"!a:b.example", "r1"},
    message_bind{"r1", "$a", "m1"},
    room_remove{"r1", "alice", "it is over"},
    room_remove{"r1", "alice", {}},
    room_upgrade{"r1", "alice", "12"},
    room_upgrade{"r1", "alice", {}},
    query_public_rooms{"b.example", "cats", 20, "n_3_!a:b.example"},
    query_public_rooms{},
    query_servers{"b.example"},
    query_servers{},
    query_verify_users{{"@bob:b.example", "alice"}},
    query_dead_letters{"0-17"},
    query_dead_letters{},
    dead_letter_retry{"0-17"},
    dead_letter_drop{"0-17"},
    answer_user{"17", true, "alice", "Alice", "mxc://a.example/1", true},
    answer_user{"17", false, {}, {}, {}, {}},
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
    dead_letter{"0-17", "message.received", "why", 1'700'000'000'000, "!a:b.example", "$a"},
    dead_letter{"0-17", "server.changed", "", 1'700'000'000'000, {}, {}},
    permission_drift{"r1",
                     "!a:b.example",
                     "@alice:a.example",
                     "foreign_edit",
                     "member",
                     "moderator",
                     "@bob:b.example",
                     "$a",
                     "push",
                     "what to do",
                     {"kick", "ban"},
                     "@carol:a.example",
                     1'700'000'000'000},
    permission_drift{"r1",
                     "!a:b.example",
                     "@alice:a.example",
                     "foreign_edit",
                     "member",
                     "moderator",
                     "@bob:b.example",
                     "$a",
                     "pull",
                     "what to do",
                     {},
                     {},
                     1'700'000'000'000,
                     "pull"},
    permission_drift{},
    room_removed_for{"r1", "!a:b.example", "@alice:a.example", "banned", "@bob:b.example", "spam", "$a",
                     1'700'000'000'000},
    role_changed{"r1", "!a:b.example", "@alice:a.example", "moderator", "member", "@bob:b.example", "$a", 50,
                 1'700'000'000'000},
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
    message_received{"r1",
                     "!a:b.example",
                     "$a",
                     "@alice:a.example",
                     "m.location",
                     "the pub",
                     "",
                     "",
                     "",
                     {},
                     {},
                     false,
                     1'700'000'000'000,
                     "geo:51.5,-0.1"},
    message_received{
      "r1",
      "!a:b.example",
      "$a",
      "@alice:a.example",
      "m.video",
      "c.mp4",
      "",
      "",
      "",
      {},
      received_file{"mxc://a.example/3", "c.mp4", "video/mp4", 70'000, 640, 480, 1'500, "mxc://a.example/4"},
      false,
      1'700'000'000'000},
    room_refounded{"r1", "!b:a.example", "!a:a.example", "11", "12", "b.example", 1'700'000'000'000},
    message_edited{"r1",
                   "!a:b.example",
                   "$a",
                   "m1",
                   "$b",
                   "@alice:a.example",
                   "hello all",
                   "<b>hello</b> all",
                   {"@bob:b.example", "@room"},
                   true,
                   1'700'000'000'000},
    message_edited{"r1", "!a:b.example", "$a", "", "", "@alice:a.example", "hello", "", {}, false, 1'700'000'000'000},
    reaction_added{"r1", "!a:b.example", "$a", "m1", "$b", "@alice:a.example", "\xf0\x9f\x91\x8d", true,
                   1'700'000'000'000},
    reaction_removed{"r1", "!a:b.example", "$a", "m1", "$b", "@alice:a.example", "+1", "@bob:b.example",
                     1'700'000'000'000},
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
    room_changed{"r1", "!a:b.example", "@alice:a.example", "$a", 1'700'000'000'000, "Lobby", "What is new",
                 "mxc://a.example/1"},
    room_changed{"r1", "!a:b.example", "@alice:a.example", "$a", 1'700'000'000'000, {}, {}, {}},
    room_upgraded{"r1", "!b:b.example", "!a:b.example", "@alice:a.example", "12", "$a", 1'700'000'000'000},
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
    {"room_created reused", room_created_answer{"!a:b.example", "11", {}, false, true, "r1"}},
    {"room_upgraded", room_upgraded_answer{"!b:b.example", "12"}},
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
                            {},
                            {{"@alice:a.example", "join", "Alice", -5, {}}},
                            true,
                            {invitation},
                            true}},
    {"room_view with picture and roles", room_view{"r1",
                                                   "!a:b.example",
                                                   "11",
                                                   "Lobby",
                                                   "What is new",
                                                   "channel",
                                                   "mxc://a.example/1",
                                                   {{"@alice:a.example", "join", "Alice", -5, "muted"}},
                                                   true,
                                                   {invitation},
                                                   true}},
    {"room_view with pictures of members",
     room_view{"r1",
               "!a:b.example",
               "11",
               "Lobby",
               "What is new",
               "channel",
               {},
               {{"@alice:a.example", "join", "Alice", 50, "moderator", "mxc://a.example/2"},
                {"@bob:b.example", "join", "Bob", 0, "member", {}}},
               false,
               {},
               false}},
    {"room_view without", room_view{}},
    {"banned", banned_answer{{{"@alice:a.example", "@bob:b.example", "spam", "$a", 1'700'000'000'000}}, true}},
    {"role", role_answer{"$a", "moderator", 50}},
    {"readers", readers_answer{{{"@bob:b.example", "$a", "m1", 1'700'000'000'000, "main", true}}, true}},
    {"readers without", readers_answer{}},
    {"read_positions", read_positions_answer{{{"@bob:b.example", "$a", "", 1'700'000'000'000, {}, {}}}, true}},
    {"can", can_answer{"no", "the rules", 101, 50}},
    {"invitations", invitations_answer{{invitation, {}}, true}},
    {"invitations with more", invitations_answer{{}, true, "2.1700000000000.17"}},
    {"sent", sent_answer{"$a", {"$b", "$c"}}},
    {"media_put", media_put_answer{"mxc://a.example/1", 70'000, true}},
    {"media_get", media_get_answer{std::string{"\0\xff", 2}, 70'000, "image/png", "a.png"}},
    {"federation", federation_view{false,
                                   false,
                                   true,
                                   true,
                                   {"b.example"},
                                   {"*.c.example"},
                                   invite_policy::block,
                                   federating_users::allowed,
                                   {"enabled", "deny"},
                                   1'700'000'000'000}},
    {"user_view", user_view{"@alice:a.example", "alice", "Alice", "mxc://a.example/1"}},
    {"user_view with all",
     user_view{"@alice:a.example", "alice", "Alice", "mxc://a.example/1", true, invite_policy::block, 1'700'000'000'000,
               std::map<std::string, std::string>{{"m.tz", "\"Europe/Berlin\""}}}},
    {"public_rooms", public_rooms_answer{"b.example",
                                         {{"r1", "!a:b.example", "Lobby", "What is new", "#lobby:b.example",
                                           "mxc://b.example/1", "public", "m.space", 7, true},
                                          {}},
                                         "n_3_!a:b.example",
                                         12}},
    {"public_rooms without", public_rooms_answer{}},
    {"servers", servers_answer{{{"b.example", false, 1'700'000'000'000, 1'700'000'060'000, 1'700'000'000'000, 3,
                                 "peer_timeout: b.example", 4, 1, 2},
                                {}},
                               true}},
    {"verified_users", verify_users_answer{{{"@bob:b.example", "verified", {}, {}},
                                            {"@eve:c.example", "unable_to_verify", "peer_timeout", "c.example"}}}},
    {"dead_letters",
     dead_letters_answer{{{"0-17", "message.received", "why", 70'000, 1'700'000'000'000, "!a:b.example", "$a"}, {}},
                         true}},
  };
}

ask_user an_ask_user() { return {"17", "@alice:a.example", "alice"}; }
typing_changed a_typing_changed() { return {"r1", "!a:b.example", "@alice:a.example", true}; }
media_available a_media_available() { return {"mxc://a.example/1"}; }
receipt_changed a_receipt_changed() {
  return {"r1", "!a:b.example", "@alice:a.example", "$a", "m1", 1'700'000'000'000, "main"};
}
presence_changed a_presence_changed() {
  return {"@alice:a.example", matrix::presence_state::unavailable, "at lunch", true, 1'700'000'000'000};
}
join_progress a_join_progress() {
  return {"r1", "!a:b.example", "@alice:a.example", "verifying", "b.example", 3, 70'000};
}

} // namespace causeway::test
