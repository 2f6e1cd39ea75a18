#include "auth_rules_rig.hpp"
#include "messages/matrix/signing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(auth_rules)

using namespace auth_rules_play;

// ---- auth events
BOOST_AUTO_TEST_CASE(auth_types_are_those_of_the_selection_algorithm) {
  using types = std::vector<state_key_pair>;
  const auto of = [](std::string_view version, std::string_view type, std::string_view sender,
                     std::optional<std::string> key, std::string_view content) {
    return auth_types_for(*find_room_version(version), type, sender, key ? &*key : nullptr, parsed(content));
  };
  const state_key_pair create{"m.room.create", ""}, levels{"m.room.power_levels", ""}, rules{"m.room.join_rules", ""};
  const state_key_pair from_bob{"m.room.member", bob}, from_carol{"m.room.member", carol};
  BOOST_TEST((of("11", "m.room.create", bob, "", "{}").empty()));
  BOOST_TEST((of("11", "m.room.message", bob, std::nullopt, "{}") == types{create, levels, from_bob}));
  BOOST_TEST((of("12", "m.room.message", bob, std::nullopt, "{}") == types{levels, from_bob}));
  BOOST_TEST(
    (of("11", "m.room.member", bob, std::string{bob}, member_content("leave")) == types{create, levels, from_bob}));
  BOOST_TEST((of("11", "m.room.member", bob, std::string{carol}, member_content("ban")) ==
              types{create, levels, from_bob, from_carol}));
  BOOST_TEST((of("11", "m.room.member", bob, std::string{carol}, member_content("invite")) ==
              types{create, levels, from_bob, from_carol, rules}));
  BOOST_TEST((of("11", "m.room.member", bob, std::string{bob}, member_content("knock")) ==
              types{create, levels, from_bob, rules}));
  const auto* restricted = R"({"membership":"join","join_authorised_via_users_server":"@carol:c.test"})";
  BOOST_TEST((of("8", "m.room.member", bob, std::string{bob}, restricted) ==
              types{create, levels, from_bob, rules, from_carol}));
  BOOST_TEST((of("7", "m.room.member", bob, std::string{bob}, restricted) == types{create, levels, from_bob, rules}));
  const auto* third_party = R"({"membership":"invite","third_party_invite":{"signed":{"token":"t"}}})";
  BOOST_TEST((of("11", "m.room.member", bob, std::string{carol}, third_party) ==
              types{create, levels, from_bob, from_carol, rules, state_key_pair{"m.room.third_party_invite", "t"}}));
  // Malformed contents select less and throw nothing.
  BOOST_TEST(
    (of("11", "m.room.member", bob, std::string{carol}, R"({"membership":5})") == types{create, levels, from_bob}));
  BOOST_TEST((of("11", "m.room.member", bob, std::nullopt, member_content("join")) == types{create, levels, from_bob}));
  BOOST_TEST(
    (of("11", "m.room.member", bob, std::string{carol}, R"({"membership":"invite","third_party_invite":[]})").size() ==
     5u));
}

BOOST_AUTO_TEST_CASE(selected_auth_events_are_the_current_ones) {
  const state_map state{
    {{"m.room.create", ""}, "$c"}, {{"m.room.member", std::string{bob}}, "$b"}, {{"m.room.topic", ""}, "$t"}};
  const json::object nothing;
  const auto in_11 = select_auth_events(*find_room_version("11"), "m.room.message", bob, nullptr, nothing, state);
  BOOST_TEST((in_11 == std::vector<std::string>{"$c", "$b"}));
  const auto in_12 = select_auth_events(*find_room_version("12"), "m.room.message", bob, nullptr, nothing, state);
  BOOST_TEST((in_12 == std::vector<std::string>{"$b"}));
}

BOOST_AUTO_TEST_CASE(listed_auth_events_must_be_selectable_unique_accepted_and_of_the_room) {
  for (const auto version : versions_from(1)) {
    made_room room{version};
    const bool lists_create = !room.rules().room_id_is_create_hash;
    const auto& member = room.put_member(bob, "join");
    const auto& other_member = room.put_member(bob, "join");
    const auto& levels = room.put("m.room.power_levels", alice, "", "{}");
    const auto& topic = room.put("m.room.topic", alice, "", "{}");
    auto foreign = *room.proposed("m.room.power_levels", alice, "", "{}");
    foreign.room_id = "!elsewhere:a.test";
    std::string rejected;
    const event_lookup find = [&](std::string_view id) { return id == foreign.event_id ? &foreign : room.find(id); };
    const auto check = [&](std::vector<std::string> listed) {
      auto x = *room.proposed("m.room.message", bob, std::nullopt, "{}");
      x.auth_events = std::move(listed);
      if (lists_create) x.auth_events.insert(x.auth_events.begin(), "$create");
      return check_auth_events(x, find, [&](std::string_view id) { return id == rejected; });
    };
    CHECK_RULE("allowed", check({member.event_id, levels.event_id}));
    CHECK_RULE("allowed", check({})); // too few is for the rules themselves to notice
    CHECK_RULE("3.1", check({member.event_id, other_member.event_id}));
    CHECK_RULE("3.1", check({member.event_id, member.event_id}));
    CHECK_RULE("3.2", check({member.event_id, topic.event_id}));
    CHECK_RULE("3.5", check({foreign.event_id}));
    rejected = levels.event_id;
    CHECK_RULE("3.3", check({member.event_id, levels.event_id}));
    rejected = "$create";
    CHECK_RULE(lists_create ? "3.3" : "2", check({member.event_id}));
    rejected.clear();
    const auto unknown = check({"$unknown"});
    BOOST_TEST((!unknown && unknown.error().code == fault_code::not_found));
    // The create event: listed up to version 11, never in 12.
    auto x = *room.proposed("m.room.message", bob, std::nullopt, "{}");
    x.auth_events = {member.event_id};
    const auto nothing_rejected = [](std::string_view) { return false; };
    CHECK_RULE(lists_create ? "3.4" : "allowed", check_auth_events(x, find, nothing_rejected));
    x.auth_events.emplace_back("$create");
    CHECK_RULE(lists_create ? "allowed" : "3.2", check_auth_events(x, find, nothing_rejected));
    const auto own = lookup_in_auth_events(x, find);
    BOOST_TEST(own("m.room.member", bob) == &member);
    BOOST_TEST(own("m.room.create", "") == &room.create());
    BOOST_TEST(own("m.room.power_levels", "") == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(room_id_of_version_12_must_name_an_accepted_create_event) {
  made_room room{"12"};
  room.put_member(bob, "join");
  auto x = *room.proposed("m.room.message", bob, std::nullopt, "{}");
  const event_lookup find = [&](std::string_view id) { return room.find(id); };
  const auto nothing_rejected = [](std::string_view) { return false; };
  const auto& member = room.put_member(carol, "join");
  x.room_id = "!" + member.event_id.substr(1);
  CHECK_RULE("2", check_auth_events(x, find, nothing_rejected));
  CHECK_RULE("2", room.verdict(x));
  x.room_id = "!unknown";
  const auto unknown = check_auth_events(x, find, nothing_rejected);
  BOOST_TEST((!unknown && unknown.error().code == fault_code::not_found));
  x.room_id = "";
  CHECK_RULE("2", check_auth_events(x, find, nothing_rejected));
}

// ---- m.room.create
BOOST_AUTO_TEST_CASE(create_event_founds_a_room_of_its_own_server) {
  const state_lookup nothing = [](std::string_view, std::string_view) -> const event* { return nullptr; };
  for (const auto version : versions_from(1)) {
    const made_room room{version};
    CHECK_RULE("allowed", check_auth(room.create(), nullptr, nothing));
    CHECK_RULE("allowed", check_auth(room.create(), &room.create(), nothing));
    auto x = room.create();
    x.prev_events = {"$earlier"};
    CHECK_RULE("1.1", check_auth(x, nullptr, nothing));
    x = room.create();
    if (room.rules().room_id_is_create_hash) x.source.set("room_id", "!create");
    else x.room_id = "!room:b.test";
    CHECK_RULE("1.2", check_auth(x, nullptr, nothing));
    x = room.create();
    x.event_id = "$second";
    CHECK_RULE("1", check_auth(x, &room.create(), nothing));
  }
}

BOOST_AUTO_TEST_CASE(create_event_names_a_known_version_and_its_creators) {
  const state_lookup nothing = [](std::string_view, std::string_view) -> const event* { return nullptr; };
  const auto check = [&](std::string_view version, std::string_view content) {
    auto x = made_room{version}.create();
    x.source.set("content", parsed(content));
    return check_auth(x, nullptr, nothing);
  };
  CHECK_RULE("1.3", check("11", R"({"room_version":"org.example.99"})"));
  CHECK_RULE("1.3", check("11", R"({"room_version":11})"));
  CHECK_RULE("allowed", check("11", "{}"));
  CHECK_RULE("1.4", check("10", R"({"room_version":"10"})"));
  CHECK_RULE("allowed", check("10", R"({"room_version":"10","creator":"@alice:a.test"})"));
  CHECK_RULE("allowed", check("11", R"({"additional_creators":"nonsense"})")); // means nothing before version 12
  CHECK_RULE("allowed", check("12", R"({"additional_creators":["@bob:b.test"]})"));
  CHECK_RULE("allowed", check("12", R"({"additional_creators":[]})"));
  CHECK_RULE("1.4", check("12", R"({"additional_creators":"@bob:b.test"})"));
  CHECK_RULE("1.4", check("12", R"({"additional_creators":["bob"]})"));
  CHECK_RULE("1.4", check("12", R"({"additional_creators":[1]})"));
  CHECK_RULE("1.4", check("12", R"({"additional_creators":[")" + ("@" + std::string(260, 'b')) + R"(:b.test"]})"));
}

BOOST_AUTO_TEST_CASE(creator_joins_right_after_the_create_event) {
  for (const auto version : versions_from(1)) {
    made_room room{version};
    const auto join = [&](std::string_view user_id, std::vector<std::string> parents) {
      auto x = *room.proposed("m.room.member", user_id, std::string{user_id}, member_content("join"));
      x.prev_events = std::move(parents);
      return room.verdict(x);
    };
    CHECK_RULE("allowed", join(alice, {"$create"}));
    CHECK_RULE("5.3.4", join(bob, {"$create"}));
    CHECK_RULE("5.3.4", join(alice, {"$create", "$other"}));
    CHECK_RULE("5.3.4", join(alice, {"$other"}));
  }
  // Up to version 10 the creator is who the content says.
  made_room room{"10", R"({"creator":"@bob:b.test"})"};
  auto x = *room.proposed("m.room.member", bob, std::string{bob}, member_content("join"));
  x.prev_events = {"$create"};
  CHECK_RULE("allowed", room.verdict(x));
}

BOOST_AUTO_TEST_CASE(event_without_a_create_event_is_refused) {
  const made_room room{"11"};
  CHECK_RULE("2", check_auth(*room.proposed("m.room.message", bob, std::nullopt, "{}"), nullptr, room.state()));
}

// ---- m.federate
BOOST_AUTO_TEST_CASE(unfederated_room_takes_events_of_its_own_server_only) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version, R"({"m.federate":false})");
    CHECK_RULE("4", room.verdict("m.room.message", bob, std::nullopt, "{}"));
    CHECK_RULE("allowed", room.verdict("m.room.message", alice, std::nullopt, "{}"));
    CHECK_RULE("4", room.verdict("m.room.member", bob, std::string{bob}, member_content("leave")));
    // As Synapse: nobody of another server is invited either.
    CHECK_RULE("4", room.verdict("m.room.member", alice, std::string{dave}, member_content("invite")));
    CHECK_RULE("allowed", room.verdict("m.room.member", alice, "@erin:a.test", member_content("invite")));
    for (const auto* open : {"{}", R"({"m.federate":true})"})
      CHECK_RULE("allowed", staffed(version, open).verdict("m.room.message", bob, std::nullopt, "{}"));
    // As Synapse: a room is open by a true alone.
    for (const auto* closed :
         {R"({"m.federate":"true"})", R"({"m.federate":0})", R"({"m.federate":1})", R"({"m.federate":null})"})
      CHECK_RULE("4", staffed(version, closed).verdict("m.room.message", bob, std::nullopt, "{}"));
  }
}

// ---- m.room.aliases and m.room.redaction of old versions
BOOST_AUTO_TEST_CASE(server_lists_its_own_aliases_up_to_version_5) {
  for (const auto version : versions_to(5)) {
    auto room = staffed(version);
    CHECK_RULE("allowed", room.verdict("m.room.aliases", carol, "c.test", "{}"));
    CHECK_RULE("allowed", room.verdict("m.room.aliases", dave, "d.test", "{}")); // not even joined
    CHECK_RULE("4.2", room.verdict("m.room.aliases", carol, "b.test", "{}"));
    CHECK_RULE("4.1", room.verdict("m.room.aliases", carol, std::nullopt, "{}"));
  }
  for (const auto version : versions_from(6)) {
    auto room = staffed(version);
    CHECK_RULE("8", room.verdict("m.room.aliases", carol, "c.test", "{}"));
    CHECK_RULE("allowed", room.verdict("m.room.aliases", bob, "c.test", "{}"));
  }
}

BOOST_AUTO_TEST_CASE(redaction_needs_level_or_same_server_in_versions_1_and_2) {
  const auto redaction = [](const made_room& room, std::string_view sender, std::string_view redacts) {
    auto x = *room.proposed("m.room.redaction", sender, std::nullopt, "{}");
    x.source.set("redacts", redacts);
    return room.verdict(x);
  };
  for (const auto version : versions_to(2)) {
    const auto room = staffed(version);
    CHECK_RULE("allowed", redaction(room, bob, "$x:d.test"));
    CHECK_RULE("allowed", redaction(room, carol, "$x:c.test"));
    CHECK_RULE("11.3", redaction(room, carol, "$x:d.test"));
    CHECK_RULE("11.3", redaction(room, carol, "c.test"));
    CHECK_RULE("allowed", room.verdict("m.room.redaction", carol, std::nullopt, "{}")); // of nothing
  }
  for (const auto version : versions_from(3)) CHECK_RULE("allowed", redaction(staffed(version), carol, "$x:d.test"));
}

BOOST_AUTO_TEST_CASE(redaction_applies_by_level_or_to_the_own_server) {
  const auto room = staffed("11");
  const power_levels levels{&room.create(), room.state()("m.room.power_levels", "")};
  const auto by = [&](std::string_view sender) {
    return room.proposed("m.room.redaction", sender, std::nullopt, "{}");
  };
  const auto target = room.proposed("m.room.message", dave, std::nullopt, "{}");
  BOOST_TEST(redaction_applies(*by(bob), *target, levels));
  BOOST_TEST(!redaction_applies(*by(carol), *target, levels));
  BOOST_TEST(redaction_applies(*by("@erin:d.test"), *target, levels));
}

BOOST_AUTO_TEST_SUITE_END()
