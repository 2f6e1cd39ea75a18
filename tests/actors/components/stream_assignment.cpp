#include "actors/session/stream_assignment.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway;
using session::connection_key;
using session::connection_table;
using session::key_of;
using session::outbox_stream;
using session::stream_assignment;

BOOST_AUTO_TEST_SUITE(stream_assignments)

namespace {

struct rig {
  std::vector<outbox_stream> streams;
  connection_table connections;
  stream_assignment it{streams, connections};

  explicit rig(std::size_t count) : streams(count) {
    for (auto& s : streams) s.load(0, 0);
  }
  connection_key join(const char* name, std::uint64_t messages = 100) {
    auto& c = connections.open({0, name, edge::role::chat, {}});
    for (std::uint32_t i = 0; i < streams.size(); ++i) c.wanted.insert(i);
    c.messages = messages;
    c.bytes = 1'000'000;
    return key_of(c.who);
  }
  /// An event of the stream is with its owner.
  void send(std::uint32_t number, std::int64_t cursor) {
    auto& s = streams[number];
    s.grow(cursor);
    s.fetched({{cursor, "x", "body"}}, cursor);
    BOOST_REQUIRE(s.next() != nullptr);
    s.sent_next({cursor, {}, {}});
    ++connections.find(*s.owner)->in_flight;
  }
  std::string owners() const {
    std::string text;
    for (const auto& s : streams) text += s.owner ? s.owner->second : "-";
    return text;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(the_only_connection_gets_all_streams) {
  rig r{3};
  r.it.assign();
  BOOST_TEST(r.owners() == "---");
  r.join("a");
  r.it.assign();
  BOOST_TEST(r.owners() == "aaa");
}

BOOST_AUTO_TEST_CASE(a_second_connection_gets_its_share_when_nothing_of_it_is_in_flight) {
  rig r{4};
  r.join("a");
  r.it.assign();
  for (std::uint32_t i = 0; i < 4; ++i) r.send(i, 1);
  r.join("b");
  r.it.balance();
  BOOST_TEST(!r.it.hand_over_next(0));
  BOOST_TEST(r.owners() == "aaaa");
  auto& first = r.streams[0];
  r.it.left_flight(first, first.acknowledge(1, 0));
  const auto to = r.it.hand_over_next(0);
  BOOST_REQUIRE(to.has_value());
  BOOST_TEST(to->second == "b");
  BOOST_TEST(r.owners() == "baaa");
  BOOST_TEST(!r.it.hand_over_next(0));
  BOOST_TEST(r.connections.find({0, "a"})->in_flight == 3u);
}

BOOST_AUTO_TEST_CASE(a_share_is_even_and_who_has_no_credit_has_none) {
  rig r{4};
  r.join("a");
  r.join("b", 0);
  r.join("c");
  r.it.assign();
  BOOST_TEST(r.owners() == "acac");
}

BOOST_AUTO_TEST_CASE(what_a_connection_had_goes_to_others_and_comes_again) {
  rig r{2};
  const auto a = r.join("a");
  r.it.assign();
  r.send(0, 1);
  r.join("b");
  r.it.take_all_of(a, 0);
  r.connections.close(a);
  BOOST_TEST(r.owners() == "--");
  r.it.assign();
  BOOST_TEST(r.owners() == "bb");
  BOOST_TEST(r.streams[0].in_flight() == 0u);
  BOOST_TEST(r.streams[0].fetched_to() == 0); // from the last ACK on
}

BOOST_AUTO_TEST_CASE(a_stream_whose_owner_has_no_credit_is_given_to_one_that_has_some) {
  rig r{1};
  r.join("a");
  r.it.assign();
  r.streams[0].grow(1); // something is there to be sent
  BOOST_TEST(!r.it.has_starved(0));
  r.connections.find({0, "a"})->messages = 0;
  BOOST_TEST(!r.it.has_starved(0)); // nobody else is there
  r.join("b");
  BOOST_TEST(r.it.has_starved(0));
  BOOST_TEST(r.it.feed_starved(0));
  BOOST_TEST(r.owners() == "b");
  BOOST_TEST(!r.it.feed_starved(0));
}

BOOST_AUTO_TEST_CASE(a_stream_that_pauses_or_is_in_flight_does_not_starve) {
  rig r{1};
  r.join("a");
  r.it.assign();
  r.send(0, 1);
  r.streams[0].grow(2);
  r.connections.find({0, "a"})->messages = 0;
  r.join("b");
  BOOST_TEST(!r.it.has_starved(0));
  r.it.left_flight(r.streams[0], r.streams[0].acknowledge(1, 0));
  r.streams[0].paused_until = 10;
  BOOST_TEST(!r.it.has_starved(9));
  BOOST_TEST(r.it.has_starved(10));
}

BOOST_AUTO_TEST_SUITE_END()
