#include "messages/html.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using causeway::html::sanitized;

BOOST_AUTO_TEST_SUITE(html)

BOOST_AUTO_TEST_CASE(what_people_write_stays_as_it_is) {
  for (const auto* text :
       {"hello <b>all</b>", "<p>one<br>two</p><hr>", "<a href=\"https://example.org/?a=1&amp;b=2\">here</a>",
        "<a href=\"https://matrix.to/#/@bob:b.example\">Bob</a>", "<a href=\"matrix:u/bob:b.example\">Bob</a>",
        "<ol start=\"3\"><li>x</li></ol>", "<pre><code class=\"language-cpp\">a &lt; b &amp;&amp; c</code></pre>",
        "<span data-mx-spoiler=\"why\">x</span>", "<span data-mx-color=\"#ff0000\">red</span>",
        "<img src=\"mxc://a.example/1\" alt=\"a\" width=\"10\" height=\"20\">",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
        "<details><summary>s</summary>more</details>", "caf\xc3\xa9 &eacute; &#233; &#xe9;"})
    BOOST_TEST(sanitized(text) == text);
}

BOOST_AUTO_TEST_CASE(what_could_do_something_is_gone) {
  const auto becomes = [](const char* text, const char* expected) {
    BOOST_TEST(sanitized(text) == expected, text << " became " << sanitized(text));
  };
  becomes("a<script>alert(1)</script>b", "ab");
  becomes("a<SCRIPT src=x>alert(1)</ScRiPt >b", "ab");
  becomes("<style>b{}</style>x", "x");
  becomes("<iframe src=\"https://x\"></iframe>x", "x");
  becomes("<svg><b onload=x>in</b></svg>x", "x");
  becomes("<b onclick=\"x()\" style='color:red' id=a>x</b>", "<b>x</b>");
  becomes("<a href=\"javascript:alert(1)\">x</a>", "<a>x</a>");
  becomes("<a href=\" https://x\">x</a>", "<a>x</a>");
  becomes("<a href=\"&#106;avascript:alert(1)\">x</a>", "<a>x</a>");
  becomes("<a href=\"/relative\">x</a>", "<a>x</a>");
  becomes("<a href='https://x/\"onclick=\"y'>x</a>", "<a href=\"https://x/&quot;onclick=&quot;y\">x</a>");
  becomes("<a href=HTTPS://x>x</a>", "<a href=\"HTTPS://x\">x</a>");
  becomes("<img src=\"https://tracker/1.png\" onerror=x>", "<img>");
  becomes("<form action=x><input name=y><button>go</button></form>", "go");
  becomes("<video src=x></video>text", "text");
  becomes("<mx-reply><blockquote>before</blockquote></mx-reply>mine", "mine");
  becomes("<!-- <b> -->x<!DOCTYPE html><?php y ?>z", "xz");
  becomes("<code class=\"evil\">x</code>", "<code>x</code>");
  becomes("<plaintext>x<b>y", "");
}

BOOST_AUTO_TEST_CASE(what_is_no_markup_is_text) {
  BOOST_TEST(sanitized("1 < 2 && 3 > 2 & co") == "1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp; co");
  BOOST_TEST(sanitized("a <- b <3 <>") == "a &lt;- b &lt;3 &lt;&gt;");
  BOOST_TEST(sanitized(std::string{"a\0b", 3}) == "ab");
}

BOOST_AUTO_TEST_CASE(elements_are_closed_and_end_in_order) {
  BOOST_TEST(sanitized("<b>x") == "<b>x</b>");
  BOOST_TEST(sanitized("<b><i>x</b>y</i>") == "<b><i>x</i></b>y");
  BOOST_TEST(sanitized("</div>x</b>") == "x");
  BOOST_TEST(sanitized("<b") == "<b></b>");
  BOOST_TEST(sanitized("<a href=\"https://x") == "<a href=\"https://x\"></a>");
  BOOST_TEST(sanitized("<br/><br></br>") == "<br><br>");
}

BOOST_AUTO_TEST_CASE(depth_is_bounded_and_the_text_stays) {
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "<div>";
  const auto out = sanitized(deep + "x");
  BOOST_TEST(out.size() == causeway::html::depth_max * std::string{"<div></div>"}.size() + 1);
  BOOST_TEST(out.find('x') != std::string::npos);
}

BOOST_AUTO_TEST_CASE(applied_twice_it_changes_nothing) {
  for (const auto* text : {"<b><i>x</b>y</i> & < &lt; <a href='https://x/\"'>", "<script>x", "<<b>>", "<a b=c<d>e",
                           "<img src=mxc://a/b alt=\"a'b\">", "&;&#;&#x;&a b;", "<b/x/y=z>t"})
    BOOST_TEST(sanitized(sanitized(text)) == sanitized(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
