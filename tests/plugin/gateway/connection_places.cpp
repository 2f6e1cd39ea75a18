#include "plugin/gateway/connection_places.hpp"

#include "plugin/descriptors.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace causeway::gateway {
namespace {

using places = connection_places;

/// Connections of a table of four places, two of them for one address; `ended` says who had to give way.
struct rig {
  std::shared_ptr<places> table = std::make_shared<places>(4, 2);
  std::vector<std::string> ended;

  std::unique_ptr<places::place> connect(const std::string& name, const std::string& peer) {
    auto made = places::take(table, peer);
    if (made) made->ended_by([this, name] { ended.push_back(name); });
    return made;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_connection_places)

BOOST_AUTO_TEST_CASE(of_one_address_the_oldest_that_never_sent_a_request_gives_way) {
  rig r;
  const auto one = r.connect("one", "a"), two = r.connect("two", "a");
  const auto three = r.connect("three", "a");
  BOOST_TEST(r.ended == std::vector<std::string>{"one"}, boost::test_tools::per_element());
  BOOST_TEST(!!three);
  const auto other = r.connect("other", "b");
  BOOST_TEST(!!other);
  BOOST_TEST(r.ended.size() == 1u);
  BOOST_TEST(r.table->gave_way() == 1u);
}

BOOST_AUTO_TEST_CASE(who_has_done_his_handshake_is_not_in_the_way_of_those_who_have_not) {
  rig r;
  const auto one = r.connect("one", "a"), two = r.connect("two", "a");
  one->now_is(places::standing::unproved);
  const auto three = r.connect("three", "a"), four = r.connect("four", "a");
  BOOST_TEST(r.ended == (std::vector<std::string>{"two", "three"}), boost::test_tools::per_element());
  four->now_is(places::standing::busy);
  const auto five = r.connect("five", "a");
  BOOST_TEST(r.ended.back() == "one");
}

BOOST_AUTO_TEST_CASE(who_works_gives_way_to_nobody) {
  rig r;
  const auto one = r.connect("one", "a"), two = r.connect("two", "a");
  one->now_is(places::standing::busy);
  two->now_is(places::standing::busy);
  BOOST_TEST(!r.connect("three", "a"));
  BOOST_TEST(r.ended.empty());
  two->now_is(places::standing::idle);
  BOOST_TEST(!!r.connect("three", "a"));
  BOOST_TEST(r.ended == std::vector<std::string>{"two"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(when_all_places_are_taken_the_longest_idle_goes_after_those_that_proved_nothing) {
  rig r;
  const auto a = r.connect("a", "a"), b = r.connect("b", "b"), c = r.connect("c", "c"), d = r.connect("d", "d");
  b->now_is(places::standing::busy);
  a->now_is(places::standing::idle);
  b->now_is(places::standing::idle); // idle since a moment ago
  c->now_is(places::standing::busy);
  const auto e = r.connect("e", "e");
  const auto f = r.connect("f", "f");
  const auto g = r.connect("g", "g");
  BOOST_TEST(r.ended == (std::vector<std::string>{"d", "e", "f"}), boost::test_tools::per_element());
  g->now_is(places::standing::busy);
  const auto h = r.connect("h", "h");
  h->now_is(places::standing::busy);
  const auto i = r.connect("i", "i");
  i->now_is(places::standing::busy);
  BOOST_TEST(r.ended == (std::vector<std::string>{"d", "e", "f", "a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(!r.connect("j", "j"));
}

BOOST_AUTO_TEST_CASE(a_place_comes_back_once_whether_given_way_or_ended) {
  rig r;
  {
    const auto one = r.connect("one", "a"), two = r.connect("two", "a"), three = r.connect("three", "a");
    BOOST_TEST(r.table->now() == 3u); // the first is still ending
  }
  BOOST_TEST(r.table->now() == 0u);
  BOOST_TEST(r.table->wait_until_none(std::chrono::steady_clock::now()));
  std::vector<std::unique_ptr<places::place>> all;
  for (int i = 0; i < 4; ++i) all.push_back(r.connect("x", std::string(1, static_cast<char>('a' + i))));
  BOOST_TEST(r.ended.size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_is_behind_a_proxy_has_no_share) {
  rig r;
  std::vector<std::unique_ptr<places::place>> all;
  for (int i = 0; i < 4; ++i) all.push_back(r.connect("x", ""));
  BOOST_TEST(r.ended.empty());
  BOOST_TEST(!!all.back());
}

BOOST_AUTO_TEST_CASE(descriptors_are_shared_out_and_too_few_are_said_so) {
  BOOST_TEST(share_descriptors(100'000, 4'096)->inbound == 4'096u);
  const auto usual = *share_descriptors(1'024, 4'096);
  BOOST_TEST(usual.inbound + usual.outbound + reserved_descriptors == 1'024u);
  BOOST_TEST(usual.outbound >= 200u);
  const auto few = share_descriptors(64, 4'096);
  BOOST_REQUIRE(few);
  BOOST_TEST(few->inbound == 8u);
  const auto none = share_descriptors(63, 4'096);
  BOOST_REQUIRE(!none);
  BOOST_TEST(none.error().detail.find("ulimit -n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
