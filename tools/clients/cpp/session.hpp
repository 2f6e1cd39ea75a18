#pragma once
#include "causeway_client.hpp"
#include "event_queue.hpp"
#include "event_streams.hpp"
#include "notes.hpp"
#include "open_calls.hpp"
#include "shared_state.hpp"
#include "wire.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace causeway::client {

/// The connection as a whole: greets the broker, keeps it alive, begins anew when it is lost, and hands every frame to
/// the part it is for. Its I/O thread alone touches the socket; other threads give it jobs.
class client::impl {
public:
  explicit impl(options o);
  ~impl();
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  // Any thread: see client.
  void close();
  status wait_connected(std::chrono::milliseconds timeout);
  result<std::string> command(const std::string& name, const std::string& body, const std::string& id,
                              std::chrono::milliseconds timeout, std::optional<std::string> traceparent);
  void send_ephemeral(const chat::command& x);
  std::optional<event> next_event(std::chrono::milliseconds timeout);
  fault ack(const event& x, const bindings& bind);
  void nack(const event& x, bool permanent, const std::string& reason);
  void seek(std::uint32_t stream, std::int64_t cursor);
  std::pair<std::uint64_t, fault> errors() const { return notes_.errors(); }
  std::vector<std::string> ignored() const { return notes_.ignored(); }
  std::size_t open_commands() const { return open_commands_; }
  std::size_t unsent() const { return unsent_count_; }

private:
  using clock = std::chrono::steady_clock;

  void post(std::function<void()> job);
  void void_queued(std::uint32_t stream);

  // The I/O thread.
  void run();
  std::chrono::milliseconds wait_time() const;
  void run_jobs();
  void read_monitor();
  void on_tick();
  void flush();
  void open_socket();
  void hello();
  void say_bye();
  void set_welcomed(bool x);
  void send(edge::verb what, const std::string& header, const std::string& body);
  void consumed(std::uint64_t messages, std::uint64_t bytes);
  void finish_all();

  void handle(edge::frame frame);
  void welcome(const edge::welcome_header& x);
  void refused(const std::string& header, fault why);
  void answered(const edge::result_header& x, std::string body);
  void happened(const edge::event_header& x, std::string body);

  const options options_;
  const int wake_; ///< an eventfd: there are jobs
  shared_state shared_;
  notes notes_{shared_};
  event_queue events_{shared_};

  // the I/O thread's
  wire wire_{options_};
  open_calls calls_;
  event_streams streams_;
  bool stopping_ = false;
  clock::time_point hello_sent_, last_heard_, last_ping_;
  std::chrono::milliseconds heartbeat_{10'000}, peer_timeout_{30'000};
  std::uint64_t consumed_messages_ = 0, consumed_bytes_ = 0;

  std::atomic<std::size_t> open_commands_{0}, unsent_count_{0}; ///< for others, once a turn

  // the mutex of shared_ guards what follows
  std::deque<std::function<void()>> jobs_;
  std::atomic<bool> welcomed_{false};
  fault hello_fault_;

  std::once_flag closing_;
  std::thread thread_; // last: it uses all of the above
};

} // namespace causeway::client
