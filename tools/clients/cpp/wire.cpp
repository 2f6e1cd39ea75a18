#include "wire.hpp"

#include "messages/limits.hpp"

#include <cstdint>
#include <cstring>
#include <utility>

namespace causeway::client {
namespace {

constexpr std::size_t frame_parts = 4;
constexpr const char* monitor_endpoint = "inproc://causeway.client.monitor";

} // namespace

void wire::open() {
  if (socket_.handle() != nullptr) {
    zmq_socket_monitor(socket_.handle(), nullptr, 0);
    monitor_.close();
    socket_.close();
  }
  socket_ = zmq::socket_t{context_, zmq::socket_type::dealer};
  socket_.set(zmq::sockopt::linger, 200);     // long enough for BYE
  socket_.set(zmq::sockopt::immediate, true); // nothing piles up for a broker that is away
  socket_.set(zmq::sockopt::reconnect_ivl, 100);
  socket_.set(zmq::sockopt::reconnect_ivl_max, 5'000);
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::chat_frame_bytes_max * 2));
  if (options_.curve) {
    socket_.set(zmq::sockopt::curve_serverkey, options_.curve->server_key);
    socket_.set(zmq::sockopt::curve_publickey, options_.curve->public_key);
    socket_.set(zmq::sockopt::curve_secretkey, options_.curve->secret_key);
  }
  zmq_socket_monitor(socket_.handle(), monitor_endpoint, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
  monitor_ = zmq::socket_t{context_, zmq::socket_type::pair};
  monitor_.connect(monitor_endpoint);
  socket_.connect(options_.endpoint);
  begins_anew_ = false;
}

wire::readiness wire::wait(int wake, bool wants_room, std::chrono::milliseconds timeout) {
  // Room is asked for only while something waits for it: a socket with room is always ready.
  const auto wanted = static_cast<short>(ZMQ_POLLIN | (!unsent_.empty() || wants_room ? ZMQ_POLLOUT : 0));
  zmq_pollitem_t items[] = {
    {socket_.handle(), 0, wanted, 0}, {nullptr, wake, ZMQ_POLLIN, 0}, {monitor_.handle(), 0, ZMQ_POLLIN, 0}};
  zmq_poll(items, 3, static_cast<long>(timeout.count()));
  return {items[0].revents != 0, items[1].revents != 0, items[2].revents != 0};
}

std::optional<bool> wire::next_change() {
  zmq::message_t part;
  if (!monitor_.recv(part, zmq::recv_flags::dontwait)) return {};
  std::uint16_t what = 0;
  if (part.size() >= sizeof what) std::memcpy(&what, part.data(), sizeof what);
  zmq::message_t address;
  if (part.more() && !monitor_.recv(address)) return {};
  return what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
}

bool wire::receive(edge::frame& x) {
  for (;;) {
    zmq::message_t parts[frame_parts];
    std::size_t received = 0;
    for (bool more = true; more; ++received) {
      zmq::message_t part;
      if (!socket_.recv(part, received == 0 ? zmq::recv_flags::dontwait : zmq::recv_flags::none)) return false;
      more = part.more();
      if (received < frame_parts) parts[received] = std::move(part);
    }
    if (received != frame_parts || parts[0].to_string_view() != edge::magic || parts[1].size() != 1) continue;
    x = {static_cast<edge::verb>(*parts[1].data<char>()), parts[2].to_string(), parts[3].to_string()};
    return true;
  }
}

bool wire::take(edge::verb what, const std::string& header, const std::string& body) {
  const auto byte = static_cast<char>(what);
  void* s = socket_.handle();
  if (zmq_send(s, edge::magic.data(), edge::magic.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) return false;
  // The pipe took the first part and takes the others; where the connection ends between two, libzmq drops them all
  // and a HELLO follows.
  zmq_send(s, &byte, 1, ZMQ_SNDMORE | ZMQ_DONTWAIT);
  zmq_send(s, header.data(), header.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT);
  zmq_send(s, body.data(), body.size(), ZMQ_DONTWAIT);
  return true;
}

std::function<bool(const edge::frame&)> wire::taker() {
  return [this](const edge::frame& x) { return take(x.what, x.header, x.body); };
}

bool wire::offer(edge::verb what, const std::string& header, const std::string& body) {
  return unsent_.send({what, header, body}, taker());
}

bool wire::send(edge::verb what, const std::string& header, const std::string& body) {
  if (begins_anew_ || offer(what, header, body)) return true;
  begins_anew_ = true;
  return false;
}

void wire::drain(std::chrono::milliseconds timeout) {
  using clock = std::chrono::steady_clock;
  for (const auto deadline = clock::now() + timeout; !flush() && clock::now() < deadline;) {
    zmq_pollitem_t room{socket_.handle(), 0, ZMQ_POLLOUT, 0};
    zmq_poll(&room, 1, 10);
  }
}

} // namespace causeway::client
