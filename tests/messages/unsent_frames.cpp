#include "messages/edge/unsent_frames.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(unsent_frames)

namespace {

/// A socket with room for so many frames.
struct pipe {
  std::size_t room = 0;
  std::vector<std::string> taken;

  bool operator()(edge::frame& x) {
    if (room == 0) return false;
    --room;
    taken.push_back(std::move(x.body));
    return true;
  }
};

edge::frame named(const std::string& text) { return {edge::verb::command, {}, text}; }

} // namespace

BOOST_AUTO_TEST_CASE(what_is_not_taken_stays_in_order_and_nothing_overtakes_it) {
  edge::unsent_frames waiting;
  pipe to{1, {}};
  BOOST_TEST(waiting.send(named("a"), to));
  BOOST_TEST(waiting.send(named("b"), to));
  to.room = 5;
  BOOST_TEST(waiting.send(named("c"), to)); // there is room again, but "b" waits
  BOOST_TEST(waiting.size() == 2u);
  BOOST_TEST(waiting.flush(to));
  BOOST_TEST(waiting.send(named("d"), to));
  BOOST_TEST(to.taken == (std::vector<std::string>{"a", "b", "c", "d"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_flush_ends_where_the_socket_is_full_again) {
  edge::unsent_frames waiting;
  pipe to;
  for (const auto* text : {"a", "b", "c"}) BOOST_TEST(waiting.send(named(text), to));
  to.room = 2;
  BOOST_TEST(!waiting.flush(to));
  BOOST_TEST(waiting.size() == 1u);
  to.room = 1;
  BOOST_TEST(waiting.flush(to));
  BOOST_TEST(to.taken == (std::vector<std::string>{"a", "b", "c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(it_is_bounded_by_number_and_by_bytes_and_one_frame_always_fits) {
  pipe to;
  edge::unsent_frames few{{2, 1'000}};
  BOOST_TEST(few.send(named("a"), to));
  BOOST_TEST(few.send(named("b"), to));
  BOOST_TEST(!few.send(named("c"), to));
  edge::unsent_frames small{{100, 10}};
  BOOST_TEST(small.send(named(std::string(50, 'x')), to));
  BOOST_TEST(!small.send(named("b"), to));
  to.room = 1;
  BOOST_TEST(small.flush(to));
  // What has left counts no more, although its text was moved away.
  BOOST_TEST(small.send(named(std::string(5, 'x')), to));
  BOOST_TEST(small.send(named(std::string(5, 'x')), to));
  BOOST_TEST(!small.send(named("b"), to));
}

BOOST_AUTO_TEST_SUITE_END()
