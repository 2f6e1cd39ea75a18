#include "messages/matrix/identifiers.hpp"

#include "tests/vectors.hpp"

#include <set>

namespace causeway::matrix {

using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(identifiers)

BOOST_AUTO_TEST_CASE(server_names_of_the_vectors) {
  const auto vectors = test::load_vectors("identifiers.json");
  for (const auto& x : test::array_at(vectors, "valid")) BOOST_TEST(is_server_name(*x.as_string()), *x.as_string());
  for (const auto& x : test::array_at(vectors, "invalid")) BOOST_TEST(!is_server_name(*x.as_string()), *x.as_string());
}

BOOST_AUTO_TEST_CASE(server_name_is_taken_apart) {
  auto parts = split_server_name("matrix.org:8448").value();
  BOOST_TEST(parts.host == "matrix.org");
  BOOST_TEST(parts.port.value() == 8448);
  BOOST_TEST(!parts.is_ip_literal);
  parts = split_server_name("[2001:db8::1]:80").value();
  BOOST_TEST(parts.host == "[2001:db8::1]");
  BOOST_TEST(parts.port.value() == 80);
  BOOST_TEST(parts.is_ip_literal);
  parts = split_server_name("192.0.2.7").value();
  BOOST_TEST(!parts.port);
  BOOST_TEST(parts.is_ip_literal);
  BOOST_TEST(!split_server_name("192.0.2.256").value().is_ip_literal);
  BOOST_TEST(!split_server_name("1.2.3").value().is_ip_literal);
  BOOST_TEST(!split_server_name("1.2.3.4.5").value().is_ip_literal);
}

BOOST_AUTO_TEST_CASE(server_name_grammar_in_the_corners) {
  for (auto text : {"[::]"sv, "[::1]"sv, "[1::]"sv, "[1:2:3:4:5:6:7:8]"sv, "[::ffff:1.2.3.4]"sv,
                    "[1:2:3:4:5:6:1.2.3.4]"sv, "a"sv, "a:0"sv, "a:65535"sv})
    BOOST_TEST(is_server_name(text), text);
  for (auto text : {"[]"sv,
                    "[:::]"sv,
                    "[1]"sv,
                    "[1::2::3]"sv,
                    "[12345::]"sv,
                    "[g::]"sv,
                    "[1:2:3:4:5:6:7:8:9]"sv,
                    "[1:2:3:4:5:6:7::8:9]"sv,
                    "[:1]"sv,
                    "[1:]"sv,
                    "[::1]x"sv,
                    "[::1.2.3]"sv,
                    "[1.2.3.4::]"sv,
                    ":80"sv,
                    "a:65536"sv,
                    "a:-1"sv,
                    "a:1:2"sv,
                    "a\0"sv,
                    "a "sv,
                    "[::1"sv,
                    "::1"sv,
                    "a:"sv,
                    "a:+1"sv})
    BOOST_TEST(!is_server_name(text), text);
  BOOST_TEST(is_server_name(std::string(230, 'a')));
  BOOST_TEST(!is_server_name(std::string(231, 'a')));
}

BOOST_AUTO_TEST_CASE(user_ids_of_the_vectors) {
  const auto vectors = test::load_vectors("identifiers.json");
  const auto& ids = test::at(vectors, "user_ids");
  for (const auto& x : test::array_at(ids, "strict_valid")) {
    BOOST_TEST(is_user_id(*x.as_string(), user_id_grammar::strict), *x.as_string());
    BOOST_TEST(is_user_id(*x.as_string()), *x.as_string());
  }
  for (const auto& x : test::array_at(ids, "historical_accept_in_events")) {
    BOOST_TEST(is_user_id(*x.as_string()), *x.as_string());
    BOOST_TEST(!is_user_id(*x.as_string(), user_id_grammar::strict), *x.as_string());
  }
  for (const auto& x : test::array_at(ids, "invalid")) BOOST_TEST(!is_user_id(*x.as_string()), *x.as_string());
}

BOOST_AUTO_TEST_CASE(user_id_has_at_most_255_bytes) {
  const auto of_size = [](std::size_t bytes) { return '@' + std::string(bytes - 3, 'a') + ":h"; };
  BOOST_TEST(is_user_id(of_size(255)));
  BOOST_TEST(!is_user_id(of_size(256)));
  BOOST_TEST(is_user_id(of_size(255), user_id_grammar::strict));
  BOOST_TEST(!is_user_id(of_size(256), user_id_grammar::strict));
  BOOST_TEST(!is_user_id("@\xff:h"));
}

BOOST_AUTO_TEST_CASE(problem_of_a_user_id_is_a_sentence) {
  BOOST_TEST(!user_id_problem("@alice:example.org"));
  BOOST_TEST(user_id_problem("alice").value().find("starts with '@'") != std::string::npos);
  BOOST_TEST(user_id_problem("@alice").value().find("server") != std::string::npos);
  BOOST_TEST(user_id_problem("@:h").value().find("no name") != std::string::npos);
  BOOST_TEST(user_id_problem("@Alice:h").value().find("a-z") != std::string::npos);
  BOOST_TEST(user_id_problem("@alice:").value().find("server name") != std::string::npos);
  BOOST_TEST(user_id_problem("@alice:a_b").value().find("server name") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(users_of_other_servers_have_any_name_that_can_be_seen) {
  for (auto text : {"@freenode_Nick:libera.example"sv, "@UPPER:s"sv, "@a!#$%&'()*,;<>?[]^`{|}~\"\\:s"sv, "@b@c:s"sv,
                    "@|@:s"sv, "@\u00e9:s"sv, "@\U0001f600:s:8448"sv, "@a:[::1]:80"sv, "@alice:s"sv})
    BOOST_TEST(!user_id_problem(text, user_id_grammar::printable), text);
  for (auto text : {"@:s"sv, "@b ob:s"sv, "@bob\n:s"sv, "@b\u200bob:s"sv, "@bob\u00a0:s"sv, "@bob"sv, "bob:s"sv,
                    "@bob:"sv, "@bob:a_b"sv, "@bob:s:99999"sv, "@b\0:s"sv, "@\xff:s"sv})
    BOOST_TEST(!is_user_id(text, user_id_grammar::printable), text);
  BOOST_TEST(user_id_problem("@b ob:s", user_id_grammar::printable).value().find("U+0020") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(problem_of_any_grammar_says_the_same_as_the_check) {
  for (auto text : {"@:h"sv, "@A:h"sv, "@a b:h"sv, "@a\x01:h"sv, "a:h"sv, "@a"sv, "@a:"sv, "@a\0:h"sv, "@\xff:h"sv,
                    "@alice:h"sv, ""sv, "@"sv})
    for (auto grammar : {user_id_grammar::strict, user_id_grammar::printable, user_id_grammar::historical})
      BOOST_TEST(is_user_id(text, grammar) == !user_id_problem(text, grammar), text);
}

BOOST_AUTO_TEST_CASE(other_identifiers) {
  for (auto text : {"!a:h"sv, "!opaque"sv, "!Zx0-_"sv, "!a b:h"sv}) BOOST_TEST(is_room_id(text), text);
  for (auto text : {""sv, "!"sv, "a:h"sv, "!a:"sv, "!a:h h"sv, "!a\0:h"sv, "#a:h"sv})
    BOOST_TEST(!is_room_id(text), text);
  for (auto text : {"$a"sv, "$a:h"sv, "$A+/z"sv}) BOOST_TEST(is_event_id(text), text);
  for (auto text : {""sv, "$"sv, "a"sv, "$a:"sv, "$\0"sv}) BOOST_TEST(!is_event_id(text), text);
  for (auto text : {"#a:h"sv, "#\xc3\xa9:h:80"sv}) BOOST_TEST(is_room_alias(text), text);
  for (auto text : {"#a"sv, "a:h"sv, "#a:"sv, "#\xff:h"sv}) BOOST_TEST(!is_room_alias(text), text);
  for (auto text : {"ed25519:1"sv, "ed25519:a_Zk9"sv}) BOOST_TEST(is_signing_key_id(text), text);
  for (auto text : {"ed25519:"sv, "ed25519"sv, "ed25519:a-b"sv, "curve25519:a"sv, "ed25519:a:b"sv, ""sv})
    BOOST_TEST(!is_signing_key_id(text), text);
  for (auto text : {"ed25519:"sv, "ed25519:1"sv, "ed25519:a-b"sv, "ed25519:a:b"sv, "ed25519:\xc3\xa9"sv})
    BOOST_TEST(is_verify_key_id(text), text);
  for (auto text : {"ed25519"sv, "ed25519x:1"sv, "curve25519:a"sv, ""sv}) BOOST_TEST(!is_verify_key_id(text), text);
  BOOST_TEST(!is_verify_key_id("ed25519:" + std::string(248, 'k')));
  for (auto text : {"1"sv, "12"sv, "org.matrix.msc-1"sv}) BOOST_TEST(is_room_version_grammar(text), text);
  for (auto text : {""sv, "A"sv, "1_2"sv, "123456789012345678901234567890123"sv})
    BOOST_TEST(!is_room_version_grammar(text), text);
}

BOOST_AUTO_TEST_CASE(parts_of_an_identifier) {
  BOOST_TEST(server_name_of("@a:h:80") == "h:80");
  BOOST_TEST(localpart_of("@a:h:80") == "a");
  BOOST_TEST(server_name_of("$abc").empty());
  BOOST_TEST(localpart_of("$abc") == "abc");
  BOOST_TEST(localpart_of("").empty());
  BOOST_TEST(localpart_of("@:h").empty());
}

BOOST_AUTO_TEST_CASE(names_of_a_chat_server_become_localparts) {
  const auto vectors = test::load_vectors("identifiers.json");
  for (const auto& x : test::array_at(vectors, "localpart_mapping"))
    BOOST_TEST(localpart_from_name(*(*x.as_array())[0].as_string()) == *(*x.as_array())[1].as_string());
  for (const auto& x : test::array_at(vectors, "localpart_mapping_case_preserving"))
    BOOST_TEST(localpart_from_name_preserving_case(*(*x.as_array())[0].as_string()) == *(*x.as_array())[1].as_string());
}

BOOST_AUTO_TEST_CASE(every_byte_maps_to_a_valid_localpart_of_its_own) {
  std::set<std::string> plain, preserving;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string name(1, static_cast<char>(byte));
    BOOST_TEST(is_user_id('@' + localpart_from_name(name) + ":h", user_id_grammar::strict));
    BOOST_TEST(preserving.insert(localpart_from_name_preserving_case(name)).second);
    if (byte < 'A' || byte > 'Z') BOOST_TEST(plain.insert(localpart_from_name(name)).second);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix
