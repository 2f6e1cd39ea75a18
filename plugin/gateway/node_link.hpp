#pragma once
#include "messages/fault.hpp"
#include "plugin/gateway/curve_keys.hpp"
#include "plugin/gateway/link_bounds.hpp"
#include "plugin/gateway/link_session.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <zmq.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace causeway::gateway {

/// Takes what the node says. Called on the Asio thread.
class link_sink {
public:
  virtual ~link_sink() = default;
  virtual void on_frame(edge::frame x) = 0; ///< COMMAND, RESULT or CREDIT
  virtual void on_lost() = 0;               ///< nothing that is open will be answered
  virtual void on_up() {}                   ///< the node takes requests (again)
};

/// The gateway's one ZeroMQ socket: a DEALER that one Asio thread owns. `send` may be called by any thread; on the
/// owner's it costs no hop, from others one wake-up per batch.
class node_link {
public:
  /// @param heard  outlives this
  node_link(boost::asio::io_context& io, zmq::context_t& context, link_timing timing, link_sink& heard,
            link_bounds bounds = {});
  node_link(const node_link&) = delete;
  node_link& operator=(const node_link&) = delete;
  ~node_link();

  /// Connects and greets. Call before the Asio thread runs.
  /// @param node_endpoint  inproc://, ipc:// or tcp:// address of the node's ROUTER; empty: there is no node yet
  /// @param outbound  false: this gateway wants no requests to other servers
  /// @returns fault invalid_param for an endpoint or key ZeroMQ refuses
  status open(const std::string& node_endpoint, const std::string& own_name, const std::optional<curve_keys>& keys,
              bool outbound = true);
  /// Only a node of this homeserver will do. @pre it is not open
  void expect(std::string server_name) { server_name_ = std::move(server_name); }

  /// Leaves the node and greets another one, from the Asio thread. What is open there is lost (`on_lost`); nothing that
  /// it still says is heard. An endpoint ZeroMQ refuses is as none; where there is no descriptor for a socket it is
  /// tried again until there is. Any thread.
  void retarget(std::string node_endpoint, std::optional<curve_keys> keys);

  /// Sends or queues. Any thread. A frame that finds the pipe full waits, in order; at the bound the node counts as
  /// gone: what waits is dropped, `on_lost` is called and it is greeted anew. What waited for a node that is gone is
  /// dropped as well (callers look at `up()` first).
  void send(edge::frame x);
  /// Whether the node has greeted, is alive and takes requests. Any thread.
  bool up() const { return up_; }
  /// Frames that wait because the pipe is full, and how often their bound was reached. Any thread.
  std::size_t unsent() const { return unsent_count_; }
  std::uint64_t overflows() const { return overflows_; }
  /// Tells the node that nothing more follows. Any thread.
  void say_bye();

private:
  void connect(const std::string& node_endpoint, const std::optional<curve_keys>& keys);
  void leave_for(const std::string& node_endpoint, const std::optional<curve_keys>& keys);
  bool renew(const std::string& node_endpoint, const std::optional<curve_keys>& keys);
  void renew_later(const std::string& node_endpoint, const std::optional<curve_keys>& keys, const std::string& why);
  bool has_socket() const { return readable_.is_open(); }
  void wait_for_input();
  void arm_timer();
  void receive();
  bool receive_one();
  void flush();
  void transmit(edge::frame x);
  void send_unsent();
  bool take(edge::frame& x);
  bool is_of_another_server(const std::string& welcome);
  void give_up(const zmq::error_t& error);
  void obey(const link_session::actions& todo);

  boost::asio::io_context& io_;
  zmq::context_t& context_;
  zmq::socket_t socket_;
  boost::asio::posix::stream_descriptor readable_; ///< ZMQ_FD; not ours to close
  boost::asio::steady_timer timer_, again_;        ///< `again_`: for a socket that could not be made
  link_session session_;
  link_sink& heard_;
  link_bounds bounds_;
  edge::unsent_frames unsent_;
  std::atomic<std::size_t> unsent_count_{0};
  std::atomic<std::uint64_t> overflows_{0};
  std::string hello_, server_name_; ///< `server_name_` empty: of any
  bool has_complained_ = false;     ///< of this node
  std::atomic<bool> up_{false};
  bool closed_ = false;             ///< the ZeroMQ context ended under us
  std::uint64_t socket_number_ = 0; ///< a wait for input of a socket that is gone says nothing

  std::mutex mutex_;
  std::vector<edge::frame> outgoing_;
  std::vector<edge::frame> batch_;
};

} // namespace causeway::gateway
