#include "actors/directory/user_names.hpp"

#include "messages/matrix/json.hpp"
#include "messages/text.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <set>

using namespace causeway;
using namespace causeway::test;
using directory::named_user;
using directory::user_names;

BOOST_AUTO_TEST_SUITE(user_names_suite)

namespace {

/// The users of here.example, some of them of a store that was written when ids were mapped without their case.
struct users {
  context node = here();
  std::optional<user_names> names{std::in_place, node};
  std::vector<store::put_user> rows; ///< as they are on disk

  named_user known(const std::string& named) const {
    auto who = names->resolve(named);
    BOOST_REQUIRE_MESSAGE(bool(who), (who ? "" : to_string(who.error())));
    return *who;
  }
  std::string id_of(const std::string& named) const { return known(named).user_id; }
  std::string made(const std::string& named) {
    const auto who = known(named);
    if (auto row = names->make(who)) write(*row);
    return who.user_id;
  }
  std::string chosen(const std::string& named, const std::string& localpart) {
    auto who = names->choose(named, localpart);
    BOOST_REQUIRE_MESSAGE(bool(who), (who ? "" : to_string(who.error())));
    if (auto row = names->make(*who)) write(*row);
    return who->user_id;
  }
  void write(const store::put_user& row) {
    std::erase_if(rows, [&](const auto& one) { return one.user_id == row.user_id; });
    rows.push_back(row);
  }
  void restart() {
    names.emplace(node);
    names->load(rows);
  }
  fault_code refusal(const std::string& named) const {
    const auto who = names->resolve(named);
    return who ? fault_code::none : who.error().code;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(two_ids_that_differ_in_case_are_two_users, users) {
  BOOST_TEST(made("rbAXPn") == "@rb_a_x_pn:here.example");
  BOOST_TEST(made("RBaxpN") == "@_r_baxp_n:here.example");
  BOOST_TEST(made("rbaxpn") == "@rbaxpn:here.example");
  BOOST_TEST(made("a_b") == "@a__b:here.example");
  BOOST_TEST(made("aB") == "@a_b:here.example");
  BOOST_TEST(made("jos\u00e9") == "@jos=c3=a9:here.example");
  BOOST_TEST(made("JOS\u00c9") == "@_j_o_s=c3=89:here.example");
  BOOST_TEST(names->size() == 7u);
  restart();
  BOOST_TEST(id_of("rbAXPn") == "@rb_a_x_pn:here.example");
  BOOST_TEST(id_of("aB") == "@a_b:here.example");
  BOOST_TEST(names->find("@a__b:here.example")->chat_name == "a_b");
}

BOOST_FIXTURE_TEST_CASE(no_two_of_many_ids_share_a_matrix_id, users) {
  std::set<std::string> ids;
  std::size_t count = 0;
  const std::string letters = "aA_bB=.\u00e9";
  for (const char a : letters)
    for (const char b : letters)
      for (const char c : letters) {
        const std::string own{a, b, c};
        if (!matrix::json::is_utf8(own)) continue;
        ids.insert(made(own));
        ++count;
      }
  BOOST_TEST(count > 300u);
  BOOST_TEST(ids.size() == count);
}

BOOST_FIXTURE_TEST_CASE(users_of_a_former_store_keep_their_matrix_ids, users) {
  rows = {{"@rbaxpn:here.example", "rbAXPn", {}, {}},
          {"@a_b:here.example", "a_b", {}, {}},
          {"@jos=c3=a9:here.example", "Jos\u00e9", {}, {}}};
  restart();
  BOOST_TEST(id_of("rbAXPn") == "@rbaxpn:here.example");
  BOOST_TEST(id_of("a_b") == "@a_b:here.example");
  BOOST_TEST(id_of("Jos\u00e9") == "@jos=c3=a9:here.example");
  BOOST_TEST(known("@rbaxpn:here.example").exists);
  BOOST_TEST(made("RBaxpN") == "@_r_baxp_n:here.example"); // who was the same user until now
  restart();
  BOOST_TEST(id_of("rbAXPn") == "@rbaxpn:here.example");
}

BOOST_FIXTURE_TEST_CASE(an_id_that_leads_to_another_users_matrix_id_is_refused_with_the_way_out, users) {
  rows = {{"@rbaxpn:here.example", "rbAXPn", {}, {}}, {"@a_b:here.example", "a_b", {}, {}}};
  restart();
  for (const auto* taken : {"rbaxpn", "aB"}) {
    const auto who = names->resolve(taken);
    BOOST_REQUIRE(!who);
    BOOST_TEST((who.error().code == fault_code::already_exists));
    BOOST_TEST(who.error().detail.find("localpart") != std::string::npos, who.error().detail);
  }
  BOOST_TEST(chosen("rbaxpn", "rbaxpn2") == "@rbaxpn2:here.example");
  restart();
  BOOST_TEST(id_of("rbaxpn") == "@rbaxpn2:here.example");
  BOOST_TEST(id_of("rbAXPn") == "@rbaxpn:here.example");
}

BOOST_FIXTURE_TEST_CASE(the_chat_server_may_choose_a_localpart_once, users) {
  BOOST_TEST(chosen("rbAXPn", "ann") == "@ann:here.example");
  BOOST_TEST(chosen("rbAXPn", "ann") == "@ann:here.example"); // a repetition
  BOOST_TEST(id_of("rbAXPn") == "@ann:here.example");
  const auto other = names->choose("rbAXPn", "ann2");
  BOOST_REQUIRE(!other);
  BOOST_TEST((other.error().code == fault_code::conflict));
  const auto taken = names->choose("somebody", "ann");
  BOOST_REQUIRE(!taken);
  BOOST_TEST((taken.error().code == fault_code::already_exists));
  BOOST_TEST((refusal("ann") == fault_code::already_exists)); // his rule leads there too
  restart();
  BOOST_TEST(id_of("rbAXPn") == "@ann:here.example");
  made("bob");
  BOOST_TEST((names->choose("bob", "robert").error().code == fault_code::conflict)); // a Matrix id never changes
  BOOST_TEST(chosen("bob", "bob") == "@bob:here.example");
}

BOOST_FIXTURE_TEST_CASE(a_localpart_has_the_strict_grammar, users) {
  for (const auto& wrong :
       {std::string{"Ann"}, std::string{"a nn"}, std::string{""}, std::string{"@ann"}, std::string{"ann:80"},
        std::string{"ann:there.example"}, std::string{"jos\u00e9"}, std::string(250, 'a')}) {
    const auto who = names->choose("rbAXPn", wrong);
    BOOST_REQUIRE_MESSAGE(!who, wrong);
    BOOST_TEST((who.error().code == fault_code::invalid_identifier), to_string(who.error()));
    BOOST_TEST(who.error().detail.starts_with("localpart: "));
  }
  change_identity(node).server_name = "1234"; // what follows ':' looks like a port then
  BOOST_TEST(!names->choose("rbAXPn", "ann:there.example"));
}

BOOST_FIXTURE_TEST_CASE(one_user_under_both_names, users) {
  BOOST_TEST(made("@ann:here.example") == "@ann:here.example");
  BOOST_TEST(names->find("@ann:here.example")->chat_name.empty());
  BOOST_TEST(id_of("ann") == "@ann:here.example");
  BOOST_TEST(known("ann").exists);
  made("ann");
  BOOST_TEST(names->find("@ann:here.example")->chat_name == "ann");
  BOOST_TEST(names->size() == 1u);
  BOOST_TEST(!names->make(known("ann"))); // nothing new to write
  made("@bob:here.example");
  BOOST_TEST(chosen("0815", "bob") == "@bob:here.example");
  BOOST_TEST((refusal("bob") == fault_code::already_exists));
  BOOST_TEST((names->choose("@bob:here.example", "robert").error().code == fault_code::conflict));
}

BOOST_FIXTURE_TEST_CASE(who_is_only_named_does_not_exist, users) {
  BOOST_TEST(!known("bobb").exists);
  BOOST_TEST(!known("@bobb:here.example").exists);
  BOOST_TEST(names->size() == 0u);
  BOOST_TEST(!names->find("@bobb:here.example"));
}

BOOST_FIXTURE_TEST_CASE(users_of_other_servers_have_any_name, users) {
  for (const auto* id : {"@freenode_Nick:there.example", "@UPPER:there.example", "@a|b@c!:there.example:8448",
                         "@a b:there.example", "@:there.example"}) {
    const auto who = known(id);
    BOOST_TEST(who.user_id == id);
    BOOST_TEST(!who.is_local);
    BOOST_TEST(!who.exists);
  }
}

BOOST_FIXTURE_TEST_CASE(what_is_no_id_of_a_user_is_refused_and_says_what_to_write, users) {
  const std::pair<std::string, const char*> wrong[] = {{"bob@example.org", "@bob:example.org"},
                                                       {"bob:example.org", "@bob:example.org"},
                                                       {"#x:there.example", "aliases of rooms begin with '#'"},
                                                       {"!x", "ids of rooms begin with '!'"},
                                                       {"$x", "ids of events begin with '$'"},
                                                       {" ", "nothing of it can be seen"},
                                                       {"\u200b", "nothing of it can be seen"},
                                                       {"bob smith", "U+0020"},
                                                       {"bob ", "U+0020"},
                                                       {"bo\tb", "U+0009"},
                                                       {std::string("b\0b", 3), "U+0000"},
                                                       {"bob\u200b", "U+200B"},
                                                       {"bob\x7f", "U+007F"},
                                                       {"bob\u00a0", "U+00A0"},
                                                       {std::string(256, 'b'), "256 bytes"},
                                                       {"", "empty"},
                                                       {std::string(240, '_'), "user.profile"},
                                                       {"@bob", "@localpart:here.example"},
                                                       {"@BOB:here.example", "a-z"},
                                                       {"@b ob:here.example", "a-z"},
                                                       {"@:here.example", "no name"},
                                                       {"@bob:", "server name"},
                                                       {"@bob:exa mple.org", "server name"},
                                                       {"@" + std::string(300, 'b') + ":there.example", "255"}};
  for (const auto& [name, word] : wrong) {
    const auto who = names->resolve(name);
    BOOST_REQUIRE_MESSAGE(!who, text::quoted(name));
    BOOST_TEST((who.error().code == fault_code::invalid_identifier), to_string(who.error()));
    BOOST_TEST(who.error().detail.find(word) != std::string::npos, who.error().detail);
  }
  BOOST_TEST(id_of("a#b") == "@a=23b:here.example"); // inside of it the mapping takes anything that can be seen
  BOOST_TEST(id_of("user-1/x+y=z") == "@user-1/x+y=3dz:here.example");
}

BOOST_FIXTURE_TEST_CASE(ids_a_former_store_has_are_known_whatever_they_look_like, users) {
  rows = {{"@bob=40example.org:here.example", "bob@example.org", {}, {}},
          {"@bob=20smith:here.example", "bob smith", {}, {}}};
  restart();
  BOOST_TEST(id_of("bob@example.org") == "@bob=40example.org:here.example");
  BOOST_TEST(id_of("bob smith") == "@bob=20smith:here.example");
  BOOST_TEST((refusal("eve@example.org") == fault_code::invalid_identifier));
}

BOOST_FIXTURE_TEST_CASE(a_profile_is_set_field_by_field, users) {
  made("ann");
  names->change("@ann:here.example", [](store::put_user& row) { row.display_name = "Ann"; });
  const auto row =
    names->change("@ann:here.example", [](store::put_user& x) { x.avatar_url = "mxc://here.example/a"; });
  BOOST_TEST(row.display_name == "Ann");
  BOOST_TEST(row.avatar_url == "mxc://here.example/a");
  BOOST_TEST(row.chat_name == "ann");
}

BOOST_AUTO_TEST_SUITE_END()
