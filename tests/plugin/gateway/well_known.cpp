#include "plugin/gateway/expiring_cache.hpp"
#include "plugin/gateway/well_known.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::gateway {

BOOST_AUTO_TEST_SUITE(gateway_well_known)

namespace {

using namespace std::chrono_literals;
const time_point start{1'000'000s};

} // namespace

BOOST_AUTO_TEST_CASE(valid_files_are_read) {
  BOOST_TEST(*parse_well_known(R"({"m.server":"matrix.example.org:443"})") == "matrix.example.org:443");
  BOOST_TEST(*parse_well_known(" {\"other\":[1.5], \"m.server\" : \"[::1]\"}\n") == "[::1]");
}

BOOST_AUTO_TEST_CASE(invalid_files_are_faults) {
  for (const auto* body : {"", "<html>", "[]", "{}", R"({"m.server":1})", R"({"m.server":""})",
                           R"({"m.server":"https://x/"})", R"({"m.server":"a b"})"})
    BOOST_TEST(!parse_well_known(body), body);
}

BOOST_AUTO_TEST_CASE(lifetime_follows_cache_headers_within_bounds) {
  BOOST_TEST((well_known_lifetime("", "", 0) == 24h));
  BOOST_TEST((well_known_lifetime("max-age=3600", "", 0) == 1h));
  BOOST_TEST((well_known_lifetime("public, Max-Age = \"7200\"", "", 0) == 2h));
  BOOST_TEST((well_known_lifetime("max-age=1", "", 0) == 5min));
  BOOST_TEST((well_known_lifetime("no-store", "", 0) == 5min));
  BOOST_TEST((well_known_lifetime("max-age=99999999999999999999999", "", 0) == 48h));
  BOOST_TEST((well_known_lifetime("max-age=-5", "", 0) == 24h));
  BOOST_TEST((well_known_lifetime("", "Thu, 01 Jan 1970 03:00:00 GMT", 0) == 3h));
  BOOST_TEST((well_known_lifetime("", "0", 1'000) == 5min));
  BOOST_TEST((well_known_lifetime("max-age=3600", "Thu, 01 Jan 1970 03:00:00 GMT", 0) == 1h));
}

BOOST_AUTO_TEST_CASE(answer_lives_for_its_lifetime) {
  well_known_cache cache;
  BOOST_TEST(!cache.find("a", start));
  cache.found("a", "b:1", 1h, start);
  BOOST_TEST(*cache.find("a", start + 10min)->delegated == "b:1");
  BOOST_TEST(*cache.find("a", start + 53min)->delegated == "b:1");
  BOOST_TEST(!cache.find("a", start + 1h));
}

BOOST_AUTO_TEST_CASE(answers_that_came_together_do_not_end_together) {
  well_known_cache cache{1'000, 12'345};
  for (int i = 0; i < 500; ++i) {
    cache.found(std::to_string(i), "b", 24h, start);
    cache.found("short" + std::to_string(i), "b", 5min, start);
  }
  auto alive = [&](const std::string& prefix, auto after) {
    int count = 0;
    for (int i = 0; i < 500; ++i) count += cache.find(prefix + std::to_string(i), start + after).has_value();
    return count;
  };
  BOOST_TEST(alive("", 21h) == 500); // nine tenths at least
  BOOST_TEST(alive("", 22h + 48min) > 100);
  BOOST_TEST(alive("", 22h + 48min) < 400);
  BOOST_TEST(alive("", 24h) == 0); // never longer than the server allows
  BOOST_TEST(alive("short", 299s) == 500);
}

BOOST_AUTO_TEST_CASE(refresh_is_asked_for_once_past_four_fifths) {
  well_known_cache cache;
  cache.found("a", "b", 1h, start);
  BOOST_TEST(!cache.find("a", start + 43min)->refresh);
  BOOST_TEST(cache.find("a", start + 49min)->refresh);
  BOOST_TEST(!cache.find("a", start + 49min)->refresh);
}

BOOST_AUTO_TEST_CASE(failed_refresh_keeps_the_answer_to_its_end) {
  well_known_cache cache;
  cache.found("a", "b", 1h, start);
  cache.failed("a", start + 50min);
  BOOST_TEST(*cache.find("a", start + 51min)->delegated == "b");
  BOOST_TEST(!cache.find("a", start + 1h));
}

BOOST_AUTO_TEST_CASE(failures_back_off_to_an_hour) {
  well_known_cache cache;
  auto now = start;
  for (const auto kept : {2min, 4min, 8min, 16min, 32min, 60min, 60min}) {
    cache.failed("a", now);
    BOOST_REQUIRE(cache.find("a", now + kept - 1s));
    BOOST_TEST(!cache.find("a", now + kept - 1s)->delegated);
    now += kept;
    BOOST_TEST(!cache.find("a", now));
  }
}

BOOST_AUTO_TEST_CASE(server_that_had_a_file_is_asked_again_soon) {
  well_known_cache cache;
  cache.found("a", "b", 1h, start);
  auto now = start + 1h;
  for (int i = 0; i < 5; ++i) {
    cache.failed("a", now);
    BOOST_TEST(cache.find("a", now + 119s).has_value());
    now += 2min;
    BOOST_TEST(!cache.find("a", now));
  }
  cache.failed("a", start + 4h);
  BOOST_TEST(cache.find("a", start + 4h + 30min).has_value());
}

BOOST_AUTO_TEST_CASE(answer_that_led_to_nobody_is_fetched_before_it_is_used_again) {
  // The operator saw: a server had moved, and was not found for a day.
  well_known_cache cache;
  cache.found("a", "old:1", 24h, start);
  cache.doubt("a", start + 9s);
  BOOST_TEST(cache.find("a", start + 9s).has_value()); // just fetched
  cache.doubt("a", start + 10s);
  BOOST_TEST(!cache.find("a", start + 10s));
  cache.found("a", "new:1", 24h, start + 11s);
  BOOST_TEST(*cache.find("a", start + 11s)->delegated == "new:1");
  // The fetch fails: the older answer serves, and is not fetched with each attempt.
  cache.doubt("a", start + 30s);
  BOOST_TEST(!cache.find("a", start + 30s));
  cache.failed("a", start + 31s);
  BOOST_TEST(*cache.find("a", start + 31s)->delegated == "new:1");
  cache.doubt("a", start + 40s);
  BOOST_TEST(cache.find("a", start + 40s).has_value());
  // The same where there was no file: there may be one now.
  cache.failed("b", start);
  BOOST_TEST(cache.find("b", start + 20s).has_value());
  cache.doubt("b", start + 20s);
  BOOST_TEST(!cache.find("b", start + 20s));
  cache.doubt("unknown", start);
}

BOOST_AUTO_TEST_CASE(flood_of_names_does_not_grow_the_caches) {
  well_known_cache files{64};
  expiring_cache<int> others{64};
  for (int i = 0; i < 10'000; ++i) {
    files.failed(std::to_string(i), start);
    others.put(std::to_string(i), i, start + 1h, start);
    BOOST_REQUIRE(files.size() <= 64);
    BOOST_REQUIRE(others.size() <= 64);
  }
  BOOST_TEST(*others.find("9999", start) == 9999);
}

BOOST_AUTO_TEST_CASE(cached_value_expires_and_can_be_erased) {
  expiring_cache<int> cache{8};
  cache.put("a", 1, start + 10s, start);
  BOOST_TEST(*cache.find("a", start + 9s) == 1);
  BOOST_TEST((cache.find("a", start + 10s) == nullptr));
  cache.put("a", 2, start + 20s, start + 10s);
  BOOST_TEST(*cache.find("a", start + 10s) == 2);
  cache.erase("a");
  BOOST_TEST((cache.find("a", start + 10s) == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
