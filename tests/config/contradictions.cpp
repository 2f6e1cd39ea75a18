#include "config/contradictions.hpp"

#include "config/loader.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace causeway::config;

BOOST_AUTO_TEST_SUITE(config_contradictions)

namespace {

const std::string curve_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

options valid() {
  options x;
  x.node.server_name = "chat.example.org";
  x.gateway.plain_http = true;
  return x;
}

/// With this change there is one problem, filed under `key`, whose sentence has `part`.
void refuses(const std::function<void(options&)>& change, std::string_view key, std::string_view part) {
  auto x = valid();
  change(x);
  const auto problems = validate(x);
  for (const auto& p : problems) BOOST_TEST_MESSAGE(to_string(p));
  BOOST_REQUIRE_MESSAGE(problems.size() == 1U, key << ": " << problems.size() << " problems");
  BOOST_TEST(problems[0].key == key);
  BOOST_TEST(problems[0].what.find(part) != std::string::npos, problems[0].what);
  BOOST_TEST(problems[0].what.ends_with('.'));
}

void accepts(const std::function<void(options&)>& change) {
  auto x = valid();
  change(x);
  for (const auto& p : validate(x)) BOOST_ERROR(to_string(p));
}

examination of_text(const std::string& text) {
  sources from;
  from.text = "[node]\nserver_name = \"chat.example.org\"\n[gateway]\nplain_http = true\n" + text;
  return examine(from);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_defaults_do_not_contradict_themselves) {
  accepts([](options&) {});
}

BOOST_AUTO_TEST_CASE(files_in_the_database_of_a_store_that_has_none) {
  refuses([](options& x) { x.media.backend = media_backend::postgresql; }, "media.backend",
          "media.backend = \"folder\"");
  accepts([](options& x) {
    x.media.backend = media_backend::postgresql;
    x.store.engine = store_engine::postgresql;
    x.store.url = "postgresql:///causeway";
  });
  accepts([](options& x) { // in a folder of each node, or of all of them
    x.store.engine = store_engine::postgresql;
    x.store.url = "postgresql:///causeway";
  });
}

BOOST_AUTO_TEST_CASE(addresses_for_other_nodes_are_such_that_they_can_connect_to) {
  const auto told = [](std::string gateway, std::string chat) {
    return [gateway, chat](options& x) {
      x.edge.gateway_endpoints = {"tcp://127.0.0.1:8470"};
      x.edge.gateway_address = gateway;
      x.edge.chat_address = chat;
    };
  };
  accepts(told("tcp://broker.example:8470", "tcp://10.0.0.1:8471"));
  refuses(told("tcp://*:8470", ""), "edge.gateway_address", "tcp://host:port");
  refuses(told("", "ipc:///run/chat.sock"), "edge.chat_address", "tcp://host:port");
  refuses([](options& x) { x.edge.chat_address = "tcp://10.0.0.1:8471"; }, "edge.chat_address",
          "edge.gateway_endpoints");
}

BOOST_AUTO_TEST_CASE(credit_above_the_high_water_mark_would_cut_the_connection_again_and_again) {
  refuses([](options& x) { x.edge.high_water_mark = 100; }, "edge.high_water_mark", "10000 + 1000 = 11000");
  refuses([](options& x) { x.edge.event_credit_max = 30'000; }, "edge.high_water_mark", "Raise it to at least 31000");
  refuses([](options& x) { x.edge.command_credit = 15'000; }, "edge.high_water_mark", "15000");
  accepts([](options& x) { x.edge.high_water_mark = 11'000; });
}

BOOST_AUTO_TEST_CASE(whichever_of_two_was_set_is_named_with_its_line) {
  auto x = of_text("[edge]\nhigh_water_mark = 100\n");
  BOOST_REQUIRE(x.problems.size() == 1U);
  BOOST_TEST(x.problems[0].where == "text:6");
  x = of_text("[edge]\nevent_credit_max = 30000\n"); // the mark stands at its default: this line is to blame
  BOOST_REQUIRE(x.problems.size() == 1U);
  BOOST_TEST(to_string(x.problems[0]).starts_with("text:6: edge.high_water_mark: "));
  x = of_text("[edge]\nevent_credit_max = 30000\nhigh_water_mark = 20000\n");
  BOOST_REQUIRE(x.problems.size() == 1U);
  BOOST_TEST(to_string(x.problems[0]).starts_with("text:7: edge.high_water_mark: "));
  BOOST_TEST(to_string(x.problems[0]).ends_with(" (edge.event_credit_max: text:6)"));
}

BOOST_AUTO_TEST_CASE(a_value_that_was_refused_is_not_compared) {
  const auto x = of_text("[edge]\nhigh_water_mark = 1\nevent_credit_max = 30000\n");
  BOOST_REQUIRE(x.problems.size() == 1U);
  BOOST_TEST(x.problems[0].what.find("out of range") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(command_credit_the_store_cannot_take) {
  refuses([](options& x) { x.store.queue_items_max = 600; }, "edge.command_credit", "1000 > 600");
}

BOOST_AUTO_TEST_CASE(one_lost_heartbeat_would_end_a_connection) {
  refuses([](options& x) { x.edge.peer_timeout_ms = 10'000; }, "edge.peer_timeout_ms", "twice edge.heartbeat_ms");
}

BOOST_AUTO_TEST_CASE(pauses_that_shrink_as_they_grow) {
  refuses(
    [](options& x) {
      x.federation.retry_delay_ms_min = 5'000;
      x.federation.retry_delay_ms_max = 1'000;
    },
    "federation.retry_delay_ms_min", "5000 > 1000");
  refuses([](options& x) { x.federation.retry_delay_ms_max = 7'200'000; }, "federation.retry_delay_ms_max",
          "federation.retry_delay_late_ms");
  refuses([](options& x) { x.federation.key_fetch_retry_ms = 700'000; }, "federation.key_fetch_retry_ms",
          "700000 > 600000");
  refuses(
    [](options& x) {
      x.invitation.retry_delay_ms_min = 60'000;
      x.invitation.retry_delay_ms_max = 1'000;
    },
    "invitation.retry_delay_ms_min", "60000 > 1000");
  refuses(
    [](options& x) {
      x.invitation.retry_delay_ms_max = 7'200'000;
      x.invitation.give_up_h = 1;
    },
    "invitation.retry_delay_ms_max", "7200000 milliseconds > 1 hours");
}

BOOST_AUTO_TEST_CASE(a_connection_waited_for_longer_than_its_request) {
  refuses(
    [](options& x) {
      x.gateway.connect_timeout_ms = 40'000;
      x.federation.make_join_timeout_ms = 40'000;
    },
    "gateway.connect_timeout_ms", "federation.request_timeout_ms (40000 > 30000)");
  refuses(
    [](options& x) {
      x.gateway.connect_timeout_ms = 9'000;
      x.media.fetch_timeout_s = 5;
    },
    "gateway.connect_timeout_ms", "9000 milliseconds > 5 seconds");
  // A default nobody chose gives way: the shorter of the two simply wins.
  accepts([](options& x) { x.federation.request_timeout_ms = 5'000; });
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_wait_for_the_keys) {
  refuses([](options& x) { x.gateway.answer_timeout_s = 5; }, "gateway.answer_timeout_s",
          "5 seconds < 10000 milliseconds");
  accepts([](options& x) { x.gateway.answer_timeout_s = 20; });
  refuses(
    [](options& x) {
      x.gateway.answer_timeout_s = 20;
      x.federation.trusted_key_servers = {"notary.example"};
    },
    "gateway.answer_timeout_s", "federation.notary_timeout_ms together");
}

BOOST_AUTO_TEST_CASE(commits_larger_than_what_may_wait_for_one) {
  refuses(
    [](options& x) {
      x.store.group_batches_max = 10'000;
      x.store.queue_items_max = 5'000;
    },
    "store.group_batches_max", "10000 > 5000");
  refuses([](options& x) { x.store.queue_bytes_max = 65'536; }, "store.group_bytes_max", "store.queue_bytes_max");
}

BOOST_AUTO_TEST_CASE(one_file_larger_than_the_cache) {
  refuses([](options& x) { x.media.cache_bytes_max = 1'048'576; }, "media.remote_bytes_max", "media.cache_bytes_max");
}

BOOST_AUTO_TEST_CASE(a_burst_smaller_than_a_second) {
  refuses([](options& x) { x.federation.inbound_requests_per_second = 600; }, "federation.inbound_requests_per_second",
          "600 > 500");
}

BOOST_AUTO_TEST_CASE(much_to_catch_up_on_that_does_not_fit_into_memory) {
  refuses([](options& x) { x.federation.catch_up_pdus_min = 2'000; }, "federation.catch_up_pdus_min", "2000 > 1000");
  accepts([](options& x) { x.federation.queue_memory_pdus_max = 50; });
}

BOOST_AUTO_TEST_CASE(one_gap_that_fills_the_room) {
  refuses([](options& x) { x.room.missing_events_limit = 100; }, "room.missing_events_rounds", "100 x 100 = 10000");
  accepts([](options& x) { x.room.pending_pdus_max = 200; });
}

BOOST_AUTO_TEST_CASE(an_invitation_that_expires_before_it_is_given_up) {
  refuses(
    [](options& x) {
      x.invitation.give_up_h = 100;
      x.invitation.lifetime_h = 24;
    },
    "invitation.give_up_h", "100 > 24");
  accepts([](options& x) {
    x.invitation.give_up_h = 100;
    x.invitation.lifetime_h = 0;
  });
  accepts([](options& x) { x.invitation.lifetime_h = 24; });
}

BOOST_AUTO_TEST_CASE(a_restart_limit_that_is_never_reached) {
  refuses([](options& x) { x.supervisor.restart_delay_ms = 60'000; }, "supervisor.restart_limit",
          "1860000 milliseconds together");
  refuses([](options& x) { x.supervisor.restart_limit = 100; }, "supervisor.restart_limit", "never reached");
}

BOOST_AUTO_TEST_CASE(servers_both_allowed_and_denied) {
  refuses(
    [](options& x) {
      x.federation.allow_servers = {"b.example"};
      x.federation.deny_servers = {"*.example"};
    },
    "federation.allow_servers", "denied by \"*.example\"");
  refuses(
    [](options& x) {
      x.federation.allow_servers = {"*.example"};
      x.federation.deny_servers = {"*.example"};
    },
    "federation.allow_servers", "prevails");
  accepts([](options& x) {
    x.federation.allow_servers = {"*.example"};
    x.federation.deny_servers = {"evil.example"};
  });
  refuses([](options& x) { x.federation.deny_servers = {"*.example.org"}; }, "federation.deny_servers",
          "denies this server itself");
}

BOOST_AUTO_TEST_CASE(notaries_that_are_never_asked) {
  refuses([](options& x) { x.federation.trusted_key_servers = {"chat.example.org"}; }, "federation.trusted_key_servers",
          "this server itself");
  refuses(
    [](options& x) {
      x.federation.trusted_key_servers = {"n.example"};
      x.federation.deny_servers = {"n.*"};
    },
    "federation.trusted_key_servers", "denied by");
  refuses(
    [](options& x) {
      x.federation.trusted_key_servers = {"n.example"};
      x.federation.allow_servers = {"b.example"};
    },
    "federation.trusted_key_servers", "not among federation.allow_servers");
}

BOOST_AUTO_TEST_CASE(a_well_known_answer_that_nobody_asks_for) {
  refuses(
    [](options& x) {
      x.gateway.well_known_server = "m.example.org";
      x.node.server_name = "chat.example.org:8448";
    },
    "gateway.well_known_server", "has a port");
  refuses(
    [](options& x) {
      x.gateway.well_known_server = "m.example.org";
      x.node.server_name = "192.0.2.1";
    },
    "gateway.well_known_server", "has an IP address");
  refuses(
    [](options& x) {
      x.gateway.well_known_server = "m.example.org";
      x.node.server_name = "[2001:db8::1]";
    },
    "gateway.well_known_server", "has an IP address");
  refuses(
    [](options& x) {
      x.gateway.well_known_server = "m.example.org";
      x.node.server_name = "[2001:db8::1]:80";
    },
    "gateway.well_known_server", "has a port");
  accepts([](options& x) { x.gateway.well_known_server = "m.example.org:443"; });
}

BOOST_AUTO_TEST_CASE(a_port_that_is_used_twice) {
  refuses([](options& x) { x.gateway.listen = {"0.0.0.0:8448", "127.0.0.1:8448"}; }, "gateway.listen",
          "is taken by \"0.0.0.0:8448\"");
  refuses([](options& x) { x.gateway.listen = {"127.0.0.1:8448", "127.0.0.1:8448"}; }, "gateway.listen",
          "is used twice");
  refuses([](options& x) { x.edge.chat_endpoints = {"tcp://localhost:8448"}; }, "gateway.listen",
          "of edge.chat_endpoints already");
  refuses(
    [](options& x) {
      x.edge.chat_endpoints = {"tcp://127.0.0.1:5000"};
      x.edge.gateway_endpoints = {"tcp://127.0.0.1:05000"};
    },
    "edge.gateway_endpoints", "give each its own port");
  refuses([](options& x) { x.edge.chat_endpoints = {"tcp://localhost:5000", "tcp://127.0.0.1:5000"}; },
          "edge.chat_endpoints", "is taken by");
  refuses([](options& x) { x.edge.admin_endpoint = "ipc:///run//causeway/./chat.sock"; }, "edge.admin_endpoint",
          "give each its own name");
  accepts([](options& x) { x.gateway.listen = {"0.0.0.0:8448", "[::]:8448"}; });
  accepts([](options& x) {
    x.gateway.listen = {"127.0.0.1:0", "127.0.0.1:0"};
    x.edge.chat_endpoints = {"tcp://127.0.0.1:*", "tcp://127.0.0.1:*"};
  });
  accepts([](options& x) { x.gateway.listen = {"127.0.0.1:8448", "127.0.0.2:8448"}; });
}

BOOST_AUTO_TEST_CASE(keys_that_nobody_checks) {
  refuses(
    [](options& x) {
      x.edge.peers = {{curve_key, "rc1", "chat"}};
      x.edge.chat_endpoints = {"tcp://127.0.0.1:5000"};
    },
    "edge.peers", "that nobody checks");
  accepts([](options& x) { x.edge.peers = {{curve_key, "rc1", "chat"}}; }); // ipc:// needs none
}

BOOST_AUTO_TEST_CASE(endpoints_that_nobody_may_use) {
  const auto with_curve = [](options& x) {
    x.edge.curve_secret_key_file = "/etc/causeway/curve.key";
    x.edge.chat_endpoints = {"tcp://127.0.0.1:5000"};
  };
  refuses(with_curve, "edge.chat_endpoints", "nobody could connect");
  refuses(
    [&](options& x) {
      with_curve(x);
      x.edge.peers = {{curve_key, "rc1", "chat"}};
      x.edge.gateway_endpoints = {"tcp://127.0.0.1:5001"};
    },
    "edge.gateway_endpoints", "role gateway");
  accepts([&](options& x) { // chat servers of this machine, and those that another node passes on
    with_curve(x);
    x.edge.peers = {{std::string(40, 'a'), "two", "node"}};
  });
  accepts([&](options& x) { // the other node passes on what other servers ask it
    with_curve(x);
    x.edge.peers = {{curve_key, "rc1", "chat"}, {std::string(40, 'a'), "two", "node"}};
    x.edge.gateway_endpoints = {"tcp://127.0.0.1:5001"};
  });
  refuses(
    [&](options& x) {
      with_curve(x);
      x.edge.peers = {{curve_key, "rc1", "chat"}};
      x.edge.admin_endpoint = "tcp://127.0.0.1:5002";
    },
    "edge.admin_endpoint", "role admin");
  accepts([&](options& x) {
    with_curve(x);
    x.edge.peers = {{curve_key, "rc1", "chat"}, {std::string(40, 'a'), "eye", "inspector"}};
    x.edge.admin_endpoint = "tcp://127.0.0.1:5002";
  });
}

BOOST_AUTO_TEST_CASE(a_certificate_that_plain_http_does_not_use) {
  refuses([](options& x) { x.gateway.certificate_file = "/etc/x.pem"; }, "gateway.certificate_file",
          "not used with gateway.plain_http");
  refuses([](options& x) { x.gateway.private_key_file = "/etc/x.pem"; }, "gateway.private_key_file",
          "not used with gateway.plain_http");
}

BOOST_AUTO_TEST_CASE(one_file_for_two_things) {
  refuses([](options& x) { x.log.file = x.store.path; }, "log.file", "store.path are the same file");
  refuses(
    [](options& x) {
      x.node.signing_key_file = "/etc/causeway/./key";
      x.edge.curve_secret_key_file = "/etc/causeway/key";
    },
    "edge.curve_secret_key_file", "each needs its own");
  refuses([](options& x) { x.media.directory = x.store.path; }, "media.directory", "store.path");
  accepts([](options& x) {
    x.gateway.plain_http = false;
    x.gateway.certificate_file = x.gateway.private_key_file =
      "/etc/causeway/both.pem"; // a PEM file may hold certificate and key
  });
}

BOOST_AUTO_TEST_CASE(a_gateway_of_its_own_is_checked_for_what_it_uses) {
  options x;
  x.gateway.plain_http = true;
  x.edge.high_water_mark = 100; // the node's business
  BOOST_TEST(validate(x, purpose::gateway).empty());
  x.gateway.listen = {"0.0.0.0:8448", "127.0.0.1:8448"};
  BOOST_TEST(validate(x, purpose::gateway).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
