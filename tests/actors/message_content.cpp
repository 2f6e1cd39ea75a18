#include "actors/room/message_content.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(message_content)

namespace {

std::string msgtype_of(const std::string& content_type) {
  return *matrix::json::value{room::content_of({"mxc://a.example/m", "f", content_type, 5, {}, {}, {}})}.find_string(
    "msgtype");
}

} // namespace

BOOST_AUTO_TEST_CASE(the_type_of_a_file_says_how_it_is_shown) {
  BOOST_TEST(msgtype_of("image/png") == "m.image");
  BOOST_TEST(msgtype_of("IMAGE/PNG") == "m.image");
  BOOST_TEST(msgtype_of("video/mp4; codecs=x") == "m.video");
  BOOST_TEST(msgtype_of("audio/ogg") == "m.audio");
  BOOST_TEST(msgtype_of("application/pdf") == "m.file");
}

BOOST_AUTO_TEST_CASE(what_is_sent_is_read_again) {
  const auto content = room::content_of({"mxc://a.example/m", "f.png", "image/png", 5, 6, 7, 8});
  BOOST_TEST(matrix::json::canonical(content) ==
             R"({"body":"f.png","filename":"f.png","info":{"duration":8,"h":7,"mimetype":"image/png","size":5,"w":6},)"
             R"("msgtype":"m.image","url":"mxc://a.example/m"})");
  const auto file = room::file_of(content);
  BOOST_REQUIRE(file);
  BOOST_TEST(file->mxc == "mxc://a.example/m");
  BOOST_TEST(file->file_name == "f.png");
  BOOST_TEST(file->content_type == "image/png");
  BOOST_TEST(file->size_bytes == 5u);
  BOOST_TEST(file->width == 6u);
  BOOST_TEST(file->height == 7u);
}

BOOST_AUTO_TEST_CASE(nonsense_of_strangers_becomes_nothing) {
  object content{{"msgtype", "m.file"},
                 {"body", "../../x"},
                 {"url", "mxc://a.example/m"},
                 {"info", object{{"size", -5}, {"mimetype", "a\nb"}, {"w", "7"}}}};
  const auto file = room::file_of(content);
  BOOST_REQUIRE(file);
  BOOST_TEST(file->file_name == "x");
  BOOST_TEST(file->content_type == "application/octet-stream");
  BOOST_TEST(file->size_bytes == 0u);
  BOOST_TEST(file->width == 0u);
  for (const auto& [key, wrong] : {std::pair<std::string, matrix::json::value>{"msgtype", "m.text"},
                                   {"msgtype", 5},
                                   {"url", "https://a.example/m"},
                                   {"url", nullptr}}) {
    auto other = content;
    other.set(key, wrong);
    BOOST_TEST(!room::file_of(other), key);
  }
}

BOOST_AUTO_TEST_SUITE_END()
