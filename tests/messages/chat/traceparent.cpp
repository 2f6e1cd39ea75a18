#include "messages/edge/traceparent.hpp"

#include "messages/edge/header.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::edge;

BOOST_AUTO_TEST_SUITE(edge_traceparent)

BOOST_AUTO_TEST_CASE(the_example_of_the_specification_is_read_and_goes_back_with_our_trace) {
  const auto x = read_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  BOOST_REQUIRE(x);
  BOOST_TEST(x->trace_id == "0af7651916cd43dd8448eb211c80319c");
  BOOST_TEST(traceparent_of(*x, 0xab) == "00-0af7651916cd43dd8448eb211c80319c-00000000000000ab-01");
}

BOOST_AUTO_TEST_CASE(a_later_version_is_read_as_far_as_it_is_known) {
  BOOST_TEST(bool{read_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")});
  BOOST_TEST(bool{read_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-will-be")});
  BOOST_TEST(!read_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what"));
}

BOOST_AUTO_TEST_CASE(what_is_malformed_is_none) {
  for (const std::string_view text : {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                                      "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                                      "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                      "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                      "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                                      "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                      "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01"})
    BOOST_TEST(!read_traceparent(text), text);
}

BOOST_AUTO_TEST_CASE(headers_have_the_key_only_where_there_is_one) {
  BOOST_TEST(encode_header(event_header{1, 2, "typing"}).find("traceparent") == std::string::npos);
  const auto x = decode_header<command_header>(encode_header(command_header{"k", "typing", "not one"}));
  BOOST_REQUIRE(x);
  BOOST_TEST(x->traceparent.value() == "not one"); // whoever reads it ignores it
}

BOOST_AUTO_TEST_SUITE_END()
