#include "plugin/edge/node_crossing.hpp"

#include "messages/crossing/actor_shard.hpp"
#include "messages/crossing/codec.hpp"
#include "messages/limits.hpp"
#include "plugin/edge/allow_list.hpp"
#include "plugin/edge/crossing_frames.hpp"
#include "plugin/edge/listener.hpp"
#include "plugin/patient_threads.hpp"

#include <poll.h>
#include <pthread.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace causeway::edge {
namespace {

/// Frames taken from the others before this node's own have their turn.
constexpr int crossing_burst = 256;
constexpr int reconnect_first_ms = 50, reconnect_most_ms = 1'000;
/// A body above this is handed to libzmq without a copy.
constexpr std::size_t copied_body_bytes_max = 4'096;
constexpr std::size_t frame_parts = 4;

std::int64_t crossing_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
    .count();
}

/// The body of a parcel, which lives as long as libzmq needs it.
zmq::message_t body_of(const parcel_ptr& x) {
  if (!x) return {};
  if (x->body.size() <= copied_body_bytes_max) return {x->body.data(), x->body.size()};
  auto owner = std::make_unique<parcel_ptr>(x);
  zmq::message_t made{const_cast<char*>(x->body.data()), x->body.size(),
                      [](void*, void* hint) { delete static_cast<parcel_ptr*>(hint); }, owner.get()};
  static_cast<void>(owner.release());
  return made;
}

/// The connection to one other node.
class way_to_peer {
public:
  /// @throws zmq::error_t
  way_to_peer(zmq::context_t& context, const other_node& to, const curve_keys& own, const config::edge_options& options,
              int pipe_messages)
      : endpoint_(to.endpoint), socket_(context, zmq::socket_type::dealer), monitor_(context, zmq::socket_type::pair) {
    socket_.set(zmq::sockopt::linger, 0);
    // Not ZMQ_IMMEDIATE: libzmq loses memory where a pipe is made anew between two parts of a message (4.3.4). So a
    // pipe may hold frames for a connection that is not there; bodies are shared with the link, which keeps them.
    socket_.set(zmq::sockopt::sndhwm, pipe_messages);
    socket_.set(zmq::sockopt::reconnect_ivl, reconnect_first_ms);
    socket_.set(zmq::sockopt::reconnect_ivl_max, reconnect_most_ms);
    if (endpoint_.find('[') != std::string::npos) socket_.set(zmq::sockopt::ipv6, true);
    socket_.set(zmq::sockopt::heartbeat_ivl, static_cast<int>(options.heartbeat_ms));
    socket_.set(zmq::sockopt::heartbeat_timeout, static_cast<int>(options.peer_timeout_ms));
    if (!to.public_key.empty()) {
      socket_.set(zmq::sockopt::curve_serverkey, to.public_key);
      socket_.set(zmq::sockopt::curve_publickey, own.public_key);
      socket_.set(zmq::sockopt::curve_secretkey, own.secret.text);
    }
    const auto events = "inproc://crossing-" + std::to_string(to.incarnation) + "-" + to.endpoint;
    if (zmq_socket_monitor(socket_.handle(), events.c_str(), ZMQ_EVENT_HANDSHAKE_SUCCEEDED) != 0) throw zmq::error_t{};
    monitor_.set(zmq::sockopt::linger, 0);
    monitor_.connect(events);
    socket_.connect(endpoint_);
  }

  const std::string& endpoint() const { return endpoint_; }
  zmq::pollitem_t watched() { return {socket_.handle(), 0, static_cast<short>(is_blocked_ ? ZMQ_POLLOUT : 0), 0}; }
  zmq::pollitem_t watched_monitor() { return {monitor_.handle(), 0, ZMQ_POLLIN, 0}; }
  bool takes_a_frame() {
    is_blocked_ = (socket_.get(zmq::sockopt::events) & ZMQ_POLLOUT) == 0;
    return !is_blocked_;
  }
  /// @pre it takes a frame. What it does not take all the same counts as lost, and is sent again
  void send(const link_frame& x, std::string_view server_name) {
    const auto what = static_cast<char>(x.what ? verb::event : verb::ack);
    if (!socket_.send(zmq::buffer(magic), zmq::send_flags::sndmore | zmq::send_flags::dontwait)) return;
    socket_.send(zmq::const_buffer(&what, 1), zmq::send_flags::sndmore);
    socket_.send(zmq::buffer(encode_crossing_header(x, server_name)), zmq::send_flags::sndmore);
    socket_.send(body_of(x.what), zmq::send_flags::none);
  }
  /// Whether it has a new connection since the last time.
  bool is_new() {
    bool found = false;
    for (zmq::message_t part; monitor_.recv(part, zmq::recv_flags::dontwait);) found = true;
    return found;
  }

private:
  std::string endpoint_;
  zmq::socket_t socket_, monitor_;
  bool is_blocked_ = false;
};

} // namespace

class node_crossing::impl {
public:
  impl(const config::edge_options& options, identity self, crossing_sink& heard, const bounds& most)
      : options_(options), self_(std::move(self)), pipe_messages_(most.pipe_messages), heard_(heard),
        zmq_(patient_context()), table_(self_.incarnation, most.table),
        wakes_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wakes_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
  }
  ~impl() {
    is_stopping_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
    ::close(wakes_);
  }
  impl(const impl&) = delete;

  status open(const std::string& endpoint) {
    auto keys = load_curve_keys(options_.curve_secret_key_file);
    if (!keys) return keys.error();
    keys_ = std::move(*keys);
    if (!keys_.secret.text.empty()) {
      auto list = allow_list::open(zmq_, options_.peers);
      if (!list) return list.error();
      allow_list_ = std::move(*list);
    }
    auto made = listen(zmq_, role::node, endpoint, options_, keys_);
    if (!made) return made.error();
    listener_ = std::move(*made);
    thread_ = std::thread{[this] { run(); }};
    return ok();
  }

  using task = std::function<crossing_table::effects(std::int64_t now_ms)>;
  void post(task x) {
    bool is_first = false;
    {
      const std::lock_guard guard{mutex_};
      is_first = tasks_.empty();
      tasks_.push_back(std::move(x));
    }
    if (is_first) wake();
  }
  crossing_table& table() { return table_; }
  const std::string& endpoint() const { return listener_.address; }
  crossing_counters count() const {
    return {frames_in_, frames_out_, bad_frames_, bad_messages_, connections_, handshakes_refused_};
  }

  crossing_table::effects set_nodes(const std::vector<other_node>& live, std::int64_t now_ms) {
    std::set<std::int64_t> incarnations;
    for (const auto& x : live) incarnations.insert(x.incarnation);
    std::erase_if(ways_, [&](const auto& way) { return !incarnations.contains(way.first); });
    for (const auto& x : live) {
      if (x.incarnation == self_.incarnation) continue;
      if (const auto at = ways_.find(x.incarnation); at != ways_.end()) {
        if (at->second.endpoint() == x.endpoint) continue;
        ways_.erase(at);
      }
      try {
        ways_.try_emplace(x.incarnation, zmq_, x, keys_, options_, pipe_messages_);
      } catch (const zmq::error_t& error) {
        spdlog::error("E530 no way to the node at {}: {}", x.endpoint, error.what());
      }
    }
    return table_.set_nodes(incarnations, now_ms);
  }

private:
  void wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wakes_, &one, sizeof one)); // full: it is awake
  }

  void run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr); // signals are the main thread's
    pthread_setname_np(pthread_self(), "crossing");
    make_this_thread_patient();
    while (!is_stopping_) {
      try {
        turn();
      } catch (const std::exception& e) {
        spdlog::critical("E531 way to other nodes failed error={}", e.what());
        if (const auto* error = dynamic_cast<const zmq::error_t*>(&e); error && error->num() == ETERM) return;
      }
    }
  }

  /// Waits for whatever comes next, and does it.
  void turn() {
    std::vector<zmq::pollitem_t> watched{{nullptr, wakes_, ZMQ_POLLIN, 0},
                                         {listener_.socket.handle(), 0, ZMQ_POLLIN, 0}};
    if (allow_list_) watched.push_back({allow_list_->socket().handle(), 0, ZMQ_POLLIN, 0});
    for (auto& [node, way] : ways_) {
      watched.push_back(way.watched());
      watched.push_back(way.watched_monitor());
    }
    if (zmq_poll(watched.data(), static_cast<int>(watched.size()), wait_ms()) < 0 && zmq_errno() != EINTR)
      throw zmq::error_t{};
    if (watched[0].revents != 0) carry_out_tasks();
    if (allow_list_) handshakes_refused_ += allow_list_->answer();
    for (int i = 0; i < crossing_burst && receive(); ++i) {}
    for (auto& [node, way] : ways_) {
      if (!way.is_new()) continue;
      ++connections_;
      table_.on_connected(node);
    }
    const auto now_ms = crossing_clock_ms();
    if (now_ms >= table_.due()) obey(table_.tick(now_ms));
    send_all(now_ms);
  }

  long wait_ms() const {
    const auto due = table_.due();
    if (due == std::numeric_limits<std::int64_t>::max()) return -1;
    return static_cast<long>(std::clamp<std::int64_t>(due - crossing_clock_ms(), 0, 60'000));
  }

  void carry_out_tasks() {
    std::uint64_t count = 0;
    static_cast<void>(::read(wakes_, &count, sizeof count));
    std::vector<task> tasks;
    {
      const std::lock_guard guard{mutex_};
      tasks.swap(tasks_);
    }
    const auto now_ms = crossing_clock_ms();
    for (auto& one : tasks) obey(one(now_ms));
  }

  void send_all(std::int64_t now_ms) {
    for (auto& [node, way] : ways_) {
      while (way.takes_a_frame()) {
        const auto x = table_.next_frame(node, now_ms);
        if (!x) break;
        way.send(*x, self_.server_name);
        ++frames_out_;
      }
    }
  }

  /// @returns whether there was a message
  bool receive() {
    zmq::message_t id;
    if (!listener_.socket.recv(id, zmq::recv_flags::dontwait)) return false;
    std::array<zmq::message_t, frame_parts> parts;
    std::size_t received = 0, bytes = 0;
    for (bool more = id.more(); more;) {
      zmq::message_t part;
      if (!listener_.socket.recv(part, zmq::recv_flags::none)) break;
      more = part.more();
      bytes += part.size();
      if (received < frame_parts) parts[received] = std::move(part);
      ++received;
    }
    auto x = read(parts, received, bytes);
    if (!x) {
      ++bad_frames_;
      spdlog::debug("E532 frame of another node refused why={}", to_string(x.error()));
      return true;
    }
    ++frames_in_;
    obey(table_.on_frame(*x, crossing_clock_ms()));
    return true;
  }

  result<link_frame> read(std::array<zmq::message_t, frame_parts>& parts, std::size_t received,
                          std::size_t bytes) const {
    if (received != frame_parts || parts[0].to_string_view() != magic || parts[1].size() != 1)
      return {fault_code::bad_frame, "it is not CW1, verb, header, body"};
    if (bytes > listener_.frame_bytes_max) return {fault_code::too_large, "it is too large"};
    if (listener_.curve) {
      const auto peer = allow_list::sender(parts[0]);
      if (!peer || !peer->is_node) return {fault_code::role_denied, "it is not of a node"};
    }
    return decode_crossing(
      {static_cast<verb>(*parts[1].data<std::uint8_t>()), parts[2].to_string(), parts[3].to_string()},
      self_.server_name);
  }

  void obey(const crossing_table::effects& effects) {
    for (const auto& one : effects) {
      if (const auto* got = std::get_if<crossing_table::deliver>(&one)) deliver(*got);
      else if (const auto* gone = std::get_if<crossing_table::lost>(&one)) heard_.on_lost(gone->peer, gone->actors);
      else heard_.on_owners_wanted();
    }
  }
  void deliver(const crossing_table::deliver& come) {
    const auto& x = *come.what;
    auto read = crossing::decode(x.body);
    if (read) return heard_.on_message(come.from, x.from, x.to, std::move(*read));
    ++bad_messages_;
    spdlog::error("E533 message of another node dropped from={} to={} why={}", to_string(x.from), to_string(x.to),
                  to_string(read.error()));
    obey(table_.refuse_unread(come, crossing_clock_ms()));
  }

  const config::edge_options options_;
  const identity self_;
  const int pipe_messages_;
  crossing_sink& heard_;
  zmq::context_t zmq_;   ///< of its own: an edge has a context to itself
  crossing_table table_; ///< the thread's
  const int wakes_;
  curve_keys keys_;
  std::optional<allow_list> allow_list_;
  listener listener_;
  std::map<std::int64_t, way_to_peer> ways_; ///< the thread's
  std::mutex mutex_;
  std::vector<task> tasks_; ///< guarded by mutex_
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> frames_in_{0}, frames_out_{0}, bad_frames_{0}, bad_messages_{0}, connections_{0},
    handshakes_refused_{0};
  std::thread thread_; // last: it uses all of the above
};

node_crossing::node_crossing() = default;
node_crossing::~node_crossing() = default;

result<std::unique_ptr<node_crossing>> node_crossing::open(const config::edge_options& options,
                                                           const std::string& endpoint, identity self,
                                                           crossing_sink& heard, const bounds& most) {
  try {
    std::unique_ptr<node_crossing> made{new node_crossing};
    made->impl_ = std::make_unique<impl>(options, std::move(self), heard, most);
    if (const auto opened = made->impl_->open(endpoint); !opened) return opened.error();
    return made;
  } catch (const std::exception& e) { // out of descriptors or threads
    return {fault_code::internal, e.what()};
  }
}

void node_crossing::set_nodes(std::vector<other_node> live) {
  impl_->post([i = impl_.get(), x = std::move(live)](std::int64_t now_ms) { return i->set_nodes(x, now_ms); });
}
void node_crossing::set_owners(const shard_owners& read) {
  impl_->post([i = impl_.get(), x = std::make_shared<const shard_owners>(read)](std::int64_t now_ms) {
    return i->table().set_owners(*x, now_ms);
  });
}
void node_crossing::take(shard_number shard, std::uint64_t epoch) {
  impl_->post([i = impl_.get(), shard, epoch](std::int64_t now_ms) { return i->table().take(shard, epoch, now_ms); });
}
void node_crossing::release(shard_number shard) {
  impl_->post([i = impl_.get(), shard](std::int64_t now_ms) { return i->table().release(shard, now_ms); });
}
void node_crossing::send(const address& from, const address& to, const message& x) {
  parcel made{parcel::kind::message, crossing::shard_of(to), 0, from, to, crossing::encode(x)};
  impl_->post([i = impl_.get(), p = std::move(made)](std::int64_t now_ms) mutable {
    return i->table().send(std::move(p), now_ms);
  });
}
void node_crossing::send_to(std::int64_t node, const address& from, const address& to, const message& x) {
  parcel made{parcel::kind::message, {}, 0, from, to, crossing::encode(x)};
  impl_->post([i = impl_.get(), node, p = std::move(made)](std::int64_t now_ms) mutable {
    return i->table().send_to(node, std::move(p), now_ms);
  });
}
void node_crossing::forget(const address& ended) {
  impl_->post([i = impl_.get(), ended](std::int64_t) {
    i->table().forget(ended);
    return crossing_table::effects{};
  });
}

const std::string& node_crossing::endpoint() const { return impl_->endpoint(); }
crossing_counters node_crossing::count() const { return impl_->count(); }

} // namespace causeway::edge
