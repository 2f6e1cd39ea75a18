// The auth rules of m.room.member.
#include "auth_rules_rig.hpp"
#include "messages/matrix/signing.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(auth_rules_membership)

using namespace auth_rules_play;

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
    const auto verdict = room.verdict("m.room.member", sender, target, member_content(after));
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
    const auto verdict = room.verdict("m.room.member", dave, std::string{dave}, member_content(after));
    BOOST_TEST(bool(verdict) == (text_of(columns[4]) == "allow"),
               "version " << version << ", " << rule << ": " << before << " -> " << after << ": " << words(verdict));
  }
}

// ---- m.room.member
BOOST_AUTO_TEST_CASE(member_event_needs_state_key_and_membership) {
  for (const auto version : versions_from(1)) {
    const auto room = staffed(version);
    CHECK_RULE("5.1", room.verdict("m.room.member", alice, std::nullopt, member_content("join")));
    CHECK_RULE("5.1", room.verdict("m.room.member", alice, std::string{alice}, "{}"));
    CHECK_RULE("5.1", room.verdict("m.room.member", alice, std::string{alice}, R"({"membership":true})"));
    CHECK_RULE("5.1", room.verdict("m.room.member", alice, "bob", member_content("invite")));
    CHECK_RULE("5.8", room.verdict("m.room.member", alice, std::string{bob}, member_content("dance")));
  }
}

BOOST_AUTO_TEST_CASE(nobody_joins_for_another) {
  auto room = staffed("11");
  room.put("m.room.join_rules", alice, "", join_rule("public"));
  CHECK_RULE("5.3.2", room.verdict("m.room.member", alice, std::string{dave}, member_content("join")));
}

BOOST_AUTO_TEST_CASE(banned_user_cannot_rejoin_or_knock) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.put("m.room.join_rules", alice, "", join_rule("public"));
    CHECK_RULE("allowed", room.verdict("m.room.member", dave, std::string{dave}, member_content("join")));
    room.put_member(dave, "ban");
    CHECK_RULE("5.3.3", room.verdict("m.room.member", dave, std::string{dave}, member_content("join")));
    CHECK_RULE("5.5.1", room.verdict("m.room.member", dave, std::string{dave}, member_content("leave")));
  }
}

BOOST_AUTO_TEST_CASE(room_without_join_rules_is_by_invitation) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    for (const auto* content : {"{}", R"({"join_rule":"invite"})"}) {
      room.put("m.room.join_rules", alice, "", content);
      room.remove("m.room.member", dave);
      CHECK_RULE("5.3.4", room.verdict("m.room.member", dave, std::string{dave}, member_content("join")));
      room.put_member(dave, "invite");
      CHECK_RULE("allowed", room.verdict("m.room.member", dave, std::string{dave}, member_content("join")));
    }
    room.put("m.room.join_rules", alice, "", R"({"join_rule":["public"]})");
    CHECK_RULE("5.3.7", room.verdict("m.room.member", dave, std::string{dave}, member_content("join")));
  }
}

BOOST_AUTO_TEST_CASE(knock_exists_from_version_7) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.put("m.room.join_rules", alice, "", join_rule("knock"));
    const bool knows_knock = room.rules().knock;
    CHECK_RULE(knows_knock ? "allowed" : "5.8",
               room.verdict("m.room.member", dave, std::string{dave}, member_content("knock")));
    CHECK_RULE(knows_knock ? "5.3.4" : "5.3.7",
               room.verdict("m.room.member", dave, std::string{dave}, member_content("join")));
    if (!knows_knock) continue;
    CHECK_RULE("5.7.2", room.verdict("m.room.member", bob, std::string{dave}, member_content("knock")));
    CHECK_RULE("5.7.4", room.verdict("m.room.member", bob, std::string{bob}, member_content("knock")));
    room.put_member(dave, "knock");
    CHECK_RULE("allowed", room.verdict("m.room.member", dave, std::string{dave}, member_content("leave")));
    CHECK_RULE("allowed", room.verdict("m.room.member", bob, std::string{dave}, member_content("invite")));
    CHECK_RULE("allowed", room.verdict("m.room.member", bob, std::string{dave}, member_content("leave")));
    room.put("m.room.join_rules", alice, "", join_rule("public"));
    CHECK_RULE("5.7.1", room.verdict("m.room.member", dave, std::string{dave}, member_content("knock")));
    room.put("m.room.join_rules", alice, "", join_rule("knock_restricted"));
    CHECK_RULE(room.rules().knock_restricted ? "allowed" : "5.7.1",
               room.verdict("m.room.member", dave, std::string{dave}, member_content("knock")));
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
      return room.verdict("m.room.member", sender, std::string{target}, member_content("invite"));
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
    return room.verdict("m.room.member", bob, std::string{dave}, member_content("leave"));
  };
  CHECK_RULE("allowed", unban(R"("kick":50,"ban":50)"));
  CHECK_RULE("5.5.3", unban(R"("kick":50,"ban":51)"));
  CHECK_RULE("5.5.5", unban(R"("kick":51,"ban":50)"));
  room.put("m.room.power_levels", alice, "", R"({"users":{"@bob:b.test":50,"@dave:d.test":50}})");
  CHECK_RULE("5.5.5", room.verdict("m.room.member", bob, std::string{dave}, member_content("leave")));
}

BOOST_AUTO_TEST_CASE(nobody_bans_an_equal) {
  auto room = staffed("11");
  room.put("m.room.power_levels", alice, "", R"({"users":{"@bob:b.test":50,"@carol:c.test":50}})");
  CHECK_RULE("5.6.3", room.verdict("m.room.member", bob, std::string{carol}, member_content("ban")));
  CHECK_RULE("allowed",
             room.verdict("m.room.member", bob, std::string{dave}, member_content("ban"))); // never seen here
  CHECK_RULE("5.6.1", room.verdict("m.room.member", dave, std::string{carol}, member_content("ban")));
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
  status verdict(const json::object& proof, std::string_view sender = bob) const {
    json::object invite;
    invite.set("signed", proof);
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

BOOST_AUTO_TEST_SUITE_END()
