#include "actors/room/room_settings.hpp"

#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_settings_alone)

namespace {

struct settings_rig : command_rig {
  room::room_settings settings{room, authoring};

  room::command_outcome name(const std::string& by, const std::string& text) {
    return settings.run(queued(), chat::room_set_name{"chat-1", by, text});
  }
  room::command_outcome topic(const std::string& by, const std::string& text) {
    return settings.run(queued(), chat::room_set_topic{"chat-1", by, text});
  }
  room::command_outcome avatar(const std::string& by, const std::string& uri) {
    return settings.run(queued(), chat::room_set_avatar{"chat-1", by, uri});
  }
};

std::string event_in(const room::command_outcome& x) { return answer_of<chat::event_answer>(x).event_id; }

} // namespace

BOOST_FIXTURE_TEST_CASE(each_setting_is_an_event_of_its_own_that_goes_to_the_other_server, settings_rig) {
  const auto named = event_in(name(ann, "Lobby")), described = event_in(topic(ann, "Welcome")),
             pictured = event_in(avatar(ann, "mxc://here.example/a"));
  BOOST_TEST(named == state_of("m.room.name")->event_id);
  BOOST_TEST(described == state_of("m.room.topic")->event_id);
  BOOST_TEST(pictured == state_of("m.room.avatar")->event_id);
  BOOST_TEST(room.text("m.room.name", "name") == "Lobby");
  BOOST_TEST(room.text("m.room.topic", "topic") == "Welcome");
  BOOST_TEST(room.text("m.room.avatar", "url") == "mxc://here.example/a");
  const auto list = take();
  BOOST_TEST(written<store::queue_pdu>(list).size() == 3u);
  BOOST_TEST((servers_of_events(list) == std::set<std::string>{"there.example"}));
}

BOOST_FIXTURE_TEST_CASE(what_is_so_already_is_no_second_event, settings_rig) {
  BOOST_TEST(event_in(name(ann, "")) == ""); // it has none
  BOOST_TEST(event_in(avatar(ann, "")) == "");
  BOOST_TEST(is_untouched());
  (void)name(ann, "Lobby");
  (void)take();
  events.changes.clear();
  BOOST_TEST(event_in(name(ann, "Lobby")) == "");
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(an_empty_text_takes_it_away, settings_rig) {
  (void)name(ann, "Lobby");
  (void)topic(ann, "Welcome");
  (void)avatar(ann, "mxc://here.example/a");
  BOOST_TEST(event_in(name(ann, "")) != "");
  BOOST_TEST(event_in(topic(ann, "")) != "");
  BOOST_TEST(event_in(avatar(ann, "")) != "");
  BOOST_TEST(room.text("m.room.name", "name") == "");
  BOOST_TEST(room.text("m.room.topic", "topic") == "");
  BOOST_TEST(room.text("m.room.avatar", "url") == "");
}

BOOST_FIXTURE_TEST_CASE(who_is_outside_and_who_has_no_power_changes_nothing, settings_rig) {
  BOOST_TEST((refusal_of(name(cyd, "Mine")) == fault_code::not_member));
  BOOST_TEST((refusal_of(name(cyd, "")) == fault_code::not_member)); // also where nothing would change
  BOOST_TEST((refusal_of(topic(bob, "Mine")) == fault_code::forbidden));
  BOOST_TEST((refusal_of(avatar(bob, "mxc://here.example/a")) == fault_code::forbidden));
  BOOST_TEST(is_untouched());
  BOOST_TEST(state_of("m.room.topic") == nullptr);
}

BOOST_FIXTURE_TEST_CASE(an_avatar_is_an_mxc_uri_or_nothing, settings_rig) {
  for (const auto* odd : {"https://here.example/a.png", "mxc://", "mxc://here.example", "mxc://here.example/", " "})
    BOOST_TEST((refusal_of(avatar(ann, odd)) == fault_code::invalid_param), odd);
  BOOST_TEST((refusal_of(avatar(cyd, "x")) == fault_code::invalid_param));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(a_topic_that_no_event_can_hold_is_too_large_and_the_old_one_stays, settings_rig) {
  (void)topic(ann, "Welcome");
  const auto before = state_of("m.room.topic")->event_id;
  BOOST_TEST((refusal_of(topic(ann, std::string(limits::authored_content_bytes_max, 't'))) == fault_code::too_large));
  BOOST_TEST(state_of("m.room.topic")->event_id == before);
}

BOOST_FIXTURE_TEST_CASE(what_a_room_is_called_says_nothing_of_its_type, settings_rig) {
  writer.become_group();
  (void)name(ann, "Lobby");
  BOOST_TEST((room.type() == chat::room_type::group_dm));
}

BOOST_FIXTURE_TEST_CASE(a_room_is_not_renamed_before_its_policy_server_has_said_yes, settings_rig) {
  guard();
  BOOST_TEST(asks_policy_server(name(ann, "Lobby")));
  BOOST_TEST(told<peer_request>(take()).size() == 1u);
  BOOST_TEST(state_of("m.room.name") == nullptr);
  forbid();
  BOOST_TEST((refusal_of(name(ann, "Lobby")) == fault_code::forbidden));
  BOOST_TEST(state_of("m.room.name") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
