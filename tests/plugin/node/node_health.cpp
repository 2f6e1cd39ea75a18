#include "plugin/node_figures.hpp"

#include "plugin/store/store_thread.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace causeway {
BOOST_AUTO_TEST_SUITE(node_health)

namespace {

/// A node of which one sees what its health checks ask for.
struct seen_node {
  std::int64_t now = 1'700'000'000'000;
  std::vector<admin::alarm_row> alarms;
  std::string leaving;
  config::store_options options;
  std::unique_ptr<store::store_thread> store;
  std::shared_ptr<node_inspector::gatherer> gatherer;

  seen_node() {
    options.path = ":memory:";
    auto engine = store::open_sqlite(options, nullptr);
    BOOST_REQUIRE(engine);
    store = std::make_unique<store::store_thread>(std::move(*engine), options);
    inspected_node shown;
    shown.store = store.get();
    shown.alarms = [this] { return alarms; };
    shown.why_leaving = [this] { return leaving; };
    shown.now_ms = [this] { return now; };
    gatherer = std::make_shared<node_inspector::gatherer>(std::move(shown));
  }
  ~seen_node() { store->stop(); }

  inspector::health_check check(const std::string& name) const {
    const auto all = gatherer->health();
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& x) { return x.name == name; });
    BOOST_REQUIRE((at != all.end()));
    return *at;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_node_that_is_drained_is_alive_and_not_ready, seen_node) {
  BOOST_TEST(check("ready").passes);
  leaving = "this node is drained (new kernel): another one is to serve";
  BOOST_TEST(!check("ready").passes);
  BOOST_TEST(check("ready").what == leaving);
  BOOST_TEST(check("live").passes);
}

BOOST_FIXTURE_TEST_CASE(a_node_whose_clock_is_wrong_is_not_ready_and_one_that_stands_still_not_alive, seen_node) {
  admin::alarm_row wrong;
  wrong.name = "clock";
  alarms = {wrong};
  BOOST_TEST(!check("ready").passes);
  BOOST_TEST(check("live").passes);
  now += 60'000;
  BOOST_TEST(!check("live").passes);
  gatherer->maintenance_ran();
  BOOST_TEST(check("live").passes);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway
