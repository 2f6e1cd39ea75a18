#include "plugin/service_notify.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>

BOOST_AUTO_TEST_SUITE(node_service_notify)

namespace {

using namespace causeway;

/// A service manager that listens, by a path or by an abstract name.
struct manager {
  std::filesystem::path folder;
  std::string address;
  descriptor socket;

  explicit manager(bool is_abstract) {
    char name[] = "/tmp/cw-notify-XXXXXX";
    folder = mkdtemp(name);
    address = is_abstract ? "@" + folder.string() : (folder / "notify.sock").string();
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, address.data(), address.size());
    if (is_abstract) at.sun_path[0] = '\0';
    socket = descriptor{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const auto length = offsetof(sockaddr_un, sun_path) + address.size() + (is_abstract ? 0 : 1);
    BOOST_REQUIRE(::bind(socket.number(), reinterpret_cast<const sockaddr*>(&at), static_cast<socklen_t>(length)) == 0);
  }
  ~manager() { std::filesystem::remove_all(folder); }
  manager(const manager&) = delete;
  /// The next message; what was sent to a socket of this machine is there when the sender goes on.
  std::string heard() const {
    char text[512];
    const auto n = ::recv(socket.number(), text, sizeof text, MSG_DONTWAIT);
    return n < 0 ? "nothing" : std::string{text, static_cast<std::size_t>(n)};
  }
};

service_environment environment(const std::map<std::string, std::string>& variables, pid_t self = 42) {
  return service_environment::of(
    [&](const char* name) {
      const auto at = variables.find(name);
      return at == variables.end() ? nullptr : at->second.c_str();
    },
    self);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_manager_hears_start_reload_life_and_end_by_path_and_by_abstract_name) {
  for (const bool is_abstract : {false, true}) {
    const manager systemd{is_abstract};
    auto us = service_notify::open(systemd.address);
    BOOST_REQUIRE(us);
    BOOST_REQUIRE(us->ready("Serves a.example\nand no other"));
    BOOST_TEST(systemd.heard() == "READY=1\nSTATUS=Serves a.example and no other");
    BOOST_REQUIRE(us->alive());
    BOOST_TEST(systemd.heard() == "WATCHDOG=1");
    BOOST_REQUIRE(us->watch_every(std::chrono::minutes{10}));
    BOOST_TEST(systemd.heard() == "WATCHDOG_USEC=600000000\nWATCHDOG=1");
    BOOST_REQUIRE(us->reloading());
    BOOST_TEST(systemd.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    BOOST_REQUIRE(us->stopping());
    BOOST_TEST(systemd.heard().starts_with("STOPPING=1\n"));
    BOOST_TEST(systemd.heard() == "nothing");
  }
}

BOOST_AUTO_TEST_CASE(without_a_manager_nothing_is_told_and_nothing_is_wrong) {
  auto us = service_notify::open("");
  BOOST_REQUIRE(us);
  BOOST_TEST(static_cast<bool>(us->ready("")));
  BOOST_TEST(static_cast<bool>(us->alive()));
}

BOOST_AUTO_TEST_CASE(a_manager_that_is_gone_is_a_fault_and_no_end) {
  std::string address;
  {
    const manager gone{false};
    address = gone.address;
  }
  auto us = service_notify::open(address);
  BOOST_REQUIRE(us);
  const auto told = us->alive();
  BOOST_REQUIRE(!told);
  BOOST_TEST((told.error().code == fault_code::internal));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_no_socket_is_refused) {
  BOOST_TEST(!service_notify::open("run/notify"));
  BOOST_TEST(!service_notify::open("vsock:2:1234"));
  BOOST_TEST(!service_notify::open("/" + std::string(sizeof sockaddr_un{}.sun_path - 1, 'x')));
  BOOST_TEST(static_cast<bool>(service_notify::open("/" + std::string(sizeof sockaddr_un{}.sun_path - 2, 'x'))));
}

BOOST_AUTO_TEST_CASE(the_watchdog_counts_where_it_is_meant_for_us) {
  const std::string socket = "/run/notify";
  BOOST_TEST(environment({{"NOTIFY_SOCKET", socket}}).socket == socket);
  BOOST_TEST(!environment({}).watchdog);
  BOOST_TEST(environment({{"WATCHDOG_USEC", "30000000"}}).watchdog.value().count() == 30'000'000);
  BOOST_TEST(environment({{"WATCHDOG_USEC", "5"}, {"WATCHDOG_PID", "42"}}).watchdog.value().count() == 5);
  BOOST_TEST(!environment({{"WATCHDOG_USEC", "5"}, {"WATCHDOG_PID", "43"}}).watchdog);
  for (const auto* wrong : {"", "0", "-1", "1s", "18446744073709551616", "18446744073709551615"})
    BOOST_TEST(!environment({{"WATCHDOG_USEC", wrong}}).watchdog, wrong);
}

BOOST_AUTO_TEST_SUITE_END()
