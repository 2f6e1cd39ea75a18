#include "messages/matrix/media.hpp"

#include "messages/limits.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::matrix;

BOOST_AUTO_TEST_SUITE(media)

BOOST_AUTO_TEST_CASE(an_mxc_uri_has_a_server_and_a_media_id) {
  const auto x = split_mxc("mxc://a.example:8448/Abc_-9");
  BOOST_REQUIRE(x);
  BOOST_TEST(x->server_name == "a.example:8448");
  BOOST_TEST(x->media_id == "Abc_-9");
  BOOST_TEST(make_mxc("a.example", "q") == "mxc://a.example/q");
  for (const auto* wrong :
       {"", "mxc://", "mxc://a.example", "mxc://a.example/", "http://a.example/x", "mxc://a.example/x/y",
        "mxc://a.example/..", "mxc:///x", "mxc://a b/x", "mxc://a.example/x?y", "mxc://a.example/%2e"})
    BOOST_TEST(!split_mxc(wrong), wrong);
  BOOST_TEST(is_media_id(std::string(limits::media_id_bytes_max, 'x')));
  BOOST_TEST(!is_media_id(std::string(limits::media_id_bytes_max + 1, 'x')));
}

BOOST_AUTO_TEST_CASE(header_values_are_taken_apart) {
  const auto x = parse_media_type(" Text/HTML ; Charset=utf-8;  name = \"a \\\"b\\\"; c\" ");
  BOOST_REQUIRE(x);
  BOOST_TEST(x->first == "text/html");
  BOOST_TEST(*x->find("charset") == "utf-8");
  BOOST_TEST(*x->find("name") == "a \"b\"; c");
  BOOST_TEST(x->find("other") == nullptr);
  for (const auto* wrong : {"", "text", "text/", "/html", "text/html; charset", "text/html; =x", "text/html; a=\"b",
                            "text/html x", "text/html; a=\"b\\", "text/ht\nml", "text/html; a=\x01"})
    BOOST_TEST(!parse_media_type(wrong), wrong);
  BOOST_TEST(!parse_media_type("text/html;a=" + std::string(5'000, 'x')));
  std::string many = "text/html";
  for (int i = 0; i < 16; ++i) many += ";a=b";
  BOOST_TEST(parse_media_type(many).has_value());
  BOOST_TEST(!parse_media_type(many + ";a=b"));
}

BOOST_AUTO_TEST_CASE(only_safe_types_are_shown_inline) {
  for (const auto* safe :
       {"image/png", "IMAGE/PNG", "text/plain; charset=utf-8", "video/mp4", "audio/ogg", "application/json"})
    BOOST_TEST(is_inline_safe(safe), safe);
  for (const auto* unsafe : {"text/html", "image/svg+xml", "application/pdf", "application/xhtml+xml", "text/xml", "",
                             "image/png/x", "multipart/mixed"})
    BOOST_TEST(!is_inline_safe(unsafe), unsafe);
}

BOOST_AUTO_TEST_CASE(a_type_that_is_none_is_sent_as_bytes) {
  BOOST_TEST(served_media_type("image/png") == "image/png");
  BOOST_TEST(served_media_type("image/png\r\nSet-Cookie: a") == "application/octet-stream");
  BOOST_TEST(served_media_type("nonsense") == "application/octet-stream");
  BOOST_TEST(served_media_type("image/png; name=\"\xc3\xa4\"") == "application/octet-stream");
}

BOOST_AUTO_TEST_CASE(a_disposition_cannot_be_broken_by_the_name) {
  BOOST_TEST(content_disposition("image/png", "a b.png") == "inline; filename=\"a b.png\"");
  BOOST_TEST(content_disposition("text/html", "x.html") == "attachment; filename=\"x.html\"");
  BOOST_TEST(content_disposition("text/html", "") == "attachment");
  BOOST_TEST(content_disposition("image/png", "a\"\r\nX: y") == "inline; filename*=utf-8''a%22X%3A%20y");
  BOOST_TEST(content_disposition("image/png", "\xc3\xa4.png") == "inline; filename*=utf-8''%C3%A4.png");
  BOOST_TEST(content_disposition("image/png", "\xff.png") == "inline");
}

BOOST_AUTO_TEST_CASE(file_names_come_back_from_dispositions) {
  for (const auto* name : {"a.png", "a b.png", "\xc3\xa4\xe2\x82\xac.png", "100%.txt", "quo\"te.txt", "semi;colon"})
    BOOST_TEST(file_name_of(content_disposition("image/png", name)) == name);
  BOOST_TEST(file_name_of("inline; filename=plain.txt") == "plain.txt");
  BOOST_TEST(file_name_of("attachment; filename=\"a\"; filename*=UTF-8''b%20c") == "b c");
  BOOST_TEST(file_name_of("attachment; filename=\"a\"; filename*=latin1''b") == "a");
  BOOST_TEST(file_name_of("attachment") == "");
  BOOST_TEST(file_name_of("nonsense; filename") == "");
}

BOOST_AUTO_TEST_CASE(a_file_name_leads_nowhere_else) {
  BOOST_TEST(safe_file_name("../../etc/passwd") == "passwd");
  BOOST_TEST(safe_file_name("C:\\x\\y.exe") == "y.exe");
  BOOST_TEST(safe_file_name("..") == "");
  BOOST_TEST(safe_file_name("a\x01\nb") == "ab");
  BOOST_TEST(safe_file_name(std::string(254, 'x') + "\xc3\xa4") == std::string(254, 'x'));
}

BOOST_AUTO_TEST_SUITE_END()
