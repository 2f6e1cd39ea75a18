// The way of a message through a whole node, in and out, as whoever listens to its hops sees it. The chat server and
// the gateway, with the other homeserver behind it, are the test.
#include "plugin/node.hpp"

#include "config/loader.hpp"
#include "messages/chat/codec.hpp"
#include "messages/edge/header.hpp"
#include "messages/gateway.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/request_auth.hpp"
#include "messages/matrix/room_version.hpp"
#include "messages/matrix/transaction.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>
#include <zmq.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace causeway;
using matrix::json::object;

constexpr auto patience = std::chrono::seconds{20};

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
    .count();
}

/// One connection to an endpoint of the node.
class peer {
public:
  peer(zmq::context_t& context, const std::string& endpoint) : socket_(context, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(endpoint);
    edge::hello_header hello;
    hello.versions = {1};
    hello.client = "test";
    hello.credit = {1'000, 16 * 1024 * 1024};
    send({edge::verb::hello, edge::encode_header(hello), {}});
  }
  void send(const edge::frame& f) {
    const auto what = static_cast<char>(f.what);
    socket_.send(zmq::buffer(edge::magic), zmq::send_flags::sndmore);
    socket_.send(zmq::buffer(&what, 1), zmq::send_flags::sndmore);
    socket_.send(zmq::buffer(f.header), zmq::send_flags::sndmore);
    socket_.send(zmq::buffer(f.body), zmq::send_flags::none);
  }
  /// What is there; nothing when there is nothing.
  std::optional<edge::frame> take() {
    zmq::message_t magic, what, header, body;
    if (!socket_.recv(magic, zmq::recv_flags::dontwait)) return {};
    if (!socket_.recv(what) || !socket_.recv(header) || !socket_.recv(body) || what.size() != 1) return {};
    return edge::frame{static_cast<edge::verb>(*what.data<char>()), header.to_string(), body.to_string()};
  }
  zmq::socket_t& socket() { return socket_; }

private:
  zmq::socket_t socket_;
};

/// A node with a chat server and there.example, which is reached by a gateway of its own.
class surroundings {
public:
  surroundings() {
    char name[] = "/tmp/cw-hops-XXXXXX";
    folder_ = mkdtemp(name);
    config::sources s;
    const auto dir = folder_.string();
    s.text = "[node]\nserver_name = \"here.example\"\ndata_dir = \"" + dir + "\"\n[store]\npath = \"" + dir +
             "/store.db\"\n[edge]\nchat_endpoints = [\"ipc://" + dir + "/chat.sock\"]\ngateway_endpoints = [\"ipc://" +
             dir + "/gateway.sock\"]\nadmin_endpoint = \"\"\n[gateway]\nlisten = []\n[federation]\nroom_version = " +
             "\"11\"\n[log]\nlevel = \"error\"\n";
    auto options = config::load(s);
    BOOST_REQUIRE_MESSAGE(options, (options ? std::string{} : options.error().detail));
    auto started = node::start(*options, true);
    BOOST_REQUIRE_MESSAGE(started, (started ? std::string{} : to_string(started.error())));
    broker = std::move(*started);
    chat.emplace(context_, "ipc://" + dir + "/chat.sock");
    gateway.emplace(context_, "ipc://" + dir + "/gateway.sock");
  }
  ~surroundings() {
    chat.reset();
    gateway.reset();
    broker.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  /// Does what is asked of the chat server, the gateway and there.example until `done`.
  void until(const std::function<bool()>& done, const char* what) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!done()) {
      BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end, what);
      zmq::pollitem_t items[] = {{chat->socket().handle(), 0, ZMQ_POLLIN, 0},
                                 {gateway->socket().handle(), 0, ZMQ_POLLIN, 0}};
      zmq::poll(items, 2, std::chrono::milliseconds{20});
      while (auto f = chat->take()) heard_by_chat(*f);
      while (auto f = gateway->take()) heard_by_gateway(*f);
    }
  }
  /// The body of the RESULT.
  std::string command(const chat::command& x) {
    const auto id = "c" + std::to_string(++last_command_);
    chat->send({edge::verb::command, edge::encode_header(edge::command_header{id, chat::name(x)}), chat::encode(x)});
    until([&] { return results.contains(id); }, "a RESULT");
    BOOST_REQUIRE_MESSAGE(edge::decode_header<edge::result_header>(results[id].header)->ok,
                          to_string(chat::decode_fault(results[id].body)));
    return results[id].body;
  }
  /// A signed request of there.example. @returns the body of the answer
  matrix::json::value request(const std::string& method, const std::string& target,
                              const matrix::json::value* content = nullptr) {
    gateway::federation_request r;
    r.id = ++last_request_;
    r.method = method;
    r.target = target;
    r.authorization = {
      matrix::sign_request(method, target, "there.example", "here.example", content, test::there_key())};
    if (content) r.body = matrix::json::canonical(*content);
    r.remote_address = "192.0.2.1:1";
    gateway->send(gateway::encode(r));
    until([&] { return answers.contains(r.id); }, "an answer to there.example");
    BOOST_REQUIRE_MESSAGE(answers[r.id].status == 200, answers[r.id].body);
    return *matrix::json::parse(answers[r.id].body);
  }

  std::unique_ptr<node> broker;
  std::optional<peer> chat, gateway;
  std::map<std::string, edge::frame> results;
  std::map<std::uint64_t, gateway::federation_answer> answers;
  std::vector<std::string> transactions; ///< bodies of PUT /send to there.example

private:
  void heard_by_chat(const edge::frame& f) {
    if (f.what == edge::verb::result) results[edge::decode_header<edge::result_header>(f.header)->id] = f;
    if (f.what == edge::verb::ping) chat->send({edge::verb::pong, f.header, {}});
    if (f.what != edge::verb::event) return;
    const auto header = *edge::decode_header<edge::event_header>(f.header);
    if (header.cursor)
      chat->send({edge::verb::ack, edge::encode_header(edge::ack_header{*header.stream, *header.cursor}), {}});
  }
  void heard_by_gateway(const edge::frame& f) {
    if (f.what == edge::verb::ping) gateway->send({edge::verb::pong, f.header, {}});
    if (f.what == edge::verb::result) {
      const auto a = *gateway::decode_federation_answer(f);
      answers[a.id] = a;
    }
    if (f.what != edge::verb::command) return;
    const auto asked = *gateway::decode_http_request(f);
    gateway::http_answer a;
    a.id = asked.id;
    a.status = 404;
    a.content_type = "application/json";
    a.body = R"({"errcode":"M_NOT_FOUND","error":"not here"})";
    if (asked.target.starts_with("/_matrix/key/v2/server")) {
      a.status = 200;
      a.body = matrix::json::canonical(
        matrix::server_keys_document("there.example", test::there_key(), {}, wall_ms() + 86'400'000));
    } else if (asked.method == "PUT" && asked.target.starts_with("/_matrix/federation/v1/send/")) {
      transactions.push_back(asked.body);
      a.status = 200;
      a.body = R"({"pdus":{}})";
    }
    gateway->send(gateway::encode(a));
  }

  fs::path folder_;
  zmq::context_t context_;
  int last_command_ = 0;
  std::uint64_t last_request_ = 0;
};

std::string stages(const std::vector<seen_hop>& way) {
  std::string text;
  for (const auto& x : way) text += (text.empty() ? "" : " ") + std::string{name(x.what.stage)};
  return text;
}

bool has(const std::vector<seen_hop>& way, hop_stage stage) {
  return std::any_of(way.begin(), way.end(), [&](const auto& x) { return x.what.stage == stage; });
}

/// The room's id in the answer to room.create.
std::string room_in(const std::string& answer) {
  const auto from = answer.find('!');
  BOOST_REQUIRE(from != std::string::npos);
  return answer.substr(from, answer.find(":here.example", from) + std::string{":here.example"}.size() - from);
}

} // namespace

BOOST_AUTO_TEST_SUITE(hops_of_a_node)

BOOST_AUTO_TEST_CASE(the_way_of_a_message_in_and_of_a_message_out_is_seen_whole) {
  surroundings s;
  const auto& rules = *matrix::find_room_version("11");
  const std::string eve = "@eve:there.example";
  chat::room_create create;
  create.room = "r";
  create.type = chat::room_type::channel;
  create.access = chat::visibility::public_;
  create.creator = "ann";
  const auto room_id = room_in(s.command(create));

  // eve joins.
  const auto made = s.request("GET", matrix::endpoint_path(matrix::endpoint::make_join, {room_id, eve}) + "?ver=11");
  auto join = *made.find_object("event");
  for (const auto* key : {"event_id", "unsigned", "signatures", "hashes"}) join.erase(key);
  join.set("origin_server_ts", wall_ms());
  const auto joined = *matrix::hash_and_sign(std::move(join), rules, "there.example", test::there_key());
  const matrix::json::value join_body{joined->source};
  const auto state =
    s.request("PUT", matrix::endpoint_path(matrix::endpoint::send_join_v2, {room_id, joined->event_id}), &join_body);

  BOOST_TEST(s.broker->hops().is_on()); // from the start
  s.broker->hops().listen(1024 * 1024);

  // Out: ann writes.
  s.command(chat::message_send{"r", "ann", "m1", "hello", {}, {}, {}, {}});
  std::string out;
  const auto message_out = [&] {
    for (const auto& x : s.broker->hops().all())
      if (x.what.stage == hop_stage::acknowledged) out = x.what.event_id;
    return !out.empty();
  };
  s.until(message_out, "the message out to be acknowledged");
  const auto way_out = s.broker->hops().of(out);
  BOOST_TEST(stages(way_out) == "edge_in judged committed queued sent acknowledged");
  BOOST_TEST(s.transactions.size() == 1u);
  BOOST_REQUIRE(way_out.back().what.more);
  const auto& delivered = *way_out.back().what.more;
  BOOST_TEST(delivered.server == "there.example");
  BOOST_TEST(delivered.attempt == 1u);
  BOOST_TEST(delivered.answer == "200");
  BOOST_TEST(s.broker->hops().events_of_transaction(delivered.transaction).at(0) == out);
  BOOST_TEST((way_out.front().where == address{actor_kind::edge, ""}));
  BOOST_TEST((way_out.back().where == address{actor_kind::remote_server, "there.example"}));
  for (const auto& x : way_out)
    BOOST_TEST(x.trace == way_out.front().trace); // one thing, from the COMMAND to the answer of the other server

  // In: eve answers.
  matrix::json::array auth;
  for (const auto& entry : *state.find_array("state"))
    if (const auto* type = entry.find_string("type");
        type && (*type == "m.room.create" || *type == "m.room.power_levels"))
      auth.emplace_back((*matrix::make_event(*entry.as_object(), rules))->event_id);
  auth.emplace_back(joined->event_id);
  object pdu{{"auth_events", std::move(auth)},
             {"content", object{{"body", "hello back"}, {"msgtype", "m.text"}}},
             {"depth", joined->depth + 2},
             {"origin_server_ts", wall_ms()},
             {"prev_events", matrix::json::array{matrix::json::value{out}}},
             {"room_id", room_id},
             {"sender", eve},
             {"type", "m.room.message"}};
  const auto answer = *matrix::hash_and_sign(std::move(pdu), rules, "there.example", test::there_key());
  const auto body =
    *matrix::json::parse(matrix::write_transaction("there.example", wall_ms(), {answer->to_json()}, {}));
  s.request("PUT", matrix::endpoint_path(matrix::endpoint::send, {"t1"}), &body);
  // The room and the session hear of the commit at the same time: any of the two may be the first to say so.
  const auto is_through = [&] {
    const auto way = s.broker->hops().of(answer->event_id);
    return has(way, hop_stage::chat_acknowledged) && has(way, hop_stage::committed);
  };
  s.until(is_through, "the message in to be on disk and acknowledged by the chat server");
  auto way_in = s.broker->hops().of(answer->event_id);
  std::erase_if(way_in, [](const auto& x) { return x.what.stage == hop_stage::committed; });
  BOOST_TEST(stages(way_in) ==
             "gateway_in transaction_accepted room_received verified judged notified chat_acknowledged");
  BOOST_TEST((way_in.front().where == address{actor_kind::gateway, ""}));
  for (const auto& x : way_in)
    if (x.what.stage != hop_stage::chat_acknowledged) BOOST_TEST(x.trace == way_in.front().trace);

  s.broker->hops().stop();
  s.command(chat::message_send{"r", "ann", "m2", "nobody listens", {}, {}, {}, {}});
  BOOST_TEST(s.broker->hops().all().empty());
}

BOOST_AUTO_TEST_SUITE_END()
