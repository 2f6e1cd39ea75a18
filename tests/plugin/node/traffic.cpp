#include "plugin/node_traffic.hpp"

#include "plugin/node_metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <set>
#include <sstream>
#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(node_traffic)

namespace {

constexpr std::int64_t noon = 1'700'000'000'000;

struct traffic_rig {
  traffic seen{"us.example", {"named.example"}};

  static std::uint64_t of(const traffic::count& x) { return x.load(); }
  void commits(std::vector<store::write> writes, std::int64_t now_ms = noon) {
    store::store_batch batch;
    batch.writes = std::move(writes);
    seen.committed(seen.weigh(batch), now_ms);
  }
  static store::put_event event(const std::string& sender, store::verdict judged, std::int64_t ts = noon) {
    auto x = std::make_shared<matrix::event>();
    x->sender = sender;
    x->origin_server_ts = ts;
    store::put_event row;
    row.event = x;
    row.judged = judged;
    row.position = 1;
    return row;
  }
  void transaction(const std::string& server, std::uint64_t id) {
    gateway::http_request x;
    x.id = id;
    x.server_name = server;
    x.method = "PUT";
    x.target = "/_matrix/federation/v1/send/t" + std::to_string(id);
    seen.sent(x);
  }
  void answer(const std::string& server, std::uint64_t id, int http_status) {
    auto x = std::make_shared<gateway::http_answer>();
    x->id = id;
    x->status = http_status;
    x->elapsed_ms = 40;
    seen.passes({actor_kind::remote_server, server}, message{http_answered{x}}, noon);
  }
  std::vector<admin::certificate_row> certificates;
  std::string text(std::int64_t now_ms = noon) {
    metrics_input in;
    in.certificates = certificates;
    in.server_name = "us.example";
    in.version = "1";
    in.now_ms = now_ms;
    in.seen = &seen;
    return metrics_text(in);
  }
  bool tells(const std::string& line) {
    const auto all = text();
    return all.starts_with(line + "\n") || all.find("\n" + line + "\n") != std::string::npos;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(events_are_counted_by_verdict_when_they_are_on_disk, traffic_rig) {
  commits({event("@a:us.example", store::verdict::accepted), event("@b:them.example", store::verdict::soft_failed),
           event("@b:them.example", store::verdict::rejected)});
  BOOST_TEST(of(seen.all().events_accepted) == 1u);
  BOOST_TEST(tells(R"(causeway_events_total{verdict="rejected"} 1)"));
  BOOST_TEST(tells(R"(synapse_federation_soft_failed_events_total{server_name="us.example"} 1)"));
  BOOST_TEST(tells(R"(synapse_storage_events_persisted_events_total{server_name="us.example"} 3)"));
}

BOOST_FIXTURE_TEST_CASE(the_lag_is_that_of_events_of_ours_which_are_queued, traffic_rig) {
  commits({event("@a:us.example", store::verdict::accepted, noon - 40), store::queue_pdu{"x.example", "$1"},
           store::queue_pdu{"y.example", "$1"}});
  commits({event("@a:us.example", store::verdict::accepted, noon - 900)}); // for nobody
  commits({event("@b:them.example", store::verdict::accepted, noon - 900)});
  BOOST_TEST(of(seen.all().pdus_queued) == 1u);
  BOOST_TEST(of(seen.all().pdu_destinations) == 2u);
  BOOST_TEST(seen.all().send_lag.sum_ms() == 40);
  BOOST_TEST(tells(
    R"(synapse_event_processing_lag_by_event_bucket{name="federation_sender",server_name="us.example",le="0.025"} 0)"));
  BOOST_TEST(tells(
    R"(synapse_event_processing_lag_by_event_bucket{name="federation_sender",server_name="us.example",le="0.05"} 1)"));
  BOOST_TEST(tells(
    R"(synapse_event_processing_lag_by_event_bucket{name="federation_sender",server_name="us.example",le="+Inf"} 1)"));
}

BOOST_FIXTURE_TEST_CASE(a_transaction_counts_with_what_is_in_it_when_it_was_taken, traffic_rig) {
  store::put_destination row;
  row.server_name = "named.example";
  row.transaction_id = "t1";
  row.transaction_pdus = {"$1"};
  row.transaction_edus = {R"({"content":{"edu_type":"m.presence"},"edu_type":"m.typing"})",
                          R"({"edu_type":"org.own"})"};
  commits({row});
  BOOST_TEST(seen.edus_under_way() == 2u);
  transaction("named.example", 1);
  answer("named.example", 1, 502);
  BOOST_TEST(of(seen.all().transactions) == 0u);
  BOOST_TEST(seen.nominated().front().sent_ts == 0);
  transaction("named.example", 2);
  answer("named.example", 9, 200); // to another request
  BOOST_TEST(of(seen.all().transactions) == 0u);
  answer("named.example", 2, 200);
  BOOST_TEST(of(seen.all().transactions) == 1u);
  BOOST_TEST(of(seen.all().transaction_attempts) == 2u);
  BOOST_TEST(of(seen.all().requests_failed) == 1u);
  BOOST_TEST(of(seen.all().edus_sent[0]) == 1u);
  BOOST_TEST(of(seen.all().edus_sent.back()) == 1u);
  BOOST_TEST(seen.nominated().front().sent_ts == noon);
  row.transaction_id.clear();
  commits({row});
  BOOST_TEST(seen.edus_under_way() == 0u);
}

BOOST_FIXTURE_TEST_CASE(received_pdus_are_counted_and_their_handling_is_timed, traffic_rig) {
  pdus_received share;
  share.asked = 7;
  share.origin = "named.example";
  share.pdus = std::make_shared<std::vector<matrix::json::object>>(3);
  seen.passes({actor_kind::room, "!a"}, message{share}, noon);
  pdus_handled handled;
  handled.asked = 7;
  seen.passes({actor_kind::remote_server, "other.example"}, message{handled}, noon + 10); // of somebody else
  BOOST_TEST(seen.all().pdu_handling.sum_ms() == 0);
  seen.passes({actor_kind::remote_server, "named.example"}, message{handled}, noon + 80);
  BOOST_TEST(of(seen.all().pdus_received) == 3u);
  BOOST_TEST(seen.all().pdu_handling.sum_ms() == 80);
  BOOST_TEST(tells("synapse_federation_last_received_pdu_time{origin_server_name=\"named.example\","
                   "server_name=\"us.example\"} 1700000000"));
}

BOOST_FIXTURE_TEST_CASE(staged_events_are_known_with_the_age_of_the_oldest, traffic_rig) {
  commits(
    {store::put_inbox{"!a", "$1", "x", "{}", noon - 90'000}, store::put_inbox{"!a", "$2", "x", "{}", noon - 5'000}});
  BOOST_TEST(tells(R"(synapse_federation_server_oldest_inbound_pdu_in_staging{server_name="us.example"} 90)"));
  BOOST_TEST(tells(R"(synapse_federation_server_number_inbound_pdu_in_staging{server_name="us.example"} 2)"));
  commits({store::remove_inbox{"!a", {"$1"}}});
  BOOST_TEST(seen.staged().oldest_ts == noon - 5'000);
}

BOOST_FIXTURE_TEST_CASE(the_end_of_each_certificate_is_told, traffic_rig) {
  certificates = {{"/etc/tls/a.pem", "", 1'700'000'000'000}, {"/etc/tls/gone.pem", "it is not there", 0}};
  BOOST_TEST(tells(R"(causeway_certificate_expiry_timestamp_seconds{file="/etc/tls/a.pem"} 1700000000)"));
  BOOST_TEST(tells(R"(causeway_certificate_expiry_timestamp_seconds{file="/etc/tls/gone.pem"} 0)"));
}

BOOST_FIXTURE_TEST_CASE(answers_to_others_are_counted_by_kind, traffic_rig) {
  for (const int http_status : {200, 429, 403, 500}) seen.replied(http_status);
  BOOST_TEST(of(seen.all().requests_in) == 4u);
  BOOST_TEST(of(seen.all().requests_limited) == 1u);
  BOOST_TEST(of(seen.all().requests_refused) == 2u);
}

BOOST_AUTO_TEST_CASE(what_was_added_between_two_readings_has_a_mean_and_a_class_of_the_slowest) {
  duration_classes all;
  all.add(60'000);
  const auto before = all.read();
  BOOST_TEST(duration_classes::between(before, all.read()).count == 0u);
  for (const std::int64_t ms : {10, 20, 90}) all.add(ms);
  auto spell = duration_classes::between(before, all.read());
  BOOST_TEST(spell.count == 3u);
  BOOST_TEST(spell.mean_ms == 40);
  BOOST_TEST(spell.slowest_ms == 100);
  all.add(3'000'000);
  spell = duration_classes::between(before, all.read());
  BOOST_TEST(spell.slowest_ms == 600'000); // there is no bound above
}

BOOST_FIXTURE_TEST_CASE(every_line_is_one_prometheus_reads_and_no_sample_comes_twice, traffic_rig) {
  std::set<std::string> names;
  std::istringstream lines{text()};
  std::size_t samples = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    ++samples;
    const auto blank = line.rfind(' ');
    BOOST_REQUIRE(blank != std::string::npos);
    BOOST_TEST(names.insert(line.substr(0, blank)).second, line);
    BOOST_TEST(line.find_first_not_of("0123456789.e+-infaINFN", blank + 1) == std::string::npos, line);
  }
  BOOST_TEST(samples > 100u);
}

BOOST_AUTO_TEST_CASE(the_chat_side_is_read_from_what_the_session_says) {
  const auto x = edge_figures::of(
    R"({"connections":[{"peer":"chat","credit_messages":5,"in_flight":2,"open_commands":1}],"events_sent":9,)"
    R"("open_commands":1,"phase":"connected","streams":[{"lag":4,"in_flight":2}]})");
  BOOST_REQUIRE(x.peers.size() == 1u);
  BOOST_TEST(x.peers.front().credit_messages == 5);
  BOOST_TEST(x.streams.front().lag == 4);
  BOOST_TEST(x.counts.at("events_sent") == 9);
  BOOST_TEST(!x.counts.contains("open_commands"));
  BOOST_TEST(edge_figures::of("").peers.empty());
}

BOOST_AUTO_TEST_CASE(rooms_and_servers_are_summed_up) {
  stored_figures f;
  store::rooms_listed rooms;
  for (const int extremities : {1, 1, 4, 99}) {
    auto& room = rooms.rooms.emplace_back();
    room.extremities = extremities;
    room.staged = 1;
  }
  f.count(rooms);
  BOOST_TEST(f.staged == 4);
  BOOST_TEST(f.extremities.front() == 2u);
  BOOST_TEST(f.extremities.back() == 1u);
  store::destinations_listed servers;
  servers.destinations.resize(4);
  servers.destinations[1].destination.failures = 3;
  servers.destinations[1].destination.retry_at_ts = noon + 60'000;
  servers.destinations[1].queued = 7;
  servers.destinations[1].oldest_queued_ts = noon - 1'000;
  servers.destinations[2].destination.transaction_id = "t1";
  servers.destinations[2].queued = 2;
  servers.destinations[2].oldest_queued_ts = noon - 500;
  servers.destinations[3].destination.paused_since_ts = noon; // it failed as well: what the operator wants goes before
  servers.destinations[3].destination.failures = 1;
  f.owed.count(servers, noon);
  BOOST_TEST(f.owed.servers == 4u);
  BOOST_TEST(f.owed.failing == 2u);
  BOOST_TEST(f.owed.backing_off == 1u);
  BOOST_TEST(f.owed.paused == 1u);
  BOOST_TEST(f.owed.sending == 1u);
  BOOST_TEST(f.owed.waiting == 0u);
  BOOST_TEST(f.owed.longest_back_off_ms == 60'000);
  BOOST_TEST(f.owed.queued == 9);
  BOOST_TEST(f.owed.oldest_queued_ts == noon - 1'000);
}

BOOST_AUTO_TEST_SUITE_END()
