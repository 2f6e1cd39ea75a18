#include "plugin/edge/edge.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/header.hpp"
#include "messages/limits.hpp"
#include "tests/plugin/edge/edge_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

using namespace causeway;
using causeway::edge::role;
using causeway::edge::verb;
using test::dealer;
using test::edge_rig;
using test::scratch;
using namespace std::chrono_literals;

namespace {

using frames = std::vector<std::string>;

fault refused(const config::edge_options& options) {
  zmq::context_t context{1};
  test::deaf_sink nobody;
  auto made = edge::edge::open(context, options, nobody);
  return made ? fault{} : made.error();
}

void is_refused(const config::edge_options& options, fault_code code, std::string_view word) {
  const auto why = refused(options);
  BOOST_TEST((why.code == code), to_string(why));
  BOOST_TEST(why.detail.find(word) != std::string::npos, why.detail);
}

void answers_error(dealer& d, const frames& sent, fault_code code) {
  d.send(sent);
  const auto answer = d.receive();
  BOOST_REQUIRE(answer.size() == 4u);
  BOOST_TEST(answer[1] == "X");
  BOOST_TEST((chat::decode_fault(answer[3]).code == code), to_string(chat::decode_fault(answer[3])));
}

} // namespace

BOOST_AUTO_TEST_SUITE(edge_sockets)

BOOST_AUTO_TEST_CASE(frames_go_in_and_out) {
  edge_rig rig;
  dealer d{rig.context, rig.chat()};
  d.send({"CW1", "P", "\x80", "body"});
  const auto got = rig.next();
  BOOST_REQUIRE(got);
  BOOST_TEST((got->second.what == verb::ping));
  BOOST_TEST(got->second.header == "\x80");
  BOOST_TEST(got->second.body == "body");
  BOOST_TEST((got->first.peer_role == role::chat));
  BOOST_TEST(got->first.endpoint == 0u);
  BOOST_TEST(got->first.peer_name == "");

  const std::string large(500'000, 'x'); // sent without a copy
  rig.served->send(got->first, {verb::event, "h", large});
  rig.served->send(got->first, {verb::event, "", ""});
  BOOST_TEST(d.receive() == (frames{"CW1", "E", "h", large}), boost::test_tools::per_element());
  BOOST_TEST(d.receive() == (frames{"CW1", "E", "", ""}), boost::test_tools::per_element());
  BOOST_TEST(rig.served->count().frames_in == 1u);
  BOOST_TEST(rig.served->count().frames_out == 2u);
}

BOOST_AUTO_TEST_CASE(malformed_messages_are_answered_and_harm_nothing) {
  edge_rig rig;
  dealer d{rig.context, rig.chat()};
  answers_error(d, {"CW1"}, fault_code::bad_frame);
  answers_error(d, {""}, fault_code::bad_frame);
  answers_error(d, {"CW1", "P", ""}, fault_code::bad_frame);
  answers_error(d, {"CW1", "P", "", "", ""}, fault_code::bad_frame);
  answers_error(d, frames(100, "x"), fault_code::bad_frame);
  answers_error(d, {"CW2", "P", "", ""}, fault_code::bad_frame);
  answers_error(d, {"CW1", "PP", "", ""}, fault_code::bad_frame);
  answers_error(d, {"CW1", "", "", ""}, fault_code::bad_frame);
  answers_error(d, {"CW1", "?", "", ""}, fault_code::unknown_verb);
  d.send({"CW1", "P", "", ""});
  BOOST_TEST(bool(rig.next()));
  BOOST_TEST(rig.served->count().bad_frames == 9u);
}

BOOST_AUTO_TEST_CASE(a_message_over_the_bound_is_refused) {
  edge_rig rig;
  dealer d{rig.context, rig.chat()};
  const std::string half(limits::chat_frame_bytes_max / 2 + 1, 'x');
  answers_error(d, {"CW1", "P", half, half}, fault_code::too_large);
  answers_error(d, {"CW1", "P", "", std::string(limits::chat_frame_bytes_max + 1, 'x')}, fault_code::too_large);
  d.send({"CW1", "P", "", ""}); // on the same connection
  BOOST_TEST((rig.next().value().second.what == verb::ping));
  // A single part far over the bound: libzmq itself ends the connection.
  d.send({"CW1", "P", "", std::string(limits::chat_transport_bytes_max + 1, 'x')});
  dealer after{rig.context, rig.chat()};
  after.send({"CW1", "O", "", ""});
  const auto got = rig.next();
  BOOST_REQUIRE(got);
  BOOST_TEST((got->second.what == verb::pong));
}

BOOST_AUTO_TEST_CASE(a_command_that_is_too_large_is_refused_by_its_id_and_not_repeated_for_ever) {
  edge_rig rig;
  dealer d{rig.context, rig.chat()};
  const auto refusal = [&d](const std::string& what, const std::string& header) {
    d.send({"CW1", what, header, std::string(3 * limits::chat_frame_bytes_max, 'x')});
    const auto answer = d.receive();
    BOOST_REQUIRE(answer.size() == 4u);
    BOOST_TEST(answer[1] == "X");
    const auto why = chat::decode_fault(answer[3]);
    BOOST_TEST((why.code == fault_code::too_large));
    BOOST_TEST(why.detail.find("at most 1048576") != std::string::npos, why.detail);
    return *edge::decode_header<edge::error_header>(answer[2]);
  };
  BOOST_TEST(refusal("C", edge::encode_header(edge::command_header{"k1", "media.put"})).id.value() == "k1");
  const auto of_ack = refusal("A", edge::encode_header(edge::ack_header{3, 7}));
  BOOST_TEST(of_ack.stream.value() == 3u);
  BOOST_TEST(!of_ack.id.has_value());
  BOOST_TEST(refusal("N", edge::encode_header(edge::nack_header{2, 7, true, ""})).stream.value() == 2u);
  BOOST_TEST(!refusal("C", "junk").id.has_value());
  BOOST_TEST(!refusal("P", "").id.has_value());
  BOOST_TEST(!refusal("C", std::string(20'000, 'x')).id.has_value());
}

BOOST_AUTO_TEST_CASE(what_was_sent_before_the_end_arrives) {
  std::optional<edge_rig> rig{std::in_place};
  dealer d{rig->context, rig->chat()};
  d.send({"CW1", "P", "", ""});
  const auto who = rig->next().value().first;
  for (int i = 0; i < 100; ++i) rig->served->send(who, {verb::event, std::to_string(i), std::string(10'000, 'x')});
  rig->served->send(who, {verb::bye, "", ""});
  rig.reset();
  for (int i = 0; i < 100; ++i) BOOST_TEST(d.receive().at(2) == std::to_string(i));
  BOOST_TEST(d.receive().at(1) == "B");
}

BOOST_AUTO_TEST_CASE(a_routing_id_chosen_by_a_peer_is_refused_at_every_endpoint) {
  const scratch dir;
  edge_rig rig{[&](config::edge_options& o) {
    o.gateway_endpoints = {"tcp://127.0.0.1:*"};
    o.admin_endpoint = "ipc://" + dir.file("admin.sock");
  }};
  for (const auto& each : rig.served->endpoints()) {
    dealer d{rig.context, each.address, [](zmq::socket_t& s) { s.set(zmq::sockopt::routing_id, "mine!"); }};
    answers_error(d, {"CW1", "P", "", ""}, fault_code::bad_frame);
  }
}

BOOST_AUTO_TEST_CASE(a_frame_to_a_connection_that_is_gone_is_told) {
  edge_rig rig;
  edge::connection gone;
  {
    dealer d{rig.context, rig.chat()};
    d.send({"CW1", "P", "", ""});
    gone = rig.next().value().first;
  }
  // libzmq notices the end of the connection some time; until then frames go into it.
  while (!rig.lost(20ms)) rig.served->send(gone, {verb::ping, "", ""});
  rig.served->send({0, "never was", role::chat, ""}, {verb::ping, "", ""});
  const auto lost = rig.lost(10s);
  BOOST_REQUIRE(lost);
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_is_given_up_and_others_go_on) {
  edge_rig rig{[](config::edge_options& o) { o.high_water_mark = 10; }};
  dealer lazy{rig.context, rig.chat(), [](zmq::socket_t& s) { s.set(zmq::sockopt::rcvhwm, 1); }};
  lazy.send({"CW1", "P", "", ""});
  const auto slow = rig.next().value().first;
  dealer d{rig.context, rig.chat()};
  d.send({"CW1", "P", "", ""});
  const auto quick = rig.next().value().first;

  const std::string body(100'000, 'x');
  std::optional<edge::connection> lost;
  for (int i = 0; i < 1'000 && !lost; ++i) {
    rig.served->send(slow, {verb::event, "", body});
    if (i % 50 == 49) lost = rig.lost(100ms);
  }
  if (!lost) lost = rig.lost(10s);
  BOOST_REQUIRE(lost);
  BOOST_TEST((*lost == slow));
  rig.served->send(quick, {verb::event, "", "y"});
  BOOST_TEST(d.receive().back() == "y");
  BOOST_TEST(rig.served->count().connections_lost >= 1u);
}

BOOST_AUTO_TEST_CASE(a_peer_that_reads_late_gets_everything_in_order) {
  edge_rig rig{[](config::edge_options& o) { o.high_water_mark = 100; }};
  dealer d{rig.context, rig.chat(), [](zmq::socket_t& s) { s.set(zmq::sockopt::rcvhwm, 1); }};
  d.send({"CW1", "P", "", ""});
  const auto to = rig.next().value().first;
  const std::string body(100'000, 'x');
  for (int i = 0; i < 150; ++i) rig.served->send(to, {verb::event, std::to_string(i), body});
  for (int i = 0; i < 150; ++i) {
    const auto got = d.receive();
    BOOST_REQUIRE(got.size() == 4u);
    BOOST_REQUIRE(got[2] == std::to_string(i));
  }
}

BOOST_AUTO_TEST_CASE(many_threads_send_at_once) {
  edge_rig rig;
  dealer d{rig.context, rig.chat()};
  d.send({"CW1", "P", "", ""});
  const auto to = rig.next().value().first;
  constexpr int threads = 4, each = 500;
  std::vector<std::thread> senders;
  for (int t = 0; t < threads; ++t)
    senders.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) rig.served->send(to, {verb::event, std::to_string(t), std::to_string(i)});
    });
  std::map<std::string, int> next;
  for (int i = 0; i < threads * each; ++i) {
    const auto got = d.receive();
    BOOST_REQUIRE(got.size() == 4u);
    BOOST_REQUIRE(got[3] == std::to_string(next[got[2]]++)); // the order of each thread
  }
  for (auto& t : senders) t.join();
}

BOOST_AUTO_TEST_CASE(the_gateway_of_this_process_connects_inproc_with_large_frames) {
  edge_rig rig;
  dealer d{rig.context, edge::inproc_gateway_endpoint};
  const std::string body(3 * limits::chat_frame_bytes_max, 'x');
  d.send({"CW1", "C", "h", body});
  const auto got = rig.next();
  BOOST_REQUIRE(got);
  BOOST_TEST((got->first.peer_role == role::gateway));
  BOOST_TEST(got->second.body.size() == body.size());
  rig.served->send(got->first, {verb::result, "h", body});
  BOOST_TEST(d.receive().back().size() == body.size());
}

BOOST_AUTO_TEST_CASE(roles_follow_the_endpoint) {
  const scratch dir;
  edge_rig rig{[&](config::edge_options& o) {
    o.gateway_endpoints = {"tcp://127.0.0.1:*"};
    o.admin_endpoint = "ipc://" + dir.file("sub/admin.sock");
  }};
  const auto& bound = rig.served->endpoints();
  BOOST_REQUIRE(bound.size() == 4u);
  for (const auto& [index, kind] : {std::pair{1, role::gateway}, {3, role::admin}}) {
    BOOST_TEST((bound[index].kind == kind));
    dealer d{rig.context, bound[index].address};
    d.send({"CW1", "H", "", ""});
    BOOST_TEST((rig.next().value().first.peer_role == kind));
  }
}

BOOST_AUTO_TEST_CASE(sockets_of_the_file_system_are_for_the_owner_only) {
  const scratch dir;
  const auto file = dir.file("sub/chat.sock");
  edge_rig rig{[&](config::edge_options& o) { o.chat_endpoints = {"ipc://" + file}; }};
  struct stat found {};
  BOOST_REQUIRE(::stat(file.c_str(), &found) == 0);
  BOOST_TEST((found.st_mode & 0777) == 0600u);
  BOOST_REQUIRE(::stat(dir.file("sub").c_str(), &found) == 0);
  BOOST_TEST((found.st_mode & 0777) == 0700u);
  dealer d{rig.context, "ipc://" + file};
  d.send({"CW1", "P", "", ""});
  BOOST_TEST(bool(rig.next()));
}

BOOST_AUTO_TEST_CASE(sockets_are_for_the_owner_only_also_where_the_umask_takes_nothing_and_go_with_the_edge) {
  const scratch dir;
  const auto file = dir.file("a/b/chat.sock");
  const auto before = ::umask(0);
  {
    const edge_rig rig{[&](config::edge_options& o) { o.chat_endpoints = {"ipc://" + file}; }};
    struct stat found {};
    BOOST_REQUIRE(::stat(file.c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777) == 0600u);
    for (const auto* folder : {"a", "a/b"}) {
      BOOST_REQUIRE(::stat(dir.file(folder).c_str(), &found) == 0);
      BOOST_TEST((found.st_mode & 0777) == 0700u);
    }
  }
  BOOST_TEST(::umask(before) == 0u); // as the host process had it
  BOOST_TEST(!std::filesystem::exists(file));
}

BOOST_AUTO_TEST_CASE(an_edge_that_ends_leaves_the_socket_of_another_alone) {
  const scratch dir;
  const auto file = dir.file("chat.sock");
  {
    const edge_rig rig{[&](config::edge_options& o) { o.chat_endpoints = {"ipc://" + file}; }};
    std::filesystem::remove(file);
    test::leave_stale_socket(file);
  }
  BOOST_TEST(std::filesystem::exists(file));
}

BOOST_AUTO_TEST_CASE(an_admin_endpoint_on_loopback_without_curve_is_refused) {
  config::edge_options options;
  options.chat_endpoints = {"tcp://127.0.0.1:*"};
  for (const auto* endpoint : {"tcp://127.0.0.1:*", "tcp://[::1]:*", "tcp://localhost:*", "tcp://lo:*"}) {
    options.admin_endpoint = endpoint;
    is_refused(options, fault_code::forbidden, "every user of this machine");
  }
}

BOOST_AUTO_TEST_CASE(a_stale_socket_file_is_replaced_and_a_live_one_is_not) {
  const scratch dir;
  const auto file = dir.file("chat.sock");
  config::edge_options options;
  options.chat_endpoints = {"ipc://" + file};
  options.admin_endpoint.clear();
  test::leave_stale_socket(file);
  {
    edge_rig rig{[&](config::edge_options& o) { o.chat_endpoints = options.chat_endpoints; }};
    is_refused(options, fault_code::address_in_use, "another process listens");
    dealer d{rig.context, "ipc://" + file};
    d.send({"CW1", "P", "", ""});
    BOOST_TEST(bool(rig.next())); // it still works
  }
  std::ofstream{file} << "precious";
  is_refused(options, fault_code::invalid_param, "not a socket");
  BOOST_TEST(std::filesystem::file_size(file) == 8u);
}

BOOST_AUTO_TEST_CASE(endpoints_that_cannot_be_are_refused_with_a_reason) {
  config::edge_options options;
  options.admin_endpoint.clear();
  for (const auto* open_to_others :
       {"tcp://*:0", "tcp://0.0.0.0:7000", "tcp://[::]:7000", "tcp://192.0.2.1:7000", "tcp://eth0:7000"}) {
    options.chat_endpoints = {open_to_others};
    is_refused(options, fault_code::forbidden, "curve_secret_key_file");
  }
  options.chat_endpoints = {"ipc://@abstract"};
  is_refused(options, fault_code::forbidden, "abstract");
  options.chat_endpoints = {"udp://127.0.0.1:1"};
  is_refused(options, fault_code::invalid_param, "udp");
  options.chat_endpoints = {"ipc:///" + std::string(120, 'x')};
  is_refused(options, fault_code::invalid_param, "107");
  edge_rig rig;
  options.chat_endpoints = {rig.chat()};
  is_refused(options, fault_code::address_in_use, rig.chat());
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_handled_while_the_edge_ends_is_answered_through_its_owner) {
  zmq::context_t context{1};
  config::edge_options options;
  options.chat_endpoints = {"tcp://127.0.0.1:*"};
  options.admin_endpoint.clear();
  struct : edge::frame_sink {
    std::unique_ptr<edge::edge> served;
    std::atomic<bool> is_open = false, is_handled = false, ends = false;
    void on_frame(const edge::connection& from, edge::frame&&) override {
      is_open.wait(false);
      is_handled = true;
      is_handled.notify_all();
      ends.wait(false);
      std::this_thread::sleep_for(20ms); // so that its owner is within stop() by now, or past it
      served->send(from, {verb::pong, "\x80", "late"});
    }
    void on_lost(const edge::connection&) override {}
  } owner;
  owner.served = *edge::edge::open(context, options, owner);
  dealer d{context, owner.served->endpoints().front().address};
  owner.is_open = true;
  owner.is_open.notify_all();
  d.send({"CW1", "P", "\x80", "body"});
  owner.is_handled.wait(false);
  owner.ends = true;
  owner.ends.notify_all();
  owner.served->stop();
  owner.served->stop(); // harmless
  owner.served.reset();
  BOOST_TEST(d.receive().at(3) == "late");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(edge_curve)

BOOST_AUTO_TEST_CASE(a_listed_key_is_admitted_by_name_and_role_and_another_is_not) {
  const scratch dir;
  const auto server = test::curve_pair(), rc = test::curve_pair(), gateway = test::curve_pair(),
             stranger = test::curve_pair();
  edge_rig rig{[&](config::edge_options& o) {
    o.curve_secret_key_file = test::key_file(dir, server.secret_key);
    o.chat_endpoints = {"tcp://*:*"};
    o.peers = {{rc.public_key, "rc1", "chat"}, {gateway.public_key, "gw", "gateway"}};
  }};
  const auto address = rig.on_loopback(0);
  BOOST_TEST(rig.served->endpoints()[0].curve);

  dealer d{rig.context, address, test::curve_client(server.public_key, rc)};
  d.send({"CW1", "P", "", ""});
  const auto got = rig.next();
  BOOST_REQUIRE(got);
  BOOST_TEST(got->first.peer_name == "rc1");
  BOOST_TEST((got->first.peer_role == role::chat));
  rig.served->send(got->first, {verb::pong, "", ""});
  BOOST_TEST(d.receive().size() == 4u);

  // A stranger, a key of another role, somebody without a key: none of them gets a frame through.
  dealer a{rig.context, address, test::curve_client(server.public_key, stranger)};
  dealer b{rig.context, address, test::curve_client(server.public_key, gateway)};
  dealer c{rig.context, address};
  for (auto* refused : {&a, &b, &c}) refused->try_send({"CW1", "P", "", ""});
  while (rig.served->count().handshakes_refused < 2) std::this_thread::yield();
  d.send({"CW1", "O", "", ""});
  const auto next = rig.next();
  BOOST_REQUIRE(next);
  BOOST_TEST((next->second.what == verb::pong));
  BOOST_TEST(!rig.next(0ms));
}

BOOST_AUTO_TEST_CASE(another_node_is_a_gateway_or_passes_chat_servers_on_and_nothing_else) {
  const scratch dir;
  const auto server = test::curve_pair(), two = test::curve_pair();
  edge_rig rig{[&](config::edge_options& o) {
    o.curve_secret_key_file = test::key_file(dir, server.secret_key);
    o.chat_endpoints = {"tcp://127.0.0.1:*"};
    o.gateway_endpoints = {"tcp://127.0.0.1:*"};
    o.admin_endpoint = "tcp://127.0.0.1:*";
    o.peers = {{two.public_key, "two", "node"}};
  }};
  std::uint64_t refusals = 0;
  for (const auto& endpoint : rig.served->endpoints()) {
    if (!endpoint.curve) continue; // of this process
    dealer d{rig.context, endpoint.address, test::curve_client(server.public_key, two)};
    d.try_send({"CW1", "P", "", ""});
    if (endpoint.kind == role::admin) {
      ++refusals;
      while (rig.served->count().handshakes_refused < refusals) std::this_thread::yield();
      continue;
    }
    const auto got = rig.next();
    BOOST_REQUIRE(got);
    BOOST_TEST((got->first.peer_role == endpoint.kind));
    // The chat server it speaks for has its name in HELLO: with the node's here, the session would refuse it.
    BOOST_TEST(got->first.peer_name == (endpoint.kind == role::chat ? "" : "two"));
  }
  BOOST_TEST(refusals == 1u);
}

BOOST_AUTO_TEST_CASE(a_key_opens_the_endpoints_of_its_own_role_and_no_others) {
  const scratch dir;
  const auto server = test::curve_pair();
  const std::vector<std::pair<role, test::curve>> keys = {{role::chat, test::curve_pair()},
                                                          {role::gateway, test::curve_pair()},
                                                          {role::inspector, test::curve_pair()},
                                                          {role::admin, test::curve_pair()}};
  edge_rig rig{[&](config::edge_options& o) {
    o.curve_secret_key_file = test::key_file(dir, server.secret_key);
    o.chat_endpoints = {"tcp://127.0.0.1:*"};
    o.gateway_endpoints = {"tcp://127.0.0.1:*"};
    o.admin_endpoint = "tcp://127.0.0.1:*";
    for (const auto& [as, key] : keys)
      o.peers.push_back({key.public_key, "the " + std::string{name(as)}, std::string{name(as)}});
  }};
  std::uint64_t refusals = 0;
  for (const auto& endpoint : rig.served->endpoints()) {
    if (!endpoint.curve) continue; // of this process
    for (const auto& [as, key] : keys) {
      BOOST_TEST_CONTEXT(name(as) << " at the endpoint of " << name(endpoint.kind)) {
        dealer d{rig.context, endpoint.address, test::curve_client(server.public_key, key)};
        if (as == endpoint.kind || (as == role::inspector && endpoint.kind == role::admin)) {
          d.send({"CW1", "P", "", ""});
          const auto got = rig.next();
          BOOST_REQUIRE(got);
          BOOST_TEST((got->first.peer_role == as));
          BOOST_TEST(got->first.peer_name == "the " + std::string{name(as)});
        } else {
          d.try_send({"CW1", "P", "", ""});
          ++refusals;
          while (rig.served->count().handshakes_refused < refusals) std::this_thread::yield();
        }
      }
      refusals = rig.served->count().handshakes_refused; // a refused one may have tried again
    }
  }
  BOOST_TEST(!rig.next(0ms));
}

BOOST_AUTO_TEST_CASE(keys_and_lists_that_cannot_be_are_refused) {
  const scratch dir;
  const auto server = test::curve_pair();
  config::edge_options options;
  options.admin_endpoint.clear();
  options.chat_endpoints = {"tcp://127.0.0.1:*"};
  options.curve_secret_key_file = dir.file("missing");
  is_refused(options, fault_code::not_found, "does not exist");
  options.curve_secret_key_file = test::key_file(dir, "short");
  is_refused(options, fault_code::invalid_param, "40 characters");
  options.curve_secret_key_file = test::key_file(dir, server.secret_key);
  ::chmod(options.curve_secret_key_file.c_str(), 0644);
  is_refused(options, fault_code::forbidden, "chmod 600");
  ::chmod(options.curve_secret_key_file.c_str(), 0600);
  options.peers = {{"nonsense", "x", "chat"}};
  is_refused(options, fault_code::invalid_param, "public key of x");
  options.peers = {{server.public_key, "x", "king"}};
  is_refused(options, fault_code::invalid_param, "king");
  options.peers = {{server.public_key, "", "chat"}};
  is_refused(options, fault_code::invalid_param, "no name");
  options.peers = {{server.public_key, "x", "chat"}, {server.public_key, "y", "chat"}};
  is_refused(options, fault_code::invalid_param, "twice");
}

BOOST_AUTO_TEST_CASE(a_context_has_one_edge_with_curve) {
  const scratch dir;
  const auto server = test::curve_pair();
  const auto key = test::key_file(dir, server.secret_key);
  edge_rig rig{[&](config::edge_options& o) { o.curve_secret_key_file = key; }};
  config::edge_options options;
  options.curve_secret_key_file = key;
  test::deaf_sink nobody;
  auto second = edge::edge::open(rig.context, options, nobody);
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().code == fault_code::address_in_use));
}

BOOST_AUTO_TEST_SUITE_END()
