#include "plugin/gateway/node_link.hpp"

#include "tests/plugin/gateway/tls_socket.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <thread>

namespace causeway::testing {
namespace {

/// A link whose pipe holds few messages, and a node that reads when it is told to.
struct link_to_slow_node {
  explicit link_to_slow_node(edge::unsent_frames::bounds unsent = {})
      : link{io, context, {}, {[](const edge::frame&) {}, [this] { ++lost; }}, {8, unsent}} {
    node.set(zmq::sockopt::linger, 0);
    node.set(zmq::sockopt::rcvhwm, 8);
    node.set(zmq::sockopt::rcvtimeo, wait_s_max * 1000);
    node.bind("inproc://slow-node");
    BOOST_REQUIRE(link.open("inproc://slow-node", "gateway", std::nullopt));
    thread = std::thread{[this] { io.run(); }};
    BOOST_TEST((read().what == edge::verb::hello));
    say(edge::verb::welcome, "\x81\xa8protocol\x01");
    BOOST_REQUIRE(until([&] { return link.up(); }));
  }
  ~link_to_slow_node() {
    work.reset();
    io.stop();
    thread.join();
  }

  static bool until(const std::function<bool()>& holds) {
    for (const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{wait_s_max}; !holds();) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  edge::frame read() {
    std::vector<std::string> parts;
    zmq::message_t part;
    do {
      BOOST_REQUIRE(node.recv(part));
      parts.push_back(part.to_string());
    } while (part.more());
    BOOST_REQUIRE(parts.size() == 5u);
    peer = parts[0];
    return {static_cast<edge::verb>(parts[2].at(0)), parts[3], parts[4]};
  }
  void say(edge::verb what, const std::string& header) {
    const auto verb_byte = static_cast<char>(what);
    node.send(zmq::buffer(peer), zmq::send_flags::sndmore);
    node.send(zmq::buffer(edge::magic), zmq::send_flags::sndmore);
    node.send(zmq::const_buffer(&verb_byte, 1), zmq::send_flags::sndmore);
    node.send(zmq::buffer(header), zmq::send_flags::sndmore);
    node.send(zmq::message_t{}, zmq::send_flags::none);
  }
  void send(int number) { link.send({edge::verb::result, "\x80", std::to_string(number)}); }

  zmq::context_t context{1};
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  zmq::socket_t node{context, zmq::socket_type::router};
  std::string peer;
  std::atomic<int> lost{0};
  gateway::node_link link;
  std::thread thread;
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_node_link)

BOOST_AUTO_TEST_CASE(what_the_node_does_not_read_waits_in_order_and_nothing_is_lost) {
  link_to_slow_node x;
  constexpr int count = 500;
  for (int i = 0; i < count; ++i) x.send(i);
  BOOST_TEST(x.until([&] { return x.link.unsent() > 400; }));
  for (int i = 0; i < count;) {
    const auto got = x.read();
    if (got.what != edge::verb::result) continue; // a PING
    BOOST_TEST(got.body == std::to_string(i++));
  }
  BOOST_TEST(x.until([&] { return x.link.unsent() == 0; }));
  BOOST_TEST(x.link.overflows() == 0u);
  BOOST_TEST(x.lost == 0);
}

BOOST_AUTO_TEST_CASE(at_the_bound_the_node_counts_as_gone_and_is_greeted_anew) {
  link_to_slow_node x{{100, 1'000'000}};
  for (int i = 0; i < 500; ++i) x.send(i);
  BOOST_TEST(x.until([&] { return x.lost == 1; }));
  BOOST_TEST(x.link.overflows() >= 1u);
  BOOST_TEST(!x.link.up());
  while (x.read().what != edge::verb::hello) {} // behind what the pipe had taken
  x.say(edge::verb::welcome, "\x81\xa8protocol\x01");
  BOOST_TEST(x.until([&] { return x.link.up(); }));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::testing
