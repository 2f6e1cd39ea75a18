#include "tests/bench/chat_peer.hpp"

#include "messages/chat/codec.hpp"
#include "tests/bench/fake_homeserver.hpp"

#include <msgpack.hpp>

#include <unistd.h>
#include <array>

namespace causeway::bench {
namespace {

void send_frames(zmq::socket_t& socket, edge::verb what, const std::string& header, const std::string& body) {
  const auto verb = static_cast<char>(what);
  socket.send(zmq::buffer(edge::magic), zmq::send_flags::sndmore);
  socket.send(zmq::buffer(&verb, 1), zmq::send_flags::sndmore);
  socket.send(zmq::buffer(header), zmq::send_flags::sndmore);
  socket.send(zmq::buffer(body), zmq::send_flags::none);
}

} // namespace

/// Events that may wait here; granted again when half of them is used up.
constexpr std::uint64_t credit_messages = 10'000, credit_bytes = 64 * 1024 * 1024;

chat_peer::chat_peer(const std::string& endpoint, const std::string& peer, events_to_ask events)
    : socket_(context_, zmq::socket_type::dealer),
      id_prefix_(std::to_string(now_ms()) + '-' + std::to_string(getpid()) + '-') {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::sndhwm, 100'000);
  socket_.set(zmq::sockopt::rcvhwm, 100'000);
  socket_.connect(endpoint);
  edge::hello_header hello;
  hello.versions = {edge::contract_version};
  hello.client = "load";
  hello.peer = peer;
  if (events == events_to_ask::no) hello.streams.emplace();
  else hello.credit = {credit_messages, credit_bytes};
  send_frames(socket_, edge::verb::hello, edge::encode_header(hello), {});
  for (const auto deadline = now_s() + 10; !welcome_;) {
    require(now_s() < deadline, "the broker does not answer HELLO");
    poll(100);
  }
}

void chat_peer::send(const chat::command& command, std::function<void(const std::string&)> on_result) {
  edge::command_header header;
  header.id = id_prefix_ + std::to_string(++last_id_);
  header.command = chat::name(command);
  send_frames(socket_, edge::verb::command, edge::encode_header(header), chat::encode(command));
  open_.emplace(header.id, std::move(on_result));
}

std::string chat_peer::call(const chat::command& command) {
  std::string out;
  bool done = false;
  send(command, [&](const std::string& body) {
    out = body;
    done = true;
  });
  for (const auto deadline = now_s() + 30; !done;) {
    require(now_s() < deadline, "a command was not answered in 30 s");
    poll(100);
  }
  return out;
}

void chat_peer::poll(int timeout_ms) {
  zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
  zmq::poll(&item, 1, std::chrono::milliseconds{timeout_ms});
  for (;;) {
    std::array<zmq::message_t, 4> frames;
    if (!socket_.recv(frames[0], zmq::recv_flags::dontwait)) return acknowledge();
    for (std::size_t i = 1; i < frames.size(); ++i)
      require(frames[i - 1].more() && socket_.recv(frames[i]).has_value(), "the broker sent a malformed message");
    require(frames[1].size() == 1, "the broker sent a malformed verb");
    handle(*frames[1].data<char>(), frames[2].to_string(), frames[3].to_string());
  }
}

void chat_peer::acknowledge() {
  for (const auto& [stream, cursor] : cursors_)
    send_frames(socket_, edge::verb::ack, edge::encode_header(edge::ack_header{stream, cursor}), {});
  cursors_.clear();
  if (used_.messages < credit_messages / 2 && used_.bytes < credit_bytes / 2) return;
  send_frames(socket_, edge::verb::credit, edge::encode_header(edge::credit_header{used_}), {});
  used_ = {};
}

void chat_peer::handle(char verb, const std::string& header, const std::string& body) {
  const auto fault_text = [&] { return to_string(chat::decode_fault(body)); };
  switch (static_cast<edge::verb>(verb)) {
  case edge::verb::welcome: welcome_ = true; return;
  case edge::verb::ping: return send_frames(socket_, edge::verb::pong, header, {});
  case edge::verb::error: return require(false, "the broker sent ERROR " + fault_text());
  case edge::verb::result: {
    const auto result = edge::decode_header<edge::result_header>(header);
    require(static_cast<bool>(result), "the broker sent a malformed RESULT");
    require(result->ok, "a command failed: " + fault_text());
    const auto found = open_.find(result->id);
    if (found == open_.end()) return;
    const auto on_result = std::move(found->second);
    open_.erase(found);
    return on_result(body);
  }
  case edge::verb::event: {
    const auto event = edge::decode_header<edge::event_header>(header);
    require(static_cast<bool>(event), "the broker sent a malformed EVENT");
    if (event->cursor) cursors_[*event->stream] = *event->cursor;
    ++events_;
    ++used_.messages;
    used_.bytes += body.size();
    if (on_event) on_event(event->event, body);
    return;
  }
  default: return; // nothing else is for who only sends commands
  }
}

std::string text_of(const std::string& answer, const char* key) {
  const auto handle = msgpack::unpack(answer.data(), answer.size());
  for (const auto& [name, value] : handle.get().as<std::map<std::string, msgpack::object>>())
    if (name == key) return value.as<std::string>();
  return {};
}

} // namespace causeway::bench
