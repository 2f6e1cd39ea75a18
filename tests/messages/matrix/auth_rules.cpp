#include "messages/matrix/auth_rules.hpp"
#include "made_room.hpp"
#include "messages/matrix/signing.hpp"
#include "room_check.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(auth_rules)

namespace {

constexpr std::string_view alice = "@alice:a.test", bob = "@bob:b.test", carol = "@carol:c.test", dave = "@dave:d.test";

std::string membership(std::string_view x) { return R"({"membership":")" + std::string{x} + R"("})"; }
std::string join_rule(std::string_view x) { return R"({"join_rule":")" + std::string{x} + R"("})"; }

/// alice 100 (infinite in version 12), bob 50, carol 0, all joined; invite-only.
made_room staffed(std::string_view version, std::string_view create_content = "{}") {
  made_room room{version, create_content};
  for (const auto user_id : {alice, bob, carol}) room.put_member(user_id, "join");
  room.put("m.room.power_levels", alice, "",
           room.rules().privileged_creators ? R"({"users":{"@bob:b.test":50}})"
                                            : R"({"users":{"@alice:a.test":100,"@bob:b.test":50}})");
  room.put("m.room.join_rules", alice, "", join_rule("invite"));
  return room;
}

std::string rule_of(const status& verdict) {
  const auto text = words(verdict);
  return text.substr(0, text.find(' '));
}

// The verdict's rule number, or "allowed".
#define CHECK_RULE(expected, ...) BOOST_TEST(rule_of(__VA_ARGS__) == (expected), words(__VA_ARGS__))

std::vector<std::string_view> versions_from(int first) {
  std::vector<std::string_view> result;
  for (const auto& rules : room_versions())
    if (std::stoi(std::string{rules.id}) >= first) result.push_back(rules.id);
  return result;
}
std::vector<std::string_view> versions_to(int last) {
  std::vector<std::string_view> result;
  for (const auto& rules : room_versions())
    if (std::stoi(std::string{rules.id}) <= last) result.push_back(rules.id);
  return result;
}

json::object membership_vectors() {
  auto file = read_json(std::filesystem::path{CAUSEWAY_TEST_DATA} / "vectors" / "membership_auth.json");
  BOOST_TEST_REQUIRE(file.has_value());
  return *file;
}

std::string text_of(const json::value& x) { return x.as_string() ? *x.as_string() : std::string{}; }

} // namespace

// ---- vectors

BOOST_AUTO_TEST_CASE(changing_anothers_membership_is_judged_as_by_the_reference) {
  const auto file = membership_vectors();
  const auto& cases = *file.find("cases_other")->as_array();
  BOOST_TEST(cases.size() == 765u);
  for (const auto& row : cases) {
    const auto& columns = *row.as_array();
    const auto version = text_of(columns[0]), sender_role = text_of(columns[1]), target_role = text_of(columns[2]);
    const auto before = text_of(columns[3]), after = text_of(columns[4]);
    made_room room{version};
    room.put_member(alice, "join");
    const std::string levels = R"("@admin:b.test":100,"@admin2:b.test":100,"@mod:b.test":50,"@mod2:b.test":50}})";
    room.put("m.room.power_levels", alice, "",
             (room.rules().privileged_creators ? R"({"users":{)" : R"({"users":{"@alice:a.test":100,)") + levels);
    room.put("m.room.join_rules", alice, "", join_rule("invite"));
    const auto user_of = [](const std::string& role, bool second) {
      return role == "creator" ? std::string{alice} : "@" + role + (second ? "2" : "") + ":b.test";
    };
    const auto sender = user_of(sender_role, false), target = user_of(target_role, true);
    room.put_member(sender, "join");
    if (before.empty()) room.remove("m.room.member", target);
    else room.put_member(target, before);
    const auto verdict = room.verdict("m.room.member", sender, target, membership(after));
    BOOST_TEST(bool(verdict) == (text_of(columns[5]) == "allow"),
               "version " << version << ": " << sender_role << " makes " << target_role << " " << before << " -> "
                          << after << ": " << words(verdict));
  }
}

BOOST_AUTO_TEST_CASE(changing_ones_own_membership_is_judged_as_by_the_reference) {
  const auto file = membership_vectors();
  const auto& cases = *file.find("cases_self")->as_array();
  BOOST_TEST(cases.size() == 648u);
  for (const auto& row : cases) {
    const auto& columns = *row.as_array();
    const auto version = text_of(columns[0]), rule = text_of(columns[1]), before = text_of(columns[2]),
               after = text_of(columns[3]);
    auto room = staffed(version);
    room.put("m.room.join_rules", alice, "", join_rule(rule));
    if (!before.empty()) room.put_member(dave, before);
    const auto verdict = room.verdict("m.room.member", dave, std::string{dave}, membership(after));
    BOOST_TEST(bool(verdict) == (text_of(columns[4]) == "allow"),
               "version " << version << ", " << rule << ": " << before << " -> " << after << ": " << words(verdict));
  }
}

// ---- auth events

BOOST_AUTO_TEST_CASE(auth_types_are_those_of_the_selection_algorithm) {
  using types = std::vector<state_key_pair>;
  const auto of = [](std::string_view version, std::string_view type, std::string_view sender,
                     std::optional<std::string> key, std::string_view content) {
    return auth_types_for(*find_room_version(version), type, sender, key ? &*key : nullptr, parsed(content));
  };
  const state_key_pair create{"m.room.create", ""}, levels{"m.room.power_levels", ""}, rules{"m.room.join_rules", ""};
  const state_key_pair from_bob{"m.room.member", bob}, from_carol{"m.room.member", carol};
  BOOST_TEST((of("11", "m.room.create", bob, "", "{}") == types{}));
  BOOST_TEST((of("11", "m.room.message", bob, std::nullopt, "{}") == types{create, levels, from_bob}));
  BOOST_TEST((of("12", "m.room.message", bob, std::nullopt, "{}") == types{levels, from_bob}));
  BOOST_TEST(
    (of("11", "m.room.member", bob, std::string{bob}, membership("leave")) == types{create, levels, from_bob}));
  BOOST_TEST((of("11", "m.room.member", bob, std::string{carol}, membership("ban")) ==
              types{create, levels, from_bob, from_carol}));
  BOOST_TEST((of("11", "m.room.member", bob, std::string{carol}, membership("invite")) ==
              types{create, levels, from_bob, from_carol, rules}));
  BOOST_TEST(
    (of("11", "m.room.member", bob, std::string{bob}, membership("knock")) == types{create, levels, from_bob, rules}));
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
  BOOST_TEST((of("11", "m.room.member", bob, std::nullopt, membership("join")) == types{create, levels, from_bob}));
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
      auto x = *room.proposed("m.room.member", user_id, std::string{user_id}, membership("join"));
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
  auto x = *room.proposed("m.room.member", bob, std::string{bob}, membership("join"));
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
    CHECK_RULE("4", room.verdict("m.room.member", bob, std::string{bob}, membership("leave")));
    // As Synapse: nobody of another server is invited either.
    CHECK_RULE("4", room.verdict("m.room.member", alice, std::string{dave}, membership("invite")));
    CHECK_RULE("allowed", room.verdict("m.room.member", alice, "@erin:a.test", membership("invite")));
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

// ---- m.room.member

BOOST_AUTO_TEST_CASE(member_event_needs_state_key_and_membership) {
  for (const auto version : versions_from(1)) {
    const auto room = staffed(version);
    CHECK_RULE("5.1", room.verdict("m.room.member", alice, std::nullopt, membership("join")));
    CHECK_RULE("5.1", room.verdict("m.room.member", alice, std::string{alice}, "{}"));
    CHECK_RULE("5.1", room.verdict("m.room.member", alice, std::string{alice}, R"({"membership":true})"));
    CHECK_RULE("5.1", room.verdict("m.room.member", alice, "bob", membership("invite")));
    CHECK_RULE("5.8", room.verdict("m.room.member", alice, std::string{bob}, membership("dance")));
  }
}

BOOST_AUTO_TEST_CASE(nobody_joins_for_another) {
  auto room = staffed("11");
  room.put("m.room.join_rules", alice, "", join_rule("public"));
  CHECK_RULE("5.3.2", room.verdict("m.room.member", alice, std::string{dave}, membership("join")));
}

BOOST_AUTO_TEST_CASE(banned_user_cannot_rejoin_or_knock) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.put("m.room.join_rules", alice, "", join_rule("public"));
    CHECK_RULE("allowed", room.verdict("m.room.member", dave, std::string{dave}, membership("join")));
    room.put_member(dave, "ban");
    CHECK_RULE("5.3.3", room.verdict("m.room.member", dave, std::string{dave}, membership("join")));
    CHECK_RULE("5.5.1", room.verdict("m.room.member", dave, std::string{dave}, membership("leave")));
  }
}

BOOST_AUTO_TEST_CASE(room_without_join_rules_is_by_invitation) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    for (const auto* content : {"{}", R"({"join_rule":"invite"})"}) {
      room.put("m.room.join_rules", alice, "", content);
      room.remove("m.room.member", dave);
      CHECK_RULE("5.3.4", room.verdict("m.room.member", dave, std::string{dave}, membership("join")));
      room.put_member(dave, "invite");
      CHECK_RULE("allowed", room.verdict("m.room.member", dave, std::string{dave}, membership("join")));
    }
    room.put("m.room.join_rules", alice, "", R"({"join_rule":["public"]})");
    CHECK_RULE("5.3.7", room.verdict("m.room.member", dave, std::string{dave}, membership("join")));
  }
}

BOOST_AUTO_TEST_CASE(knock_exists_from_version_7) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.put("m.room.join_rules", alice, "", join_rule("knock"));
    const bool knows_knock = room.rules().knock;
    CHECK_RULE(knows_knock ? "allowed" : "5.8",
               room.verdict("m.room.member", dave, std::string{dave}, membership("knock")));
    CHECK_RULE(knows_knock ? "5.3.4" : "5.3.7",
               room.verdict("m.room.member", dave, std::string{dave}, membership("join")));
    if (!knows_knock) continue;
    CHECK_RULE("5.7.2", room.verdict("m.room.member", bob, std::string{dave}, membership("knock")));
    CHECK_RULE("5.7.4", room.verdict("m.room.member", bob, std::string{bob}, membership("knock")));
    room.put_member(dave, "knock");
    CHECK_RULE("allowed", room.verdict("m.room.member", dave, std::string{dave}, membership("leave")));
    CHECK_RULE("allowed", room.verdict("m.room.member", bob, std::string{dave}, membership("invite")));
    CHECK_RULE("allowed", room.verdict("m.room.member", bob, std::string{dave}, membership("leave")));
    room.put("m.room.join_rules", alice, "", join_rule("public"));
    CHECK_RULE("5.7.1", room.verdict("m.room.member", dave, std::string{dave}, membership("knock")));
    room.put("m.room.join_rules", alice, "", join_rule("knock_restricted"));
    CHECK_RULE(room.rules().knock_restricted ? "allowed" : "5.7.1",
               room.verdict("m.room.member", dave, std::string{dave}, membership("knock")));
  }
}

BOOST_AUTO_TEST_CASE(restricted_join_needs_a_joined_user_who_may_invite) {
  const auto join = [](made_room& room, std::string_view extra) {
    return room.verdict("m.room.member", dave, std::string{dave}, R"({"membership":"join")" + std::string{extra} + "}");
  };
  const std::string via_bob = R"(,"join_authorised_via_users_server":"@bob:b.test")";
  for (const auto version : versions_from(1))
    for (const auto* rule : {"restricted", "knock_restricted"}) {
      auto room = staffed(version);
      room.put("m.room.join_rules", alice, "", join_rule(rule));
      const bool knows =
        std::string_view{rule} == "restricted" ? room.rules().restricted_join : room.rules().knock_restricted;
      if (!knows) {
        CHECK_RULE("5.3.7", join(room, via_bob));
        continue;
      }
      CHECK_RULE("allowed", join(room, via_bob));
      CHECK_RULE("5.3.5.2", join(room, ""));
      CHECK_RULE("5.3.5.2", join(room, R"(,"join_authorised_via_users_server":["@bob:b.test"])"));
      CHECK_RULE("5.3.5.2", join(room, R"(,"join_authorised_via_users_server":"@erin:b.test")"));
      const auto* levels = R"({"users":{"@bob:b.test":50},"invite":51})";
      room.put("m.room.power_levels", alice, "", levels);
      CHECK_RULE("5.3.5.2", join(room, via_bob));
      // The invited and the joined need nobody's word.
      room.put_member(dave, "invite");
      CHECK_RULE("allowed", join(room, ""));
      room.put_member(dave, "join");
      CHECK_RULE("allowed", join(room, ""));
      room.put_member(dave, "ban");
      CHECK_RULE("5.3.3", join(room, via_bob));
      room.put("m.room.power_levels", alice, "", "{}");
      room.put_member(bob, "leave");
      room.put_member(dave, "leave");
      CHECK_RULE("5.3.5.2", join(room, via_bob));
    }
}

BOOST_AUTO_TEST_CASE(invitation_needs_a_joined_sender_of_the_invite_level) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    const auto invite = [&](std::string_view sender, std::string_view target) {
      return room.verdict("m.room.member", sender, std::string{target}, membership("invite"));
    };
    CHECK_RULE("allowed", invite(carol, dave)); // level 0 by default
    CHECK_RULE("5.4.2", invite("@erin:e.test", dave));
    CHECK_RULE("5.4.3", invite(alice, bob));
    room.put_member(dave, "ban");
    CHECK_RULE("5.4.3", invite(alice, dave));
    room.put_member(dave, "leave");
    room.put("m.room.power_levels", alice, "", R"({"invite":50,"users":{"@bob:b.test":50}})");
    CHECK_RULE("5.4.5", invite(carol, dave));
    CHECK_RULE("allowed", invite(bob, dave));
  }
}

BOOST_AUTO_TEST_CASE(unbanning_needs_both_the_kick_and_the_ban_level) {
  auto room = staffed("11");
  room.put_member(dave, "ban");
  const auto unban = [&](std::string_view levels) {
    room.put("m.room.power_levels", alice, "",
             R"({"users":{"@bob:b.test":50,"@dave:d.test":10},)" + std::string{levels} + "}");
    return room.verdict("m.room.member", bob, std::string{dave}, membership("leave"));
  };
  CHECK_RULE("allowed", unban(R"("kick":50,"ban":50)"));
  CHECK_RULE("5.5.3", unban(R"("kick":50,"ban":51)"));
  CHECK_RULE("5.5.5", unban(R"("kick":51,"ban":50)"));
  room.put("m.room.power_levels", alice, "", R"({"users":{"@bob:b.test":50,"@dave:d.test":50}})");
  CHECK_RULE("5.5.5", room.verdict("m.room.member", bob, std::string{dave}, membership("leave")));
}

BOOST_AUTO_TEST_CASE(nobody_bans_an_equal) {
  auto room = staffed("11");
  room.put("m.room.power_levels", alice, "", R"({"users":{"@bob:b.test":50,"@carol:c.test":50}})");
  CHECK_RULE("5.6.3", room.verdict("m.room.member", bob, std::string{carol}, membership("ban")));
  CHECK_RULE("allowed", room.verdict("m.room.member", bob, std::string{dave}, membership("ban"))); // never seen here
  CHECK_RULE("5.6.1", room.verdict("m.room.member", dave, std::string{carol}, membership("ban")));
}

// ---- third-party invites

namespace {

struct invited_by_mail {
  made_room room = staffed("11");
  signing_key key = *signing_key::from_seed(std::string(32, 's'), "ed25519:0");
  signing_key other_key = *signing_key::from_seed(std::string(32, 't'), "ed25519:0");

  invited_by_mail() { put_invite(R"("public_key":")" + key.public_key_base64() + R"(")"); }
  void put_invite(const std::string& keys) { room.put("m.room.third_party_invite", bob, "token", "{" + keys + "}"); }
  json::object signed_part(std::string_view mxid = dave, std::string_view token = "token") const {
    json::object result{{"mxid", mxid}, {"token", token}};
    sign_json(result, "id.test", key);
    return result;
  }
  status verdict(const json::object& signed_, std::string_view sender = bob) const {
    json::object invite;
    invite.set("signed", signed_);
    json::object content{{"membership", "invite"}};
    content.set("third_party_invite", invite);
    return room.verdict("m.room.member", sender, std::string{dave}, json::canonical(content));
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(third_party_invite_redeems_its_token, invited_by_mail) {
  CHECK_RULE("allowed", verdict(signed_part()));
  CHECK_RULE("5.4.1.4", verdict(signed_part("@erin:e.test")));
  CHECK_RULE("5.4.1.5", verdict(signed_part(dave, "other")));
  CHECK_RULE("5.4.1.6", verdict(signed_part(), carol));
  CHECK_RULE("5.4.1.3", verdict(json::object{{"mxid", dave}}));
  CHECK_RULE("5.4.1.3", verdict(json::object{{"mxid", dave}, {"token", 5}}));
  CHECK_RULE("5.4.1.8", verdict(json::object{{"mxid", dave}, {"token", "token"}}));
  CHECK_RULE("5.4.1.2", room.verdict("m.room.member", bob, std::string{dave},
                                     R"({"membership":"invite","third_party_invite":{}})"));
  CHECK_RULE("5.4.1.2", room.verdict("m.room.member", bob, std::string{dave},
                                     R"({"membership":"invite","third_party_invite":null})"));
  auto changed = signed_part();
  changed.set("more", 1);
  CHECK_RULE("5.4.1.8", verdict(changed));
}

BOOST_FIXTURE_TEST_CASE(third_party_invite_works_after_its_sender_left, invited_by_mail) {
  room.put_member(bob, "leave");
  CHECK_RULE("allowed", verdict(signed_part()));
}

BOOST_FIXTURE_TEST_CASE(third_party_invite_of_a_banned_user_is_refused, invited_by_mail) {
  room.put_member(dave, "ban");
  CHECK_RULE("5.4.1.1", verdict(signed_part()));
}

BOOST_FIXTURE_TEST_CASE(third_party_invite_takes_any_listed_key, invited_by_mail) {
  const auto listed = [](const signing_key& x) { return R"({"public_key":")" + x.public_key_base64() + R"("})"; };
  put_invite(R"("public_key":")" + other_key.public_key_base64() + R"(","public_keys":[)" + listed(other_key) + "," +
             listed(key) + "]");
  CHECK_RULE("allowed", verdict(signed_part()));
  put_invite(R"("public_keys":[)" + listed(other_key) + "]");
  CHECK_RULE("5.4.1.8", verdict(signed_part()));
  put_invite(R"("public_keys":[1,{},{"public_key":"nonsense"}],"public_key":7)");
  CHECK_RULE("5.4.1.8", verdict(signed_part()));
}

BOOST_FIXTURE_TEST_CASE(third_party_invite_with_a_thousand_signatures_costs_little, invited_by_mail) {
  auto flooded = signed_part();
  json::object signatures;
  for (int i = 0; i < 1000; ++i) signatures.set(std::to_string(i), json::object{{"ed25519:0", other_key.sign("x")}});
  flooded.set("signatures", signatures);
  CHECK_RULE("5.4.1.8", verdict(flooded));
}

BOOST_AUTO_TEST_CASE(third_party_invite_event_needs_the_invite_level_only) {
  auto room = staffed("11");
  room.put("m.room.power_levels", alice, "",
           R"({"invite":10,"events":{"m.room.third_party_invite":90},"users":{"@bob:b.test":10}})");
  CHECK_RULE("allowed", room.verdict("m.room.third_party_invite", bob, "token", "{}"));
  CHECK_RULE("7.1", room.verdict("m.room.third_party_invite", carol, "token", "{}"));
  CHECK_RULE("6", room.verdict("m.room.third_party_invite", dave, "token", "{}"));
}

// ---- sending

BOOST_AUTO_TEST_CASE(sender_must_be_joined_and_of_the_required_level) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    CHECK_RULE("allowed", room.verdict("m.room.message", carol, std::nullopt, "{}"));
    CHECK_RULE("6", room.verdict("m.room.message", dave, std::nullopt, "{}"));
    room.put_member(dave, "invite");
    CHECK_RULE("6", room.verdict("m.room.message", dave, std::nullopt, "{}"));
    CHECK_RULE("8", room.verdict("m.room.topic", carol, "", "{}"));
    CHECK_RULE("allowed", room.verdict("m.room.topic", bob, "", "{}"));
    room.put("m.room.power_levels", alice, "",
             R"({"users":{"@bob:b.test":50},"events":{"m.room.topic":0,"m.room.message":51},"state_default":60})");
    CHECK_RULE("allowed", room.verdict("m.room.topic", carol, "", "{}"));
    CHECK_RULE("8", room.verdict("m.room.message", bob, std::nullopt, "{}"));
    CHECK_RULE("8", room.verdict("m.room.name", bob, "", "{}"));
    CHECK_RULE("allowed", room.verdict("m.reaction", carol, std::nullopt, "{}"));
  }
}

BOOST_AUTO_TEST_CASE(state_of_another_user_is_out_of_reach) {
  const auto room = staffed("11");
  CHECK_RULE("allowed", room.verdict("org.example.note", alice, std::string{alice}, "{}"));
  CHECK_RULE("9", room.verdict("org.example.note", alice, std::string{bob}, "{}"));
  CHECK_RULE("9", room.verdict("org.example.note", alice, "@", "{}"));
  CHECK_RULE("allowed", room.verdict("org.example.note", alice, "bob", "{}"));
}

// ---- power levels

BOOST_AUTO_TEST_CASE(levels_without_a_power_levels_event) {
  for (const auto version : versions_from(1)) {
    const made_room room{version};
    const power_levels levels{&room.create(), nullptr};
    BOOST_TEST(levels.of_user(alice) == (room.rules().privileged_creators ? infinite_power : 100));
    BOOST_TEST(levels.of_user(bob) == 0);
    BOOST_TEST(levels.of_action("ban") == 50);
    BOOST_TEST(levels.of_action("kick") == 50);
    BOOST_TEST(levels.of_action("redact") == 50);
    BOOST_TEST(levels.of_action("invite") == 0);
    BOOST_TEST(levels.of_event("m.room.topic", true) == 50);
    BOOST_TEST(levels.of_event("m.room.message", false) == 0);
    BOOST_TEST(levels.of_notification("room") == 50);
    BOOST_TEST(levels.is_creator(alice));
    BOOST_TEST(!levels.is_creator(bob));
  }
}

BOOST_AUTO_TEST_CASE(creator_has_no_level_of_their_own_once_there_is_an_event_before_version_12) {
  made_room room{"11"};
  const auto& event = room.put("m.room.power_levels", alice, "", R"({"users_default":7,"users":{"@bob:b.test":50}})");
  const power_levels levels{&room.create(), &event};
  BOOST_TEST(levels.of_user(alice) == 7);
  BOOST_TEST(levels.of_user(bob) == 50);
}

BOOST_AUTO_TEST_CASE(creators_of_version_12_are_above_everybody) {
  auto room = staffed("12", R"({"additional_creators":["@bob:b.test"]})");
  room.put("m.room.power_levels", alice, "", R"({"ban":9007199254740991,"users":{"@carol:c.test":9007199254740991}})");
  const power_levels levels{&room.create(), room.state()("m.room.power_levels", "")};
  BOOST_TEST(levels.of_user(alice) == infinite_power);
  BOOST_TEST(levels.of_user(bob) == infinite_power);
  CHECK_RULE("allowed", room.verdict("m.room.member", bob, std::string{carol}, membership("ban")));
  CHECK_RULE("5.6.3", room.verdict("m.room.member", carol, std::string{bob}, membership("ban")));
  CHECK_RULE("5.6.3",
             room.verdict("m.room.member", alice, std::string{bob}, membership("ban"))); // not even one another
}

BOOST_AUTO_TEST_CASE(creators_of_version_12_are_not_listed_among_users) {
  const auto room = staffed("12", R"({"additional_creators":["@bob:b.test"]})");
  const auto verdict = [&](std::string_view content) {
    return room.verdict("m.room.power_levels", alice, "", content);
  };
  CHECK_RULE("10.4", verdict(R"({"users":{"@alice:a.test":100}})"));
  CHECK_RULE("10.4", verdict(R"({"users":{"@bob:b.test":0}})"));
  CHECK_RULE("allowed", verdict(R"({"users":{"@carol:c.test":100}})"));
  CHECK_RULE("allowed",
             staffed("11", R"({"additional_creators":["@bob:b.test"]})")
               .verdict("m.room.power_levels", alice, "", R"({"users":{"@alice:a.test":100,"@bob:b.test":50}})"));
}

BOOST_AUTO_TEST_CASE(levels_are_integers_from_version_10) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.remove("m.room.power_levels", "");
    const auto verdict = [&](std::string_view content) {
      return room.verdict("m.room.power_levels", alice, "", content);
    };
    const bool strict = room.rules().integer_power_levels;
    CHECK_RULE("allowed", verdict("{}"));
    CHECK_RULE(
      "allowed",
      verdict(R"({"ban":-5,"users":{"@bob:b.test":7},"events":{"m":1},"notifications":{"room":2},"other":"x"})"));
    for (const auto* key : {"users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"}) {
      const auto with = [&](std::string_view value) {
        return verdict(R"({")" + std::string{key} + R"(":)" + std::string{value} + "}");
      };
      // What nobody compares yet may be anything.
      for (const auto* odd : {R"("50")", "true", "false", "null", "[]", "{}", R"("")", R"("5.0")", R"("five")"})
        CHECK_RULE(strict ? "10.1" : "allowed", with(odd));
    }
    for (const auto* odd : {R"({"events":{"m":" +010 "}})", R"({"events":{"m":true}})", R"({"events":[]})",
                            R"({"events":null})", R"({"notifications":{"room":true}})", R"({"notifications":5})"})
      CHECK_RULE(strict ? "10.2" : "allowed", verdict(odd));
    for (const auto* lenient : {R"("-5")", "true", R"(" 5_0 ")", R"("\uff15")"})
      CHECK_RULE(strict ? "10.3" : "allowed", verdict(R"({"users":{"@bob:b.test":)" + std::string{lenient} + "}}"));
    for (const auto* unreadable : {"null", R"("")", R"("x")", "[]", R"("5__0")", R"("1e3")", R"("+-5")"})
      CHECK_RULE("10.3", verdict(R"({"users":{"@bob:b.test":)" + std::string{unreadable} + "}}"));
    CHECK_RULE("10.3", verdict(R"({"users":[]})"));
    CHECK_RULE("10.3", verdict(R"({"users":null})"));
  }
}

BOOST_AUTO_TEST_CASE(a_blank_behind_a_name_among_the_users_does_not_fork_the_room) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.remove("m.room.power_levels", "");
    const auto verdict = [&](std::string_view key) {
      return room.verdict("m.room.power_levels", alice, "", R"({"users":{")" + std::string{key} + R"(":5}})");
    };
    for (const auto* key :
         {"@mallory:evil.example ", "@bob:b.test\\n", "@:", "@a b:c d", "@BOB:b.test", "@:[::1", "@a:b:c"})
      CHECK_RULE("allowed", verdict(key));
    for (const auto* key : {"bob", "", ":", "bob:b.test", " @bob:b.test", "@bob", "#bob:b.test"})
      CHECK_RULE("10.3", verdict(key));
  }
}

BOOST_AUTO_TEST_CASE(a_level_that_nobody_can_read_refuses_what_asks_for_it) {
  for (const auto version : versions_to(9)) {
    auto room = staffed(version);
    const auto levels = [&](std::string_view more) {
      room.put("m.room.power_levels", alice, "",
               R"({"users":{"@alice:a.test":100,"@bob:b.test":50},)" + std::string{more} + "}");
    };
    levels(R"("events":null)");
    CHECK_RULE("8", room.verdict("m.room.message", alice, std::nullopt, "{}"));
    CHECK_RULE("allowed", room.verdict("m.room.member", alice, std::string{dave}, membership("invite")));
    levels(R"("ban":"nobody")");
    CHECK_RULE("allowed", room.verdict("m.room.message", carol, std::nullopt, "{}"));
    CHECK_RULE("5", room.verdict("m.room.member", alice, std::string{dave}, membership("invite")));
    CHECK_RULE("10.6", room.verdict("m.room.power_levels", alice, "", R"({"users":{"@alice:a.test":100}})"));
    levels(R"("state_default":null)");
    CHECK_RULE("8", room.verdict("m.room.topic", alice, "", "{}"));
    CHECK_RULE("allowed", room.verdict("m.room.message", carol, std::nullopt, "{}"));
    levels(R"("ban":null,"users_default":null,"events":{"m.room.topic":null})");
    CHECK_RULE("allowed", room.verdict("m.room.member", bob, std::string{carol}, membership("ban")));
    CHECK_RULE("allowed", room.verdict("m.room.topic", bob, "", "{}"));
    CHECK_RULE("8", room.verdict("m.room.topic", carol, "", "{}"));
    levels(R"("redact":[])");
    CHECK_RULE("11", room.verdict("m.room.redaction", alice, std::nullopt, "{}"));
  }
}

BOOST_AUTO_TEST_CASE(levels_as_text_and_floats_count_as_their_integer) {
  const auto level_in = [](std::string_view version, std::string_view value) {
    made_room room{version};
    const auto& event = room.put("m.room.power_levels", alice, "",
                                 R"({"users":{"@bob:b.test":)" + std::string{value} + R"(},"users_default":-1})");
    return power_levels{&room.create(), &event}.of_user(bob);
  };
  BOOST_TEST(level_in("9", R"("50")") == 50);
  BOOST_TEST(level_in("9", R"(" \t+00050\n")") == 50);
  BOOST_TEST(level_in("9", R"("-7 ")") == -7);
  BOOST_TEST(level_in("9", R"("5 0")") == -1);
  BOOST_TEST(level_in("9", R"("1_000")") == 1000);
  BOOST_TEST(level_in("9", R"("\u0665\u0660")") == 50); // Arabic digits
  BOOST_TEST(level_in("9", R"("99999999999999999999999")") == infinite_power - 1);
  BOOST_TEST(level_in("9", R"("-99999999999999999999999")") == 1 - infinite_power);
  BOOST_TEST(level_in("10", R"("50")") == -1); // never accepted there, so only a hostile state could hold it
  BOOST_TEST(level_in("9", "true") == 1);
  BOOST_TEST(level_in("10", "true") == -1);
  BOOST_TEST(level_in("5", "50.57") == 50);
  BOOST_TEST(level_in("5", "-50.57") == -50);
  BOOST_TEST(level_in("5", "5.114698E4") == 51146);
  BOOST_TEST(level_in("5", "9007199254740993") == 9'007'199'254'740'993);
  BOOST_TEST(level_in("5", "1e300") == infinite_power - 1);
  BOOST_TEST(level_in("5", "-1e300") == 1 - infinite_power);
  BOOST_TEST(level_in("5", "1e999") == -1); // beyond a double: refused
}

BOOST_AUTO_TEST_CASE(no_level_is_raised_or_taken_from_above_the_own) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    const std::string before =
      R"("users":{"@bob:b.test":50},"events":{"m.high":60,"m.low":10},"kick":60,"redact":40,"invite":50)";
    room.put("m.room.power_levels", alice, "", "{" + before + R"(,"events_default":0})");
    const auto verdict = [&](std::string_view content) {
      return room.verdict("m.room.power_levels", bob, "", content);
    };
    CHECK_RULE("allowed", verdict("{" + before + "}")); // events_default removed
    CHECK_RULE(
      "allowed",
      verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60},"kick":60,"redact":50,"state_default":50})"));
    CHECK_RULE("10.6", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60},"kick":50})"));
    CHECK_RULE("10.6", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60}})"));
    CHECK_RULE("10.6", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60},"kick":60,"redact":51})"));
    CHECK_RULE("10.6", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60},"kick":60,"ban":51})"));
    CHECK_RULE("10.7", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":50},"kick":60})"));
    CHECK_RULE("10.7", verdict(R"({"users":{"@bob:b.test":50},"kick":60})"));
    CHECK_RULE("10.7", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60,"m.new":51},"kick":60})"));
    CHECK_RULE("8", room.verdict("m.room.power_levels", carol, "", "{" + before + "}"));
  }
}

BOOST_AUTO_TEST_CASE(notifications_are_guarded_from_version_6) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.put("m.room.power_levels", alice, "", R"({"users":{"@bob:b.test":50},"notifications":{"room":60}})");
    const auto verdict = [&](std::string_view content) {
      return room.verdict("m.room.power_levels", bob, "", content);
    };
    const auto* refused = room.rules().limit_notifications_levels ? "10.7" : "allowed";
    CHECK_RULE(refused, verdict(R"({"users":{"@bob:b.test":50},"notifications":{"room":50}})"));
    CHECK_RULE(refused, verdict(R"({"users":{"@bob:b.test":50}})"));
    CHECK_RULE(refused, verdict(R"({"users":{"@bob:b.test":50},"notifications":{"room":60,"other":70}})"));
    CHECK_RULE("allowed", verdict(R"({"users":{"@bob:b.test":50},"notifications":{"room":60,"other":50}})"));
  }
}

BOOST_AUTO_TEST_CASE(users_of_the_own_level_or_above_keep_theirs) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.put("m.room.power_levels", alice, "",
             R"({"users":{"@bob:b.test":50,"@carol:c.test":50,"@dave:d.test":60,"@erin:e.test":40}})");
    const auto verdict = [&](std::string_view users) {
      return room.verdict("m.room.power_levels", bob, "", R"({"users":{)" + std::string{users} + "}}");
    };
    const std::string equal = R"("@carol:c.test":50,)", higher = R"("@dave:d.test":60,)",
                      lower = R"("@erin:e.test":40)";
    CHECK_RULE("allowed", verdict(equal + higher + R"("@erin:e.test":50,"@bob:b.test":50)"));
    CHECK_RULE("allowed", verdict(equal + higher + lower)); // bob gives up his own
    CHECK_RULE("allowed", verdict(equal + higher + R"("@bob:b.test":50,"@frank:f.test":50)"));
    CHECK_RULE("10.10", verdict(equal + higher + lower + R"(,"@bob:b.test":51)"));
    CHECK_RULE("10.10", verdict(equal + higher + lower + R"(,"@bob:b.test":50,"@frank:f.test":51)"));
    CHECK_RULE("10.9", verdict(higher + lower + R"(,"@bob:b.test":50)"));
    CHECK_RULE("10.9", verdict(R"("@carol:c.test":49,)" + higher + lower));
    CHECK_RULE("10.9", verdict(equal + lower));
    if (!room.rules().integer_power_levels) // the same number written otherwise is no change
      CHECK_RULE("allowed", verdict(R"("@carol:c.test":"50","@dave:d.test":" 60","@erin:e.test":40)"));
  }
}

BOOST_AUTO_TEST_CASE(creator_of_version_12_changes_any_level) {
  auto room = staffed("12");
  room.put("m.room.power_levels", alice, "", R"({"ban":9007199254740991,"users":{"@bob:b.test":9007199254740991}})");
  CHECK_RULE("allowed", room.verdict("m.room.power_levels", alice, "", R"({"users":{}})"));
}

BOOST_AUTO_TEST_SUITE_END()
