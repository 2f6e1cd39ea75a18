// A whole node as a library: started, reached, stopped, started again; the C API over it.
#include "plugin/node.hpp"

#include "config/loader.hpp"
#include "messages/edge/header.hpp"
#include "plugin/causeway.h"

#include <boost/test/unit_test.hpp>
#include <zmq.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

BOOST_AUTO_TEST_SUITE(a_node)

namespace {

namespace fs = std::filesystem;
using namespace causeway;

/// A directory of its own, gone afterwards. Short: the path of a unix socket has at most 107 bytes.
struct place {
  fs::path path;
  place() {
    char name[] = "/tmp/cw-node-XXXXXX";
    path = mkdtemp(name);
  }
  ~place() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  std::string toml() const {
    const auto dir = path.string();
    return "[node]\nserver_name = \"node.test\"\ndata_dir = \"" + dir + "\"\n[store]\npath = \"" + dir +
           "/store.db\"\n[edge]\nchat_endpoints = [\"ipc://" + dir + "/chat.sock\"]\nadmin_endpoint = \"ipc://" + dir +
           "/admin.sock\"\n[gateway]\nlisten = [\"127.0.0.1:0\"]\nplain_http = true\n[log]\nlevel = \"error\"\n";
  }
  config::options options() const {
    config::sources s;
    s.text = toml();
    auto loaded = config::load(s);
    BOOST_REQUIRE_MESSAGE(loaded, (loaded ? std::string{} : loaded.error().detail));
    return *loaded;
  }
};

/// The verb and header of the next message; 0: nothing came.
std::pair<std::uint8_t, std::string> receive(zmq::socket_t& socket) {
  zmq::message_t part, verb, header;
  if (!socket.recv(part) || !socket.recv(verb) || verb.size() != 1 || !socket.recv(header) || !socket.recv(part))
    return {};
  return {*verb.data<std::uint8_t>(), header.to_string()};
}

zmq::socket_t connected(zmq::context_t& context, const std::string& endpoint) {
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::rcvtimeo, 10'000);
  socket.connect(endpoint);
  edge::hello_header hello;
  hello.versions = {1};
  hello.client = "test";
  hello.credit = {10, 1024 * 1024};
  const auto header = edge::encode_header(hello);
  socket.send(zmq::buffer(edge::magic), zmq::send_flags::sndmore);
  const auto verb = static_cast<char>(edge::verb::hello);
  socket.send(zmq::buffer(&verb, 1), zmq::send_flags::sndmore);
  socket.send(zmq::buffer(header), zmq::send_flags::sndmore);
  socket.send(zmq::message_t{}, zmq::send_flags::none);
  return socket;
}

/// HELLO to a chat endpoint. @returns the verb of the answer
std::uint8_t greet(const std::string& endpoint) {
  zmq::context_t context;
  auto socket = connected(context, endpoint);
  return receive(socket).first;
}

} // namespace

BOOST_AUTO_TEST_CASE(welcomes_a_chat_server_and_stops_in_good_order) {
  place here;
  auto started = node::start(here.options());
  BOOST_REQUIRE_MESSAGE(started, (started ? std::string{} : to_string(started.error())));
  BOOST_TEST((*started)->server_name() == "node.test");
  BOOST_REQUIRE_EQUAL((*started)->chat_endpoints().size(), 1u);
  BOOST_REQUIRE_EQUAL((*started)->gateway_ports().size(), 1u);
  BOOST_TEST((*started)->gateway_ports().front() != 0);
  BOOST_TEST(greet((*started)->chat_endpoints().front()) == static_cast<std::uint8_t>(edge::verb::welcome));
  (*started)->stop();
  (*started)->stop(); // a repeat is harmless
}

BOOST_AUTO_TEST_CASE(starts_again_on_its_own_store_with_the_same_key) {
  place here;
  for (int round = 0; round < 2; ++round) {
    auto started = node::start(here.options());
    BOOST_REQUIRE_MESSAGE(started, (started ? std::string{} : to_string(started.error())));
    BOOST_TEST(greet((*started)->chat_endpoints().front()) == static_cast<std::uint8_t>(edge::verb::welcome));
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_new_key_for_a_store_that_holds_events) {
  place here;
  { BOOST_REQUIRE(node::start(here.options())); }
  fs::remove(here.path / "signing.key");
  auto again = node::start(here.options());
  BOOST_REQUIRE(!again);
  BOOST_TEST(again.error().detail.find("signing.key") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tells_its_peers_when_it_stops) {
  place here;
  auto started = node::start(here.options());
  BOOST_REQUIRE_MESSAGE(started, (started ? std::string{} : to_string(started.error())));
  zmq::context_t context;
  auto socket = connected(context, (*started)->chat_endpoints().front());
  BOOST_REQUIRE(receive(socket).first == static_cast<std::uint8_t>(edge::verb::welcome));
  started->reset();
  auto last = receive(socket);
  while (last.first == static_cast<std::uint8_t>(edge::verb::ping)) last = receive(socket);
  BOOST_REQUIRE(last.first == static_cast<std::uint8_t>(edge::verb::bye));
  BOOST_TEST(edge::decode_header<edge::bye_header>(last.second)->reason == "stopping");
}

BOOST_AUTO_TEST_CASE(refuses_options_that_contradict_themselves_also_when_a_host_made_them) {
  place here;
  auto options = here.options();
  options.edge.high_water_mark = 100;
  const auto started = node::start(options);
  BOOST_REQUIRE(!started);
  BOOST_TEST(static_cast<int>(started.error().code) == static_cast<int>(fault_code::invalid_param));
  BOOST_TEST(started.error().detail.find("edge.high_water_mark: 100 is less than") != std::string::npos,
             started.error().detail);
}

BOOST_AUTO_TEST_CASE(two_nodes_cannot_open_one_store) {
  place here, elsewhere;
  auto first = node::start(here.options());
  BOOST_REQUIRE(first);
  auto options = elsewhere.options();
  options.store.path = here.options().store.path;
  options.node.signing_key_file = here.options().node.signing_key_path();
  auto second = node::start(options);
  BOOST_REQUIRE(!second);
  BOOST_TEST(static_cast<int>(second.error().code) == static_cast<int>(fault_code::store_failed));
}

BOOST_AUTO_TEST_CASE(can_be_embedded_by_a_program_in_c) {
  place here;
  auto* embedded = causeway_start_text(here.toml().c_str());
  BOOST_REQUIRE_MESSAGE(embedded, causeway_last_error());
  BOOST_TEST(std::string{causeway_server_name(embedded)} == "node.test");
  BOOST_TEST(greet(causeway_endpoint(embedded)) == static_cast<std::uint8_t>(edge::verb::welcome));
  causeway_stop(embedded);
  causeway_stop(nullptr);
}

BOOST_AUTO_TEST_CASE(tells_a_program_in_c_what_is_wrong) {
  BOOST_TEST(causeway_start_text("[node]\nserver_nam = \"x\"\n") == nullptr);
  BOOST_TEST(std::string{causeway_last_error()}.find("server_name") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
