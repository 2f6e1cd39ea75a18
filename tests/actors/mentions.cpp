#include "actors/room/mentions.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using matrix::json::array;
using matrix::json::object;
using names = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(room_mentions)

namespace {

constexpr const char* here = "!r:a.example";

names in_html(const std::string& html) {
  return room::mentions_of(
    {{"msgtype", "m.text"}, {"body", "x"}, {"format", "org.matrix.custom.html"}, {"formatted_body", html}}, here);
}

std::string anchor(const std::string& to, const std::string& text = "Bob") {
  return "<a href=\"https://matrix.to/#/" + to + "\">" + text + "</a>";
}

} // namespace

BOOST_AUTO_TEST_CASE(a_link_calls_whom_it_names) {
  const names bob{"@bob:b.example"};
  for (const auto& html :
       {anchor("@bob:b.example"), "hi " + anchor("%40bob%3Ab.example") + "!", anchor("@bob:b.example?via=b.example"),
        std::string{"<a href='https://matrix.to/#/@bob:b.example'>x</a>"},
        std::string{"<A class=\"a>b\" HREF = HTTPS://MATRIX.TO/#/@bob:b.example >x</A>"},
        std::string{"<a\nhref=\"https://matrix.to/#/&#64;bob&#x3a;b.example\">x</a>"},
        std::string{"<a href=\"matrix:u/bob:b.example\">x</a>"}, anchor("@bob:b.example") + anchor("@bob:b.example")})
    BOOST_TEST(in_html(html) == bob, html);
  BOOST_TEST(in_html(anchor("@eve:e.example") + " and " + anchor("@bob:b.example")) ==
             (names{"@eve:e.example", "@bob:b.example"}));
  BOOST_TEST(in_html(anchor("@freenode_Nick:e.example")) == names{"@freenode_Nick:e.example"}); // old names are names
}

BOOST_AUTO_TEST_CASE(other_links_call_nobody) {
  for (const auto& html :
       {anchor("#room:b.example"), anchor("!other:b.example", "@all"), anchor("!r:a.example", "our room"),
        anchor("!r:a.example/$event", "that"), anchor("@bob"), anchor(""),
        std::string{"<a href=\"https://evil.example/?https://matrix.to/#/@bob:b.example\">x</a>"},
        std::string{"<abbr href=\"https://matrix.to/#/@bob:b.example\">"},
        std::string{"&lt;a href=\"https://matrix.to/#/@bob:b.example\"&gt;"},
        std::string{"<a data-href=\"https://matrix.to/#/@bob:b.example\">"}, std::string{"<a href"},
        std::string{"<a href="}, std::string{"<a href=\""}, std::string{"<"}, std::string{"<a"}})
    BOOST_TEST(in_html(html).empty(), html);
  const object plain{{"body", "x"}, {"formatted_body", anchor("@bob:b.example")}}; // no format: it is not shown as HTML
  BOOST_TEST(room::mentions_of(plain, here).empty());
}

BOOST_AUTO_TEST_CASE(what_is_quoted_was_said_by_another) {
  BOOST_TEST(in_html("<mx-reply><blockquote>" + anchor("@eve:e.example") + "</blockquote></mx-reply>" +
                     anchor("@bob:b.example")) == names{"@bob:b.example"});
  BOOST_TEST(in_html("<mx-reply>" + anchor("@eve:e.example")).empty());
}

BOOST_AUTO_TEST_CASE(m_mentions_counts_alone_where_there_is_one) {
  object content{{"body", "@room"},
                 {"format", "org.matrix.custom.html"},
                 {"formatted_body", anchor("@bob:b.example")},
                 {"m.mentions", object{}}};
  BOOST_TEST(room::mentions_of(content, here).empty());
  content.set("m.mentions",
              object{{"user_ids", array{"@eve:e.example", "@eve:e.example", 3, "nonsense"}}, {"room", true}});
  BOOST_TEST(room::mentions_of(content, here) == (names{"@eve:e.example", "@room"}));
  content.set("m.mentions", "nonsense"); // as if there were none
  BOOST_TEST(room::mentions_of(content, here) == (names{"@bob:b.example", "@room"}));
}

BOOST_AUTO_TEST_CASE(everybody_is_called_by_a_word_or_a_link_to_the_room) {
  const auto in_body = [](const std::string& body) { return room::mentions_of({{"body", body}}, here); };
  for (const auto* body : {"@room", "hey @room!", "@room: look", "(@room)", "@roommate @room"})
    BOOST_TEST(in_body(body) == names{"@room"}, body);
  for (const auto* body : {"room", "@roommate", "x@room", "@room.example", "@room:b.example", "@@room"})
    BOOST_TEST(in_body(body).empty() == (std::string_view{body} != "@room.example"), body);
  BOOST_TEST(in_html(anchor(here, "@all")) == names{"@room"});
  BOOST_TEST(in_html(anchor("!r%3Aa.example", " &#64;here ")) == names{"@room"});
}

BOOST_AUTO_TEST_CASE(a_flood_of_names_is_cut) {
  std::string html;
  for (int i = 0; i < 2'000; ++i) html += "<a href=matrix:u/u" + std::to_string(i) + ":b.example>";
  BOOST_TEST(in_html(html).size() == room::mentions_told_max);
  BOOST_TEST(in_html(std::string(60'000, '<')).empty());
  std::string open;
  for (int i = 0; i < 10'000; ++i) open += "<a b ";
  BOOST_TEST(in_html(open).empty());
}

BOOST_AUTO_TEST_SUITE_END()
