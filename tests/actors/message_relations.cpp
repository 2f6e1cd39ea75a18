#include "actors/room/message_relations.hpp"

#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(message_relations)

namespace {

const shared_room& a_room() {
  static const shared_room r;
  return r;
}
object replaces(const std::string& target, object fresh = {{"msgtype", "m.text"}, {"body", "new"}}) {
  return {{"msgtype", "m.text"},
          {"body", "* new"},
          {"m.new_content", std::move(fresh)},
          {"m.relates_to", object{{"rel_type", "m.replace"}, {"event_id", target}}}};
}
matrix::event_ptr made(const std::string& type, object content, std::optional<std::string> state_key = {},
                       const std::string& by = eve) {
  return a_room().made(by, type, std::move(content), std::move(state_key));
}
std::string target_of(const std::string& type, object content, std::optional<std::string> state_key = {}) {
  return room::related_of(*made(type, std::move(content), std::move(state_key))).target_event_id;
}
object with(object content, const std::string& key, matrix::json::value x) {
  content.set(key, std::move(x));
  return content;
}

} // namespace

BOOST_AUTO_TEST_CASE(an_edit_and_a_reaction_say_what_they_relate_to) {
  const auto edit = room::related_of(*made("m.room.message", replaces("$a")));
  BOOST_TEST(edit.is_edit());
  BOOST_TEST(edit.target_event_id == "$a");
  const auto reaction = room::related_of(*made("m.reaction", room::reaction_content("$a", "👍")));
  BOOST_TEST((reaction && !reaction.is_edit()));
  BOOST_TEST(reaction.target_event_id == "$a");
  BOOST_TEST(reaction.key == "👍");
}

BOOST_AUTO_TEST_CASE(what_lacks_something_of_it_is_neither) {
  BOOST_TEST(target_of("m.room.message", replaces("$a"), "") == "");
  BOOST_TEST(target_of("m.room.encrypted", replaces("$a")) == "");
  BOOST_TEST(target_of("m.room.message", with(replaces("$a"), "m.new_content", 5)) == "");
  BOOST_TEST(target_of("m.room.message", replaces("$a", {{"msgtype", "m.text"}})) == "");
  BOOST_TEST(target_of("m.room.message", replaces("")) == "");
  BOOST_TEST(target_of("m.room.message", with(replaces("$a"), "m.relates_to", "m.replace")) == "");
  BOOST_TEST(target_of("m.room.message",
                       with(replaces("$a"), "m.relates_to", object{{"rel_type", 1}, {"event_id", "$a"}})) == "");
  BOOST_TEST(target_of("m.reaction", room::reaction_content("$a", "")) == "");
  BOOST_TEST(target_of("m.reaction", room::reaction_content("$a", std::string(255, 'x'))) == "$a");
  BOOST_TEST(target_of("m.reaction", room::reaction_content("$a", std::string(256, 'x'))) == "");
  BOOST_TEST(target_of("m.room.message", room::reaction_content("$a", "+")) == "");
  BOOST_TEST(target_of("m.reaction", replaces("$a")) == "");
}

BOOST_AUTO_TEST_CASE(only_its_sender_replaces_a_message_that_is_no_edit_no_state_and_not_deleted) {
  const auto edit = made("m.room.message", replaces("$a"));
  const object text{{"msgtype", "m.text"}, {"body", "old"}};
  BOOST_TEST(room::replaces(*edit, *made("m.room.message", text)));
  BOOST_TEST(!room::replaces(*edit, *made("m.room.message", text, {}, eli)));
  BOOST_TEST(!room::replaces(*edit, *made("m.room.message", text, "")));
  BOOST_TEST(!room::replaces(*edit, *made("m.room.encrypted", text)));
  BOOST_TEST(!room::replaces(*edit, *made("m.sticker", text)));
  BOOST_TEST(!room::replaces(*edit, *made("m.room.message", replaces("$b"))));
  BOOST_TEST(!room::replaces(*edit, *matrix::redacted(*made("m.room.message", text), made("m.room.redaction", {}))));
}

BOOST_AUTO_TEST_CASE(texts_emotes_and_notices_are_edited_by_command_and_files_are_not) {
  for (const auto* msgtype : {"m.text", "m.emote", "m.notice"})
    BOOST_TEST(room::is_editable_text(*made("m.room.message", {{"msgtype", msgtype}, {"body", "x"}})), msgtype);
  for (const auto* msgtype : {"m.image", "m.location", ""})
    BOOST_TEST(!room::is_editable_text(*made("m.room.message", {{"msgtype", msgtype}, {"body", "x"}})), msgtype);
}

BOOST_AUTO_TEST_CASE(the_later_edit_counts_and_among_equals_the_greater_event_id) {
  auto a = *made("m.room.message", replaces("$a")), b = a;
  b.origin_server_ts = a.origin_server_ts + 1;
  BOOST_TEST(room::is_later_edit(b, a));
  BOOST_TEST(!room::is_later_edit(a, b));
  b.origin_server_ts = a.origin_server_ts;
  b.event_id = a.event_id + "x";
  BOOST_TEST(room::is_later_edit(b, a));
  BOOST_TEST(!room::is_later_edit(a, a));
}

BOOST_AUTO_TEST_CASE(an_edit_says_the_new_text_twice_and_calls_only_who_was_not_called) {
  const auto original =
    made("m.room.message",
         {{"msgtype", "m.emote"}, {"body", "waves"}, {"m.mentions", object{{"user_ids", matrix::json::array{ann}}}}});
  const auto content =
    room::edit_content({"chat-1", ann, "m1", "bows", "<b>bows</b>", {ann, bob, "@room"}}, *original, nullptr);
  object inner{{"msgtype", "m.emote"},
               {"body", "bows"},
               {"format", "org.matrix.custom.html"},
               {"formatted_body", "<b>bows</b>"},
               {"m.mentions", object{{"room", true}, {"user_ids", matrix::json::array{ann, bob}}}}};
  object expected{{"msgtype", "m.emote"},
                  {"body", "* bows"},
                  {"format", "org.matrix.custom.html"},
                  {"formatted_body", "* <b>bows</b>"},
                  {"m.mentions", object{{"room", true}, {"user_ids", matrix::json::array{bob}}}},
                  {"m.new_content", inner},
                  {"m.relates_to", object{{"rel_type", "m.replace"}, {"event_id", original->event_id}}}};
  BOOST_TEST(matrix::json::canonical(content) == matrix::json::canonical(expected));
  const auto again = room::edit_content({"chat-1", ann, "m1", "bows", {}, {bob, "@room"}}, *original,
                                        made("m.room.message", content).get());
  BOOST_TEST(again.find("m.mentions")->as_object()->empty());
}

BOOST_AUTO_TEST_SUITE_END()
