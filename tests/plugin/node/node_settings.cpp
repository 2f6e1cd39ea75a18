// What changes while a node runs: who is given it, and what is not taken over.
#include "plugin/node_settings.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <vector>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(settings_of_a_node)

namespace {

struct settings_rig {
  config::options options;
  std::unique_ptr<node_log> log;
  std::vector<std::shared_ptr<const settings>> published;
  std::unique_ptr<node_settings> node;

  explicit settings_rig(const std::string& switches = {}) {
    options.node.server_name = "ours.example";
    options.gateway.plain_http = true;
    options.log.level = "error";
    log = std::make_unique<node_log>(options.log);
    node = std::make_unique<node_settings>(options, *log, [this](const auto& now) { published.push_back(now); });
    BOOST_REQUIRE(bool(node->restore(switches)));
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(at_the_start_they_are_the_options_and_nobody_is_told) {
  settings_rig r;
  BOOST_TEST(r.node->now()->federation.typing);
  BOOST_TEST(r.published.empty());
}

BOOST_AUTO_TEST_CASE(what_the_chat_server_has_set_before_prevails_from_the_start_on) {
  federation_switches before;
  before.typing = false;
  settings_rig r{to_json(before)};
  BOOST_TEST(!r.node->now()->federation.typing);
}

BOOST_AUTO_TEST_CASE(switches_that_cannot_be_read_are_said_to_be_so) {
  settings_rig r;
  const auto kept = r.node->restore("{");
  BOOST_REQUIRE(!kept);
  BOOST_TEST((kept.error().code == fault_code::store_failed));
}

BOOST_AUTO_TEST_CASE(what_the_chat_server_sets_is_published_and_prevails_over_a_reload) {
  settings_rig r;
  federation_switches now;
  now.typing = false;
  r.node->switch_federation(now);
  BOOST_REQUIRE_EQUAL(r.published.size(), 1U);
  BOOST_TEST(!r.published[0]->federation.typing);

  auto wanted = r.options;
  wanted.room.missing_events_limit = 33;
  r.node->reload(wanted);
  BOOST_REQUIRE_EQUAL(r.published.size(), 2U);
  BOOST_TEST(!r.published[1]->federation.typing);
  BOOST_TEST(r.published[1]->room.missing_events_limit == 33U);
  BOOST_TEST(r.published[0]->room.missing_events_limit != 33U); // a snapshot is never changed
}

BOOST_AUTO_TEST_CASE(reload_without_a_difference_publishes_nothing) {
  settings_rig r;
  auto wanted = r.options;
  wanted.log.level = "debug";               // taken over by the log itself
  wanted.edge.chat_endpoints = {"ipc://x"}; // counts from the next start on
  r.node->reload(wanted);
  BOOST_TEST(r.published.empty());
  BOOST_TEST(r.options.log.level == "error");
}

BOOST_AUTO_TEST_CASE(options_that_would_contradict_those_that_stay_are_not_taken_over) {
  settings_rig r;
  auto wanted = r.options;
  wanted.room.missing_events_limit = 33;
  wanted.federation.retry_delay_ms_min = wanted.federation.retry_delay_ms_max + 1;
  r.node->reload(wanted);
  BOOST_TEST(r.published.empty());
  BOOST_TEST(r.options.room.missing_events_limit != 33U);
}

BOOST_AUTO_TEST_CASE(retention_is_that_of_the_options_as_reloaded) {
  settings_rig r;
  auto wanted = r.options;
  wanted.edge.outbox_retention_days = 3;
  r.node->reload(wanted);
  BOOST_TEST(r.node->retention().outbox_ms == 3 * 86'400'000LL);
}

BOOST_AUTO_TEST_SUITE_END()
