#include "plugin/store/gathered_deliveries.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(gathered_deliveries)

namespace {

store::append_delivery delayed(const std::string& event_id, const std::string& server, std::string state = "delayed") {
  return {3, {"r", "!r", "m", event_id, server, std::move(state), "why " + server, 7}};
}

} // namespace

BOOST_AUTO_TEST_CASE(the_same_of_one_event_is_told_once_with_a_list_of_servers) {
  store::gathered_deliveries all;
  for (const auto* server : {"a", "b", "c"}) all.add(delayed("$1", server));
  all.add(delayed("$2", "a"));
  all.add(delayed("$1", "d", "delivered"));
  const auto told = all.take();
  BOOST_REQUIRE(told.size() == 3u);
  BOOST_TEST(told[0].told.server == "a");
  BOOST_REQUIRE(told[0].told.more_servers->size() == 2u);
  BOOST_TEST((*told[0].told.more_servers)[1].server == "c");
  BOOST_TEST((*told[0].told.more_servers)[1].reason == "why c");
  BOOST_TEST(told[1].told.event_id == "$2");
  BOOST_TEST(told[2].told.state == "delivered");
  BOOST_TEST(all.take().empty());
}

BOOST_AUTO_TEST_CASE(a_list_is_bounded_and_failed_stands_alone) {
  store::gathered_deliveries all;
  for (std::size_t i = 0; i < chat::delivery_servers_max + 2; ++i) all.add(delayed("$1", "s" + std::to_string(i)));
  for (const auto* server : {"a", "b"}) all.add(delayed("$1", server, "failed"));
  const auto told = all.take();
  BOOST_REQUIRE(told.size() == 4u);
  BOOST_TEST(told[0].told.more_servers->size() == chat::delivery_servers_max);
  BOOST_TEST(!told[1].told.more_servers);
  BOOST_TEST(told[2].told.state == "failed");
  BOOST_TEST(told[3].told.state == "failed");
}

BOOST_AUTO_TEST_SUITE_END()
