#include "plugin/edge/chat_relay.hpp"

#include "messages/limits.hpp"
#include "plugin/edge/outbox.hpp"
#include "plugin/patient_threads.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>
#include <zmq.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

namespace causeway::edge {
namespace {

/// Messages taken from one connection before the next has its turn.
constexpr int relay_burst = 256;
/// What was handed over may take so long to leave when its connection is closed.
constexpr int way_linger_ms = 500;

std::int64_t relay_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
    .count();
}

/// A connection to the node that serves: one socket each, as a chat server would have it.
class way_to_node {
public:
  /// @throws zmq::error_t
  way_to_node(zmq::context_t& context, const std::string& endpoint, const std::optional<relay_keys>& keys,
              const config::edge_options& options, const chat_relay::bounds& most)
      : socket_(context, zmq::socket_type::dealer), unsent_(most.unsent) {
    socket_.set(zmq::sockopt::linger, way_linger_ms);
    socket_.set(zmq::sockopt::sndhwm, most.pipe_messages);
    socket_.set(zmq::sockopt::rcvhwm, most.pipe_messages);
    socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::chat_transport_bytes_max));
    if (endpoint.find('[') != std::string::npos) socket_.set(zmq::sockopt::ipv6, true);
    socket_.set(zmq::sockopt::heartbeat_ivl, static_cast<int>(options.heartbeat_ms));
    socket_.set(zmq::sockopt::heartbeat_timeout, static_cast<int>(options.peer_timeout_ms));
    if (keys) {
      socket_.set(zmq::sockopt::curve_serverkey, keys->node_public);
      socket_.set(zmq::sockopt::curve_publickey, keys->own_public);
      socket_.set(zmq::sockopt::curve_secretkey, keys->own_secret);
    }
    socket_.connect(endpoint);
  }

  zmq::pollitem_t watched() {
    return {socket_.handle(), 0, static_cast<short>(unsent_.empty() ? ZMQ_POLLIN : ZMQ_POLLIN | ZMQ_POLLOUT), 0};
  }
  /// @returns false: too much waits
  bool send(frame x) {
    return unsent_.send(std::move(x), [this](frame& each) { return take(each); });
  }
  std::size_t waiting_bytes() const { return unsent_.bytes(); }
  void send_unsent() {
    unsent_.flush([this](frame& each) { return take(each); });
  }
  /// What has come, at most a burst.
  std::vector<frame> receive() {
    std::vector<frame> come;
    for (int i = 0; i < relay_burst && receive_one(come); ++i) {}
    return come;
  }

private:
  /// Only the first part can find the pipe full; the parts of one message go together.
  bool take(frame& x) {
    if (!socket_.send(zmq::buffer(magic), zmq::send_flags::sndmore | zmq::send_flags::dontwait)) return false;
    const auto what = static_cast<char>(x.what);
    socket_.send(zmq::const_buffer(&what, 1), zmq::send_flags::sndmore);
    socket_.send(zmq::buffer(x.header), zmq::send_flags::sndmore);
    socket_.send(zmq::buffer(x.body), zmq::send_flags::none);
    return true;
  }
  bool receive_one(std::vector<frame>& come) {
    std::array<zmq::message_t, 4> parts;
    std::size_t count = 0;
    for (bool more = true; more; ++count) {
      zmq::message_t surplus;
      auto& part = count < parts.size() ? parts[count] : surplus;
      if (!socket_.recv(part, zmq::recv_flags::dontwait)) return false;
      more = part.more();
    }
    // What no node says is not passed on.
    if (count != parts.size() || parts[0].to_string_view() != magic || parts[1].size() != 1) return true;
    const auto what = *parts[1].data<std::uint8_t>();
    if (is_verb(what)) come.push_back({static_cast<verb>(what), parts[2].to_string(), parts[3].to_string()});
    return true;
  }

  zmq::socket_t socket_;
  unsent_frames unsent_;
};

} // namespace

class chat_relay::impl final : frame_sink {
public:
  impl(const config::edge_options& options, const bounds& most)
      : options_(options), most_(most), zmq_(patient_context()), table_(most.table) {}
  ~impl() override {
    stopping_ = true;
    come_.wake();
    if (thread_.joinable()) thread_.join(); // its last words are with the edge now
  }

  status open() {
    auto only_chat = options_;
    only_chat.gateway_endpoints.clear();
    only_chat.admin_endpoint.clear();
    auto bound = edge::open(zmq_, only_chat, *this);
    if (!bound) return bound.error();
    edge_ = std::move(*bound);
    thread_ = std::thread{[this] { run(); }};
    return ok();
  }

  void retarget(std::string endpoint, std::optional<relay_keys> keys) {
    {
      const std::lock_guard guard{mutex_};
      next_.emplace(std::move(endpoint), std::move(keys));
    }
    come_.wake();
  }
  const std::vector<bound_endpoint>& endpoints() const { return edge_->endpoints(); }
  std::size_t connections() const { return connections_; }
  std::size_t waiting_bytes() const { return waiting_bytes_; }

private:
  using target = std::pair<std::string, std::optional<relay_keys>>;

  // -- on the thread of the endpoints
  void on_frame(const connection& from, frame&& x) override {
    std::vector<outgoing> one;
    one.push_back({from, std::move(x)});
    come_.put(std::move(one));
  }
  void on_lost(const connection& gone) override {
    {
      const std::lock_guard guard{mutex_};
      lost_.push_back(gone);
    }
    come_.wake();
  }

  // -- on its own

  void run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr); // signals are the main thread's
    pthread_setname_np(pthread_self(), "chat relay");
    make_this_thread_patient();
    while (!stopping_) {
      try {
        turn();
      } catch (const std::exception& e) {
        spdlog::critical("E527 relay of chat servers failed error={}", e.what());
        end_all();
        carry_out(table_.serve(!target_.first.empty()));
      }
      connections_ = table_.size();
      waiting_bytes_ = all_waiting_bytes();
    }
    end_all();
  }

  /// All chat servers are told to connect again.
  void end_all() {
    carry_out(table_.serve(false));
    ways_.clear();
  }

  /// Waits for whatever comes next, and does it.
  void turn() {
    std::vector<zmq::pollitem_t> watched{{nullptr, come_.descriptor(), ZMQ_POLLIN, 0}};
    std::vector<relay_table::number> numbers;
    for (auto& [number, way] : ways_) {
      watched.push_back(way.watched());
      numbers.push_back(number);
    }
    if (zmq_poll(watched.data(), static_cast<int>(watched.size()), wait_ms()) < 0 && zmq_errno() != EINTR)
      throw zmq::error_t{};
    take_target();
    take_from_peers();
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (const auto ready = watched[i + 1].revents; ready != 0) take_from_node(numbers[i], ready);
    carry_out(table_.tick(relay_clock_ms()));
  }

  long wait_ms() const {
    const auto due = table_.next_tick();
    return due ? static_cast<long>(std::max<std::int64_t>(0, *due - relay_clock_ms())) : -1;
  }

  void take_target() {
    std::optional<target> next;
    {
      const std::lock_guard guard{mutex_};
      next.swap(next_);
    }
    if (!next) return;
    carry_out(table_.serve(!next->first.empty()));
    target_ = std::move(*next);
  }

  void take_from_peers() {
    std::vector<connection> lost;
    {
      const std::lock_guard guard{mutex_};
      lost.swap(lost_);
    }
    come_.take(taken_, refused_);
    const auto now = relay_clock_ms();
    // Losses first: HELLO of a chat server that has come back under its id must not join the way of before.
    for (const auto& x : lost) carry_out(table_.on_peer_lost(x));
    for (auto& x : taken_) carry_out(table_.on_peer(x.to, std::move(x.body), now));
    for (const auto& x : refused_) carry_out(table_.on_peer_lost(x)); // its next frame is answered with hello_required
  }

  void take_from_node(relay_table::number number, short ready) {
    const auto at = ways_.find(number);
    if (at == ways_.end()) return;
    if ((ready & ZMQ_POLLOUT) != 0) at->second.send_unsent();
    if ((ready & ZMQ_POLLIN) == 0) return;
    const auto now = relay_clock_ms();
    for (auto& x : at->second.receive()) carry_out(table_.on_node(number, std::move(x), now)); // may close the way
  }

  void carry_out(relay_table::effects todo) {
    std::deque<relay_table::effect> left{std::make_move_iterator(todo.begin()), std::make_move_iterator(todo.end())};
    while (!left.empty()) {
      auto next = std::move(left.front());
      left.pop_front();
      for (auto& x : std::visit([this](auto& x) { return carry_out_one(x); }, next)) left.push_back(std::move(x));
    }
  }

  relay_table::effects carry_out_one(const relay_table::open_way& x) {
    try {
      ways_.try_emplace(x.to, zmq_, target_.first, target_.second, options_, most_);
    } catch (const zmq::error_t& error) {
      spdlog::error("E528 no way for a chat server to the node at {}: {}", target_.first, error.what());
      return table_.on_node_lost(x.to);
    }
    return {};
  }
  relay_table::effects carry_out_one(relay_table::to_node& x) {
    const auto at = ways_.find(x.to);
    if (at == ways_.end()) return {};
    if (!at->second.send(std::move(x.what))) return give_up(x.to);
    if (at->second.waiting_bytes() == 0 || all_waiting_bytes() <= most_.waiting_bytes_max) return {};
    const auto most = std::max_element(ways_.begin(), ways_.end(), [](const auto& a, const auto& b) {
      return a.second.waiting_bytes() < b.second.waiting_bytes();
    });
    return give_up(most->first);
  }
  /// @returns nothing, of a connection that ends already: its BYE finds no room either
  relay_table::effects give_up(relay_table::number number) {
    auto ended = table_.on_node_lost(number);
    if (!ended.empty()) spdlog::warn("E529 the node that serves takes nothing from a chat server: its connection ends");
    return ended;
  }
  std::size_t all_waiting_bytes() const {
    std::size_t all = 0;
    for (const auto& [number, way] : ways_) all += way.waiting_bytes();
    return all;
  }
  relay_table::effects carry_out_one(const relay_table::close_way& x) {
    ways_.erase(x.to);
    return {};
  }
  relay_table::effects carry_out_one(relay_table::to_peer& x) {
    edge_->send(x.to, std::move(x.what));
    return {};
  }

  const config::edge_options options_;
  const bounds most_;
  zmq::context_t zmq_; ///< of its own: an edge has a context to itself
  outbox come_;        ///< from chat servers, and what wakes the thread
  std::mutex mutex_;
  std::vector<connection> lost_; ///< guarded by mutex_
  std::optional<target> next_;   ///< guarded by mutex_
  relay_table table_;            ///< this and what follows is the thread's
  target target_;
  std::map<relay_table::number, way_to_node> ways_;
  std::vector<outgoing> taken_;
  std::vector<connection> refused_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> connections_{0}, waiting_bytes_{0};
  std::unique_ptr<edge> edge_; ///< its thread uses the above
  std::thread thread_;         // last: it uses all of it
};

chat_relay::chat_relay() = default;
chat_relay::~chat_relay() = default;

chat_relay::bounds chat_relay::bounds_for(const config::edge_options& options) {
  bounds most;
  most.table.silence_ms = options.peer_timeout_ms;
  return most;
}

result<std::unique_ptr<chat_relay>> chat_relay::open(const config::edge_options& options, const bounds& most) {
  try {
    std::unique_ptr<chat_relay> made{new chat_relay};
    made->impl_ = std::make_unique<impl>(options, most);
    if (const auto opened = made->impl_->open(); !opened) return opened.error();
    return made;
  } catch (const std::exception& e) { // out of descriptors or threads
    return {fault_code::internal, e.what()};
  }
}

void chat_relay::retarget(std::string endpoint, std::optional<relay_keys> keys) {
  impl_->retarget(std::move(endpoint), std::move(keys));
}

const std::vector<bound_endpoint>& chat_relay::endpoints() const { return impl_->endpoints(); }

std::size_t chat_relay::connections() const { return impl_->connections(); }

std::size_t chat_relay::waiting_bytes() const { return impl_->waiting_bytes(); }

} // namespace causeway::edge
