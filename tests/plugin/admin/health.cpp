#include "plugin/admin/health.hpp"

#include "tests/plugin/admin/admin_rig.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::admin::testing {

namespace {

constexpr std::int64_t noon_ms = 1'700'000'000'000, day = 86'400'000;
const health_limits limits_of_day{900'000, 14'400'000, 14 * day, 3 * day};

health_facts all_well() {
  health_facts x;
  x.now_ms = noon_ms;
  x.key_id = "ed25519:a";
  x.destinations.emplace();
  x.actors.emplace();
  x.session = *json::parse(R"({"phase":"connected","connections":[{"credit_messages":9}],"streams":[{"lag":0}]})");
  x.certificates = {{"cert.pem", "", noon_ms + 60 * day}};
  return x;
}

check_row of(const health_facts& x, const std::string& name) {
  for (auto& one : check_health(x, limits_of_day))
    if (one.name == name) return one;
  BOOST_FAIL(name + " is not looked at");
  return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(admin_health)

BOOST_AUTO_TEST_CASE(all_is_well_and_each_part_is_named_once_in_order) {
  std::vector<std::string> names;
  for (const auto& one : check_health(all_well(), limits_of_day)) {
    BOOST_TEST(one.state == "ok", one.name + ": " + one.what);
    BOOST_TEST(one.fix == "");
    names.push_back(one.name);
  }
  const std::vector<std::string> wanted{"live", "store", "edge", "keys", "certificates", "backlog", "clock"};
  BOOST_TEST(names == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(queue_that_waits_too_long_is_a_warning_then_critical_and_names_the_server) {
  auto x = all_well();
  x.destinations = {{late("far.example", 1, noon_ms - 899'000, 0)}};
  BOOST_TEST(of(x, "backlog").state == "ok");
  x.destinations = {{late("near.example", 1, noon_ms, 0), late("far.example", 1, noon_ms - 900'000, 2)}};
  BOOST_TEST(of(x, "backlog").state == "warning");
  BOOST_TEST(of(x, "backlog").fix.find("causeway server show far.example") != std::string::npos);
  x.destinations->at(1).oldest_queued_ts = noon_ms - 14'400'000;
  BOOST_TEST(of(x, "backlog").state == "critical");
}

BOOST_AUTO_TEST_CASE(server_that_is_gone_for_a_week_or_paused_is_no_backlog) {
  auto x = all_well();
  auto gone = late("gone.example", 5, noon_ms - 20 * day, 90);
  gone.destination.first_failure_ts = noon_ms - gone_after_ms - 1;
  auto paused = late("paused.example", 5, noon_ms - 2 * day, 0);
  paused.destination.paused_since_ts = noon_ms - day;
  x.destinations = {{gone, paused}};
  BOOST_TEST(of(x, "backlog").state == "ok");
  BOOST_TEST(of(x, "backlog").what.find("1 server that failed for a week not counted") != std::string::npos);
  BOOST_TEST(of(x, "backlog").what.find("1 paused server not counted") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(certificate_is_a_warning_two_weeks_before_its_end_and_critical_at_the_end) {
  auto x = all_well();
  x.certificates = {{"cert.pem", "", noon_ms + 10 * day}};
  BOOST_TEST(of(x, "certificates").state == "warning");
  x.certificates = {{"cert.pem", "", noon_ms + 2 * day}, {"b.pem", "", noon_ms + 10 * day}};
  BOOST_TEST(of(x, "certificates").state == "critical");
  BOOST_TEST(of(x, "certificates").what == "cert.pem expires in 2 days.");
  x.certificates = {{"cert.pem", "cert.pem is for a.example, not for b.example", noon_ms + 60 * day}};
  BOOST_TEST(of(x, "certificates").state == "critical");
  x.certificates.clear(); // a proxy has it
  BOOST_TEST(of(x, "certificates").state == "ok");
}

BOOST_AUTO_TEST_CASE(chat_server_that_is_away_or_takes_nothing_more_is_told) {
  auto x = all_well();
  x.session = *json::parse(R"({"phase":"alone"})");
  BOOST_TEST(of(x, "edge").state == "critical");
  x.session = *json::parse(R"({"phase":"connected","connections":[{"peer":"rocket","credit_messages":0,"in_flight":3}],
    "streams":[{"lag":3,"peer":"rocket"}]})");
  BOOST_TEST(of(x, "edge").state == "warning");
  BOOST_TEST(of(x, "edge").what.find("3 notifications wait for its acknowledgement") != std::string::npos);
  x.session = *json::parse(
    R"({"phase":"connected","connections":[{"peer":"rocket","credit_messages":9,"credit_bytes":100,"in_flight":0}],
    "streams":[{"lag":3,"peer":"rocket"}]})");
  BOOST_TEST(of(x, "edge").state == "warning");
  BOOST_TEST(of(x, "edge").what == "The chat server rocket takes nothing more: 3 notifications wait for its "
                                   "acknowledgement, and it lets us send 9 notifications of at most 100 bytes more, "
                                   "with nothing to acknowledge.");
  x.session = *json::parse(R"({"phase":"connected","connections":[{"credit_messages":5}],"streams":[{"lag":1000}]})");
  BOOST_TEST(of(x, "edge").state == "warning");
  // Too few to be called wrong; whoever looks for a message that is late reads it all the same.
  x.session = *json::parse(R"({"phase":"connected","connections":[{"credit_messages":5}],"streams":[{"lag":1}]})");
  BOOST_TEST(of(x, "edge").state == "ok");
  BOOST_TEST(of(x, "edge").what == "A chat server is connected; 1 notification waits for its acknowledgement.");
  x.session.reset();
  BOOST_TEST(of(x, "edge").state == "unknown");
}

BOOST_AUTO_TEST_CASE(alarms_of_store_and_clock_are_critical_and_a_parked_actor_is_a_warning) {
  auto x = all_well();
  x.alarms = {{"store", "disk full", noon_ms, 1}, {"clock", "an hour behind", noon_ms, 1}};
  x.actors = {{actor_row{"room", "!q:x", "running"}, actor_row{"room", "!r:x", "parked"}}};
  BOOST_TEST(of(x, "store").state == "critical");
  BOOST_TEST(of(x, "clock").state == "critical");
  BOOST_TEST(of(x, "live").state == "warning");
  BOOST_TEST(of(x, "live").what == "The actor room !r:x is parked: it failed too often.");
  BOOST_TEST(of(x, "live").fix.find("`causeway actor show room '!r:x'` says what mends it") != std::string::npos);
  x.actors->push_back(actor_row{"room", "!s:x", "parked"});
  (*x.actors)[1].last_fault = "a row is damaged";
  BOOST_TEST(of(x, "live").what ==
             "The actor room !r:x is parked: it failed too often, last because of: a row is damaged; 1 other too.");
  x.actors.reset();
  x.destinations.reset();
  BOOST_TEST(of(x, "live").state == "critical");
  BOOST_TEST(of(x, "backlog").state == "unknown");
}

BOOST_AUTO_TEST_CASE(a_store_with_a_damaged_row_is_not_called_well) {
  auto x = all_well();
  x.actors = {{actor_row{"room", "!r:x", "parked"}}};
  x.actors->front().last_fault = "the store cannot load room !r:x: store_damaged: stored event $e: not_json";
  BOOST_TEST(of(x, "store").state == "warning");
  BOOST_TEST(of(x, "store").what.starts_with("A row of the store is damaged: the store cannot load room !r:x"));
  x.actors->front().last_fault = "a defect";
  BOOST_TEST(of(x, "store").state == "ok");
}

BOOST_AUTO_TEST_CASE(chat_server_that_is_connected_and_does_not_acknowledge_is_a_warning_then_critical) {
  auto x = all_well();
  const auto after = [&x](const std::string& ms, const std::string& peer = "rocket") {
    x.session =
      *json::parse(R"({"phase":"connected","connections":[{"credit_messages":9}],"streams":[{"lag":3,"peer":")" + peer +
                   R"(","unacknowledged_ms":)" + ms + "}]}");
    return of(x, "edge");
  };
  BOOST_TEST(after("59999").state == "ok");
  BOOST_TEST(after("60000").state == "warning");
  BOOST_TEST(after("240000").what ==
             "The chat server rocket is connected and has not acknowledged a notification for 4 "
             "min: 3 notifications wait for its acknowledgement.");
  BOOST_TEST(after("240000").fix.find("see its log") != std::string::npos);
  BOOST_TEST(after("600000").state == "critical");
  BOOST_TEST(after("600000", "").state == "ok"); // nobody takes the stream any more
}

BOOST_FIXTURE_TEST_CASE(status_warns_of_what_check_warns_of, fixture) {
  node.status = R"({"phase":"connected","connections":[],"streams":[]})";
  BOOST_TEST(*ask("status").find_string("state") == "ok");
  node.status = R"({"phase":"alone"})";
  node.ranked = actors_ranked{{actor_row{"room", "!r:x", "parked"}}, 1, {}};
  const auto status = ask("status"), check = ask("check");
  BOOST_TEST(*status.find_string("state") == "critical");
  BOOST_TEST(json::canonical(*status.find("checks")) == json::canonical(*check.find("checks")));
  BOOST_TEST(*status.find_array("checks")->at(0).find_string("state") == "warning"); // live
  BOOST_TEST(status.find_array("alarms")->size() == 0u);
}

BOOST_AUTO_TEST_CASE(worst_state_counts) {
  const auto worst = [](std::vector<std::string> states) {
    std::vector<check_row> rows;
    for (auto& state : states) rows.push_back({"x", std::move(state), "", ""});
    return worst_state(rows);
  };
  BOOST_TEST(worst({"ok", "ok"}) == "ok");
  BOOST_TEST(worst({"ok", "warning"}) == "warning");
  BOOST_TEST(worst({"unknown", "warning"}) == "unknown");
  BOOST_TEST(worst({"critical", "unknown"}) == "critical");
}

BOOST_FIXTURE_TEST_CASE(check_takes_its_thresholds_from_who_asks, fixture) {
  node.status = R"({"phase":"connected","connections":[],"streams":[]})";
  node.destinations = {late("far.example", 1, node.now - 100'000, 0)};
  BOOST_TEST(*ask("check").find_string("state") == "ok");
  arguments with;
  with.backlog_age_s = 60;
  const auto body = ask("check", with);
  BOOST_TEST(*body.find_string("state") == "warning");
  BOOST_TEST(body.find_array("checks")->at(5).find_string("do")->find("far.example") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::admin::testing
