#include "actors/room/message_commands.hpp"

#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_message_commands_alone)

namespace {

struct messages_rig : command_rig {
  room::message_names names;
  room::message_commands messages{room, out, authoring, redacted, names};
  room::queued_command c = queued();

  explicit messages_rig(std::string version = "11") : command_rig(std::move(version)) {}
  static chat::message_send text(std::string words, const std::string& id = "m1") {
    chat::message_send x;
    x.room = "chat-1";
    x.sender = ann;
    x.message = id;
    x.text = std::move(words);
    return x;
  }
  static chat::file picture(const std::string& name) {
    return {"mxc://here.example/" + name, name + ".png", "image/png", 5, {}, {}, {}};
  }
  room::command_outcome send(const chat::message_send& x) { return messages.run(c, x); }
  fault_code refused(const chat::message_send& x) { return refusal_of(send(x)); }
  /// The contents of the events that came into the room, in order.
  std::vector<matrix::json::object> said() {
    std::vector<matrix::json::object> all;
    for (const auto& row : written<store::put_event>(last = take())) all.push_back(row.event->content());
    return all;
  }
  effects last;

  room::command_outcome remove(const std::string& by, const std::optional<matrix::event_ptr>& target,
                               std::optional<std::string> reason = {},
                               store::verdict judged = store::verdict::accepted) {
    c.target.emplace();
    if (target) c.target->target = store::stored_event{*target, judged, 0, 0, 1};
    return messages.run(std::as_const(c), chat::message_delete{"chat-1", by, "m1", std::move(reason)});
  }
  room::command_outcome bind(const std::string& event_id, const std::string& as) {
    c.event_ids["m1"] = event_id;
    return messages.run(std::as_const(c), chat::message_bind{"chat-1", "m1", as});
  }
  room::command_outcome type(const std::string& user, bool is_typing = true) {
    return messages.run(std::as_const(c), chat::typing{"chat-1", user, is_typing});
  }
};

std::string word_in(const matrix::json::object& x, const char* key) {
  const auto* found = x.find(key);
  return found && found->as_string() ? *found->as_string() : "-";
}

} // namespace

// -- message.send

BOOST_FIXTURE_TEST_CASE(a_message_is_in_the_room_under_the_name_that_the_chat_server_gives_it, messages_rig) {
  auto x = text("hello");
  x.html = "<b>hello</b><script>alert(1)</script>";
  x.kind = chat::message_kind::emote;
  x.mentions = {eve};
  const auto answer = answer_of<chat::sent_answer>(send(x));
  const auto all = said();
  BOOST_REQUIRE(all.size() == 1u);
  BOOST_TEST(word_in(all[0], "msgtype") == "m.emote");
  BOOST_TEST(word_in(all[0], "body") == "hello");
  BOOST_TEST(word_in(all[0], "formatted_body") == "<b>hello</b>");
  BOOST_TEST(*all[0].find("m.mentions")->find_array("user_ids")->at(0).as_string() == eve);
  BOOST_TEST(answer.file_event_ids.empty());
  BOOST_TEST(answer.servers.value_or(0) == 1u);
  BOOST_TEST((servers_of_events(last) == std::set<std::string>{"there.example"}));
  const auto bound = written<store::bind_message>(last);
  BOOST_REQUIRE(bound.size() == 1u);
  BOOST_TEST(bound[0].event_id == answer.event_id);
  BOOST_REQUIRE(names.find("m1"));
  BOOST_TEST(*names.find("m1") == answer.event_id);
}

BOOST_FIXTURE_TEST_CASE(text_and_files_are_events_of_which_the_first_alone_calls_and_answers, messages_rig) {
  auto x = text("look");
  x.files = {picture("a"), picture("b")};
  x.mentions = {eve};
  x.reply_to = "m0";
  x.thread = "t0";
  c.event_ids = {{"m0", "$m0"}, {"t0", "$t0"}};
  const auto answer = answer_of<chat::sent_answer>(send(x));
  const auto all = said();
  BOOST_REQUIRE(all.size() == 3u);
  BOOST_TEST(answer.file_event_ids.size() == 2u);
  BOOST_TEST(word_in(all[1], "msgtype") == "m.image");
  BOOST_TEST(written<store::bind_message>(last).size() == 1u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& relates = *all[i].find("m.relates_to");
    BOOST_TEST(*relates.find_string("event_id") == "$t0");
    BOOST_TEST((relates.find("m.in_reply_to") != nullptr) == (i == 0));
    BOOST_TEST(*relates.find("is_falling_back")->as_bool() == (i != 0));
    BOOST_TEST((all[i].find("m.mentions")->find_array("user_ids") != nullptr) == (i == 0));
  }
}

BOOST_FIXTURE_TEST_CASE(a_file_without_text_is_what_the_name_means, messages_rig) {
  auto x = text(" ");
  x.files = {picture("a")};
  const auto answer = answer_of<chat::sent_answer>(send(x));
  BOOST_TEST(said().size() == 1u);
  BOOST_REQUIRE(answer.file_event_ids.size() == 1u);
  BOOST_TEST(answer.event_id == answer.file_event_ids[0]);
  BOOST_TEST(*names.find("m1") == answer.event_id);
}

BOOST_FIXTURE_TEST_CASE(a_place_is_one_and_what_is_none_is_refused, messages_rig) {
  auto x = text("here");
  for (const auto* odd : {"", "geo:", "geo:x,y", "https://x.example"}) {
    x.geo_uri = odd;
    BOOST_TEST((refused(x) == fault_code::invalid_param), odd);
  }
  BOOST_TEST(is_untouched());
  x.geo_uri = "geo:51.5,-0.1";
  BOOST_TEST(is_done(send(x)));
  const auto all = said();
  BOOST_TEST(word_in(all.at(0), "msgtype") == "m.location");
  BOOST_TEST(word_in(all.at(0), "geo_uri") == "geo:51.5,-0.1");
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_sent_is_refused_and_nobody_sees_a_part_of_it, messages_rig) {
  BOOST_TEST((refused(text(std::string(limits::authored_content_bytes_max + 1, 'x'))) == fault_code::too_large));
  auto x = text(std::string(limits::authored_content_bytes_max, 'x'));
  x.html = "y";
  BOOST_TEST((refused(x) == fault_code::too_large)); // both count
  x = text("hello");
  x.sender = cyd;
  BOOST_TEST((refused(x) == fault_code::not_member));
  BOOST_TEST((refused(text(" \n")) == fault_code::bad_body));
  for (const bool is_thread : {false, true}) {
    x = text("hello");
    (is_thread ? x.thread : x.reply_to) = "gone";
    c.event_ids = {{"gone", "?"}};
    const auto outcome = send(x);
    BOOST_TEST((refusal_of(outcome) == fault_code::not_found));
    BOOST_TEST(std::get<fault>(outcome).detail.starts_with(is_thread ? "thread: " : "reply_to: "));
  }
  BOOST_TEST(is_untouched());
  BOOST_TEST(names.find("m1") == nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_text_of_that_size_whose_JSON_is_larger_than_an_event_is_too_large, messages_rig) {
  BOOST_TEST((refused(text(std::string(limits::authored_content_bytes_max, '"'))) == fault_code::too_large));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(who_may_not_speak_is_forbidden_to, messages_rig) {
  set_level("events_default", 50);
  auto x = text("hello");
  x.sender = bob;
  BOOST_TEST((refused(x) == fault_code::forbidden));
  BOOST_TEST(names.find("m1") == nullptr);
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(a_name_that_another_message_has_is_refused_whoever_knows_of_it, messages_rig) {
  c.id_in_use = result<std::string>{std::string{"$old"}};
  auto outcome = send(text("hello"));
  BOOST_TEST((refusal_of(outcome) == fault_code::already_exists));
  BOOST_TEST(std::get<fault>(outcome).detail.find("$old") != std::string::npos);
  c.id_in_use = result<std::string>{std::string{}};
  names.bind("m1", "$new"); // since the store was asked
  outcome = send(text("hello"));
  BOOST_TEST((refusal_of(outcome) == fault_code::already_exists));
  BOOST_TEST(std::get<fault>(outcome).detail.find("$new") != std::string::npos);
  c.id_in_use = result<std::string>{fault{fault_code::store_failed, "disk"}};
  BOOST_TEST((refused(text("hello")) == fault_code::store_failed));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(a_message_whose_first_part_is_sent_goes_on_behind_it, messages_rig) {
  auto x = text("look");
  x.files = {picture("a")};
  names.bind("m1", "$first"); // its own
  c.sent = {"$first"};
  const auto answer = answer_of<chat::sent_answer>(send(x));
  const auto all = said();
  BOOST_REQUIRE(all.size() == 1u);
  BOOST_TEST(word_in(all[0], "msgtype") == "m.image");
  BOOST_TEST(answer.event_id == "$first");
  BOOST_TEST(answer.file_event_ids.size() == 1u);
  BOOST_TEST(written<store::bind_message>(last).empty());
}

BOOST_FIXTURE_TEST_CASE(while_the_policy_server_is_asked_nothing_is_bound, messages_rig) {
  guard();
  BOOST_TEST(asks_policy_server(send(text("hello"))));
  BOOST_TEST(c.sent.empty());
  const auto list = take();
  BOOST_TEST(written<store::bind_message>(list).empty());
  BOOST_TEST(names.find("m1") == nullptr);
  forbid();
  BOOST_TEST((refused(text("hello")) == fault_code::forbidden));
  BOOST_TEST(names.find("m1") == nullptr);
}

// -- message.delete

BOOST_FIXTURE_TEST_CASE(a_message_that_is_deleted_is_empty_for_all, messages_rig) {
  const auto target = message_of(eve, "spam");
  const auto id = answer_of<chat::event_answer>(remove(ann, target, "spam")).event_id;
  const auto list = take();
  const auto rows = written<store::put_event>(list);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].event->event_id == id);
  BOOST_TEST(word_in(rows[0].event->content(), "redacts") == target->event_id);
  BOOST_TEST(word_in(rows[0].event->content(), "reason") == "spam");
  const auto emptied = written<store::redact_event>(list);
  BOOST_REQUIRE(emptied.size() == 1u);
  BOOST_TEST(emptied[0].redacted->event_id == target->event_id);
  BOOST_TEST(emptied[0].redacted->content().find("body") == nullptr);
  BOOST_TEST((servers_of_events(list) == std::set<std::string>{"there.example"}));
}

BOOST_FIXTURE_TEST_CASE(what_is_no_message_that_was_shown_is_not_deleted, messages_rig) {
  BOOST_TEST((refusal_of(remove(ann, {})) == fault_code::not_found));
  BOOST_TEST((refusal_of(remove(ann, message_of(eve, "x"), {}, store::verdict::rejected)) == fault_code::not_found));
  BOOST_TEST((refusal_of(remove(ann, member_event_of(eve))) == fault_code::invalid_param));
  const auto said_once = message_of(eve, "x");
  const auto gone = matrix::redacted(*said_once, redaction_of(ann, said_once->event_id));
  BOOST_TEST((refusal_of(remove(ann, gone)) == fault_code::conflict));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(who_is_outside_or_below_the_level_deletes_nobody_elses_message, messages_rig) {
  BOOST_TEST((refusal_of(remove(cyd, message_of(eve, "x"))) == fault_code::not_member));
  BOOST_TEST((refusal_of(remove(bob, message_of(eve, "x"))) == fault_code::forbidden));
  BOOST_TEST(is_untouched());
  BOOST_TEST(is_done(remove(bob, message_of(bob, "x"))));
  BOOST_TEST(written<store::redact_event>(take()).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_deletion_that_the_policy_server_is_asked_about_leaves_the_message, messages_rig) {
  guard();
  BOOST_TEST(asks_policy_server(remove(ann, message_of(eve, "x"))));
  BOOST_TEST(written<store::redact_event>(take()).empty());
}

// -- message.bind

BOOST_FIXTURE_TEST_CASE(a_message_gets_a_name_once, messages_rig) {
  BOOST_TEST(is_done(bind("$e", "own")));
  BOOST_TEST(written<store::bind_message>(take()).size() == 1u);
  BOOST_TEST(*names.find("own") == "$e");
  BOOST_TEST(is_done(bind("$e", "own"))); // repeated
  BOOST_TEST(written<store::bind_message>(take()).empty());
}

BOOST_FIXTURE_TEST_CASE(a_name_of_another_message_and_a_message_that_is_not_there_are_refused, messages_rig) {
  BOOST_TEST((refusal_of(bind("?", "own")) == fault_code::not_found));
  names.bind("own", "$other");
  BOOST_TEST((refusal_of(bind("$e", "own")) == fault_code::already_exists));
  c.id_in_use = result<std::string>{std::string{"$stored"}};
  BOOST_TEST((refusal_of(bind("$e", "kept")) == fault_code::already_exists));
  BOOST_TEST(is_done(bind("$stored", "kept")));
  c.id_in_use = result<std::string>{fault{fault_code::store_failed, "disk"}};
  BOOST_TEST((refusal_of(bind("$e", "new")) == fault_code::store_failed));
  BOOST_TEST(written<store::bind_message>(take()).empty());
}

// -- typing

BOOST_FIXTURE_TEST_CASE(who_types_is_told_to_the_other_servers_and_kept_nowhere, messages_rig) {
  change(node).federation.typing = true;
  member(zoe, zoe, "join");
  const auto outcome = type(ann);
  BOOST_TEST(is_done(outcome));
  BOOST_TEST(!std::get<room::succeeded>(outcome).keep);
  const auto list = take();
  const auto words = told<edu_queued>(list);
  BOOST_REQUIRE(words.size() == 2u);
  BOOST_TEST((words[0].first == address{actor_kind::remote_server, "there.example"}));
  BOOST_TEST((words[1].first == address{actor_kind::remote_server, "third.example"}));
  const auto content = matrix::json::parse(words[0].second.content);
  BOOST_REQUIRE(!!content);
  BOOST_TEST(*content->find_string("user_id") == ann);
  BOOST_TEST(*content->find_string("room_id") == room_id);
  BOOST_TEST(*content->find("typing")->as_bool());
  // That they have ceased takes the place of it.
  (void)type(ann, false);
  const auto again = told<edu_queued>(take());
  BOOST_TEST(again.at(0).second.key == words[0].second.key);
  BOOST_TEST(!*matrix::json::parse(again.at(0).second.content)->find("typing")->as_bool());
}

BOOST_FIXTURE_TEST_CASE(who_is_outside_does_not_type_and_where_it_is_off_nobody_is_told, messages_rig) {
  change(node).federation.typing = true;
  BOOST_TEST((refusal_of(type(cyd)) == fault_code::not_member));
  change(node).federation.typing = false;
  BOOST_TEST(is_done(type(ann)));
  BOOST_TEST(take().empty());
}

BOOST_AUTO_TEST_SUITE_END()
