#include "plugin/gateway/node_link.hpp"

#include "messages/edge/header.hpp"
#include "messages/edge/packing.hpp"
#include "messages/limits.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <msgpack.hpp>
#include <spdlog/spdlog.h>

#include <array>
#include <utility>

namespace causeway::gateway {
namespace {

using edge::verb;

constexpr int protocol_version = 1;
/// Messages taken in one go before others on this thread get their turn.
constexpr int receive_batch = 256;
constexpr std::size_t error_bytes_max = 4096;
const std::string empty_map{'\x80'};

constexpr int zmtp_heartbeat_ms = 5'000;
constexpr int zmtp_heartbeat_timeout_ms = 15'000;
constexpr int reconnect_ms_max = 2'000;
/// Before a socket that could not be made is tried again.
constexpr std::chrono::milliseconds socket_pause{200};

std::string hello_header(const std::string& own_name, bool outbound) {
  msgpack::sbuffer out;
  msgpack::packer<msgpack::sbuffer> p{out};
  p.pack_map(outbound ? 2 : 3);
  p.pack(std::string{"protocol"});
  p.pack(protocol_version);
  p.pack(std::string{"name"});
  p.pack(own_name);
  if (!outbound) {
    p.pack(std::string{"outbound"});
    p.pack(false);
  }
  return {out.data(), out.size()};
}

/// `code` of an ERROR: a string in a small map, which is the frame's body (the contract) or its header. Empty: none.
std::string error_code(const std::string& map) {
  if (map.empty() || map.size() > error_bytes_max) return {};
  try {
    const msgpack::unpack_limit limit{64, 64, error_bytes_max, error_bytes_max, 0, limits::msgpack_depth_max};
    const auto handle = msgpack::unpack(map.data(), map.size(), nullptr, nullptr, limit);
    const auto& root = handle.get();
    if (root.type != msgpack::type::MAP) return {};
    for (std::uint32_t i = 0; i < root.via.map.size; ++i) {
      const auto& [name, value] = root.via.map.ptr[i];
      if (name.type != msgpack::type::STR || value.type != msgpack::type::STR) continue;
      if (std::string_view{name.via.str.ptr, name.via.str.size} == "code")
        return {value.via.str.ptr, value.via.str.size};
    }
  } catch (const std::exception&) { // what we cannot read says nothing
  }
  return {};
}

/// A message that owns `text` without copying it.
zmq::message_t owning_message(std::string text) {
  constexpr std::size_t copy_bytes_max = 256; // below, a copy is cheaper than the two allocations
  if (text.size() <= copy_bytes_max) return zmq::message_t{text.data(), text.size()};
  auto* owner = new std::string(std::move(text));
  return zmq::message_t{owner->data(), owner->size(), [](void*, void* hint) { delete static_cast<std::string*>(hint); },
                        owner};
}

} // namespace

node_link::node_link(boost::asio::io_context& io, zmq::context_t& context, link_timing timing, link_sink& heard,
                     link_bounds bounds)
    : io_(io), context_(context), socket_(context, zmq::socket_type::dealer), readable_(io), timer_(io), again_(io),
      session_(timing), heard_(heard), bounds_(bounds), unsent_(bounds.unsent) {}

node_link::~node_link() {
  if (readable_.is_open()) readable_.release();
}

/// Of a new socket. It takes nothing where there is no endpoint: HELLO waits, and gives way to the next one.
/// @throws zmq::error_t
void node_link::connect(const std::string& node_endpoint, const std::optional<curve_keys>& keys) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::sndhwm, bounds_.pipe_messages);
  socket_.set(zmq::sockopt::rcvhwm, bounds_.pipe_messages);
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::gateway_frame_bytes_max));
  socket_.set(zmq::sockopt::heartbeat_ivl, zmtp_heartbeat_ms);
  socket_.set(zmq::sockopt::heartbeat_timeout, zmtp_heartbeat_timeout_ms);
  socket_.set(zmq::sockopt::reconnect_ivl_max, reconnect_ms_max);
  if (node_endpoint.find('[') != std::string::npos) socket_.set(zmq::sockopt::ipv6, true);
  if (keys) {
    socket_.set(zmq::sockopt::curve_serverkey, keys->node_public);
    socket_.set(zmq::sockopt::curve_publickey, keys->own_public);
    socket_.set(zmq::sockopt::curve_secretkey, keys->own_secret);
  }
  if (!node_endpoint.empty()) socket_.connect(node_endpoint);
}

status node_link::open(const std::string& node_endpoint, const std::string& own_name,
                       const std::optional<curve_keys>& keys, bool outbound) {
  try {
    connect(node_endpoint, keys);
    readable_.assign(socket_.get(zmq::sockopt::fd));
  } catch (const zmq::error_t& error) {
    return {fault_code::invalid_param, "node endpoint '" + node_endpoint + "': " + error.what()};
  } catch (const boost::system::system_error& error) {
    return {fault_code::internal, error.what()};
  }
  hello_ = hello_header(own_name, outbound);
  obey(session_.open(link_session::time_point::clock::now()));
  wait_for_input();
  arm_timer();
  return ok();
}

void node_link::retarget(std::string node_endpoint, std::optional<curve_keys> keys) {
  up_ = false; // what comes from here on is for the other one
  boost::asio::post(io_, [this, to = std::move(node_endpoint), k = std::move(keys)] { leave_for(to, k); });
}

/// A socket of its own for each node: what is in the pipe of one must not reach another, nor its late answers meet
/// numbers of requests that another one was asked.
void node_link::leave_for(const std::string& node_endpoint, const std::optional<curve_keys>& keys) {
  if (closed_) return;
  up_ = false;
  {
    const std::lock_guard lock{mutex_};
    outgoing_.clear();
  }
  unsent_.clear();
  unsent_count_ = 0;
  again_.cancel();
  ++socket_number_;
  has_complained_ = false;
  if (has_socket()) readable_.release(); // before the descriptor goes with its socket
  socket_.close();
  renew(node_endpoint, keys);
  if (closed_) return;
  obey(session_.retarget(link_session::time_point::clock::now())); // without a socket nothing of it leaves
  arm_timer(); // the next greeting may be due before what it waits for
}

/// @returns false: there is no socket yet
bool node_link::renew(const std::string& node_endpoint, const std::optional<curve_keys>& keys) {
  try {
    socket_ = zmq::socket_t{context_, zmq::socket_type::dealer};
    try {
      connect(node_endpoint, keys);
    } catch (const zmq::error_t& error) {
      if (error.num() == ETERM) throw;
      spdlog::error("G620 gateway: no way to the node at {}: {}", node_endpoint, error.what());
    }
    readable_.assign(socket_.get(zmq::sockopt::fd));
    wait_for_input();
    return true;
  } catch (const zmq::error_t& error) {
    if (error.num() == ETERM) give_up(error);
    else renew_later(node_endpoint, keys, error.what());
  } catch (const boost::system::system_error& error) {
    renew_later(node_endpoint, keys, error.what());
  }
  return false;
}

/// The process has too many descriptors open at this moment. Where nothing is tried again the link is gone for ever.
void node_link::renew_later(const std::string& node_endpoint, const std::optional<curve_keys>& keys,
                            const std::string& why) {
  socket_.close();
  if (!std::exchange(has_complained_, true))
    spdlog::error("G622 gateway: no socket for the node at {}, it is tried again: {}", node_endpoint, why);
  again_.expires_after(socket_pause);
  again_.async_wait([this, node_endpoint, keys, of = socket_number_](const boost::system::error_code& error) {
    if (error || closed_ || of != socket_number_ || !renew(node_endpoint, keys)) return;
    has_complained_ = false;
    obey(session_.retarget(link_session::time_point::clock::now()));
    arm_timer();
  });
}

void node_link::send(edge::frame x) {
  if (io_.get_executor().running_in_this_thread()) return transmit(std::move(x));
  bool first = false;
  {
    const std::lock_guard lock{mutex_};
    first = outgoing_.empty();
    outgoing_.push_back(std::move(x));
  }
  if (first) boost::asio::post(io_, [this] { flush(); });
}

void node_link::say_bye() { send({verb::bye, empty_map, {}}); }

void node_link::flush() {
  {
    const std::lock_guard lock{mutex_};
    batch_.swap(outgoing_);
  }
  for (auto& one : batch_) transmit(std::move(one));
  batch_.clear();
}

/// @returns false: the pipe is full, nothing of it was taken
bool node_link::take(edge::frame& x) {
  // Only the first part can find the pipe full; the parts of one message go together.
  if (!socket_.send(zmq::const_buffer(edge::magic.data(), edge::magic.size()),
                    zmq::send_flags::sndmore | zmq::send_flags::dontwait))
    return false;
  const auto verb_byte = static_cast<char>(x.what);
  socket_.send(zmq::const_buffer(&verb_byte, 1), zmq::send_flags::sndmore);
  socket_.send(owning_message(std::move(x.header)), zmq::send_flags::sndmore);
  socket_.send(owning_message(std::move(x.body)), zmq::send_flags::none);
  return true;
}

void node_link::transmit(edge::frame x) try {
  if (closed_ || !has_socket()) return; // as what waits for a node that is gone
  const bool fits = unsent_.send(std::move(x), [this](edge::frame& each) { return take(each); });
  unsent_count_ = unsent_.size();
  if (!fits) {
    ++overflows_;
    spdlog::error("G613 gateway: the node reads nothing and {} frames wait for it: it counts as gone", unsent_.size());
    return obey(session_.on_overflow(link_session::time_point::clock::now()));
  }
  // Sending may swallow the edge of ZMQ_FD that announces input; Asio must then be asked anew.
  if ((socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) boost::asio::post(io_, [this] { receive(); });
} catch (const zmq::error_t& error) {
  give_up(error);
}

/// ZMQ_FD tells of room as it tells of input: by an edge, which any look at the socket uses up.
void node_link::send_unsent() {
  if (unsent_.empty() || (socket_.get(zmq::sockopt::events) & ZMQ_POLLOUT) == 0) return;
  unsent_.flush([this](edge::frame& each) { return take(each); });
  unsent_count_ = unsent_.size();
}

void node_link::wait_for_input() {
  readable_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this, of = socket_number_](const boost::system::error_code& error) {
                         if (error || of != socket_number_) return;
                         receive();
                         if (!closed_) wait_for_input();
                       });
}

void node_link::receive() try {
  if (closed_ || !has_socket()) return;
  for (int i = 0; i < receive_batch; ++i) {
    send_unsent();
    if ((socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) == 0 || !receive_one()) return send_unsent();
  }
  boost::asio::post(io_, [this] { receive(); });
} catch (const zmq::error_t& error) {
  give_up(error);
}

void node_link::give_up(const zmq::error_t& error) {
  // The context was shut down: the program is ending, in whatever order. No link will be there again.
  if (std::exchange(closed_, true)) return;
  up_ = false;
  spdlog::error("G614 gateway: the link to the node is closed: {}", error.what());
  timer_.cancel();
  again_.cancel();
  heard_.on_lost();
}

bool node_link::receive_one() {
  std::array<zmq::message_t, 4> parts;
  std::size_t count = 0;
  for (bool more = true; more; ++count) {
    zmq::message_t surplus;
    auto& part = count < parts.size() ? parts[count] : surplus;
    if (!socket_.recv(part, zmq::recv_flags::dontwait)) return false;
    more = part.more();
  }
  const auto text = [&](std::size_t i) { return std::string_view{parts[i].data<char>(), parts[i].size()}; };
  if (count != parts.size() || text(0) != edge::magic || text(1).size() != 1 ||
      !edge::is_verb(static_cast<std::uint8_t>(text(1)[0]))) {
    spdlog::warn("G615 invalid frame from the node");
    return true;
  }
  edge::frame x{static_cast<verb>(text(1)[0]), std::string{text(2)}, std::string{text(3)}};
  if (x.what == verb::welcome && is_of_another_server(x.header)) return true;
  std::string error_name;
  if (x.what == verb::error) {
    error_name = error_code(x.body);
    if (error_name.empty()) error_name = error_code(x.header);
    spdlog::warn("G616 gateway: the node answered ERROR {}", error_name);
  }
  const auto todo = session_.on_frame(x.what, error_name, link_session::time_point::clock::now());
  obey(todo);
  if (todo.send_pong) transmit({verb::pong, std::move(x.header), {}}); // says when the PING was sent
  if (todo.deliver) heard_.on_frame(std::move(x));
  return true;
}

/// An address that means another machine's loopback, or was given to somebody else meanwhile, must not get our
/// requests.
bool node_link::is_of_another_server(const std::string& welcome) {
  if (server_name_.empty()) return false;
  const auto told = edge::unpack<edge::welcome_header>(welcome, fault_code::bad_frame);
  if (told && told->server_name == server_name_) return false;
  if (!std::exchange(has_complained_, true)) spdlog::error("G621 gateway: the node is not one of {}", server_name_);
  return true;
}

void node_link::obey(const link_session::actions& todo) {
  up_ = session_.state() == link_session::phase::up;
  // What waits was meant for a node that is gone; also a HELLO does not wait behind another.
  if (todo.lost || (todo.send_hello && session_.state() == link_session::phase::greeting)) unsent_.clear();
  if (todo.lost) {
    spdlog::warn("G617 node unreachable");
    heard_.on_lost();
  }
  if (todo.came_up) spdlog::info("G618 node connected");
  if (todo.parting) spdlog::info("G619 node is stopping");
  if (todo.send_hello) transmit({verb::hello, hello_, {}});
  if (todo.send_ping) transmit({verb::ping, empty_map, {}});
  if (todo.came_up) heard_.on_up();
}

void node_link::arm_timer() {
  timer_.expires_at(session_.next_tick());
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    obey(session_.on_tick(link_session::time_point::clock::now()));
    if (closed_) return;
    if (!unsent_.empty()) receive();
    arm_timer();
  });
}

} // namespace causeway::gateway
