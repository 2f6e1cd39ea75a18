#include "actors/room/room_upgrade.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_upgrade_alone)

namespace {

using room::room_upgrade;

/// The room of ann and bob, which goes on as another one; the actor of that one is the test.
struct upgrade_rig : assembled_rig {
  room_upgrade upgrade{{room, out, writer, authoring, notifier}};

  room::command_outcome run(const std::string& by = ann, std::optional<std::string> version = {}) {
    room::queued_command c;
    c.command.reference = {"s", "c1", 0};
    c.command.random = "next-room";
    return upgrade.run(c, chat::room_upgrade{"chat-1", by, std::move(version)});
  }
  /// What the successor is asked for.
  successor_request begin() {
    BOOST_TEST(std::holds_alternative<room::ends_later>(run()));
    return wanted_in(take());
  }
  static successor_request wanted_in(const effects& list) {
    const auto asked = told<successor_request>(list);
    if (asked.size() != 1) throw std::runtime_error(std::to_string(asked.size()) + " successors wanted");
    BOOST_TEST((asked[0].first == address{actor_kind::room, asked[0].second.create->room_id}));
    return asked[0].second;
  }
  effects founded(const std::string& next, fault why = {}) {
    upgrade.founded({next, std::move(why)});
    return take();
  }
  fault_code refused(const std::string& by = ann, std::optional<std::string> version = {}) {
    const auto outcome = run(by, std::move(version));
    const auto* why = std::get_if<fault>(&outcome);
    return why ? why->code : fault_code::none;
  }
  matrix::event_ptr state_of(const char* type) const { return room.graph.state_event(type); }
  void set(const std::string& type, object content) {
    add(made(ann, type, std::move(content), "", {}, room.graph.extremities()));
    (void)take();
  }
};

/// The actor of the successor: a room that does not exist yet.
struct successor_rig {
  /// Nobody hears what happens in the room while it is made.
  struct listener : recorded_events {
    const room_upgrade* of = nullptr;
    std::size_t loud = 0;
    void state_changed(const std::vector<room::state_change>& more) override {
      recorded_events::state_changed(more);
      if (of && !of->is_quiet()) ++loud;
    }
  };
  context node = here();
  decision out;
  room::room_state room;
  room::pending_questions pending{out};
  room::event_writer writer{room, out};
  listener events;
  room::chat_notifier notifier{room, out};
  room::policy_gate policy{room, pending};
  room::authoring authoring{room, out, pending, writer, policy, events};
  room_upgrade upgrade{{room, out, writer, authoring, notifier}};

  explicit successor_rig(const successor_request& m)
      : out({actor_kind::room, m.create->room_id}), room(node, m.create->room_id) {
    out.set_now(noon);
    events.of = &upgrade;
  }
  effects found(const successor_request& m) {
    upgrade.found(m);
    return out.take();
  }
  static fault why_in(const effects& list) {
    const auto answers = told<successor_founded>(list);
    if (answers.size() != 1) throw std::runtime_error("not one answer");
    return answers[0].second.why;
  }
};

} // namespace

// -- the room that is upgraded

BOOST_FIXTURE_TEST_CASE(the_successor_is_asked_for_and_what_is_under_way_is_on_disk, upgrade_rig) {
  const auto wanted = begin();
  BOOST_TEST(wanted.predecessor == room_id);
  BOOST_TEST(*wanted.create->content().find("predecessor")->find_string("room_id") == room_id);
  BOOST_TEST(wanted.create->sender == ann);
  BOOST_TEST(upgrade.is_under_way());
  BOOST_TEST(!upgrade.is_idle());
  BOOST_TEST(!room.head.succession.empty());
  BOOST_TEST(room.head_changed);
  BOOST_TEST(upgrade.deadline() == now + room_upgrade::repeat_ms);
  BOOST_TEST(state_of("m.room.tombstone") == nullptr); // nobody is sent to a room that is not there
  object o;
  upgrade.describe(o, now + 5);
  BOOST_TEST(*o.find("upgrade")->find_string("successor") == wanted.create->room_id);
  BOOST_TEST(*o.find("upgrade")->find_integer("since_ms") == 5);
}

BOOST_FIXTURE_TEST_CASE(who_may_not_upgrade_or_to_what_is_refused_before_anything_is_asked_for, upgrade_rig) {
  BOOST_TEST((refused("@cyd:here.example") == fault_code::not_member));
  BOOST_TEST((refused(bob) == fault_code::forbidden));
  for (const auto* odd : {"7", "", "org.example.1"})
    BOOST_TEST((refused(ann, odd) == fault_code::unsupported_room_version), odd);
  writer.put_succession("somebody of another server does");
  BOOST_TEST((refused() == fault_code::conflict));
  writer.go_on_as("!next:here.example");
  BOOST_TEST((refused() == fault_code::already_exists));
  BOOST_TEST(told<successor_request>(take()).empty());
  BOOST_TEST(upgrade.is_idle());
  BOOST_TEST(upgrade.deadline() == 0);
}

BOOST_FIXTURE_TEST_CASE(when_the_successor_stands_the_room_says_so_and_its_name_goes_over_in_one_commit, upgrade_rig) {
  const auto next = begin().create->room_id;
  const auto list = founded(next);
  BOOST_REQUIRE(state_of("m.room.tombstone") != nullptr);
  BOOST_TEST(*state_of("m.room.tombstone")->content().find("replacement_room")->as_string() == next);
  BOOST_TEST(of_kind<persist>(list).size() == 1u);
  const auto bound = written<store::bind_room>(list);
  BOOST_REQUIRE(bound.size() == 2u);
  BOOST_TEST(bound[0].chat_room_id == "");
  BOOST_TEST(bound[1].room_id == next);
  BOOST_TEST(bound[1].chat_room_id == "chat-1");
  BOOST_TEST(written<store::put_command_result>(list).at(0).succeeded);
  BOOST_TEST(notified<chat::room_upgraded>(list).at(0).matrix_room_id == next);
  BOOST_TEST(room.head.successor == next);
  BOOST_TEST(room.head.succession == "");
  BOOST_TEST(upgrade.is_idle());
  BOOST_TEST(upgrade.deadline() == 0);
  BOOST_TEST(founded(next).empty()); // a repeated answer
}

BOOST_FIXTURE_TEST_CASE(a_word_of_another_room_ends_nothing, upgrade_rig) {
  BOOST_TEST(founded("!other:here.example").empty());
  (void)begin();
  BOOST_TEST(founded("!other:here.example").empty());
  BOOST_TEST(founded("!other:here.example", {fault_code::internal, "no"}).empty());
  BOOST_TEST(upgrade.is_under_way());
}

BOOST_FIXTURE_TEST_CASE(a_successor_that_cannot_be_made_ends_the_command_and_the_room_stays_what_it_was, upgrade_rig) {
  const auto next = begin().create->room_id;
  const auto list = founded(next, {fault_code::too_large, "the topic"});
  BOOST_TEST((refusal_in(list).code == fault_code::too_large));
  BOOST_TEST(of_kind<note>(list).at(0).what.starts_with("R144 "));
  BOOST_TEST(room.head.succession == "");
  BOOST_TEST(room.head.chat_room_id == "chat-1");
  BOOST_TEST(state_of("m.room.tombstone") == nullptr);
  BOOST_TEST(upgrade.is_idle());
  BOOST_TEST((refused() == fault_code::none)); // it may be tried again
}

BOOST_FIXTURE_TEST_CASE(a_successor_that_says_nothing_is_asked_again_and_given_up, upgrade_rig) {
  const auto next = begin().create->room_id;
  for (std::uint32_t i = 0; i < room_upgrade::repeats_max; ++i) {
    BOOST_TEST(upgrade.deadline() == now + room_upgrade::repeat_ms);
    after(room_upgrade::repeat_ms);
    upgrade.on_deadline();
    BOOST_TEST(wanted_in(take()).create->room_id == next);
  }
  after(room_upgrade::repeat_ms);
  upgrade.on_deadline();
  const auto list = take();
  BOOST_TEST(told<successor_request>(list).empty());
  BOOST_TEST((refusal_in(list).code == fault_code::timed_out));
  BOOST_TEST(upgrade.is_idle());
  BOOST_TEST(founded(next).empty()); // too late
}

BOOST_FIXTURE_TEST_CASE(who_loses_their_power_meanwhile_ends_nothing, upgrade_rig) {
  const auto next = begin().create->room_id;
  add(made(ann, "m.room.member", {{"membership", "leave"}}, ann));
  (void)take();
  BOOST_TEST((refusal_in(founded(next)).code == fault_code::forbidden));
  BOOST_TEST(room.head.chat_room_id == "chat-1");
}

BOOST_FIXTURE_TEST_CASE(the_policy_server_is_asked_about_the_end_and_it_is_tried_again_then, upgrade_rig) {
  const auto key = key_of('p');
  set("m.room.policy", {{"via", "there.example"}, {"public_keys", object{{"ed25519", key.public_key_base64()}}}});
  const auto next = begin().create->room_id;
  const auto list = founded(next);
  BOOST_TEST(told<peer_request>(list).size() == 1u);
  BOOST_TEST(told<command_done>(list).empty());
  BOOST_TEST(upgrade.is_under_way());
  auto again = authoring.take_deferred();
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(std::get<successor_founded>(again.front()).room_id == next);
}

BOOST_FIXTURE_TEST_CASE(who_has_no_power_writes_in_the_new_room_alone_from_then_on, upgrade_rig) {
  const auto level = [&](const char* key) {
    const auto* set_to = state_of("m.room.power_levels")->content().find(key);
    return set_to && set_to->as_integer() ? *set_to->as_integer() : -1;
  };
  const auto next = begin().create->room_id;
  (void)founded(next);
  BOOST_TEST(level("events_default") == 50);
  BOOST_TEST(level("invite") >= 50);
  BOOST_TEST(!upgrade.is_quiet());
}

BOOST_AUTO_TEST_CASE(levels_that_are_high_enough_stay_as_they_are_and_everybodys_is_exceeded) {
  for (const auto& [everybody, before, after] : {std::tuple{0, 50, 50}, std::tuple{0, 60, 60}, std::tuple{0, 49, 50},
                                                 std::tuple{60, 50, 61}, std::tuple{60, 61, 61}}) {
    upgrade_rig r;
    auto content = r.state_of("m.room.power_levels")->content();
    content.set("users_default", everybody);
    content.set("events_default", before);
    content.set("invite", before);
    r.set("m.room.power_levels", content);
    const auto levels = r.state_of("m.room.power_levels")->event_id;
    const auto next = r.begin().create->room_id;
    (void)r.founded(next);
    BOOST_TEST(*r.state_of("m.room.power_levels")->content().find("events_default")->as_integer() == after);
    BOOST_TEST((r.state_of("m.room.power_levels")->event_id == levels) == (before == after));
  }
}

BOOST_FIXTURE_TEST_CASE(its_alias_goes_over, upgrade_rig) {
  set("m.room.canonical_alias", {{"alias", "#lobby:here.example"}});
  const auto wanted = begin();
  BOOST_TEST(std::ranges::count_if(wanted.state, [](const auto& e) { return e->type == "m.room.canonical_alias"; }) ==
             1);
  (void)founded(wanted.create->room_id);
  BOOST_TEST(state_of("m.room.canonical_alias")->content().empty());
}

// -- after a restart

BOOST_FIXTURE_TEST_CASE(after_a_restart_it_goes_on_as_the_same_room_and_answers_the_same_command, upgrade_rig) {
  const auto next = begin().create->event_id;
  room_upgrade anew{{room, out, writer, authoring, notifier}};
  anew.load();
  const auto wanted = wanted_in(take());
  BOOST_TEST(wanted.create->event_id == next);
  BOOST_TEST(anew.is_under_way());
  anew.founded({wanted.create->room_id, {}});
  const auto done = told<command_done>(take());
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST(done[0].second.succeeded);
  BOOST_TEST(done[0].second.reference.session == "s");
  BOOST_TEST(done[0].second.reference.command_id == "c1");
}

BOOST_FIXTURE_TEST_CASE(a_row_that_is_no_upgrade_of_ours_begins_nothing, upgrade_rig) {
  (void)begin();
  const auto row = *matrix::json::parse(room.head.succession)->as_object();
  std::vector<std::string> odd{"", "no json", "[]", R"({"at":"following"})"};
  for (const auto* key : {"at", "create", "version", "session", "command_id", "since"}) {
    auto less = row;
    less.erase(key);
    odd.push_back(matrix::json::canonical(less));
  }
  auto unknown = row;
  unknown.set("version", "org.example.1");
  odd.push_back(matrix::json::canonical(unknown));
  for (const auto& text : odd) {
    writer.put_succession(text);
    room_upgrade anew{{room, out, writer, authoring, notifier}};
    anew.load();
    BOOST_TEST(anew.is_idle(), text);
    BOOST_TEST(anew.deadline() == 0);
    BOOST_TEST(told<successor_request>(take()).empty(), text);
  }
  writer.put_succession(matrix::json::canonical(row));
  writer.left(); // nobody of ours is there to go on
  room_upgrade gone{{room, out, writer, authoring, notifier}};
  gone.load();
  BOOST_TEST(gone.is_idle());
}

// -- the room that is made

BOOST_FIXTURE_TEST_CASE(the_successor_is_made_with_our_members_in_it_and_nobody_is_told_of_each_step, upgrade_rig) {
  set("m.room.name", {{"name", "Lobby"}});
  const auto wanted = begin();
  successor_rig s{wanted};
  const auto list = s.found(wanted);
  BOOST_TEST((s.why_in(list).code == fault_code::none));
  BOOST_TEST(told<successor_founded>(list).at(0).first.key == room_id);
  BOOST_TEST(s.room.exists);
  BOOST_TEST((s.room.graph.membership(ann) == matrix::membership::join));
  BOOST_TEST((s.room.graph.membership(bob) == matrix::membership::join));
  BOOST_TEST((s.room.graph.membership(eve) == matrix::membership::none)); // they come by themselves
  BOOST_TEST(*s.room.graph.state_event("m.room.name")->content().find("name")->as_string() == "Lobby");
  BOOST_TEST(!s.events.changes.empty());
  BOOST_TEST(s.events.loud == 0u);
  BOOST_TEST(!s.upgrade.is_quiet());
  BOOST_TEST(s.room.head_changed);
  // It is made once, whatever it is asked.
  const auto again = s.found(wanted);
  BOOST_TEST((s.why_in(again).code == fault_code::none));
  BOOST_TEST(written<store::put_event>(again).empty());
}

BOOST_FIXTURE_TEST_CASE(a_successor_of_which_a_part_cannot_be_made_is_not_made_at_all, upgrade_rig) {
  auto wanted = begin();
  wanted.state.push_back(
    made(ann, "m.room.topic", {{"topic", std::string(limits::authored_content_bytes_max, 't')}}, ""));
  successor_rig s{wanted};
  auto list = s.found(wanted);
  BOOST_TEST((s.why_in(list).code == fault_code::too_large));
  for (const auto& commit : of_kind<persist>(list)) BOOST_TEST(commit.batch.writes.empty());
  BOOST_TEST(!s.room.exists);
  BOOST_TEST(!s.upgrade.is_quiet());
  // Without that part it is.
  wanted.state.pop_back();
  list = s.found(wanted);
  BOOST_TEST((s.why_in(list).code == fault_code::none));
  BOOST_TEST(s.room.exists);
}

BOOST_AUTO_TEST_SUITE_END()
