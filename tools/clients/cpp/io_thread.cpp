#include "session.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

/// The loop that serves the socket, the greeting, and what becomes of each frame.
namespace causeway::client {
namespace {

using edge::verb;
using std::chrono::milliseconds;

/// HELLO is repeated this often while no WELCOME comes.
constexpr milliseconds hello_interval{1'000};
constexpr milliseconds tick{100};
/// What was handed over at the end may take so long to leave.
constexpr milliseconds closing_max{200};

} // namespace

void client::impl::run() {
  open_socket();
  while (!stopping_) {
    const auto ready = wire_.wait(wake_, calls_.is_blocked(), wait_time());
    if (ready.is_woken) run_jobs();
    if (ready.has_changed) read_monitor();
    if (ready.is_readable)
      for (edge::frame x; wire_.receive(x);) {
        last_heard_ = clock::now();
        handle(std::move(x));
      }
    flush();
    on_tick();
    open_commands_ = calls_.size();
    unsent_count_ = wire_.unsent();
  }
  say_bye();
  finish_all();
}

milliseconds client::impl::wait_time() const {
  if (!streams_.has_acks() || wire_.unsent() > 0) return tick;
  const auto left = std::chrono::ceil<milliseconds>(streams_.acks_due() - clock::now());
  return std::clamp(left, milliseconds{0}, tick);
}

void client::impl::run_jobs() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(wake_, &count, sizeof count);
  std::deque<std::function<void()>> jobs;
  {
    const std::lock_guard lock{shared_.mutex};
    jobs.swap(jobs_);
  }
  for (const auto& job : jobs) job();
}

void client::impl::flush() {
  if (!wire_.flush()) return;
  if (streams_.has_acks() && clock::now() >= streams_.acks_due()) streams_.send_acks();
  if (calls_.is_blocked()) calls_.send();
}

void client::impl::on_tick() {
  const auto now = clock::now();
  if (wire_.begins_anew()) open_socket();
  if (!welcomed_) {
    if (now - hello_sent_ >= hello_interval) hello();
    return;
  }
  if (now - last_heard_ >= peer_timeout_) return open_socket();
  if (now - last_ping_ >= heartbeat_) {
    last_ping_ = now;
    send(verb::ping, edge::encode_header(edge::ping_header{}), {});
  }
  calls_.on_tick(now);
}

/// In order, behind what waits. At the bound nothing is left out: the connection begins anew, and what matters is
/// repeated then.
void client::impl::send(verb what, const std::string& header, const std::string& body) {
  if (wire_.send(what, header, body)) return;
  notes_.add_error({fault_code::overloaded, std::to_string(wire_.unsent()) +
                                              " messages wait for a broker that reads nothing: the connection begins "
                                              "anew"});
}

/// Credit goes back when half of it is used up: few CREDIT frames, never a stop.
void client::impl::consumed(std::uint64_t messages, std::uint64_t bytes) {
  consumed_messages_ += messages;
  consumed_bytes_ += bytes;
  if (!welcomed_ || (consumed_messages_ * 2 < options_.credit_messages && consumed_bytes_ * 2 < options_.credit_bytes))
    return;
  send(verb::credit, edge::encode_header(edge::credit_header{{consumed_messages_, consumed_bytes_}}), {});
  consumed_messages_ = consumed_bytes_ = 0;
}

// -- the connection begins and ends

void client::impl::open_socket() {
  wire_.open();
  last_heard_ = clock::now();
  set_welcomed(false);
}

/// A DEALER reconnects by itself, as a stranger to the broker: each new connection needs a HELLO.
void client::impl::read_monitor() {
  while (const auto is_connected = wire_.next_change()) {
    set_welcomed(false);
    if (*is_connected) hello();
  }
}

void client::impl::hello() {
  hello_sent_ = clock::now();
  wire_.forget_unsent(); // of a connection that is no more
  const auto waiting = events_.waiting();
  consumed_messages_ = consumed_bytes_ = 0;
  edge::hello_header header;
  header.versions = {edge::contract_version};
  header.client = options_.client;
  header.peer = options_.peer;
  header.streams = options_.streams;
  header.credit = {options_.credit_messages - std::min(waiting.messages, options_.credit_messages),
                   options_.credit_bytes - std::min(waiting.bytes, options_.credit_bytes)};
  // Not kept: it is repeated until there is a WELCOME, and a second one would begin anew.
  wire_.take(verb::hello, edge::encode_header(header), {});
}

void client::impl::welcome(const edge::welcome_header& x) {
  heartbeat_ = milliseconds{x.heartbeat_ms};
  peer_timeout_ = milliseconds{x.peer_timeout_ms};
  last_ping_ = clock::now();
  calls_.connected(x.command_credit);
  streams_.connected(x.acked);
  set_welcomed(true);
  calls_.send();
}

void client::impl::set_welcomed(bool x) {
  if (!x) { // what waited was for that connection; events without an ACK come again, commands are repeated
    wire_.forget_unsent();
    streams_.disconnected();
    calls_.disconnected();
  }
  const std::lock_guard lock{shared_.mutex};
  welcomed_ = x;
  if (x) hello_fault_ = {};
  shared_.changed.notify_all();
}

void client::impl::say_bye() {
  if (!welcomed_) return;
  streams_.send_acks();
  send(verb::bye, edge::encode_header(edge::bye_header{"closing"}), {});
  wire_.drain(closing_max);
}

// -- what the broker says

void client::impl::handle(edge::frame frame) {
  const auto& header = frame.header;
  switch (frame.what) {
  case verb::welcome:
    if (const auto x = edge::decode_header<edge::welcome_header>(header)) welcome(*x);
    return;
  case verb::result:
    if (const auto x = edge::decode_header<edge::result_header>(header)) answered(*x, std::move(frame.body));
    return;
  case verb::event:
    if (const auto x = edge::decode_header<edge::event_header>(header)) happened(*x, std::move(frame.body));
    return;
  case verb::ping: return send(verb::pong, header, {});
  case verb::error: return refused(header, chat::decode_fault(frame.body));
  case verb::seek:
    if (const auto x = edge::decode_header<edge::sought_header>(header)) streams_.positioned(*x);
    return;
  case verb::bye: return open_socket();
  default: return; // PONG; whatever a later version adds
  }
}

void client::impl::refused(const std::string& header, fault why) {
  if (why.code == fault_code::hello_required) {
    set_welcomed(false);
    return hello();
  }
  const auto about = edge::decode_header<edge::error_header>(header);
  if (about && about->id) return calls_.end(*about->id, why);
  notes_.add_error(why);
  if (welcomed_) return;
  const std::lock_guard lock{shared_.mutex};
  hello_fault_ = std::move(why);
  shared_.changed.notify_all();
}

void client::impl::answered(const edge::result_header& x, std::string body) {
  if (x.ignored) notes_.add_ignored(calls_.name_of(x.id), *x.ignored);
  if (x.ok) calls_.answered(x.id, std::move(body));
  else calls_.answered(x.id, chat::decode_fault(body));
}

void client::impl::happened(const edge::event_header& x, std::string body) {
  const auto bytes = body.size();
  const bool is_durable = x.stream && x.cursor;
  if (is_durable && !streams_.is_new(*x.stream, *x.cursor)) return consumed(1, bytes);
  if (!events_.push({x.event, std::move(body), x.stream, x.cursor.value_or(0), x.traceparent})) consumed(1, bytes);
}

} // namespace causeway::client
