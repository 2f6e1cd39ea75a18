#pragma once
// What a node that stands by needs around it: one that serves, as far as others see it, and who asks.
#include "plugin/edge/edge.hpp"
#include "plugin/node_gateways.hpp"
#include "tests/actors/machine_rig.hpp"
#include "tests/plugin/edge/edge_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace causeway::test {

inline bool until(const std::function<bool()>& holds) {
  for (const auto deadline = std::chrono::steady_clock::now() + patience; !holds();) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A node that serves, as far as gateways see it: it answers what no actor has to be asked for.
class serving_node : edge::frame_sink {
public:
  serving_node(const std::string& endpoint, const std::function<void(config::edge_options&)>& change = {}) {
    config::edge_options o;
    o.chat_endpoints.clear();
    o.admin_endpoint.clear();
    o.gateway_endpoints = {endpoint};
    if (change) change(o);
    auto bound = edge::edge::open(zmq_, o, *this);
    BOOST_REQUIRE_MESSAGE(bool(bound), (bound ? "" : to_string(bound.error())));
    edge_ = *std::move(bound);
    is_open_ = true;
    is_open_.notify_all();
  }
  ~serving_node() override { edge_->stop(); }
  serving_node(const serving_node&) = delete;

  std::string endpoint() const { return edge_->endpoints().front().address; }
  /// Requests that were handed to actors, of which there are none here.
  int handed_on() const { return handed_on_; }

private:
  void on_frame(const edge::connection& from, edge::frame&& x) override {
    is_open_.wait(false);
    links_.on_frame(from, std::move(x));
  }
  void on_lost(const edge::connection&) override {}

  context node_ = node_of("ours.example", *matrix::signing_key::from_seed(std::string(32, 's')));
  zmq::context_t zmq_{1};
  std::atomic<bool> is_open_ = false;
  std::atomic<int> handed_on_ = 0;
  std::unique_ptr<edge::edge> edge_;
  gateway_links links_{node_, [this](const address&, const message&) { ++handed_on_; },
                       [this](const edge::connection& to, edge::frame f) { edge_->send(to, std::move(f)); },
                       [] { return time_ms{1'700'000'000'000}; }};
};

/// A loopback address of this process alone: a port that is let go there is nobody else's until it is wanted again.
inline std::string own_host() {
  const auto number = static_cast<unsigned>(::getpid());
  return "127." + std::to_string(1 + number % 250) + "." + std::to_string(number / 250 % 250) + ".7";
}

/// Whole answer of one request; empty: nobody listens, or the connection was cut.
inline std::string asked(std::uint16_t port, const std::string& target, const std::string& headers = {}) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval most{patience.count() / 1'000, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, own_host().c_str(), &to.sin_addr);
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    const auto request =
      "GET " + target + " HTTP/1.1\r\nHost: ours.example\r\nConnection: close\r\n" + headers + "\r\n";
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()))
      for (char some[4096];;) {
        const auto count = ::recv(fd, some, sizeof some, 0);
        if (count <= 0) break;
        answer.append(some, static_cast<std::size_t>(count));
      }
  }
  ::close(fd);
  return answer;
}

} // namespace causeway::test
