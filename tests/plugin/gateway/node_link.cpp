#include "plugin/gateway/node_link.hpp"

#include "messages/edge/header.hpp"
#include "tests/plugin/gateway/tls_socket.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace causeway::testing {
namespace {

/// A link whose pipe holds few messages, and a node that reads when it is told to.
struct link_to_slow_node : gateway::link_sink {
  explicit link_to_slow_node(edge::unsent_frames::bounds unsent = {}) : link{io, context, {}, *this, {8, unsent}} {
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
  ~link_to_slow_node() override {
    work.reset();
    io.stop();
    thread.join();
  }

  void on_frame(edge::frame) override {}
  void on_lost() override { ++lost; }
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

namespace {

/// Two nodes, and a link that goes from one to the other.
struct link_between_nodes : gateway::link_sink {
  struct node {
    node(zmq::context_t& context, const std::string& endpoint) : socket{context, zmq::socket_type::router} {
      socket.set(zmq::sockopt::linger, 0);
      socket.set(zmq::sockopt::rcvhwm, 8);
      socket.set(zmq::sockopt::rcvtimeo, wait_s_max * 1000);
      socket.bind(endpoint);
    }
    edge::frame read() {
      std::vector<std::string> parts;
      zmq::message_t part;
      do {
        BOOST_REQUIRE(socket.recv(part));
        parts.push_back(part.to_string());
      } while (part.more());
      BOOST_REQUIRE(parts.size() == 5u);
      peer = parts[0];
      return {static_cast<edge::verb>(parts[2].at(0)), parts[3], parts[4]};
    }
    void say(edge::verb what, const std::string& body = {}, const std::string& header = "\x80") {
      const auto verb_byte = static_cast<char>(what);
      socket.send(zmq::buffer(peer), zmq::send_flags::sndmore);
      socket.send(zmq::buffer(edge::magic), zmq::send_flags::sndmore);
      socket.send(zmq::const_buffer(&verb_byte, 1), zmq::send_flags::sndmore);
      socket.send(zmq::buffer(header), zmq::send_flags::sndmore);
      socket.send(zmq::buffer(body), zmq::send_flags::none);
    }
    void greet() {
      while (read().what != edge::verb::hello) {}
      say(edge::verb::welcome);
    }
    zmq::socket_t socket;
    std::string peer;
  };

  link_between_nodes() {
    BOOST_REQUIRE(link.open("inproc://first-node", "gateway", std::nullopt, false));
    thread = std::thread{[this] { io.run(); }};
  }
  ~link_between_nodes() override {
    work.reset();
    io.stop();
    thread.join();
  }
  void on_frame(edge::frame x) override {
    const std::lock_guard lock{mutex};
    bodies.push_back(x.body);
  }
  void on_lost() override { ++lost; }
  void on_up() override { ++came_up; }
  static bool until(const std::function<bool()>& holds) { return link_to_slow_node::until(holds); }
  std::vector<std::string> heard() {
    const std::lock_guard lock{mutex};
    return bodies;
  }

  zmq::context_t context{1};
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  node first{context, "inproc://first-node"}, second{context, "inproc://second-node"};
  std::mutex mutex;
  std::vector<std::string> bodies;
  std::atomic<int> lost{0}, came_up{0};
  gateway::node_link link{io, context, {}, *this, {8, {}}};
  std::thread thread;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(another_node_is_greeted_and_the_first_is_heard_no_more, link_between_nodes) {
  const auto hello = first.read();
  BOOST_TEST((hello.what == edge::verb::hello));
  BOOST_TEST(hello.header == "\x83\xa8protocol\x01\xa4name\xa7gateway\xa8outbound\xc2");
  first.say(edge::verb::welcome);
  BOOST_TEST(until([&] { return came_up == 1; }));
  link.retarget("inproc://second-node", std::nullopt);
  second.greet();
  BOOST_TEST(until([&] { return came_up == 2; }));
  BOOST_TEST(lost == 1);
  BOOST_TEST(link.up());
  first.say(edge::verb::result, "late");
  second.say(edge::verb::result, "its own");
  BOOST_TEST(until([&] { return !heard().empty(); }));
  BOOST_TEST(heard() == std::vector<std::string>{"its own"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_waited_for_the_first_node_is_not_sent_to_the_second, link_between_nodes) {
  first.greet();
  BOOST_TEST(until([&] { return link.up(); }));
  for (int i = 0; i < 500; ++i) link.send({edge::verb::command, "\x80", "for the first"});
  BOOST_TEST(until([&] { return link.unsent() > 400; })); // its pipe is full
  link.retarget("inproc://second-node", std::nullopt);
  second.greet();
  BOOST_TEST(until([&] { return came_up == 2; }));
  link.send({edge::verb::command, "\x80", "for the second"});
  auto got = second.read();
  while (got.what == edge::verb::ping) got = second.read();
  BOOST_TEST(got.body == "for the second");
}

BOOST_FIXTURE_TEST_CASE(a_node_that_has_not_answered_is_left_as_well, link_between_nodes) {
  BOOST_TEST((first.read().what == edge::verb::hello));
  link.retarget("inproc://second-node", std::nullopt);
  second.greet();
  BOOST_TEST(until([&] { return link.up(); }));
  BOOST_TEST(lost == 0);
}

BOOST_FIXTURE_TEST_CASE(without_a_node_it_is_down_until_there_is_one, link_between_nodes) {
  first.greet();
  BOOST_TEST(until([&] { return link.up(); }));
  link.retarget("", std::nullopt);
  BOOST_TEST(until([&] { return lost == 1; }));
  BOOST_TEST(!link.up());
  link.retarget("carrier-pigeon://x", std::nullopt); // as none
  link.retarget("inproc://second-node", std::nullopt);
  second.greet();
  BOOST_TEST(until([&] { return link.up(); }));
  BOOST_TEST(lost == 1);
}

namespace {

/// As long as it lives the process can open nothing; what is open stays.
class no_descriptors {
public:
  no_descriptors() {
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit none{3, before_.rlim_max};
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  no_descriptors(const no_descriptors&) = delete;
  ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

} // namespace

BOOST_FIXTURE_TEST_CASE(without_descriptors_the_next_node_is_tried_until_there_are_some, link_between_nodes) {
  first.greet();
  BOOST_TEST(until([&] { return link.up(); }));
  {
    const no_descriptors none;
    link.retarget("inproc://second-node", std::nullopt);
    BOOST_TEST(until([&] { return lost == 1; })); // behind the first attempt
    link.send({edge::verb::command, "\x80", "goes nowhere"});
  }
  second.greet();
  BOOST_TEST(until([&] { return link.up(); }));
  link.send({edge::verb::command, "\x80", "for the second"});
  auto got = second.read();
  while (got.what != edge::verb::command) got = second.read();
  BOOST_TEST(got.body == "for the second");
}

BOOST_AUTO_TEST_CASE(a_node_of_another_homeserver_gets_no_request) {
  zmq::context_t context{1};
  link_between_nodes::node somebody{context, "inproc://somebody"};
  boost::asio::io_context io{1};
  const auto work = boost::asio::make_work_guard(io);
  struct : gateway::link_sink {
    void on_frame(edge::frame) override {}
    void on_lost() override {}
  } nobody;
  gateway::node_link link{io, context, {}, nobody};
  link.expect("ours.example");
  BOOST_REQUIRE(link.open("inproc://somebody", "gateway", std::nullopt, false));
  std::thread thread{[&io] { io.run(); }};
  const auto welcome_of = [&](const std::string& server) {
    while (somebody.read().what != edge::verb::hello) {}
    edge::welcome_header w;
    w.server_name = server;
    somebody.say(edge::verb::welcome, {}, edge::encode_header(w));
  };
  welcome_of("other.example");
  welcome_of(""); // it was not taken for a node: HELLO came again
  BOOST_TEST(!link.up());
  welcome_of("ours.example");
  BOOST_TEST(link_to_slow_node::until([&] { return link.up(); }));
  io.stop();
  thread.join();
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::testing
