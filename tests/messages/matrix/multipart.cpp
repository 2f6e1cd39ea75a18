#include "messages/matrix/multipart.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace causeway;
using namespace causeway::matrix;

BOOST_AUTO_TEST_SUITE(multipart)

namespace {

/// Keeps what it is told.
struct parts : part_listener {
  struct part {
    part_headers headers;
    std::string bytes;
  };
  std::vector<part> all;
  std::size_t refuses = 1'000; ///< this part is refused

  status on_part(std::size_t number, const part_headers& headers) override {
    if (number == refuses) return {fault_code::too_large, "no more"};
    BOOST_REQUIRE_EQUAL(number, all.size());
    all.push_back({headers, {}});
    return ok();
  }
  status on_part_bytes(std::size_t number, std::string_view bytes) override {
    BOOST_REQUIRE_EQUAL(number + 1, all.size());
    BOOST_TEST(!bytes.empty());
    all.back().bytes += bytes;
    return ok();
  }
};

const std::string usual = "--b1\r\nContent-Type: application/json\r\n\r\n{}\r\n--b1\r\ncontent-TYPE:  image/png \r\n"
                          "Content-Disposition: inline; filename=\"a.png\"\r\nX: y\r\n\r\n\x89PNG\r\n--b\r\n--b1--\r\n";

/// Reads `text` in pieces of `step` bytes. @returns the first fault, else that of the end
status read(std::string_view text, std::size_t step, parts& into, std::string_view boundary = "b1") {
  multipart_reader reader{boundary, into};
  for (std::size_t at = 0; at < text.size(); at += step)
    if (auto fine = reader.feed(text.substr(at, step)); !fine) return fine;
  return reader.finish();
}

void is_refused(const std::string& text, const std::string& what) {
  for (const std::size_t step : {1u, 7u, 100'000u}) {
    parts into;
    const auto fine = read(text, step, into);
    BOOST_REQUIRE(!fine);
    BOOST_TEST(to_string(fine.error()) == "peer_bad_answer: multipart: " + what, "step " << step);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(parts_are_the_same_however_they_are_cut) {
  for (std::size_t step = 1; step <= usual.size(); ++step) {
    parts into;
    BOOST_REQUIRE(read(usual, step, into));
    BOOST_REQUIRE_EQUAL(into.all.size(), 2u);
    BOOST_TEST(into.all[0].headers.content_type == "application/json");
    BOOST_TEST(into.all[0].bytes == "{}");
    BOOST_TEST(into.all[1].headers.content_type == "image/png");
    BOOST_TEST(into.all[1].headers.content_disposition == "inline; filename=\"a.png\"");
    BOOST_TEST(into.all[1].headers.location == "");
    BOOST_TEST(into.all[1].bytes == "\x89PNG\r\n--b");
  }
}

BOOST_AUTO_TEST_CASE(what_we_frame_can_be_read) {
  const auto frame = frame_download("q7", "text/plain", "attachment");
  BOOST_TEST(boundary_of(frame.content_type) == "q7");
  parts into;
  BOOST_REQUIRE(read(frame.head + "bytes\r\n\r\n--q" + frame.tail, 3, into, "q7"));
  BOOST_REQUIRE_EQUAL(into.all.size(), 2u);
  BOOST_TEST(into.all[0].bytes == "{}");
  BOOST_TEST(into.all[1].bytes == "bytes\r\n\r\n--q");
  BOOST_TEST(into.all[1].headers.content_disposition == "attachment");
}

BOOST_AUTO_TEST_CASE(a_preamble_padding_after_delimiters_and_an_epilogue_are_passed_over) {
  parts into;
  BOOST_REQUIRE(
    read("hello\r\n--b1 \t\r\n\r\none\r\n--b1\r\nLocation: https://x.example/y\r\n\r\n\r\n--b1-- bye", 1, into));
  BOOST_REQUIRE_EQUAL(into.all.size(), 2u);
  BOOST_TEST(into.all[0].bytes == "one");
  BOOST_TEST(into.all[1].headers.location == "https://x.example/y");
  BOOST_TEST(into.all[1].bytes == "");
}

BOOST_AUTO_TEST_CASE(a_body_without_its_end_is_broken) {
  for (std::size_t cut = 0; cut + 2 < usual.size() - 2; ++cut) {
    parts into;
    BOOST_TEST(!read(usual.substr(0, cut), 10, into), "cut at " << cut);
  }
}

BOOST_AUTO_TEST_CASE(another_boundary_never_begins_a_part) {
  is_refused("--b2\r\n\r\nx\r\n--b2--", "it ends before its closing delimiter");
  is_refused(std::string(5'000, 'x'), "there is too much text outside of its parts");
}

BOOST_AUTO_TEST_CASE(what_breaks_the_framing_is_named) {
  is_refused("--b1\r\nno colon here\r\n\r\n", "a header of a part has no name");
  is_refused("--b1\r\nX: " + std::string(multipart_header_bytes_max, 'x'), "the headers of a part are too long");
  is_refused("--b1xx\r\n\r\n", "a delimiter is followed by something else");
  is_refused("--b1" + std::string(5'000, ' '), "the line of a delimiter does not end");
  is_refused("--b1\r\n\r\nx\r\n--b1--" + std::string(5'000, 'x'), "there is too much text outside of its parts");
}

BOOST_AUTO_TEST_CASE(the_listener_may_end_it) {
  parts into;
  into.refuses = 1;
  const auto fine = read(usual, 5, into);
  BOOST_REQUIRE(!fine);
  BOOST_TEST(to_string(fine.error()) == "too_large: no more");
}

BOOST_AUTO_TEST_CASE(a_boundary_is_taken_from_multipart_mixed_only) {
  BOOST_TEST(boundary_of("multipart/mixed; boundary=abc") == "abc");
  BOOST_TEST(boundary_of("Multipart/Mixed;charset=utf-8; Boundary=\"a b:c\"") == "a b:c");
  BOOST_TEST(boundary_of("multipart/mixed; boundary=a:b=c") == "a:b=c");
  BOOST_TEST(boundary_of("multipart/form-data; boundary=abc") == "");
  BOOST_TEST(boundary_of("multipart/mixed") == "");
  BOOST_TEST(boundary_of("multipart/mixed; boundary=\"\"") == "");
  BOOST_TEST(boundary_of("multipart/mixed; boundary=" + std::string(71, 'x')) == "");
}

BOOST_AUTO_TEST_SUITE_END()
