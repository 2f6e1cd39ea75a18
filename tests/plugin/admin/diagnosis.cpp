#include "plugin/admin/diagnosis.hpp"

#include "messages/matrix/signing.hpp"
#include "plugin/admin/key_waits.hpp"
#include "tests/plugin/admin/admin_rig.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::admin::testing {

namespace {

constexpr std::int64_t looked_at_ms = 1'700'000'000'000, a_day = 86'400'000;

matrix::signing_key key_of_server() { return *matrix::signing_key::from_seed(std::string(32, 's'), "ed25519:a"); }

std::string keys_document(const std::string& server, std::int64_t valid_until_ts) {
  const auto key = key_of_server();
  json::object x{
    {"server_name", json::value{server}},
    {"valid_until_ts", json::value{valid_until_ts}},
    {"old_verify_keys", json::value{json::object{}}},
    {"verify_keys", json::value{json::object{
                      {key.key_id(), json::value{json::object{{"key", json::value{key.public_key_base64()}}}}}}}}};
  matrix::sign_json(x, server, key);
  return json::canonical(x);
}

/// far.example as it should be.
probe::report healthy() {
  probe::report x;
  x.server_name = x.tls_name = "far.example";
  x.started_ts = looked_at_ms;
  x.hosts = {{"far.example", 8448, {"192.0.2.1"}, ""}};
  probe::connection one;
  one.address = "192.0.2.1:8448";
  one.connected = one.encrypted = one.is_trusted = one.names_match = true;
  one.certificates = {
    {"CN=far.example", "CN=CA", {"far.example"}, looked_at_ms - a_day, looked_at_ms + 60 * a_day, "ab"}};
  one.keys_status = one.version_status = 200;
  one.keys_body = keys_document("far.example", looked_at_ms + a_day);
  one.date_ts = one.answered_ts = looked_at_ms;
  one.version_body = R"({"server":{"name":"Synapse","version":"1.98"}})";
  x.connections = {one};
  return x;
}

bool finds(const probe::report& x, const std::string& severity, const std::string& words,
           const own_key* ours = nullptr) {
  for (const auto& one : diagnose(x, ours)) {
    BOOST_TEST_MESSAGE(one.severity + ": " + one.what + " / " + one.fix);
    BOOST_TEST(!one.fix.empty());
    if (one.severity == severity && one.what.find(words) != std::string::npos) return true;
  }
  return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(admin_diagnosis)

BOOST_AUTO_TEST_CASE(nothing_is_found_about_a_healthy_server_and_the_report_has_the_testers_shape) {
  const auto x = healthy();
  const auto found = diagnose(x, nullptr);
  BOOST_TEST(found.empty());
  BOOST_TEST(can_federate(x, found));
  const json::value report{tester_report(x, found)};
  BOOST_TEST(*report.find_bool("FederationOK"));
  BOOST_TEST(report.find_object("WellKnownResult")->size() == 0U);
  const json::value dns{*report.find_object("DNSResult")};
  BOOST_TEST(*dns.find_bool("SRVSkipped"));
  BOOST_TEST(*dns.find_array("Addrs")->at(0).as_string() == "192.0.2.1:8448");
  const json::value one{*report.find_object("ConnectionReports")->find("192.0.2.1:8448")->as_object()};
  const json::value checks{*one.find_object("Checks")};
  for (const auto* name : {"AllChecksOK", "MatchingServerName", "FutureValidUntilTS", "HasEd25519Key",
                           "AllEd25519ChecksOK", "ValidCertificates"})
    BOOST_TEST(*checks.find_bool(name), name);
  BOOST_TEST(*one.find_object("Ed25519VerifyKeys")->find("ed25519:a")->as_string() ==
             key_of_server().public_key_base64());
  BOOST_TEST(*report.find_object("Version")->find("name")->as_string() == "Synapse");
  BOOST_TEST(report.find_object("ConnectionErrors")->size() == 0U);
}

BOOST_AUTO_TEST_CASE(certificate_that_expired_is_critical_and_one_that_soon_does_is_a_warning) {
  auto x = healthy();
  x.connections[0].certificates[0].not_after_ts = looked_at_ms - 2 * a_day;
  x.connections[0].is_trusted = false;
  x.connections[0].trust_problem = "certificate has expired";
  BOOST_TEST(finds(x, "critical", "expired 2 days ago"));
  BOOST_TEST(!can_federate(x, diagnose(x, nullptr)));
  x = healthy();
  x.connections[0].certificates[0].not_after_ts = looked_at_ms + 5 * a_day;
  BOOST_TEST(finds(x, "warning", "expires in 5 days"));
  BOOST_TEST(can_federate(x, diagnose(x, nullptr)));
}

BOOST_AUTO_TEST_CASE(certificate_for_another_name_or_of_nobody_is_critical) {
  auto x = healthy();
  x.connections[0].names_match = false;
  BOOST_TEST(finds(x, "critical", "is for far.example, not for far.example"));
  x = healthy();
  x.connections[0].is_trusted = false;
  x.connections[0].trust_problem = "unable to get local issuer certificate";
  BOOST_TEST(finds(x, "critical", "not trusted: unable to get local issuer certificate"));
}

BOOST_AUTO_TEST_CASE(keys_that_are_old_wrong_or_not_there_are_critical) {
  auto x = healthy();
  x.connections[0].keys_body = keys_document("far.example", looked_at_ms - 1);
  BOOST_TEST(finds(x, "critical", "no longer valid"));
  x.connections[0].keys_body = keys_document("other.example", looked_at_ms + a_day);
  BOOST_TEST(finds(x, "critical", "cannot be used"));
  x.connections[0].keys_body = "<html>";
  BOOST_TEST(finds(x, "critical", "something else than JSON"));
  x.connections[0].keys_status = 502;
  BOOST_TEST(finds(x, "critical", "HTTP status 502"));
  BOOST_TEST(finds(x, "critical", "none of its addresses leads to a homeserver"));
}

BOOST_AUTO_TEST_CASE(clock_that_differs_is_told_with_its_direction) {
  auto x = healthy();
  x.connections[0].date_ts = looked_at_ms + 29'000;
  BOOST_TEST(diagnose(x, nullptr).empty());
  x.connections[0].date_ts = looked_at_ms + 120'000;
  BOOST_TEST(finds(x, "warning", "differ by 2 min (theirs is ahead)"));
  x.connections[0].date_ts = looked_at_ms - 3'600'000;
  BOOST_TEST(finds(x, "critical", "(ours is ahead)"));
}

BOOST_AUTO_TEST_CASE(our_own_name_that_leads_to_another_server_is_critical) {
  const own_key ours{"ed25519:a", key_of_server().public_key_base64()}, other{"ed25519:b", "x"};
  BOOST_TEST(diagnose(healthy(), &ours).empty());
  BOOST_TEST(finds(healthy(), "critical", "our name leads to another homeserver", &other));
}

BOOST_AUTO_TEST_CASE(broken_well_known_file_is_critical_and_none_is_worth_knowing) {
  auto x = healthy();
  x.delegation = {true, "", "bad_json: m.server", 200, 0, "", ""};
  BOOST_TEST(finds(x, "critical", "cannot be used: bad_json: m.server"));
  x.delegation.status = 404;
  BOOST_TEST(finds(x, "info", "there is no https://far.example/.well-known/matrix/server"));
  x.delegation.status = 503;
  BOOST_TEST(finds(x, "warning", "fails"));
}

BOOST_AUTO_TEST_CASE(private_and_closed_addresses_are_told_and_stand_among_the_errors) {
  auto x = healthy();
  probe::connection closed, inner;
  closed.address = "192.0.2.2:8448";
  closed.problem = "TCP: Connection refused";
  inner.address = "10.0.0.1:8448";
  inner.is_private = true;
  inner.problem = "private";
  x.connections.push_back(closed);
  x.connections.push_back(inner);
  BOOST_TEST(finds(x, "warning", "192.0.2.2:8448 cannot be reached: TCP: Connection refused"));
  BOOST_TEST(finds(x, "warning", "10.0.0.1:8448 is a private address"));
  const auto found = diagnose(x, nullptr);
  BOOST_TEST(can_federate(x, found)); // by the other one
  BOOST_TEST(
    tester_report(x, found).find("ConnectionErrors")->find("192.0.2.2:8448")->find_string("Message")->find("refused") !=
    std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_way_is_critical_with_the_advice_of_its_fault) {
  probe::report x;
  x.server_name = "typo.example";
  x.started_ts = looked_at_ms;
  x.why = {fault_code::peer_unresolvable, "typo.example: no such name"};
  BOOST_TEST(finds(x, "critical", "no way to typo.example was found"));
  BOOST_TEST(!can_federate(x, diagnose(x, nullptr)));
}

namespace {

store::put_inbox signed_with(const std::string& key_id, std::int64_t at = looked_at_ms) {
  return {"!r:x", "$" + key_id, "near.example",
          R"({"sender":"@a:far.example","origin_server_ts":)" + std::to_string(at) +
            R"(,"signatures":{"far.example":{")" + key_id + R"(":"x"}}})",
          5};
}
bool finds_with(const store::put_inbox& staged, const std::string& words) {
  const std::vector<store::put_inbox> twice{staged, staged}; // of two servers
  for (const auto& one : diagnose(healthy(), nullptr, twice))
    if (one.what.find(words) != std::string::npos) return true;
  return false;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_key_that_events_wait_for_and_nobody_publishes_is_named) {
  BOOST_TEST(finds_with(signed_with("ed25519:secret"),
                        "1 event that waits here is signed with ed25519:secret, which far.example does not publish"));
  BOOST_TEST(!finds_with(signed_with(key_of_server().key_id()), "is signed with"));
  const std::vector<store::put_inbox> staged{signed_with("ed25519:secret")};
  const auto last = phases_of(healthy(), staged).back();
  BOOST_TEST(last.phase == "signature");
  BOOST_TEST(last.result == "failed");
  BOOST_TEST(last.detail == key_of_server().key_id() + "; not published: ed25519:secret");
}

BOOST_AUTO_TEST_CASE(what_came_from_a_server_and_waits_for_long_is_named_unless_its_key_is_why) {
  const auto staged = [](const std::string& key_id, std::int64_t age_ms) {
    auto x = signed_with(key_id);
    x.origin = "far.example";
    x.received_ts = looked_at_ms - age_ms;
    return x;
  };
  const auto of_its_key = [&](std::int64_t age_ms) { return staged(key_of_server().key_id(), age_ms); };
  BOOST_TEST(finds_with(of_its_key(20'000), "1 event that came from it waits here, the oldest for 20 s"));
  BOOST_TEST(!finds_with(of_its_key(500), "waits here")); // the room asks for what it cites
  BOOST_TEST(!finds_with(staged("ed25519:secret", 20'000), "came from it"));
}

BOOST_AUTO_TEST_CASE(a_server_that_accepts_and_says_nothing_is_told_as_that) {
  auto x = healthy();
  x.connections[0].encrypted = false;
  x.connections[0].problem = "TLS: The socket was closed due to a timeout";
  BOOST_TEST(finds(x, "warning", "accepts the connection and says nothing"));
}

BOOST_AUTO_TEST_CASE(keys_whose_time_is_over_fail_the_signature) {
  auto x = healthy();
  x.connections[0].keys_body = keys_document("far.example", looked_at_ms - 3'600'000);
  const auto last = phases_of(x).back();
  BOOST_TEST(last.result == "failed");
  BOOST_TEST(last.detail.find("valid until 60 min ago") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_that_was_retired_before_what_is_signed_with_it_does_not_do) {
  matrix::verify_keys published;
  published["ed25519:old"] = {"x", looked_at_ms, true, {}};
  const std::vector<store::put_inbox> before{signed_with("ed25519:old", looked_at_ms - 1)},
    after{signed_with("ed25519:old", looked_at_ms + 1)};
  BOOST_TEST(unusable_keys(before, "far.example", published).empty());
  const auto found = unusable_keys(after, "far.example", published);
  BOOST_TEST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].retired_ts == looked_at_ms);
  BOOST_TEST(found[0].events == 1u);
  BOOST_TEST(unusable_keys(after, "other.example", published).empty());
}

BOOST_AUTO_TEST_CASE(probe_tells_the_signature_as_its_last_phase) {
  auto x = healthy();
  x.phases = {{"TCP", "192.0.2.1:8448", 3, true, ""}};
  auto rows = phases_of(x);
  BOOST_TEST_REQUIRE(rows.size() == 2U);
  BOOST_TEST(rows[1].phase == "signature");
  BOOST_TEST(rows[1].result == "ok");
  BOOST_TEST(rows[1].detail == "ed25519:a");
  x.connections[0].keys_body = keys_document("other.example", looked_at_ms + a_day);
  BOOST_TEST(phases_of(x)[1].result == "failed");
}

BOOST_AUTO_TEST_CASE(a_handshake_over_a_certificate_that_does_not_hold_has_failed) {
  auto x = healthy();
  x.connections[0].encrypted = true;
  x.phases = {{"TCP", x.connections[0].address, 3, true, ""}, {"TLS", x.connections[0].address, 3, true, "TLSv1.3"}};
  BOOST_TEST(phases_of(x)[1].result == "ok");
  x.connections[0].is_trusted = false;
  BOOST_TEST(phases_of(x)[0].result == "ok");
  BOOST_TEST(phases_of(x)[1].result == "failed");
}

BOOST_FIXTURE_TEST_CASE(doctor_without_a_name_looks_at_ourselves_and_refuses_what_is_no_name, fixture) {
  node.seen = healthy();
  auto body = ask("doctor");
  BOOST_TEST(*body.find_string("ServerName") == "chat.example");
  body = ask("doctor", with_server("far.example"));
  BOOST_TEST(*body.find_bool("FederationOK"));
  BOOST_TEST(body.find_array("findings")->empty());
  BOOST_TEST(*ask("server.probe", with_server("far.example")).find_bool("reachable"));
  BOOST_TEST(refusal("doctor", with_server("no name")) == "invalid_identifier");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::admin::testing
