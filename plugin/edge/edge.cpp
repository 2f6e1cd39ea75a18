#include "plugin/edge/edge.hpp"

#include "messages/crash_point.hpp"
#include "messages/edge/header.hpp"
#include "messages/limits.hpp"
#include "plugin/edge/allow_list.hpp"
#include "plugin/edge/listener.hpp"
#include "plugin/edge/outbox.hpp"
#include "plugin/patient_threads.hpp"

#include <poll.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace causeway::edge {
namespace {

/// Messages taken from one socket before the next has its turn.
constexpr int burst = 256;
/// How long a full peer waits before its queue is tried again. ROUTER cannot tell when one peer has room.
constexpr int full_peer_retry_ms = 5;
/// What waits for one full peer, bytes; one frame is always allowed.
constexpr std::size_t queue_bytes_max = 64 * 1024 * 1024;
/// What was handed over at the end may take so long to leave: closing the context waits for a peer that reads too
/// slowly.
constexpr int last_words_ms = 500;
/// A body above this is handed to libzmq without a copy.
constexpr std::size_t copied_bytes_max = 4'096;
/// Routing ids that libzmq gives: a zero and four bytes.
constexpr std::size_t given_routing_id_bytes = 5;

enum part : std::size_t { part_magic, part_verb, part_header, part_body, part_count };

enum class handed { over, full, gone };

bool is_chosen_by_peer(std::string_view routing_id) {
  return routing_id.size() != given_routing_id_bytes || routing_id.front() != '\0';
}

/// Sends without a copy: libzmq frees the string when the bytes are out.
bool send_large(void* socket, std::string&& bytes) {
  auto owned = std::make_unique<std::string>(std::move(bytes));
  zmq_msg_t message;
  const auto release = [](void*, void* hint) { delete static_cast<std::string*>(hint); };
  if (zmq_msg_init_data(&message, owned->data(), owned->size(), release, owned.get()) != 0) return false;
  static_cast<void>(owned.release());
  if (zmq_msg_send(&message, socket, ZMQ_DONTWAIT) >= 0) return true;
  zmq_msg_close(&message);
  return false;
}

/// libzmq decides about the whole message with its first part: once a peer took the routing id, it takes the rest.
handed hand_over(zmq::socket_t& to, const std::string& routing_id, frame& x) {
  void* socket = to.handle();
  if (zmq_send(socket, routing_id.data(), routing_id.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
    return zmq_errno() == EAGAIN ? handed::full : handed::gone;
  const auto what = static_cast<char>(x.what);
  bool sent = zmq_send(socket, magic.data(), magic.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0;
  sent = sent && zmq_send(socket, &what, 1, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0;
  sent = sent && zmq_send(socket, x.header.data(), x.header.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0;
  if (sent && x.body.size() > copied_bytes_max) sent = send_large(socket, std::move(x.body));
  else sent = sent && zmq_send(socket, x.body.data(), x.body.size(), ZMQ_DONTWAIT) >= 0;
  return sent ? handed::over : handed::gone;
}

} // namespace

class edge::impl {
public:
  impl(frame_sink& heard, std::uint32_t queue_frames_max) : heard_(heard), queue_frames_max_(queue_frames_max) {}
  ~impl() { stop(); }
  void stop() {
    stopping_ = true;
    outbox_.wake();
    if (thread_.joinable()) thread_.join();
  }

  status open(zmq::context_t& context, const config::edge_options& options) {
    auto keys = load_curve_keys(options.curve_secret_key_file);
    if (!keys) return keys.error();
    if (!keys->secret.text.empty()) {
      auto list = allow_list::open(context, options.peers);
      if (!list) return list.error();
      allow_list_ = std::move(*list);
    }
    std::vector<std::pair<role, std::string>> wanted;
    for (const auto& endpoint : options.chat_endpoints) wanted.emplace_back(role::chat, endpoint);
    for (const auto& endpoint : options.gateway_endpoints) wanted.emplace_back(role::gateway, endpoint);
    wanted.emplace_back(role::gateway, inproc_gateway_endpoint);
    if (!options.admin_endpoint.empty()) wanted.emplace_back(role::admin, options.admin_endpoint);
    for (const auto& [kind, endpoint] : wanted) {
      auto made = listen(context, kind, endpoint, options, *keys);
      if (!made) return made.error();
      bound_.push_back({kind, made->address, made->curve});
      listeners_.push_back(std::move(*made));
    }
    thread_ = std::thread{[this] { run(); }};
    return ok();
  }

  void send(std::vector<outgoing> frames) { outbox_.put(std::move(frames)); }
  status admit(std::vector<config::edge_peer> peers) {
    if (!allow_list_) return {fault_code::invalid_param, "edge.peers: there is no edge.curve_secret_key_file"};
    {
      const std::lock_guard lock{peers_mutex_};
      new_peers_ = std::move(peers);
    }
    outbox_.wake();
    return ok();
  }
  const std::vector<bound_endpoint>& bound() const { return bound_; }
  counters count() const {
    return {frames_in_, frames_out_, bad_frames_, connections_lost_, handshakes_refused_, frames_queued_};
  }

private:
  using key = std::pair<std::uint32_t, std::string>;
  struct queue {
    connection to;
    std::deque<frame> frames;
    std::size_t bytes = 0;
  };

  void run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr); // signals are the main thread's
    pthread_setname_np(pthread_self(), "edge");
    make_this_thread_patient();
    std::vector<pollfd> watched;
    watched.push_back({outbox_.descriptor(), POLLIN, 0});
    watched.push_back({allow_list_ ? allow_list_->socket().get(zmq::sockopt::fd) : -1, POLLIN, 0});
    const auto first_listener = watched.size();
    for (auto& l : listeners_) watched.push_back({l.socket.get(zmq::sockopt::fd), POLLIN, 0});
    unsure_.assign(listeners_.size(), true);
    while (!stopping_) {
      if (::poll(watched.data(), watched.size(), wait_ms()) < 0 && errno != EINTR) {
        spdlog::critical("E522 edge poll failed error={}", std::generic_category().message(errno));
        return;
      }
      if (!queues_.empty()) retry_queues();
      if (watched[0].revents != 0) {
        take_new_peers();
        send_waiting();
      }
      if (watched[1].revents != 0) handshakes_refused_ += allow_list_->answer();
      for (std::uint32_t i = 0; i < listeners_.size(); ++i)
        if (watched[first_listener + i].revents != 0 || unsure_[i]) receive_burst(i);
    }
    // The last words, a BYE among them.
    send_waiting();
    retry_queues();
    for (auto& l : listeners_) l.socket.set(zmq::sockopt::linger, last_words_ms);
  }

  void take_new_peers() {
    std::optional<std::vector<config::edge_peer>> peers;
    {
      const std::lock_guard lock{peers_mutex_};
      peers.swap(new_peers_);
    }
    if (!peers) return;
    if (const auto taken = allow_list_->replace(*peers); taken)
      spdlog::info("E523 edge peers={} are admitted from now on", peers->size());
    else spdlog::error("E524 edge peers stay as they were why={}", to_string(taken.error()));
  }

  int wait_ms() const {
    if (std::find(unsure_.begin(), unsure_.end(), true) != unsure_.end()) return 0;
    return queues_.empty() ? -1 : full_peer_retry_ms;
  }

  // -- inbound

  void receive_burst(std::uint32_t index) {
    int taken = 0;
    while (taken < burst && receive(index)) ++taken;
    unsure_[index] = taken == burst;
  }

  /// @returns whether there was a message
  bool receive(std::uint32_t index) {
    auto& l = listeners_[index];
    zmq::message_t id;
    if (!l.socket.recv(id, zmq::recv_flags::dontwait)) return false;
    std::array<zmq::message_t, part_count> parts;
    std::size_t received = 0, bytes = 0;
    for (bool more = id.more(); more;) {
      zmq::message_t part;
      if (!l.socket.recv(part, zmq::recv_flags::none)) break;
      more = part.more();
      bytes += part.size();
      if (received < part_count) parts[received] = std::move(part);
      ++received;
    }
    connection from{index, id.to_string(), l.kind, {}};
    if (l.curve) {
      auto peer = received == 0 ? std::nullopt : allow_list::sender(parts[0]);
      if (!peer) return true; // cannot be: the handshake named the peer; without a name it gets nothing
      from.peer_role = peer->is_node ? l.kind : peer->peer_role;
      // What a node passes on has the name of the chat server in its HELLO, as that node has checked it.
      if (!peer->is_node || l.kind != role::chat) from.peer_name = std::move(peer->name);
    }
    auto x = read(l, from, parts, received, bytes);
    if (!x) {
      ++bad_frames_;
      deliver(from, make_error(x.error(), subject(parts)));
      return true;
    }
    ++frames_in_;
    if (l.kind == role::chat && x->what == verb::command) crash::pass(crash::point::command_received);
    if (l.kind == role::chat && x->what == verb::ack) crash::pass(crash::point::ack_received);
    heard_.on_frame(from, std::move(*x));
    return true;
  }

  /// What a message that is refused as a whole was about: a COMMAND that is too large fails, and is not repeated for
  /// ever.
  static error_header subject(const std::array<zmq::message_t, part_count>& parts) {
    if (parts[part_magic].to_string_view() != magic || parts[part_verb].size() != 1) return {};
    const auto what = *parts[part_verb].data<std::uint8_t>();
    return is_verb(what) ? subject_of(static_cast<verb>(what), parts[part_header].to_string_view()) : error_header{};
  }

  static result<frame> read(const listener& l, const connection& from, std::array<zmq::message_t, part_count>& parts,
                            std::size_t received, std::size_t bytes) {
    if (bytes > l.frame_bytes_max)
      return {fault_code::too_large, "the frames have " + std::to_string(bytes) + " bytes, at most " +
                                       std::to_string(l.frame_bytes_max) + " are taken"};
    if (received != part_count) return {fault_code::bad_frame, std::to_string(received) + " frames, expected 4"};
    if (parts[part_magic].to_string_view() != magic) return {fault_code::bad_frame, "the first frame is not CW1"};
    if (parts[part_verb].size() != 1) return {fault_code::bad_frame, "the verb is not one byte"};
    // A chosen id could be taken over by another peer when its owner is gone, and with it what is sent to that id.
    if (is_chosen_by_peer(from.routing_id))
      return {fault_code::bad_frame, "the routing id was set by the peer; leave it to ZeroMQ"};
    const auto what = *parts[part_verb].data<std::uint8_t>();
    if (!is_verb(what)) return {fault_code::unknown_verb, "byte " + std::to_string(what)};
    return frame{static_cast<verb>(what), parts[part_header].to_string(), parts[part_body].to_string()};
  }

  // -- outbound

  void send_waiting() {
    outbox_.take(taken_, refused_);
    for (auto& [to, body] : taken_) deliver(to, std::move(body));
    for (const auto& to : refused_) lose(to, "the outbox is full");
  }

  void deliver(const connection& to, frame body) {
    if (to.endpoint >= listeners_.size()) return;
    const key who{to.endpoint, to.routing_id};
    const auto queued = queues_.find(who);
    if (queued != queues_.end()) return enqueue(queued->second, std::move(body));
    unsure_[to.endpoint] = true;
    const auto what = body.what;
    const bool is_durable_event = crash::is_compiled_in && what == verb::event && is_chat(to) && is_durable(body);
    if (is_durable_event) crash::pass(crash::point::event_before_send);
    switch (hand_over(listeners_[to.endpoint].socket, to.routing_id, body)) {
    case handed::over:
      ++frames_out_;
      if (is_durable_event) crash::pass(crash::point::event_sent);
      if (what == verb::result && is_chat(to)) crash::pass(crash::point::result_sent);
      return;
    case handed::gone: return lose(to, "gone");
    case handed::full: break;
    }
    auto& q = queues_[who];
    q.to = to;
    enqueue(q, std::move(body));
  }

  bool is_chat(const connection& to) const { return listeners_[to.endpoint].kind == role::chat; }
  static bool is_durable(const frame& x) {
    const auto header = decode_header<event_header>(x.header);
    return header && header->cursor.has_value();
  }

  void enqueue(queue& q, frame body) {
    const auto bytes = body.header.size() + body.body.size();
    if (q.frames.size() >= queue_frames_max_ || (q.bytes + bytes > queue_bytes_max && !q.frames.empty())) {
      const auto to = q.to;
      return lose(to, "too slow");
    }
    q.bytes += bytes;
    q.frames.push_back(std::move(body));
    ++frames_queued_;
  }

  void retry_queues() {
    std::vector<connection> gone;
    for (auto at = queues_.begin(); at != queues_.end();) {
      auto& q = at->second;
      auto result = handed::over;
      unsure_[q.to.endpoint] = true;
      while (!q.frames.empty() && result == handed::over) {
        const auto bytes = q.frames.front().header.size() + q.frames.front().body.size();
        result = hand_over(listeners_[q.to.endpoint].socket, q.to.routing_id, q.frames.front());
        if (result != handed::over) break;
        ++frames_out_;
        --frames_queued_;
        q.bytes -= bytes;
        q.frames.pop_front();
      }
      if (result == handed::gone) gone.push_back(q.to);
      at = q.frames.empty() ? queues_.erase(at) : std::next(at);
    }
    for (const auto& to : gone) lose(to, "gone");
  }

  void lose(const connection& to, const char* why) {
    if (const auto queued = queues_.find({to.endpoint, to.routing_id}); queued != queues_.end()) {
      frames_queued_ -= queued->second.frames.size();
      queues_.erase(queued);
    }
    ++connections_lost_;
    spdlog::debug("E525 edge connection lost endpoint={} peer={} why={}", bound_[to.endpoint].address, to.peer_name,
                  why);
    heard_.on_lost(to);
  }

  frame_sink& heard_;
  std::uint32_t queue_frames_max_;
  std::vector<listener> listeners_;
  std::vector<bound_endpoint> bound_;
  /// Of each listener: whether there may be messages although its descriptor does not say so. The descriptor speaks
  /// once, and what it said is used up by whatever looks at the socket next, a send included.
  std::vector<bool> unsure_;
  std::optional<allow_list> allow_list_; ///< the poller's, once it runs
  std::mutex peers_mutex_;
  std::optional<std::vector<config::edge_peer>> new_peers_; ///< guarded by peers_mutex_
  outbox outbox_;
  std::map<key, queue> queues_; ///< of full peers only
  std::vector<outgoing> taken_;
  std::vector<connection> refused_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> frames_in_{0}, frames_out_{0}, bad_frames_{0}, connections_lost_{0},
    handshakes_refused_{0}, frames_queued_{0};
  std::thread thread_; // last: it uses all of the above
};

edge::edge() = default;
edge::~edge() = default;
void edge::stop() { impl_->stop(); }

result<std::unique_ptr<edge>> edge::open(zmq::context_t& context, const config::edge_options& options,
                                         frame_sink& heard) {
  try {
    std::unique_ptr<edge> made{new edge};
    made->impl_ = std::make_unique<impl>(heard, options.high_water_mark);
    if (const auto opened = made->impl_->open(context, options); !opened) return opened.error();
    return made;
  } catch (const std::exception& e) { // out of descriptors or threads
    return {fault_code::internal, e.what()};
  }
}

void edge::send(const connection& to, frame body) {
  std::vector<outgoing> one;
  one.push_back({to, std::move(body)});
  impl_->send(std::move(one));
}

void edge::send(std::vector<outgoing> frames) { impl_->send(std::move(frames)); }

status edge::admit(std::vector<config::edge_peer> peers) { return impl_->admit(std::move(peers)); }

const std::vector<bound_endpoint>& edge::endpoints() const { return impl_->bound(); }

counters edge::count() const { return impl_->count(); }

} // namespace causeway::edge
