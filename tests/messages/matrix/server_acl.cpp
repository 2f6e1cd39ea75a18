#include "messages/matrix/server_acl.hpp"

#include "tests/vectors.hpp"

namespace causeway::matrix {

BOOST_AUTO_TEST_SUITE(server_acl)

BOOST_AUTO_TEST_CASE(judges_the_vectors) {
  const auto vectors = test::load_vectors("server_acl.json");
  for (const auto& x : test::array_at(vectors, "cases"))
    BOOST_TEST(server_acl_allows(test::at(x, "content").as_object(), test::string_at(x, "server")) ==
                 *x.find_bool("allowed"),
               json::canonical(x));
}

BOOST_AUTO_TEST_CASE(entries_of_other_kinds_match_nothing) {
  const auto acl = test::parse_object(R"({"allow":["*"],"deny":[7,null,["*"]]})");
  BOOST_TEST(server_acl_allows(&acl, "a.test"));
  const auto strange = test::parse_object(R"({"allow":[7],"deny":"*"})");
  BOOST_TEST(!server_acl_allows(&strange, "a.test"));
}

BOOST_AUTO_TEST_CASE(text_that_is_no_server_name_is_denied) {
  const auto acl = test::parse_object(R"({"allow":["*"]})");
  for (auto name : {"", "a b", "a:", "[::1", "a_b"}) BOOST_TEST(!server_acl_allows(&acl, name), name);
}

BOOST_AUTO_TEST_CASE(globs) {
  BOOST_TEST(glob_matches("", ""));
  BOOST_TEST(!glob_matches("", "a"));
  BOOST_TEST(glob_matches("*", ""));
  BOOST_TEST(glob_matches("**", "abc"));
  BOOST_TEST(glob_matches("a*c", "ac"));
  BOOST_TEST(glob_matches("a*c", "abcbc"));
  BOOST_TEST(!glob_matches("a*c", "abcb"));
  BOOST_TEST(glob_matches("*.A.?", "x.y.a.z"));
  BOOST_TEST(!glob_matches("?", ""));
  BOOST_TEST(!glob_matches("??", "a"));
  BOOST_TEST(!glob_matches("[a]", "a"));
  BOOST_TEST(glob_matches("*ab*cd*", "xxabyycdzz"));
}

BOOST_AUTO_TEST_CASE(hostile_glob_is_no_burden) {
  std::string pattern;
  for (int i = 0; i < 10'000; ++i) pattern += "*a";
  BOOST_TEST(!glob_matches(pattern + "b", std::string(230, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
