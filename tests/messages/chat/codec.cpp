#include "messages/chat/codec.hpp"

#include "messages/edge/packing.hpp"
#include "messages/limits.hpp"
#include "tests/messages/chat/packed.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::chat;
using test::map;
using test::packed;
using test::str;

BOOST_AUTO_TEST_SUITE(chat_codec)

namespace {

std::vector<test::entry> a_room() {
  return {{"room", str("r1")},           {"type", str("channel")},
          {"visibility", str("public")}, {"name", str("General")},
          {"creator", str("alice")},     {"members", packed(std::vector<std::string>{"bob", "@carol:b.example"})}};
}

void refuses(const char* name, const std::string& body, fault_code code, std::string_view word) {
  const auto x = decode_command(name, body);
  BOOST_REQUIRE(!x);
  BOOST_TEST(to_string(x.error()) == to_string({code, x.error().detail}));
  BOOST_TEST(x.error().detail.find(word) != std::string::npos, x.error().detail);
}

template <class T>
T round_trip(const T& x) {
  const auto back = decode_command(T::name, encode(command{x}));
  BOOST_REQUIRE(back);
  BOOST_TEST(name(*back) == T::name);
  return std::get<T>(*back);
}

} // namespace

BOOST_AUTO_TEST_CASE(room_create_is_read_by_field_name) {
  const auto x = decode_command("room.create", map(a_room()));
  BOOST_REQUIRE(x);
  const auto& room = std::get<room_create>(*x);
  BOOST_TEST(room.room == "r1");
  BOOST_TEST((room.type == room_type::channel));
  BOOST_TEST((room.access == visibility::public_));
  BOOST_TEST(room.room_name.value() == "General");
  BOOST_TEST(!room.topic);
  BOOST_TEST(room.creator == "alice");
  BOOST_TEST(room.members == (std::vector<std::string>{"bob", "@carol:b.example"}), boost::test_tools::per_element());
  BOOST_TEST(room.federated);
}

BOOST_AUTO_TEST_CASE(unknown_keys_and_nil_are_ignored) {
  auto entries = a_room();
  entries.push_back({"colour", packed(7)});
  entries.push_back({"topic", packed(msgpack::type::nil_t{})});
  const auto x = decode_command("room.create", map(entries));
  BOOST_REQUIRE(x);
  BOOST_TEST(!std::get<room_create>(*x).topic);
}

BOOST_AUTO_TEST_CASE(a_missing_or_wrong_key_is_named) {
  refuses("room.create", map({{"type", str("dm")}, {"creator", str("a")}}), fault_code::bad_body, "room is missing");
  refuses("room.create", map({{"room", str("r")}, {"type", str("party")}, {"creator", str("a")}}), fault_code::bad_body,
          "type must be dm or group_dm or channel");
  refuses("room.create", map({{"room", packed(1)}}), fault_code::bad_body, "room must be a string");
  refuses("room.create", map({{"room", str("")}}), fault_code::bad_body, "room is empty");
  refuses("query.room", "", fault_code::bad_body, "room is missing");
  refuses("invite.answer", map({{"room", str("r")}, {"user", str("u")}, {"accept", str("yes")}}), fault_code::bad_body,
          "accept must be a boolean");
  refuses("room.create", map({{"room", str("r")}, {"type", str("dm")}, {"creator", str("a")}, {"members", str("bob")}}),
          fault_code::bad_body, "members must be an array");
  refuses(
    "room.create",
    map({{"room", str("r")}, {"type", str("dm")}, {"creator", str("a")}, {"members", packed(std::vector<int>{1})}}),
    fault_code::bad_body, "members must be a string");
}

BOOST_AUTO_TEST_CASE(public_knock_and_alias_are_for_channels) {
  refuses("room.create",
          map({{"room", str("r")}, {"type", str("group_dm")}, {"creator", str("a")}, {"visibility", str("knock")}}),
          fault_code::bad_body, "visibility");
  refuses("room.create",
          map({{"room", str("r")}, {"type", str("dm")}, {"creator", str("a")}, {"visibility", str("public")}}),
          fault_code::bad_body, "visibility");
  refuses("room.create",
          map({{"room", str("r")}, {"type", str("group_dm")}, {"creator", str("a")}, {"alias", str("x")}}),
          fault_code::bad_body, "alias");
  const auto club = packed(std::vector<std::string>{"club"});
  refuses("room.create",
          map({{"room", str("r")},
               {"type", str("channel")},
               {"visibility", str("public")},
               {"creator", str("a")},
               {"members_of", club}}),
          fault_code::bad_body, "members_of");
  refuses("room.create",
          map({{"room", str("r")}, {"type", str("group_dm")}, {"creator", str("a")}, {"members_of", club}}),
          fault_code::bad_body, "members_of");
}

BOOST_AUTO_TEST_CASE(an_unknown_command_is_named) {
  refuses("room.paint", map({}), fault_code::unknown_command, "room.paint");
  refuses("", map({}), fault_code::unknown_command, "command");
}

BOOST_AUTO_TEST_CASE(sizes_are_bounded) {
  const std::string long_id(limits::identifier_bytes_max + 1, 'x');
  refuses("query.room", map({{"room", str(long_id)}}), fault_code::too_large, "room is over 255 bytes");
  const auto message = [](const std::string& text, const std::string& html) {
    return map(
      {{"room", str("r")}, {"sender", str("s")}, {"message", str("m")}, {"text", str(text)}, {"html", str(html)}});
  };
  const std::string half(limits::authored_content_bytes_max / 2, 'x');
  BOOST_TEST(bool(decode_command("message.send", message(half, half))));
  refuses("message.send", message(half, half + "x"), fault_code::too_large, "text and html");
  refuses("message.send", message(half + half + "x", ""), fault_code::too_large, "text is over");
  const std::vector<std::string> mentions(1'001, "@a:b");
  refuses("message.send",
          map({{"room", str("r")},
               {"sender", str("s")},
               {"message", str("m")},
               {"text", str("t")},
               {"mentions", packed(mentions)}}),
          fault_code::too_large, "mentions has more than 1000 entries");
  refuses("room.join",
          map({{"room", str("r")}, {"user", str("u")}, {"via", packed(std::vector<std::string>(21, "s"))}}),
          fault_code::too_large, "via has more than 20 entries");
  refuses("room.knock",
          map({{"room", str("r")}, {"user", str("u")}, {"via", packed(std::vector<std::string>(21, "s"))}}),
          fault_code::too_large, "via has more than 20 entries");
  const std::string long_reason(4'097, 'x');
  for (const auto* name : {"room.knock", "knock.retract", "knock.reject"})
    refuses(name, map({{"room", str("r")}, {"by", str("b")}, {"user", str("u")}, {"reason", str(long_reason)}}),
            fault_code::too_large, "reason is over 4096 bytes");
  refuses("query.room", std::string(limits::chat_frame_bytes_max + 1, 'x'), fault_code::too_large, "body");
}

BOOST_AUTO_TEST_CASE(parts_of_files_are_bytes_and_bounded) {
  media_put part{"u", 3, std::string{"\0\xff", 2}, 5, "image/png", "a.png"};
  const auto x = decode_command("media.put", encode(command{part}));
  BOOST_REQUIRE(x);
  const auto& read = std::get<media_put>(*x);
  BOOST_TEST(read.offset == 3u);
  BOOST_TEST((read.bytes == part.bytes));
  BOOST_TEST(read.total_bytes == 5u);
  BOOST_TEST(read.content_type.value() == "image/png");
  refuses("media.put",
          map({{"upload", str("u")}, {"offset", packed(0)}, {"bytes", str("text")}, {"total_bytes", packed(9)}}),
          fault_code::bad_body, "bytes must be bytes (bin)");
  part.total_bytes = 4;
  refuses("media.put", encode(command{part}), fault_code::bad_body, "bytes reach beyond total_bytes");
  part.offset = UINT64_MAX;
  refuses("media.put", encode(command{part}), fault_code::bad_body, "bytes reach beyond total_bytes");
  part = {"u", 0, std::string(limits::media_part_bytes_max + 1, 'x'), 1'000'000, {}, {}};
  refuses("media.put", encode(command{part}), fault_code::too_large, "bytes is over 524288 bytes");
  part = {"u", 0, {}, 0, "nonsense", {}};
  refuses("media.put", encode(command{part}), fault_code::bad_body, "content_type is no media type");
  refuses("media.get", map({{"mxc", str("mxc://a/b/c")}}), fault_code::bad_body, "mxc is no mxc://server/media_id");
  refuses("media.get", map({{"mxc", str("mxc://a/b")}, {"length", packed(0)}}), fault_code::bad_body,
          "length lies in 1 to 524288");
  BOOST_TEST(std::get<media_get>(*decode_command("media.get", map({{"mxc", str("mxc://a/b")}}))).length ==
             limits::media_part_bytes_max);
}

BOOST_AUTO_TEST_CASE(files_of_a_message_are_checked) {
  message_send message{
    "r", "s", "m",
    "",  {},  {},
    {},  {},  {{"mxc://a/b", "f", "image/png", 5, 6, 7, 8}, {"mxc://a/c", "g", "text/plain", 0, {}, {}, {}}}};
  const auto x = decode_command("message.send", encode(command{message}));
  BOOST_REQUIRE(x);
  const auto& files = std::get<message_send>(*x).files;
  BOOST_REQUIRE_EQUAL(files.size(), 2u);
  BOOST_TEST(files[0].mxc == "mxc://a/b");
  BOOST_TEST(files[0].size_bytes == 5u);
  BOOST_TEST(files[0].width.value() == 6u);
  BOOST_TEST(files[0].height.value() == 7u);
  BOOST_TEST(files[0].duration_ms.value() == 8u);
  BOOST_TEST(!files[1].width);
  message.files[1].mxc = "https://a/c";
  refuses("message.send", encode(command{message}), fault_code::bad_body, "files.mxc is no mxc://server/media_id");
  message.files[1] = {"mxc://a/c", "g", "text/plain", std::uint64_t{1} << 60, {}, {}, {}};
  refuses("message.send", encode(command{message}), fault_code::bad_body,
          "files.size_bytes and width, height, duration_ms are at most 2^53-1");
  message.files.assign(21, message.files[0]);
  refuses("message.send", encode(command{message}), fault_code::too_large, "files has more than 20 entries");
}

BOOST_AUTO_TEST_CASE(a_message_of_which_nothing_can_be_seen_is_refused) {
  const auto message = [](const std::string& text) {
    return std::vector<test::entry>{
      {"room", str("r")}, {"sender", str("s")}, {"message", str("m")}, {"text", str(text)}};
  };
  for (const auto* text : {"", " ", "\n\t", "\u200b", "\u00a0\u2060", "\u3164", "\ufeff"})
    refuses("message.send", map(message(text)), fault_code::bad_body,
            "text has nothing that can be seen, and there are no files");
  auto with_html = message("\u200b");
  with_html.push_back({"html", str("<b>hi</b>")});
  refuses("message.send", map(with_html), fault_code::bad_body, "text has nothing that can be seen: html");
  message_send with_file{"r", "s", "m", " ", {}, {}, {}, {}, {{"mxc://a/b", "f", "image/png", 5, {}, {}, {}}}};
  BOOST_TEST(bool(decode_command("message.send", encode(command{with_file}))));
  with_file.files[0].file_name = "\u200b";
  refuses("message.send", encode(command{with_file}), fault_code::bad_body,
          "files.file_name has nothing that can be seen");
}

BOOST_AUTO_TEST_CASE(an_id_of_a_user_that_is_empty_or_too_long_is_an_invalid_identifier) {
  const std::string long_one(256, 'u');
  const auto in = [](const char* field, const std::string& value, std::vector<test::entry> rest) {
    rest.push_back({field, str(value)});
    return map(rest);
  };
  for (const auto& [value, word] : {std::pair{std::string{}, "is empty"}, {long_one, "has 256 bytes"}}) {
    refuses("invite.send", in("user", value, {{"room", str("r")}, {"by", str("b")}}), fault_code::invalid_identifier,
            word);
    refuses("invite.send", in("by", value, {{"room", str("r")}, {"user", str("u")}}), fault_code::invalid_identifier,
            word);
    refuses("message.send", in("sender", value, {{"room", str("r")}, {"message", str("m")}, {"text", str("t")}}),
            fault_code::invalid_identifier, word);
    refuses("query.invitations", in("user", value, {}), fault_code::invalid_identifier, word);
    refuses("query.user", in("user", value, {}), fault_code::invalid_identifier, word);
    auto room = a_room();
    room[5].value = packed(std::vector<std::string>{"bob", value});
    refuses("room.create", map(room), fault_code::invalid_identifier, word);
  }
  refuses("invite.send", map({{"room", str("r")}, {"by", str("b")}, {"user", packed(7)}}), fault_code::bad_body,
          "user must be a string");
}

BOOST_AUTO_TEST_CASE(fields_a_command_does_not_have_are_named_once_by_their_path) {
  std::vector<std::string> ignored;
  const auto file = [](const char* more) {
    return map({{"mxc", str("mxc://a/b")},
                {"file_name", str("f")},
                {"content_type", str("image/png")},
                {"size_bytes", packed(5)},
                {more, packed(1)}});
  };
  const auto body = map({{"room", str("r")},
                         {"sender", str("s")},
                         {"message", str("m")},
                         {"text", str("t")},
                         {"reply_too", str("m1")},
                         {"files", "\x92" + file("widht") + file("widht")},
                         {"priority", packed(msgpack::type::nil_t{})}});
  BOOST_REQUIRE(bool(decode_command("message.send", body, &ignored)));
  BOOST_TEST(ignored == (std::vector<std::string>{"reply_too", "priority", "files.widht"}),
             boost::test_tools::per_element());
  BOOST_REQUIRE(bool(decode_command("query.room", map({{"room", str("r")}}), &ignored)));
  BOOST_TEST(ignored.empty());
  BOOST_REQUIRE(bool(decode_command("query.room", "\x82\x07\x08" + map({{"room", str("r")}}).substr(1), &ignored)));
  BOOST_TEST(ignored == std::vector<std::string>{"(a key that is no string)"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_wrote_txet_is_told_that_text_is_missing_and_txet_unknown) {
  std::vector<std::string> ignored;
  const auto x = decode_command(
    "message.send", map({{"room", str("r")}, {"sender", str("s")}, {"message", str("m")}, {"txet", str("t")}}),
    &ignored);
  BOOST_REQUIRE(!x);
  BOOST_TEST((x.error().code == fault_code::bad_body));
  BOOST_TEST(x.error().detail == "text is missing; not known: txet (text?)");
  BOOST_TEST(ignored == std::vector<std::string>{"txet"}, boost::test_tools::per_element());
  refuses("mesage.send", map({}), fault_code::unknown_command, "mesage.send (message.send?)");
  refuses("room.explode", map({}), fault_code::unknown_command, "command room.explode");
}

BOOST_AUTO_TEST_CASE(many_and_long_unknown_fields_are_told_within_bounds) {
  std::string body = std::string{"\xde\x00\x33", 3} + str("room") + str("r"); // a map of 51
  for (int i = 0; i < 50; ++i) body += str(std::to_string(i) + std::string(400, 'x') + "\u00e9") + packed(i);
  std::vector<std::string> ignored;
  BOOST_REQUIRE(bool(decode_command("query.room", body, &ignored)));
  BOOST_TEST(ignored.size() == edge::unknown_fields_max);
  for (const auto& name : ignored) BOOST_TEST(name.size() <= edge::unknown_field_bytes_max + 3);
}

BOOST_AUTO_TEST_CASE(what_is_no_map_of_msgpack_is_refused) {
  refuses("query.room", "\xc1", fault_code::bad_body, "not msgpack");
  refuses("query.room", packed(1), fault_code::bad_body, "not a map");
  refuses("query.room", map({{"room", str("r")}}) + "x", fault_code::bad_body, "after the map");
  refuses("query.room", map({{"room", str("r")}}).substr(0, 4), fault_code::bad_body, "ends too early");
}

BOOST_AUTO_TEST_CASE(strings_that_are_not_utf8_are_refused) {
  refuses("query.room", map({{"room", str("r\xff")}}), fault_code::bad_body, "UTF-8");
  refuses("query.room", map({{"room", str("r")}, {"ignored", str("\xc0\xaf")}}), fault_code::bad_body, "UTF-8");
  BOOST_TEST(bool(decode_command("query.room", map({{"room", str("räume")}}))));
}

BOOST_AUTO_TEST_CASE(nesting_and_counts_are_bounded_before_allocation) {
  std::string deep(limits::msgpack_depth_max, '\x91');
  refuses("query.room", map({{"room", str("r")}, {"x", deep + "\xc0"}}), fault_code::bad_body, "nested too deeply");
  deep.pop_back();
  BOOST_TEST(bool(decode_command("query.room", map({{"room", str("r")}, {"x", deep + "\xc0"}}))));
  refuses("query.room", map({{"room", str("r")}, {"x", "\xdd\xff\xff\xff\xff"}}), fault_code::bad_body,
          "too many values");
  refuses("query.room", map({{"room", str("r")}, {"x", "\xdf\x7f\xff\xff\xff"}}), fault_code::bad_body,
          "too many values");
  refuses("query.room", map({{"room", str("r")}, {"x", packed(std::vector<int>(100'001))}}), fault_code::bad_body,
          "too many values");
}

BOOST_AUTO_TEST_CASE(every_command_round_trips) {
  room_create room;
  room.room = "r";
  room.type = room_type::group_dm;
  room.topic = "t";
  room.creator = "c";
  room.members = {"m"};
  room.federated = false;
  const auto back = round_trip(room);
  BOOST_TEST((back.type == room_type::group_dm));
  BOOST_TEST(back.topic.value() == "t");
  BOOST_TEST(!back.federated);
  BOOST_TEST(!back.room_name);

  BOOST_TEST(round_trip(room_join{"#r:s", "u", {"a.example", "b.example"}}).via.size() == 2u);
  BOOST_TEST(round_trip(room_join{"#r:s", "u", {}}).room == "#r:s");
  room.type = room_type::channel;
  room.members_of = {"!a:b", "other"};
  BOOST_TEST(round_trip(room).members_of.size() == 2u);
  room.access = visibility::knock;
  BOOST_TEST((round_trip(room).access == visibility::knock));
  const auto knock = round_trip(room_knock{"#r:s", "u", {"a.example"}, "let me in"});
  BOOST_TEST(knock.via.size() == 1u);
  BOOST_TEST(knock.reason.value() == "let me in");
  BOOST_TEST(!round_trip(room_knock{"!r:s", "u", {}, {}}).reason);
  BOOST_TEST(round_trip(knock_retract{"r", "u", "no more"}).reason.value() == "no more");
  BOOST_TEST(round_trip(knock_reject{"r", "b", "u", "full"}).by == "b");
  BOOST_TEST(round_trip(invite_send{"r", "b", "u", "why"}).reason.value() == "why");
  BOOST_TEST(!round_trip(invite_send{"r", "b", "u", {}}).reason);
  BOOST_TEST(round_trip(invite_revoke{"r", "b", "u", {}}).user == "u");
  BOOST_TEST(round_trip(invite_answer{"r", "u", true, {}}).accept);
  message_send message{"r", "s", "m", "text", "<b>", "$reply", "$thread", {"@u:s", "@room"}};
  const auto sent = round_trip(message);
  BOOST_TEST(sent.html.value() == "<b>");
  BOOST_TEST(sent.reply_to.value() == "$reply");
  BOOST_TEST(sent.thread.value() == "$thread");
  BOOST_TEST(sent.mentions.size() == 2u);
  BOOST_TEST(round_trip(message_delete{"r", "b", "m", "why"}).message == "m");
  BOOST_TEST(round_trip(message_delete{"r", "b", "m", "why"}).reason.value() == "why");
  BOOST_TEST(!round_trip(message_delete{"r", "b", "m", {}}).reason);
  BOOST_TEST(round_trip(member_leave{"r", "u", "bye"}).reason.value() == "bye");
  BOOST_TEST(round_trip(typing{"r", "u", true}).is_typing);
  BOOST_TEST(round_trip(user_profile{"u", "U", {}}).display_name.value() == "U");
  BOOST_TEST(round_trip(user_profile{"u", {}, {}, "ann"}).localpart.value() == "ann");
  BOOST_TEST(round_trip(query_user{"u"}).user == "u");
  BOOST_TEST(round_trip(query_room{"r", "@u:s"}).members_after.value() == "@u:s");
  BOOST_TEST(!round_trip(query_room{"r", {}}).members_after);
  BOOST_TEST(round_trip(query_invitations{{}, "u", true}).open_only);
}

BOOST_AUTO_TEST_CASE(every_notification_round_trips) {
  const std::vector<notification> all{
    room_created{"r", "!r", "11", "channel", "@c:s", "n", "t", {"@m:s"}, true},
    room_members{"r", "!r", {"@m:s"}, true},
    invitation_received{"r", "!r", "11", "@u:s", "@b:t", "B", "n", "dm", "why", 7},
    invitation_changed{"r", "!r", "@u:s", "@b:t", "outgoing", "accepted", "pending", "", 7},
    member_changed{"r", "!r", "@u:s", "join", "invite", "@b:t", "", "U", "mxc://x", "$e", 7},
    message_received{"r",
                     "!r",
                     "$e",
                     "@u:s",
                     "m.text",
                     "hi",
                     "<b>",
                     "$a",
                     "$b",
                     {"@m:s"},
                     received_file{"mxc://s/m", "f", "image/png", 3, 1, 2},
                     true,
                     7},
    message_deleted{"r", "!r", "$e", "m", "@b:t", "why", "$d", 7},
    delivery_changed{"r", "!r", "m", "$e", "s", "delayed", "why", 7, {{{"t", "why not"}}}},
    system_message{"r", "!r", "kicked", "@a:s", "@t:s", "why", "$e", 7},
    room_removed_for{"r", "!r", "@u:s", "kicked", "@a:t", "why", "$e", 7},
    role_changed{"r", "!r", "@u:s", "moderator", "member", "@a:t", "$e", 50, 7},
    message_edited{"r", "!r", "$e", "m", "$x", "@u:s", "hi", "<b>", {"@m:s"}, true, 7},
    reaction_added{"r", "!r", "$e", "m", "$x", "@u:s", "+", true, 7},
    reaction_removed{"r", "!r", "$e", "m", "$x", "@u:s", "+", "@a:t", 7},
    room_changed{"r", "!r", "@a:t", "$e", 7, "n", "t", "mxc://x"},
    room_upgraded{"r", "!s", "!r", "@a:t", "12", "$e", 7},
    room_refounded{"r", "!s", "!r", "11", "12", "t", 7},
    dead_letter{"0-3", "message.received", "why", 7, "!r", "$e"},
    permission_drift{
      "r", "!r", "@u:s", "lost_update", "member", "moderator", "@a:t", "$e", "pull", "fix", {"ban"}, {}, 7},
  };
  BOOST_REQUIRE(all.size() == std::variant_size_v<notification_content>);
  for (const auto& x : all) {
    const auto body = encode(x);
    const auto back = decode_notification(name(x), body);
    BOOST_REQUIRE(back);
    BOOST_TEST(back->index() == x.index());
    BOOST_TEST(encode(*back) == body);
  }
  const auto received = decode_notification("message.received", encode(all[5]));
  BOOST_TEST(std::get<message_received>(*received).historical);
  BOOST_TEST(std::get<message_received>(*received).ts == 7);
}

BOOST_AUTO_TEST_CASE(answers_have_the_keys_of_the_contract) {
  BOOST_TEST(encode(answer{empty_answer{}}) == "\x80");
  BOOST_TEST(encode(answer{event_answer{"$e"}}) == map({{"event_id", str("$e")}}));
  BOOST_TEST(encode(answer{state_answer{"pending"}}) == map({{"state", str("pending")}}));
  BOOST_TEST(encode(answer{invited_answer{"sending", "group_dm"}}) ==
             map({{"state", str("sending")}, {"type", str("group_dm")}}));
  BOOST_TEST(encode(answer{room_joined_answer{"!r", "11", "joined"}}) ==
             map({{"matrix_room_id", str("!r")}, {"room_version", str("11")}, {"state", str("joined")}}));
  BOOST_TEST(encode(answer{room_knocked_answer{"!r", "pending"}}) ==
             map({{"matrix_room_id", str("!r")}, {"state", str("pending")}}));
  BOOST_TEST(encode(answer{user_answer{"@u:s"}}) == map({{"user", str("@u:s")}}));
  const auto invitation = map({{"room", str("r")},
                               {"matrix_room_id", str("!r")},
                               {"user", str("u")},
                               {"by", str("b")},
                               {"direction", str("outgoing")},
                               {"state", str("pending")},
                               {"reason", str("")},
                               {"since_ts", packed(7)},
                               {"attempts", packed(0)},
                               {"retry_at_ts", packed(0)},
                               {"last_fault", str("")}});
  const invitation_view view{"r", "!r", "u", "b", "outgoing", "pending", "", 7};
  BOOST_TEST(encode(answer{room_created_answer{"!r", "11", {view}}}) == map({{"matrix_room_id", str("!r")},
                                                                             {"room_version", str("11")},
                                                                             {"invitations", "\x91" + invitation},
                                                                             {"more_invitations", "\xc2"}}));
  const auto member = map({{"user", str("u")},
                           {"membership", str("join")},
                           {"display_name", str("U")},
                           {"power", packed(-1)},
                           {"role", str("muted")},
                           {"avatar", str("mxc://s/2")}});
  BOOST_TEST(
    encode(answer{room_view{
      "r", "!r", "11", "n", "t", "dm", "mxc://s/1", {{"u", "join", "U", -1, "muted", "mxc://s/2"}}, false, {}}}) ==
    map({{"room", str("r")},
         {"matrix_room_id", str("!r")},
         {"room_version", str("11")},
         {"name", str("n")},
         {"topic", str("t")},
         {"type", str("dm")},
         {"members", "\x91" + member},
         {"more_members", "\xc2"},
         {"invitations", "\x90"},
         {"more_invitations", "\xc2"},
         {"avatar", str("mxc://s/1")}}));
}

BOOST_AUTO_TEST_CASE(join_progress_counts_events) {
  BOOST_TEST(encode(join_progress{"", "!r", "@u:s", "verifying", "t", 3, 7}) == map({{"room", str("")},
                                                                                     {"matrix_room_id", str("!r")},
                                                                                     {"user", str("@u:s")},
                                                                                     {"phase", str("verifying")},
                                                                                     {"server", str("t")},
                                                                                     {"done", packed(3)},
                                                                                     {"total", packed(7)}}));
}

BOOST_AUTO_TEST_CASE(typing_notification_uses_the_key_typing) {
  BOOST_TEST(encode(typing_changed{"r", "!r", "@u:s", true}) ==
             map({{"room", str("r")}, {"matrix_room_id", str("!r")}, {"user", str("@u:s")}, {"typing", packed(true)}}));
}

BOOST_AUTO_TEST_CASE(a_fault_says_what_to_do_and_whether_to_repeat) {
  const fault why{fault_code::peer_timeout, "b.example"};
  const auto body = encode(why);
  BOOST_TEST(body == map({{"code", str("peer_timeout")},
                          {"message", str(info(why.code).what_to_do)},
                          {"detail", str("b.example")},
                          {"retryable", packed(true)}}));
  BOOST_TEST((decode_fault(body) == why));
  BOOST_TEST((decode_fault("junk").code == fault_code::bad_body));
  const auto newer =
    map({{"code", str("brand_new")}, {"message", str("")}, {"detail", str("x")}, {"retryable", packed(false)}});
  BOOST_TEST((decode_fault(newer) == fault{fault_code::internal, "brand_new: x"}));
}

BOOST_AUTO_TEST_CASE(a_detail_that_is_not_utf8_does_not_reach_the_wire) {
  BOOST_TEST(decode_fault(encode(fault{fault_code::bad_body, "\xff"})).detail == "the detail is not UTF-8");
}

BOOST_AUTO_TEST_SUITE_END()
