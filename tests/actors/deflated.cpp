#include "actors/deflated.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(deflated_texts)

BOOST_AUTO_TEST_CASE(a_text_comes_back_byte_for_byte) {
  std::string every_byte;
  for (int i = 0; i < 70'000; ++i) every_byte += static_cast<char>((i * 31 + i / 7) & 0xff);
  for (const auto& text : {std::string{}, std::string{"a"}, std::string(100'000, 'x'), every_byte})
    BOOST_TEST((inflate_text(deflate_text(text)) == text), text.size());
}

BOOST_AUTO_TEST_CASE(what_repeats_itself_becomes_short_and_takes_no_more_than_that) {
  const auto x = deflate_text(std::string(100'000, 'x'));
  BOOST_TEST(x.bytes.size() < 1'000u);
  BOOST_TEST(x.bytes.capacity() < 1'000u);
}

BOOST_AUTO_TEST_CASE(a_damaged_one_is_found_out) {
  const auto whole = deflate_text("a text that is long enough to be damaged in its middle");
  auto cut = whole, longer = whole, turned = whole;
  cut.bytes.pop_back();
  ++longer.size;
  turned.bytes[turned.bytes.size() / 2] ^= 0x40;
  for (const auto& x : {cut, longer, turned}) BOOST_CHECK_THROW(inflate_text(x), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
