// What a node that stands by says to whoever shares out connections: real ports, real nodes to pass on to, no database.
#include "plugin/node_place.hpp"

#include "tests/plugin/node/standby_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <string>

BOOST_AUTO_TEST_SUITE(node_places)

using namespace causeway;
using test::asked;
using test::own_host;
using test::until;

namespace {

/// A port of the host that only this process uses: nobody else takes it while it is free.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  ::inet_pton(AF_INET, own_host().c_str(), &at.sin_addr);
  socklen_t size = sizeof at;
  BOOST_REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  BOOST_REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  ::close(fd);
  return ntohs(at.sin_port);
}

struct place_rig {
  test::scratch dir;
  config::options options;
  std::shared_ptr<std::atomic<store::drained>> is_drained =
    std::make_shared<std::atomic<store::drained>>(store::drained::no);
  const std::uint16_t port = free_port();
  std::unique_ptr<node_log> log;
  std::unique_ptr<node_place> place;
  store::seat seat;

  place_rig() {
    options.node.server_name = "ours.example";
    options.node.name = "two";
    options.node.standby = true;
    options.store.engine = config::store_engine::postgresql;
    options.gateway.listen = {own_host() + ":0"};
    options.gateway.plain_http = true;
    options.edge.admin_endpoint.clear();
    options.edge.chat_endpoints = {"ipc://" + dir.file("chat.sock")}; // which is told to no other node
    options.edge.gateway_endpoints = {"ipc://" + dir.file("gateways.sock")};
    options.admin.web_hosts = {options.node.server_name}; // by which `asked` calls it
    options.admin.web_listen = own_host() + ":" + std::to_string(port);
    options.log.level = "error";
  }
  ~place_rig() {
    if (place) place->stop_waiting(false);
  }
  place_rig(const place_rig&) = delete;

  /// After `options` is what is wanted.
  void start(bool without_gateway = false) {
    log = std::make_unique<node_log>(options.log);
    node_events told;
    told.is_drained = is_drained;
    place = std::make_unique<node_place>(options, *log, std::move(told), [] { return ok(); }, without_gateway);
    seat = place->seat();
  }
  void see(const store::store_in_use& by) const { BOOST_REQUIRE(bool{seat.on_wait(by)}); }
  int status(const std::string& target) const {
    const auto answer = asked(port, target);
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9)) : 0;
  }
  std::string verbose() const {
    const auto answer = asked(port, "/healthz?verbose");
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_node_that_passes_only_servers_on_is_healthy_without_a_door_for_chat, place_rig) {
  const auto endpoint = "ipc://" + dir.file("one.sock");
  const test::serving_node one{endpoint};
  start();
  see({"one", "", 3'000, false}); // it begins: nothing can be passed on yet
  BOOST_TEST(status("/livez") == 200);
  BOOST_TEST(status("/readyz") == 503);
  BOOST_TEST(status("/readyz?door=federation") == 503);
  BOOST_TEST(verbose() == "[+] live\n"
                          "[-] ready: Stands by for ours.example: node one serves\n"
                          "[-] ready federation: not passed on at this moment\n"
                          "no\n");
  const auto at = "gateway=" + endpoint;
  see({"one", at, 3'000, false});
  BOOST_TEST(until([&] { return status("/readyz?door=federation") == 200; }));
  BOOST_TEST(status("/readyz") == 200);
  BOOST_TEST(status("/readyz?door=chat") == 503); // nobody is to be sent where nobody listens
  BOOST_TEST(status("/healthz") == 200);
  BOOST_TEST(verbose() == "[+] live\n"
                          "[+] ready: Stands by for ours.example: node one serves at " +
                            at +
                            ", and is asked by way of this one\n"
                            "[+] ready federation\n"
                            "ok\n");
}

BOOST_FIXTURE_TEST_CASE(a_node_that_passes_only_chat_servers_on_is_healthy_without_a_door_for_servers, place_rig) {
  const test::edge_rig one;
  options.edge.chat_endpoints = {"tcp://" + own_host() + ":*"};
  options.edge.chat_address = "tcp://" + own_host() + ":8471"; // for when it serves
  start(true);                                                 // other processes have the HTTPS ports
  const auto at = "chat=" + one.chat();
  see({"one", at, 3'000, false});
  BOOST_TEST(status("/readyz") == 200);
  BOOST_TEST(status("/readyz?door=chat") == 200);
  BOOST_TEST(status("/readyz?door=federation") == 503);
  BOOST_TEST(status("/healthz") == 200);
  BOOST_TEST(verbose() == "[+] live\n"
                          "[+] ready: Stands by for ours.example: node one serves at " +
                            at +
                            ", and is asked by way of this one\n"
                            "[+] ready chat\n"
                            "ok\n");
  // Whoever is drained passes on what comes, and is to get nothing new.
  *is_drained = store::drained::until_undrained;
  see({"one", at, 3'000, false});
  BOOST_TEST(status("/readyz") == 503);
  BOOST_TEST(status("/readyz?door=chat") == 503);
  BOOST_TEST(verbose() == "[+] live\n"
                          "[-] ready: Drained, leaves its turn to others for ours.example: node one serves at " +
                            at +
                            ", and is asked by way of this one\n"
                            "[-] ready chat\n"
                            "no\n");
}

BOOST_FIXTURE_TEST_CASE(a_node_that_passes_nobody_on_stands_by_and_is_not_ready, place_rig) {
  options.edge.gateway_endpoints.clear();
  start();
  see({"one", "tcp://10.0.0.1:8448", 3'000, false});
  BOOST_TEST(status("/livez") == 200);
  for (const auto* target : {"/readyz", "/readyz?door=federation", "/readyz?door=chat", "/healthz"})
    BOOST_TEST(status(target) == 503, target);
  BOOST_TEST(verbose() == "[+] live\n"
                          "[-] ready: Stands by for ours.example: node one serves at tcp://10.0.0.1:8448\n"
                          "no\n");
}

BOOST_AUTO_TEST_SUITE_END()
