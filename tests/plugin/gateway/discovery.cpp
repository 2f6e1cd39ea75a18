#include "plugin/gateway/discovery.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace causeway::gateway {

BOOST_AUTO_TEST_SUITE(gateway_discovery)

namespace {

/// A network as a table: what each lookup finds.
struct network {
  std::map<std::string, std::string> well_known; // name -> m.server
  std::map<std::string, std::vector<srv_record>> services;
  std::vector<std::string> broken = {}; ///< services whose lookup fails
};

struct outcome {
  std::vector<std::string> lookups;
  std::optional<route> way;
  fault why;
};

outcome resolve(const std::string& name, const network& net) {
  outcome out;
  discovery machine{name, 1};
  auto step = machine.start();
  for (;;) {
    if (const auto* way = std::get_if<route>(&step)) {
      out.way = *way;
      return out;
    }
    if (const auto* why = std::get_if<fault>(&step)) {
      out.why = *why;
      return out;
    }
    if (const auto* ask = std::get_if<ask_well_known>(&step)) {
      out.lookups.push_back("well-known " + ask->name);
      const auto it = net.well_known.find(ask->name);
      step = machine.on_well_known(it == net.well_known.end() ? std::nullopt : std::optional{it->second});
    } else {
      const auto& service = std::get<ask_srv>(step).service;
      out.lookups.push_back(service);
      const auto it = net.services.find(service);
      if (std::find(net.broken.begin(), net.broken.end(), service) != net.broken.end())
        step = machine.on_srv_failed("SERVFAIL");
      else step = machine.on_srv(it == net.services.end() ? std::vector<srv_record>{} : it->second);
    }
  }
}

struct row {
  std::string rule; ///< number in the specification
  std::string name;
  network net;
  std::vector<std::string> lookups;
  route way;
};

const std::vector<row>& table() {
  const std::string fed = "_matrix-fed._tcp.", old = "_matrix._tcp.";
  const std::vector<srv_record> srv{{10, 0, 443, "t.example.net"}};
  static const std::vector<row> rows{
    {"1", "192.0.2.1", {}, {}, {{{"192.0.2.1", 8448, true}}, "192.0.2.1", "192.0.2.1"}},
    {"1", "192.0.2.1:443", {}, {}, {{{"192.0.2.1", 443, true}}, "192.0.2.1:443", "192.0.2.1"}},
    {"1", "[2001:db8::1]", {}, {}, {{{"2001:db8::1", 8448, true}}, "[2001:db8::1]", "2001:db8::1"}},
    {"1", "[2001:db8::1]:99", {}, {}, {{{"2001:db8::1", 99, true}}, "[2001:db8::1]:99", "2001:db8::1"}},
    {"2", "a.org:8008", {}, {}, {{{"a.org", 8008, false}}, "a.org:8008", "a.org"}},
    {"3.1",
     "a.org",
     {{{"a.org", "192.0.2.7"}}, {}},
     {"well-known a.org"},
     {{{"192.0.2.7", 8448, true}}, "192.0.2.7", "192.0.2.7"}},
    {"3.1",
     "a.org",
     {{{"a.org", "192.0.2.7:1"}}, {}},
     {"well-known a.org"},
     {{{"192.0.2.7", 1, true}}, "192.0.2.7:1", "192.0.2.7"}},
    {"3.1", "a.org", {{{"a.org", "[::5]:1"}}, {}}, {"well-known a.org"}, {{{"::5", 1, true}}, "[::5]:1", "::5"}},
    {"3.2",
     "a.org",
     {{{"a.org", "b.org:443"}}, {}},
     {"well-known a.org"},
     {{{"b.org", 443, false}}, "b.org:443", "b.org"}},
    {"3.3",
     "a.org",
     {{{"a.org", "b.org"}}, {{fed + "b.org", srv}}},
     {"well-known a.org", fed + "b.org"},
     {{{"t.example.net", 443, false}}, "b.org", "b.org"}},
    {"3.4",
     "a.org",
     {{{"a.org", "b.org"}}, {{old + "b.org", srv}}},
     {"well-known a.org", fed + "b.org", old + "b.org"},
     {{{"t.example.net", 443, false}}, "b.org", "b.org"}},
    {"3.5",
     "a.org",
     {{{"a.org", "b.org"}}, {}},
     {"well-known a.org", fed + "b.org", old + "b.org"},
     {{{"b.org", 8448, false}}, "b.org", "b.org"}},
    {"4",
     "a.org",
     {{}, {{fed + "a.org", srv}, {old + "a.org", {{1, 1, 1, "wrong"}}}}},
     {"well-known a.org", fed + "a.org"},
     {{{"t.example.net", 443, false}}, "a.org", "a.org"}},
    {"5",
     "a.org",
     {{}, {{old + "a.org", srv}}},
     {"well-known a.org", fed + "a.org", old + "a.org"},
     {{{"t.example.net", 443, false}}, "a.org", "a.org"}},
    {"6",
     "a.org",
     {},
     {"well-known a.org", fed + "a.org", old + "a.org"},
     {{{"a.org", 8448, false}}, "a.org", "a.org"}},
    {"3.5, a name that delegates to itself",
     "a.org",
     {{{"a.org", "a.org"}}, {}},
     {"well-known a.org", fed + "a.org", old + "a.org"},
     {{{"a.org", 8448, false}}, "a.org", "a.org"}},
    {"3.2, its well-known is not asked for again",
     "a.org",
     {{{"a.org", "b.org:1"}, {"b.org", "c.org:2"}}, {}},
     {"well-known a.org"},
     {{{"b.org", 1, false}}, "b.org:1", "b.org"}},
    {"4, a file that names no server counts as none",
     "a.org",
     {{{"a.org", "https://b.org/"}}, {{fed + "a.org", srv}}},
     {"well-known a.org", fed + "a.org"},
     {{{"t.example.net", 443, false}}, "a.org", "a.org"}},
  };
  return rows;
}

} // namespace

BOOST_AUTO_TEST_CASE(each_rule_of_the_specification_leads_where_it_says) {
  for (const auto& one : table()) {
    BOOST_TEST_CONTEXT("rule " << one.rule << ", " << one.name) {
      const auto got = resolve(one.name, one.net);
      BOOST_TEST(got.lookups == one.lookups);
      BOOST_REQUIRE(got.way);
      BOOST_TEST((got.way->hops == one.way.hops));
      BOOST_TEST(got.way->host_header == one.way.host_header);
      BOOST_TEST(got.way->tls_name == one.way.tls_name);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_server_name_is_refused) {
  for (const auto* name : {"", "a b", "a.org:", "a.org:x", "a.org:99999", "a.org/path", "user@a.org", "[::1",
                           "a.org\r\nHost: b", "a_b\\c"}) {
    const auto got = resolve(name, {});
    BOOST_TEST((got.why.code == fault_code::invalid_identifier), name);
  }
}

BOOST_AUTO_TEST_CASE(srv_record_of_the_root_means_not_offered) {
  const auto got = resolve("a.org", {{}, {{"_matrix-fed._tcp.a.org", {{0, 0, 0, ""}}}}});
  BOOST_TEST((got.why.code == fault_code::peer_unreachable));
}

BOOST_AUTO_TEST_CASE(srv_lookup_that_fails_does_not_lead_to_the_bare_name) {
  // The operator saw: SERVFAIL for a moment, and six requests went to a machine that is no homeserver.
  const std::string fed = "_matrix-fed._tcp.a.org", old = "_matrix._tcp.a.org";
  for (const auto& broken : {std::vector{fed}, std::vector{old}, std::vector{fed, old}}) {
    const auto got = resolve("a.org", {{}, {}, broken});
    BOOST_TEST(!got.way);
    BOOST_TEST((got.why.code == fault_code::peer_unresolvable));
    BOOST_TEST(got.lookups.size() == 3u);
  }
  // Records that are there are used.
  BOOST_TEST(resolve("a.org", {{}, {{old, {{0, 0, 7, "b.org"}}}}, {fed}}).way->hops.front().host == "b.org");
  BOOST_TEST(resolve("a.org", {{}, {{fed, {{0, 0, 7, "b.org"}}}}, {old}}).way->hops.front().host == "b.org");
}

BOOST_AUTO_TEST_CASE(srv_records_without_port_are_as_none) {
  const auto got = resolve("a.org", {{}, {{"_matrix-fed._tcp.a.org", {{0, 0, 0, "b.org"}, {0, 0, 0, "c.org"}}}}});
  BOOST_REQUIRE(got.way);
  BOOST_TEST((got.way->hops.front() == hop{"a.org", 8448, false}));
}

BOOST_AUTO_TEST_CASE(several_srv_records_become_hops_by_priority) {
  const auto got =
    resolve("a.org", {{}, {{"_matrix-fed._tcp.a.org", {{20, 0, 3, "c"}, {5, 0, 1, "a"}, {10, 0, 2, "b"}}}}});
  BOOST_REQUIRE(got.way);
  BOOST_TEST((got.way->hops == std::vector<hop>{{"a", 1, false}, {"b", 2, false}, {"c", 3, false}}));
  BOOST_TEST(got.way->tls_name == "a.org");
}

BOOST_AUTO_TEST_CASE(equal_priorities_are_drawn_by_weight) {
  int heavy_first = 0;
  constexpr int draws = 2'000;
  for (std::uint64_t random = 0; random < draws; ++random)
    heavy_first +=
      order_srv({{1, 10, 1, "light"}, {1, 90, 1, "heavy"}, {1, 0, 1, "none"}}, random).front().target == "heavy" ? 1
                                                                                                                 : 0;
  BOOST_TEST(heavy_first > draws * 8 / 10);
  BOOST_TEST(heavy_first < draws * 97 / 100);
}

BOOST_AUTO_TEST_CASE(order_does_not_depend_on_the_order_of_arrival) {
  const std::vector<srv_record> a{{1, 5, 1, "x"}, {1, 5, 1, "y"}, {0, 1, 1, "z"}};
  const std::vector<srv_record> b{a[2], a[1], a[0]};
  BOOST_TEST((order_srv(a, 42) == order_srv(b, 42)));
  BOOST_TEST(order_srv(a, 42).front().target == "z");
}

BOOST_AUTO_TEST_CASE(number_of_srv_records_is_bounded) {
  BOOST_TEST(order_srv(std::vector<srv_record>(100, srv_record{1, 1, 1, "x"}), 0).size() == srv_records_max);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
