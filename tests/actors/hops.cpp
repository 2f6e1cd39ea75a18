#include "actors/hops.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(hop_rings)

namespace {

const address room{actor_kind::room, "!r"};
constexpr time_ms hour = hop_ring::kept_ms;

struct ring : hop_ring {
  ring() { listen(bytes_min); }
  void see(std::string event_id, hop_stage stage, trace_id trace = 1, time_ms at = 1'000,
           std::shared_ptr<const hop_details> more = nullptr) {
    add(at, room, trace, {std::move(event_id), stage, std::move(more)});
  }
  /// As many as a chunk holds and more.
  void fill(const std::string& event_id, std::size_t hops, time_ms at = 1'000) {
    for (std::size_t i = 0; i < hops; ++i) see(event_id, hop_stage::sent, 1, at);
  }
};

std::string stages(const std::vector<seen_hop>& list) {
  std::string text;
  for (const auto& x : list) text += (text.empty() ? "" : " ") + std::string{name(x.what.stage)};
  return text;
}

std::shared_ptr<const hop_details> transaction(std::string id, std::string server = "a.example") {
  return std::make_shared<const hop_details>(
    hop_details{std::move(server), std::move(id), 1, request_phase::unknown, {}});
}

} // namespace

BOOST_AUTO_TEST_CASE(nothing_is_kept_before_somebody_listens_and_nothing_after) {
  hop_ring ring;
  BOOST_TEST(!ring.is_on());
  ring.add(0, room, 1, {"$a", hop_stage::judged});
  BOOST_TEST(ring.all().empty());
  BOOST_TEST(ring.bytes() == 0u);
  ring.listen(hop_ring::bytes_min);
  BOOST_TEST(ring.is_on());
  ring.add(0, room, 1, {"$a", hop_stage::judged});
  BOOST_TEST(ring.all().size() == 1u);
  ring.stop();
  BOOST_TEST(!ring.is_on());
  BOOST_TEST(ring.all().empty());
  BOOST_TEST(ring.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_hop_is_read_as_it_was_written) {
  ring r;
  r.see(
    "$a", hop_stage::failed, 7, 123,
    std::make_shared<const hop_details>(hop_details{"a.example", "t1", 3, request_phase::tls, "peer_tls: expired"}));
  const auto x = r.all().at(0);
  BOOST_TEST(x.at == 123);
  BOOST_TEST((x.where == room));
  BOOST_TEST(x.trace == 7u);
  BOOST_TEST(x.what.event_id == "$a");
  BOOST_TEST((x.what.stage == hop_stage::failed));
  BOOST_REQUIRE(x.what.more);
  BOOST_TEST(x.what.more->server == "a.example");
  BOOST_TEST(x.what.more->transaction == "t1");
  BOOST_TEST(x.what.more->attempt == 3u);
  BOOST_TEST((x.what.more->phase == request_phase::tls));
  BOOST_TEST(x.what.more->answer == "peer_tls: expired");
}

BOOST_AUTO_TEST_CASE(the_oldest_go_when_the_memory_is_used_up) {
  ring r;
  r.see("$first", hop_stage::judged);
  std::size_t added = 0;
  while (!r.of("$first").empty()) {
    BOOST_TEST_REQUIRE((added += 500) < 100'000u); // it has to go some time
    r.fill("$a", 500);
  }
  BOOST_TEST(r.bytes() <= hop_ring::bytes_min);
  r.see("$last", hop_stage::judged);
  BOOST_TEST(stages(r.of("$last")) == "judged");
  BOOST_TEST(r.all().size() > 500u);
}

BOOST_AUTO_TEST_CASE(what_is_older_than_an_hour_goes_when_more_comes) {
  ring r;
  r.fill("$old", 1'000, 0);
  const auto before = r.bytes();
  r.fill("$new", 1'000, hour + 1);
  BOOST_TEST(r.of("$old").size() < 500u); // but for the chunk that holds some of both
  BOOST_TEST(r.of("$new").size() == 1'000u);
  BOOST_TEST(r.bytes() <= before + hop_ring::chunk_bytes);
}

BOOST_AUTO_TEST_CASE(a_text_that_is_too_long_is_cut) {
  ring r;
  r.add(0, {actor_kind::invitation, std::string(5'000, 'k')}, 1,
        {"$a", hop_stage::sent, transaction(std::string(5'000, 't'))});
  const auto x = r.of("$a").at(0);
  BOOST_TEST(x.where.key == std::string(512, 'k'));
  BOOST_TEST(x.what.more->transaction == std::string(512, 't'));
}

BOOST_AUTO_TEST_CASE(the_way_of_an_event_begins_at_the_border_its_first_hop_came_from) {
  ring r;
  r.see({}, hop_stage::gateway_in, 1);
  r.see({}, hop_stage::gateway_in, 2);
  r.see({}, hop_stage::transaction_accepted, 2);
  r.see("$a", hop_stage::room_received, 2);
  r.see("$b", hop_stage::room_received, 2);
  r.see("$a", hop_stage::judged, 2);
  r.see("$a", hop_stage::sent, 3); // because of something else
  r.see({}, hop_stage::gateway_in, 3);
  BOOST_TEST(stages(r.of("$a")) == "gateway_in transaction_accepted room_received judged sent");
  BOOST_TEST(r.of("$none").empty());
}

BOOST_AUTO_TEST_CASE(events_of_a_transaction_are_found_by_its_id_in_both_directions) {
  ring r;
  r.see("$out", hop_stage::sent, 1, 0, transaction("ours-1"));
  r.see("$out", hop_stage::failed, 1, 0, transaction("ours-1"));
  r.see("$more", hop_stage::sent, 1, 0, transaction("ours-1"));
  r.see({}, hop_stage::transaction_accepted, 2, 0, transaction("theirs"));
  r.see("$in", hop_stage::room_received, 2);
  r.see("$other", hop_stage::room_received, 3);
  using ids = std::vector<std::string>;
  BOOST_TEST(r.events_of_transaction("ours-1") == (ids{"$out", "$more"}), boost::test_tools::per_element());
  BOOST_TEST(r.events_of_transaction("theirs") == ids{"$in"}, boost::test_tools::per_element());
  BOOST_TEST(r.events_of_transaction("unknown").empty());
  BOOST_TEST(r.events_of_transaction("").empty());
}

BOOST_AUTO_TEST_CASE(hops_of_many_threads_are_all_kept_each_in_order) {
  constexpr int threads_count = 6;
  constexpr trace_id hops = 100;
  ring r;
  std::vector<std::thread> threads;
  for (int n = 0; n < threads_count; ++n)
    threads.emplace_back([&r, n] {
      for (trace_id i = 1; i <= hops; ++i) r.see("$" + std::to_string(n), hop_stage::sent, i);
    });
  for (auto& t : threads) t.join();
  BOOST_TEST(r.all().size() == threads_count * hops);
  for (int n = 0; n < threads_count; ++n) {
    const auto way = r.of("$" + std::to_string(n));
    BOOST_TEST(way.size() == hops);
    BOOST_TEST(std::is_sorted(way.begin(), way.end(), [](const auto& a, const auto& b) { return a.trace < b.trace; }));
  }
}

BOOST_AUTO_TEST_SUITE_END()
