#include "messages/text.hpp"

#include "messages/matrix/json.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;
using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(text_suite)

BOOST_AUTO_TEST_CASE(code_points_are_read_one_by_one_and_broken_bytes_are_replaced) {
  std::string_view rest = "a\xc3\xa9\xe2\x80\x8b\xf0\x9f\x98\x80";
  BOOST_TEST((text::next_code_point(rest) == U'a'));
  BOOST_TEST((text::next_code_point(rest) == U'\u00e9'));
  BOOST_TEST((text::next_code_point(rest) == U'\u200b'));
  BOOST_TEST((text::next_code_point(rest) == U'\U0001f600'));
  BOOST_TEST(!text::next_code_point(rest));
  for (const auto broken :
       {"\xff"sv, "\xc3"sv, "\xc0\xaf"sv, "\xe0\x80\x80"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "\xc3z"sv}) {
    auto bytes = broken;
    BOOST_TEST((text::next_code_point(bytes) == U'\ufffd'));
    BOOST_TEST(bytes.size() == broken.size() - 1);
  }
}

BOOST_AUTO_TEST_CASE(blanks_and_invisible_code_points_alone_show_nothing) {
  for (const auto nothing :
       {""sv,       " "sv,      "\t\r\n"sv, "\0"sv,         "\u00a0"sv, "\u3000"sv, "\u2003"sv,           "\u2028"sv,
        "\u200b"sv, "\u200d"sv, "\u2060"sv, "\ufeff"sv,     "\u00ad"sv, "\u202e"sv, "\u3164"sv,           "\uffa0"sv,
        "\u115f"sv, "\u2800"sv, "\ufe0f"sv, "\U000e0041"sv, "\u034f"sv, "\u180e"sv, " \u200b \u2060\n"sv, "\u0085"sv,
        "\x1b"sv,   "\x7f"sv})
    BOOST_TEST(!text::shows_something(nothing), text::quoted(nothing));
}

BOOST_AUTO_TEST_CASE(anything_that_leaves_a_mark_shows_something) {
  for (const auto mark : {"a"sv, " a "sv, "."sv, "\u200bx"sv, "\u00e9"sv, "\u0301"sv, "\u2764\ufe0f"sv,
                          "\U0001f468\u200d\U0001f469"sv, "\u4f60"sv, "\ufffd"sv})
    BOOST_TEST(text::shows_something(mark), mark);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_seen_in_a_name_is_found) {
  BOOST_TEST((text::first_unseen("bob smith") == U' '));
  BOOST_TEST((text::first_unseen("bob\n") == U'\n'));
  BOOST_TEST((text::first_unseen("b\u200bob") == U'\u200b'));
  BOOST_TEST(!text::first_unseen("jos\u00e9!"));
  BOOST_TEST(text::code_point_name(U'\n') == "U+000A");
  BOOST_TEST(text::code_point_name(0xe0041) == "U+E0041");
}

BOOST_AUTO_TEST_CASE(a_quoted_text_is_short_readable_and_utf8_whatever_it_was) {
  BOOST_TEST(text::quoted("bob smith") == "\"bob smith\"");
  BOOST_TEST(text::quoted("b\u200bob\n") == "\"b<U+200B>ob<U+000A>\"");
  BOOST_TEST(text::quoted("\xff") == "\"<not UTF-8>\"");
  for (const auto& long_one : {std::string(300, 'x'), std::string(300, '\xff'), std::string(299, 'x') + "\u00e9"}) {
    BOOST_TEST(text::quoted(long_one).size() < 100u);
    BOOST_TEST(matrix::json::is_utf8(text::quoted(long_one)));
    BOOST_TEST(text::quoted(long_one).ends_with("...\""));
  }
  for (std::size_t cut = 70; cut < 90; ++cut)
    BOOST_TEST(matrix::json::is_utf8(text::quoted(std::string(cut, 'x') + "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9")));
}

BOOST_AUTO_TEST_CASE(a_misspelled_word_is_recognised_and_a_different_one_is_not) {
  const std::vector<std::string> fields{"text", "html", "reply_to", "thread", "mentions", "files", "room"};
  for (const auto& [wrong, right] : {std::pair{"txet", "text"},
                                     {"tetx", "text"},
                                     {"reply_too", "reply_to"},
                                     {"replyto", "reply_to"},
                                     {"mention", "mentions"},
                                     {"Files", "files"},
                                     {"rom", "room"},
                                     {"hmtl", "html"}})
    BOOST_TEST(text::likely_meant(wrong, fields) == right);
  for (const auto* other : {"colour", "x", "", "priority", "body"})
    BOOST_TEST(text::likely_meant(other, fields).empty(), other);
  BOOST_TEST(text::likely_meant("text", {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
