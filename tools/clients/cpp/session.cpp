#include "session.hpp"

#include "messages/edge/packing.hpp"
#include "messages/limits.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

/// What other threads ask of the connection; the I/O thread's part is io_thread.cpp.
namespace causeway::client {
namespace {

using edge::verb;

/// What the broker would answer with ERROR too_large is not sent: the application is told at once, and nothing is
/// repeated for ever.
status check_size(const std::string& name, const std::string& header, const std::string& body) {
  const auto bytes = edge::magic.size() + 1 + header.size() + body.size();
  if (bytes <= limits::chat_frame_bytes_max) return ok();
  return {fault_code::too_large, name + " has " + std::to_string(bytes) + " bytes, a message may have " +
                                   std::to_string(limits::chat_frame_bytes_max)};
}

/// An id that does not fit into a header has no answer: the application is told at once.
status check_id(const std::string& id) {
  if (!id.empty() && id.size() <= limits::command_id_bytes_max) return ok();
  return {fault_code::bad_frame, "the id of a command has 1 to " + std::to_string(limits::command_id_bytes_max) +
                                   " bytes, not " + std::to_string(id.size())};
}

/// The text cut to so many bytes, between two characters of UTF-8.
std::string cut(const std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

/// Of a COMMAND without RESULT, which has no id: `edge::command_header` would write an empty one.
struct ephemeral_header {
  std::string command;

  static void fields(auto& f, auto& x) { f.required("command", x.command); }
};

fault closed_fault() { return {fault_code::stopping, "the client is closed"}; }

} // namespace

client::impl::impl(options o)
    : options_(std::move(o)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      // What is not taken stays with the calls, so that none overtakes it.
      calls_(shared_,
             [this](const call& x) {
               return !wire_.begins_anew() && wire_.unsent() == 0 && wire_.take(verb::command, x.header, x.body);
             }),
      streams_([this](verb what, const std::string& header, const std::string& body) { send(what, header, body); }) {
  thread_ = std::thread{[this] { run(); }};
}

client::impl::~impl() {
  close();
  ::close(wake_);
}

void client::impl::close() {
  std::call_once(closing_, [this] {
    post([this] { stopping_ = true; });
    thread_.join();
  });
}

void client::impl::post(std::function<void()> job) {
  {
    const std::lock_guard lock{shared_.mutex};
    jobs_.push_back(std::move(job));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

status client::impl::wait_connected(std::chrono::milliseconds timeout) {
  std::unique_lock lock{shared_.mutex};
  // A broker that is stopping or short of room is greeted again.
  shared_.changed.wait_for(lock, timeout, [this] {
    return welcomed_ || shared_.closed || (hello_fault_.code != fault_code::none && !info(hello_fault_.code).retryable);
  });
  if (shared_.closed) return closed_fault();
  if (welcomed_) return ok();
  if (hello_fault_.code != fault_code::none) return hello_fault_;
  return {fault_code::timed_out, "no WELCOME from " + options_.endpoint};
}

result<std::string> client::impl::command(const std::string& name, const std::string& body, const std::string& id,
                                          std::chrono::milliseconds timeout, std::optional<std::string> traceparent) {
  auto x = std::make_shared<call>();
  x->name = name;
  x->header = edge::encode_header(edge::command_header{id, name, std::move(traceparent)});
  x->body = body;
  // The part of a file it asks for counts too; nobody asks for a larger one.
  x->weight = body.size() + (name == chat::media_get::name ? limits::media_part_bytes_max : 0);
  if (auto fits = check_id(id); !fits) return fits.error();
  if (auto fits = check_size(name, x->header, x->body); !fits) return fits.error();
  const auto deadline = clock::now() + timeout;
  post([this, id, x] { calls_.begin(id, x); });
  std::unique_lock lock{shared_.mutex};
  shared_.changed.wait_until(lock, deadline, [&] { return x->answer.has_value() || shared_.closed; });
  if (x->answer) return std::move(*x->answer);
  if (shared_.closed) return closed_fault();
  lock.unlock();
  post([this, id, x] { calls_.leave(id, x); });
  return {fault_code::timed_out, name + " " + id};
}

void client::impl::send_ephemeral(const chat::command& x) {
  auto header = edge::pack(ephemeral_header{chat::name(x)});
  auto body = chat::encode(x);
  if (auto fits = check_size(chat::name(x), header, body); !fits)
    return post([this, why = fits.error()] { notes_.add_error(why); });
  post([this, header = std::move(header), body = std::move(body)] {
    if (!welcomed_ || wire_.offer(verb::command, header, body)) return;
    notes_.add_error(
      {fault_code::overloaded, "dropped: " + std::to_string(wire_.unsent()) + " messages wait for the broker"});
  });
}

std::optional<event> client::impl::next_event(std::chrono::milliseconds timeout) {
  auto x = events_.next(timeout);
  if (x) post([this, bytes = x->body.size()] { consumed(1, bytes); });
  return x;
}

fault client::impl::ack(const event& x, const bindings& bind) {
  if (!x.stream) return {};
  const bool bound = !bind.rooms.empty() || !bind.messages.empty();
  const auto header = edge::encode_header(edge::ack_header{*x.stream, x.cursor});
  auto body = bound ? edge::pack(chat::acknowledgement{bind}) : std::string{};
  if (auto fits = check_size("ACK", header, body); !fits) return fits.error();
  post(
    [this, stream = *x.stream, cursor = x.cursor, body = std::move(body)] { streams_.finish(stream, cursor, body); });
  return {};
}

void client::impl::nack(const event& x, bool permanent, const std::string& reason) {
  if (!x.stream) return;
  if (!permanent) void_queued(*x.stream);
  post([this, header = edge::nack_header{*x.stream, x.cursor, permanent, cut(reason, edge::reason_bytes_max)}] {
    if (!header.permanent) events_.end_void(header.stream);
    streams_.refuse(header);
  });
}

void client::impl::seek(std::uint32_t stream, std::int64_t cursor) {
  void_queued(stream);
  post([this, stream, cursor] {
    events_.end_void(stream);
    streams_.seek({stream, cursor});
  });
}

void client::impl::void_queued(std::uint32_t stream) {
  const auto dropped = events_.begin_void(stream);
  if (dropped.messages > 0) post([this, dropped] { consumed(dropped.messages, dropped.bytes); });
}

void client::impl::finish_all() {
  const std::lock_guard lock{shared_.mutex};
  calls_.end_all(closed_fault());
  shared_.closed = true;
  shared_.changed.notify_all();
}

} // namespace causeway::client
