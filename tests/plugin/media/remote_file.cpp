#include "plugin/media/remote_file.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::media;

namespace {

struct fetch_fixture {
  std::string got;
  remote_file file{10, [this](std::string_view bytes) {
                     got += bytes;
                     return ok();
                   }};
  const std::string mixed = "multipart/mixed; boundary=b";
  const fault none;

  static std::string body(const std::string& second, const std::string& first = "{}") {
    return "--b\r\n\r\n" + first + "\r\n--b\r\n" + second + "\r\n--b--";
  }
  std::string fault_of(const remote_file::next& x) {
    const auto* why = std::get_if<fault>(&x);
    return why ? to_string(*why) : "no fault";
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(remote_file_, fetch_fixture)

BOOST_AUTO_TEST_CASE(bytes_come_out_of_the_second_part) {
  const auto all = body("Content-Type: image/png\r\nContent-Disposition: inline; filename=x\r\n\r\n0123456789");
  for (const char c : all) BOOST_REQUIRE(file.on_piece({&c, 1}, mixed, {}));
  const auto end = file.on_answer(200, {}, none);
  const auto* complete = std::get_if<remote_file::complete>(&end);
  BOOST_REQUIRE(complete);
  BOOST_TEST(got == "0123456789");
  BOOST_TEST(complete->bytes == 10u);
  BOOST_TEST(complete->content_type == "image/png");
  BOOST_TEST(complete->file_name == "x");
}

BOOST_AUTO_TEST_CASE(one_byte_too_many_ends_it) {
  const auto fine = file.on_piece(body("\r\n01234567890"), mixed, {});
  BOOST_REQUIRE(!fine);
  BOOST_TEST(to_string(fine.error()) == "too_large: the file is over 10 bytes");
  BOOST_TEST(!file.on_piece("more", {}, {}));
  BOOST_TEST(fault_of(file.on_answer(0, {}, {fault_code::peer_bad_answer, "cancelled"})) ==
             "too_large: the file is over 10 bytes");
}

BOOST_AUTO_TEST_CASE(a_sink_that_fails_ends_it) {
  remote_file full{10, [](std::string_view) { return status{fault_code::store_failed, "disk"}; }};
  BOOST_TEST(!full.on_piece(body("\r\n0"), mixed, {}));
  BOOST_TEST(fault_of(full.on_answer(200, {}, none)) == "store_failed: disk");
}

BOOST_AUTO_TEST_CASE(a_location_is_followed_once) {
  BOOST_REQUIRE(file.on_piece(body("Location: https://c.example/f\r\n\r\n"), mixed, {}));
  const auto next = file.on_answer(200, {}, none);
  const auto* there = std::get_if<remote_file::ask_location>(&next);
  BOOST_REQUIRE(there);
  BOOST_TEST(there->url == "https://c.example/f");
  BOOST_REQUIRE(file.on_piece("0123", "video/mp4", "attachment; filename=v"));
  const auto end = file.on_answer(200, {}, none);
  const auto* complete = std::get_if<remote_file::complete>(&end);
  BOOST_REQUIRE(complete);
  BOOST_TEST(got == "0123");
  BOOST_TEST(complete->content_type == "video/mp4");
  BOOST_TEST(complete->file_name == "v");
  BOOST_TEST(complete->bytes == 4u);
}

BOOST_AUTO_TEST_CASE(a_location_that_leads_on_is_a_refusal) {
  BOOST_REQUIRE(file.on_piece(body("Location: https://c.example/f\r\n\r\n"), mixed, {}));
  file.on_answer(200, {}, none);
  BOOST_TEST(fault_of(file.on_answer(302, {}, none)) == "peer_refused: the answer is 302");
}

BOOST_AUTO_TEST_CASE(a_location_must_be_https) {
  for (const std::string url : {"http://c.example/f", "file:///etc/passwd", "/relative", "HTTPS ://x"}) {
    remote_file one{10, [](std::string_view) { return ok(); }};
    BOOST_TEST(!one.on_piece(body("Location: " + url + "\r\n\r\n"), mixed, {}), url);
  }
}

BOOST_AUTO_TEST_CASE(the_old_endpoint_is_asked_once_and_only_for_an_unknown_one) {
  BOOST_TEST((std::holds_alternative<remote_file::ask_old_endpoint>(
    file.on_answer(404, "M_UNRECOGNIZED", {fault_code::peer_refused, "x"}))));
  BOOST_TEST(fault_of(file.on_answer(404, "M_UNRECOGNIZED", {fault_code::peer_refused, "x"})) == "not_found: x");
  remote_file one{10, [](std::string_view) { return ok(); }};
  BOOST_TEST(fault_of(one.on_answer(404, "M_NOT_FOUND", {fault_code::peer_refused, "x"})) == "not_found: x");
}

BOOST_AUTO_TEST_CASE(refusals_have_their_fault) {
  const auto one = [this](int status, const std::string& errcode, const fault& why) {
    remote_file x{10, [](std::string_view) { return ok(); }};
    return fault_of(x.on_answer(status, errcode, why));
  };
  BOOST_TEST(one(0, "", {fault_code::peer_timeout, "late"}) == "peer_timeout: late");
  BOOST_TEST(one(502, "M_TOO_LARGE", {fault_code::peer_unreachable, "x"}) == "too_large: x");
  BOOST_TEST(one(504, "M_NOT_YET_UPLOADED", {fault_code::peer_unreachable, "x"}) == "not_yet_uploaded: x");
  BOOST_TEST(one(403, "M_FORBIDDEN", {fault_code::peer_refused, "x"}) == "peer_refused: x");
  BOOST_TEST(one(200, "", none) == "peer_bad_answer: media: the answer is empty");
}

BOOST_AUTO_TEST_CASE(an_empty_file_of_the_old_endpoint_is_a_file) {
  file.on_answer(404, "M_UNRECOGNIZED", {fault_code::peer_refused, "x"});
  const auto end = file.on_answer(200, {}, none);
  const auto* complete = std::get_if<remote_file::complete>(&end);
  BOOST_REQUIRE(complete);
  BOOST_TEST(complete->bytes == 0u);
  BOOST_TEST(complete->content_type == "application/octet-stream");
}

BOOST_AUTO_TEST_SUITE_END()
