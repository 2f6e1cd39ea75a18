#include "causeway_client.hpp"

#include "messages/edge/header.hpp"
#include "messages/edge/packing.hpp"
#include "messages/edge/unsent_frames.hpp"
#include "messages/limits.hpp"

#include <sodium.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace causeway {

namespace client {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using edge::verb;

/// HELLO is repeated this often while no WELCOME comes.
constexpr milliseconds hello_interval{1'000};
/// A command refused for want of room is repeated after this.
constexpr milliseconds busy_interval{100};
constexpr milliseconds tick{100};
/// One ACK answers for all events acknowledged meanwhile. The broker writes ACKs every 50 ms, so nobody waits for it.
constexpr milliseconds ack_interval{20};
/// Commands that may wait here; one more is refused at once.
constexpr std::size_t commands_max = 10'000;
/// ACKs with bindings kept per stream, for events that come again because the connection broke before the broker had
/// read them.
constexpr std::size_t bound_acks_max = 1'000;
/// What was handed over at the end may take so long to leave.
constexpr milliseconds closing_max{200};
constexpr std::size_t frame_parts = 4;
/// Ignored fields that are kept for the caller to see.
constexpr std::size_t ignored_max = 100;
constexpr const char* monitor_endpoint = "inproc://causeway.client.monitor";

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

bool is_busy(fault_code code) {
  return code == fault_code::credit_exceeded || code == fault_code::overloaded || code == fault_code::stopping;
}

} // namespace

class client::impl {
public:
  explicit impl(options o) : options_(std::move(o)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    thread_ = std::thread{[this] { run(); }};
  }
  ~impl() {
    close();
    ::close(wake_);
  }

  // -- any thread

  void close() {
    std::call_once(closing_, [this] {
      post([this] { stopping_ = true; });
      thread_.join();
    });
  }

  status wait_connected(milliseconds timeout) {
    std::unique_lock lock{mutex_};
    // A broker that is stopping or short of room is greeted again.
    changed_.wait_for(lock, timeout, [this] {
      return welcomed_ || closed_ || (hello_fault_.code != fault_code::none && !info(hello_fault_.code).retryable);
    });
    if (closed_) return closed_fault();
    if (welcomed_) return ok();
    if (hello_fault_.code != fault_code::none) return hello_fault_;
    return {fault_code::timed_out, "no WELCOME from " + options_.endpoint};
  }

  result<std::string> command(const std::string& name, const std::string& body, const std::string& id,
                              milliseconds timeout, std::optional<std::string> traceparent) {
    auto call = std::make_shared<open_call>();
    call->name = name;
    call->header = edge::encode_header(edge::command_header{id, name, std::move(traceparent)});
    call->body = body;
    // The part of a file it asks for counts too; nobody asks for a larger one.
    call->weight = body.size() + (name == chat::media_get::name ? limits::media_part_bytes_max : 0);
    if (auto fits = check_id(id); !fits) return fits.error();
    if (auto fits = check_size(name, call->header, call->body); !fits) return fits.error();
    const auto deadline = clock::now() + timeout;
    post([this, id, call] { begin_call(id, call); });
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, deadline, [&] { return call->answer.has_value() || closed_; });
    if (call->answer) return std::move(*call->answer);
    if (closed_) return closed_fault();
    lock.unlock();
    post([this, id, call] {
      const auto found = calls_.find(id);
      if (found != calls_.end() && std::erase(found->second.same, call) > 0 && found->second.same.empty()) end_call(id);
    });
    return {fault_code::timed_out, name + " " + id};
  }

  void send_ephemeral(const chat::command& x) {
    post([this, header = edge::pack(ephemeral_header{chat::name(x)}), body = chat::encode(x)] {
      if (!welcomed_ || unsent_.send({verb::command, header, body}, taken())) return;
      note_error(
        {fault_code::overloaded, "dropped: " + std::to_string(unsent_.size()) + " messages wait for the broker"});
    });
  }

  std::optional<event> next_event(milliseconds timeout) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, timeout, [this] { return !events_.empty() || closed_; }) || events_.empty()) return {};
    auto x = std::move(events_.front());
    events_.pop_front();
    lock.unlock();
    post([this, bytes = x.body.size()] { consumed(1, bytes); });
    return x;
  }

  fault ack(const event& x, const bindings& bind) {
    if (!x.stream) return {};
    const bool bound = !bind.rooms.empty() || !bind.messages.empty();
    auto header = edge::encode_header(edge::ack_header{*x.stream, x.cursor});
    auto body = bound ? edge::pack(chat::acknowledgement{bind}) : std::string{};
    if (auto fits = check_size("ACK", header, body); !fits) return fits.error();
    post([this, number = *x.stream, cursor = x.cursor, body = std::move(body)] {
      auto& s = streams_[number];
      s.finished = std::max(s.finished, cursor);
      if (!body.empty()) {
        s.bound[cursor] = body;
        if (s.bound.size() > bound_acks_max) s.bound.erase(s.bound.begin());
      }
      acknowledge(number, cursor);
    });
    return {};
  }

  void nack(const event& x, bool permanent, const std::string& reason) {
    if (!x.stream) return;
    if (!permanent) void_queued(*x.stream);
    post([this, header = edge::nack_header{*x.stream, x.cursor, permanent, cut(reason, edge::reason_bytes_max)}] {
      auto& s = streams_[header.stream];
      if (!header.permanent) {
        end_void(header.stream);
        if (welcomed_) s.asked.push_back({false, header.cursor});
        else s.seen = std::min(s.seen, header.cursor - 1);
      }
      if (!welcomed_) return;
      send_acks();
      send(verb::nack, edge::encode_header(header), {});
    });
  }

  void seek(std::uint32_t stream, std::int64_t cursor) {
    void_queued(stream);
    post([this, stream, cursor] {
      end_void(stream);
      if (!welcomed_) { // after a reconnect the broker goes on after the last ACK
        auto& s = streams_[stream];
        s.seen = std::min(s.seen, s.finished);
        return;
      }
      streams_[stream].asked.push_back({true, cursor});
      send_acks();
      send(verb::seek, edge::encode_header(edge::seek_header{stream, cursor}), {});
    });
  }

  std::pair<std::uint64_t, fault> errors() const {
    const std::lock_guard lock{mutex_};
    return {errors_, last_error_};
  }

  std::vector<std::string> ignored() const {
    const std::lock_guard lock{mutex_};
    return {ignored_.begin(), ignored_.end()};
  }

  std::size_t open_commands() const { return open_commands_; }
  std::size_t unsent() const { return unsent_count_; }

private:
  struct open_call {
    std::string name, header, body;
    std::size_t weight = 0;                    ///< of the command credit
    std::optional<result<std::string>> answer; ///< guarded by mutex_
  };
  /// All who wait for the answer to one command.
  struct open_calls {
    std::uint64_t number = 0; ///< of its first: commands are sent in this order
    std::vector<std::shared_ptr<open_call>> same;
  };
  struct request {
    bool is_seek = false;
    std::int64_t cursor = 0;
  };
  struct stream_state {
    std::int64_t seen = 0;     ///< highest cursor handed to the queue
    std::int64_t finished = 0; ///< highest acknowledged by the application
    /// Cursor -> body of an ACK with bindings that the broker may not have read.
    std::map<std::int64_t, std::string> bound;
    std::deque<request> asked; ///< NACKs and SEEKs without an answer: events that come meanwhile are void
  };

  void post(std::function<void()> job) {
    {
      const std::lock_guard lock{mutex_};
      jobs_.push_back(std::move(job));
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  }

  // -- the I/O thread; it alone touches the sockets

  void run() {
    open_socket();
    while (!stopping_) {
      // Room is asked for only while something waits for it: a socket with room is always ready.
      const auto wanted = static_cast<short>(ZMQ_POLLIN | (!unsent_.empty() || blocked_ ? ZMQ_POLLOUT : 0));
      zmq_pollitem_t items[] = {
        {socket_.handle(), 0, wanted, 0}, {nullptr, wake_, ZMQ_POLLIN, 0}, {monitor_.handle(), 0, ZMQ_POLLIN, 0}};
      zmq_poll(items, 3, wait_ms());
      if (items[1].revents != 0) run_jobs();
      if (items[2].revents != 0) read_monitor();
      if (items[0].revents != 0)
        while (receive()) {}
      flush();
      on_tick();
      open_commands_ = calls_.size();
      unsent_count_ = unsent_.size();
    }
    say_bye();
    finish_all();
  }

  long wait_ms() const {
    if (acks_.empty() || !unsent_.empty()) return tick.count();
    const auto left = std::chrono::ceil<milliseconds>(acks_due_ - clock::now());
    return std::clamp(left, milliseconds{0}, tick).count();
  }

  void say_bye() {
    if (!welcomed_) return;
    send_acks();
    send(verb::bye, edge::encode_header(edge::bye_header{"closing"}), {});
    for (const auto deadline = clock::now() + closing_max; !unsent_.flush(taken()) && clock::now() < deadline;) {
      zmq_pollitem_t room{socket_.handle(), 0, ZMQ_POLLOUT, 0};
      zmq_poll(&room, 1, 10);
    }
  }

  void open_socket() {
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
    last_heard_ = clock::now();
    begin_anew_ = false;
    set_welcomed(false);
  }

  /// A DEALER reconnects by itself, as a stranger to the broker: each new connection needs a HELLO.
  void read_monitor() {
    zmq::message_t part;
    while (monitor_.recv(part, zmq::recv_flags::dontwait)) {
      std::uint16_t what = 0;
      if (part.size() >= sizeof what) std::memcpy(&what, part.data(), sizeof what);
      zmq::message_t address;
      if (part.more() && !monitor_.recv(address)) return;
      set_welcomed(false);
      if (what == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) hello();
    }
  }

  void hello() {
    hello_sent_ = clock::now();
    unsent_.clear(); // of a connection that is no more
    std::uint64_t waiting = 0, bytes = 0;
    {
      const std::lock_guard lock{mutex_};
      waiting = events_.size();
      for (const auto& x : events_) bytes += x.body.size();
    }
    consumed_messages_ = consumed_bytes_ = 0;
    edge::hello_header header;
    header.versions = {edge::contract_version};
    header.client = options_.client;
    header.peer = options_.peer;
    header.streams = options_.streams;
    header.credit = {options_.credit_messages - std::min(waiting, options_.credit_messages),
                     options_.credit_bytes - std::min(bytes, options_.credit_bytes)};
    // Not kept: it is repeated until there is a WELCOME, and a second one would begin anew.
    take(verb::hello, edge::encode_header(header), {});
  }

  void on_tick() {
    const auto now = clock::now();
    if (begin_anew_) open_socket();
    if (!welcomed_) {
      if (now - hello_sent_ >= hello_interval) hello();
      return;
    }
    if (now - last_heard_ >= peer_timeout_) return open_socket();
    if (now - last_ping_ >= heartbeat_) {
      last_ping_ = now;
      send(verb::ping, edge::encode_header(edge::ping_header{}), {});
    }
    if (busy_ && now >= busy_until_) {
      busy_ = false;
      send_calls();
    }
  }

  void run_jobs() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(wake_, &count, sizeof count);
    std::deque<std::function<void()>> jobs;
    {
      const std::lock_guard lock{mutex_};
      jobs.swap(jobs_);
    }
    for (const auto& job : jobs) job();
  }

  /// In order, behind what waits. At the bound nothing is left out: the connection begins anew, and what matters is
  /// repeated then.
  void send(verb what, const std::string& header, const std::string& body) {
    if (begin_anew_ || unsent_.send({what, header, body}, taken())) return;
    begin_anew_ = true;
    note_error(
      {fault_code::overloaded,
       std::to_string(unsent_.size()) + " messages wait for a broker that reads nothing: the connection begins anew"});
  }

  /// Hands a message to the socket. @returns false: it has no room, or no connection; nothing of the message was taken
  bool take(verb what, const std::string& header, const std::string& body) {
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
  std::function<bool(const edge::frame&)> taken() {
    return [this](const edge::frame& x) { return take(x.what, x.header, x.body); };
  }

  void flush() {
    if (!unsent_.flush(taken())) return;
    if (!acks_.empty() && clock::now() >= acks_due_) send_acks();
    if (blocked_) send_calls();
  }

  void note_error(fault why) {
    const std::lock_guard lock{mutex_};
    ++errors_;
    last_error_ = std::move(why);
    changed_.notify_all();
  }

  bool receive() {
    zmq::message_t parts[frame_parts];
    std::size_t received = 0;
    for (bool more = true; more; ++received) {
      zmq::message_t part;
      if (!socket_.recv(part, received == 0 ? zmq::recv_flags::dontwait : zmq::recv_flags::none)) return false;
      more = part.more();
      if (received < frame_parts) parts[received] = std::move(part);
    }
    if (received != frame_parts || parts[0].to_string_view() != edge::magic || parts[1].size() != 1) return true;
    last_heard_ = clock::now();
    handle(static_cast<verb>(*parts[1].data<char>()), parts[2].to_string(), parts[3].to_string());
    return true;
  }

  void handle(verb what, const std::string& header, std::string body) {
    switch (what) {
    case verb::welcome:
      if (const auto x = edge::decode_header<edge::welcome_header>(header)) welcome(*x);
      return;
    case verb::result:
      if (const auto x = edge::decode_header<edge::result_header>(header)) answered(*x, std::move(body));
      return;
    case verb::event:
      if (const auto x = edge::decode_header<edge::event_header>(header)) happened(*x, std::move(body));
      return;
    case verb::ping: return send(verb::pong, header, {});
    case verb::error: return refused(header, chat::decode_fault(body));
    case verb::seek:
      if (const auto x = edge::decode_header<edge::sought_header>(header)) positioned(*x);
      return;
    case verb::bye: return open_socket();
    default: return; // PONG; whatever a later version adds
    }
  }

  void welcome(const edge::welcome_header& x) {
    command_credit_ = x.command_credit;
    heartbeat_ = milliseconds{x.heartbeat_ms};
    peer_timeout_ = milliseconds{x.peer_timeout_ms};
    last_ping_ = clock::now();
    sent_.clear();
    sent_bytes_ = 0;
    waiting_.clear(); // all of them are sent again
    for (const auto& [id, open] : calls_) waiting_.emplace(open.number, id);
    busy_ = false;
    for (auto& [number, s] : streams_) {
      const auto known = x.acked.find(std::to_string(number));
      if (known != x.acked.end()) s.bound.erase(s.bound.begin(), s.bound.upper_bound(known->second));
      for (const auto& open : std::exchange(s.asked, {})) // what waited was dropped; all after the last ACK comes again
        s.seen = std::min(s.seen, open.is_seek ? s.finished : open.cursor - 1);
    }
    set_welcomed(true);
    send_calls();
  }

  void refused(const std::string& header, fault why) {
    if (why.code == fault_code::hello_required) {
      set_welcomed(false);
      return hello();
    }
    const auto about = edge::decode_header<edge::error_header>(header);
    if (about && about->id) return end_call(*about->id, why);
    const std::lock_guard lock{mutex_};
    ++errors_;
    last_error_ = why;
    if (!welcomed_) hello_fault_ = std::move(why);
    changed_.notify_all();
  }

  // -- commands

  void begin_call(const std::string& id, const std::shared_ptr<open_call>& call) {
    const auto found = calls_.find(id);
    if (found != calls_.end()) return found->second.same.push_back(call);
    if (calls_.size() >= commands_max) {
      const std::lock_guard lock{mutex_};
      call->answer = fault{fault_code::overloaded, std::to_string(commands_max) + " commands wait for the broker"};
      changed_.notify_all();
      return;
    }
    calls_.emplace(id, open_calls{++last_call_, {call}});
    waiting_.emplace(last_call_, id);
    send_calls();
  }

  void send_calls() {
    blocked_ = false;
    if (!welcomed_ || busy_) return;
    while (!waiting_.empty()) {
      const auto first = waiting_.begin();
      const auto& call = *calls_.at(first->second).same.front();
      if (sent_.size() >= command_credit_.messages) return;
      if (sent_bytes_ + call.weight > command_credit_.bytes && !sent_.empty()) return;
      // One that is not taken stays here, so that none overtakes it, and it is not sent at all when nobody waits for it
      // any more.
      if (begin_anew_ || !unsent_.empty() || !take(verb::command, call.header, call.body)) {
        blocked_ = !begin_anew_;
        return;
      }
      sent_.emplace(first->second, call.weight);
      sent_bytes_ += call.weight;
      waiting_.erase(first);
    }
  }

  void answered(const edge::result_header& x, std::string body) {
    if (x.ignored) note_ignored(x.id, *x.ignored);
    if (x.ok) return end_call(x.id, result<std::string>{std::move(body)});
    const auto why = chat::decode_fault(body);
    if (!is_busy(why.code)) return end_call(x.id, why);
    not_sent(x.id);
    if (const auto again = calls_.find(x.id); again != calls_.end()) waiting_.emplace(again->second.number, x.id);
    busy_ = true;
    busy_until_ = clock::now() + busy_interval;
  }

  void note_ignored(const std::string& id, const std::vector<std::string>& fields) {
    const auto found = calls_.find(id);
    const auto command =
      found == calls_.end() || found->second.same.empty() ? std::string{} : found->second.same.front()->name;
    const std::lock_guard lock{mutex_};
    for (const auto& field : fields) {
      auto told = command + ": " + field;
      if (std::find(ignored_.begin(), ignored_.end(), told) != ignored_.end()) continue;
      ignored_.push_back(std::move(told));
      if (ignored_.size() > ignored_max) ignored_.pop_front();
    }
  }

  void not_sent(const std::string& id) {
    if (const auto found = sent_.find(id); found != sent_.end()) {
      sent_bytes_ -= found->second;
      sent_.erase(found);
    }
  }

  void end_call(const std::string& id, const result<std::string>& answer = fault{fault_code::timed_out, {}}) {
    not_sent(id);
    const auto found = calls_.find(id);
    if (found != calls_.end()) {
      waiting_.erase(found->second.number);
      const std::lock_guard lock{mutex_};
      for (const auto& call : found->second.same) call->answer = answer;
      calls_.erase(found);
      changed_.notify_all();
    }
    send_calls();
  }

  // -- events

  void happened(const edge::event_header& x, std::string body) {
    const auto bytes = body.size();
    if (x.stream && x.cursor) {
      auto& s = streams_[*x.stream];
      if (!s.asked.empty()) return consumed(1, bytes); // on its way before the NACK or SEEK
      if (*x.cursor <= s.seen) {
        // It was handed out before. Where the application is done with it, the broker only missed the ACK.
        if (*x.cursor <= s.finished) acknowledge(*x.stream, *x.cursor);
        return consumed(1, bytes);
      }
      s.seen = *x.cursor;
    }
    std::unique_lock lock{mutex_};
    if (x.stream && void_.contains(*x.stream)) {
      lock.unlock();
      return consumed(1, bytes);
    }
    events_.push_back({x.event, std::move(body), x.stream, x.cursor.value_or(0), x.traceparent});
    changed_.notify_all();
  }

  /// With the next ACK; at once where it has bindings, which hold for the next command.
  void acknowledge(std::uint32_t number, std::int64_t cursor) {
    if (!welcomed_) return;
    const auto& s = streams_[number];
    if (const auto bound = s.bound.find(cursor); bound != s.bound.end()) {
      if (const auto waits = acks_.find(number); waits != acks_.end() && waits->second <= cursor) acks_.erase(waits);
      return send(verb::ack, edge::encode_header(edge::ack_header{number, cursor}), bound->second);
    }
    if (acks_.empty()) acks_due_ = clock::now() + ack_interval;
    auto& waits = acks_[number];
    waits = std::max(waits, cursor);
  }

  void send_acks() {
    for (const auto& [number, cursor] : std::exchange(acks_, {}))
      send(verb::ack, edge::encode_header(edge::ack_header{number, cursor}), {});
  }

  void positioned(const edge::sought_header& x) {
    auto& s = streams_[x.stream];
    if (s.asked.empty()) return;
    const bool is_seek = s.asked.front().is_seek;
    s.asked.pop_front();
    if (!x.granted) s.seen = std::min(s.seen, s.finished);
    else s.seen = x.cursor;
    if (x.granted && is_seek) s.finished = x.cursor;
  }

  /// Credit goes back when half of it is used up: few CREDIT frames, never a stop.
  void consumed(std::uint64_t messages, std::uint64_t bytes) {
    consumed_messages_ += messages;
    consumed_bytes_ += bytes;
    if (!welcomed_ ||
        (consumed_messages_ * 2 < options_.credit_messages && consumed_bytes_ * 2 < options_.credit_bytes))
      return;
    send(verb::credit, edge::encode_header(edge::credit_header{{consumed_messages_, consumed_bytes_}}), {});
    consumed_messages_ = consumed_bytes_ = 0;
  }

  /// From here on the application gets no event of the pass it has refused, not even one that is just coming in.
  void void_queued(std::uint32_t stream) {
    std::uint64_t messages = 0, bytes = 0;
    {
      const std::lock_guard lock{mutex_};
      ++void_[stream];
      std::erase_if(events_, [&](const event& x) {
        if (x.stream != stream) return false;
        ++messages;
        bytes += x.body.size();
        return true;
      });
    }
    if (messages > 0) post([this, messages, bytes] { consumed(messages, bytes); });
  }

  /// The I/O thread takes over: `asked` of the stream says what is void.
  void end_void(std::uint32_t stream) {
    const std::lock_guard lock{mutex_};
    if (--void_[stream] == 0) void_.erase(stream);
  }

  void set_welcomed(bool x) {
    if (!x) { // what waited was for that connection; events without an ACK come again, commands are repeated
      unsent_.clear();
      acks_.clear();
      blocked_ = false;
    }
    const std::lock_guard lock{mutex_};
    welcomed_ = x;
    if (x) hello_fault_ = {};
    changed_.notify_all();
  }

  static fault closed_fault() { return {fault_code::stopping, "the client is closed"}; }

  void finish_all() {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, open] : calls_)
      for (const auto& call : open.same) call->answer = closed_fault();
    closed_ = true;
    changed_.notify_all();
  }

  const options options_;
  const int wake_;
  zmq::context_t context_{1};
  zmq::socket_t socket_, monitor_;

  // the I/O thread's
  bool stopping_ = false;
  clock::time_point hello_sent_, last_heard_, last_ping_, busy_until_;
  milliseconds heartbeat_{10'000}, peer_timeout_{30'000};
  edge::credit_grant command_credit_;
  std::map<std::string, open_calls> calls_; ///< by id
  /// Number -> id of those that are not sent on this connection.
  std::map<std::uint64_t, std::string> waiting_;
  std::uint64_t last_call_ = 0;
  std::map<std::string, std::size_t> sent_; ///< id -> bytes, sent on this connection
  std::uint64_t sent_bytes_ = 0;
  bool busy_ = false;
  edge::unsent_frames unsent_;
  bool blocked_ = false;                       ///< a command found the socket full
  bool begin_anew_ = false;                    ///< what waits is at its bound
  std::map<std::uint32_t, std::int64_t> acks_; ///< stream -> cursor: not sent yet
  clock::time_point acks_due_;
  std::map<std::uint32_t, stream_state> streams_;
  std::uint64_t consumed_messages_ = 0, consumed_bytes_ = 0;

  std::atomic<std::size_t> open_commands_{0}, unsent_count_{0}; ///< for others, once a turn

  mutable std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  std::deque<event> events_;
  std::map<std::uint32_t, int> void_; ///< streams with a NACK or SEEK that the I/O thread has not seen yet
  std::atomic<bool> welcomed_{false};
  fault hello_fault_;
  std::uint64_t errors_ = 0;
  fault last_error_;
  std::deque<std::string> ignored_; ///< oldest first
  bool closed_ = false;

  std::once_flag closing_;
  std::thread thread_; // last: it uses all of the above
};

client::client(options o) : impl_(std::make_unique<impl>(std::move(o))) {}
client::~client() = default;

void client::close() { impl_->close(); }

status client::wait_connected(milliseconds timeout) { return impl_->wait_connected(timeout); }

result<std::string> client::command(const std::string& name, const std::string& body, std::string id,
                                    milliseconds timeout, std::optional<std::string> traceparent) {
  if (id.empty()) id = new_id();
  return impl_->command(name, body, id, timeout, std::move(traceparent));
}

result<std::string> client::command(const chat::command& x, std::string id, milliseconds timeout,
                                    std::optional<std::string> traceparent) {
  return command(chat::name(x), chat::encode(x), std::move(id), timeout, std::move(traceparent));
}

void client::send_ephemeral(const chat::command& x) { impl_->send_ephemeral(x); }

std::string client::new_id() {
  unsigned char bytes[16];
  randombytes_buf(bytes, sizeof bytes);
  char text[2 * sizeof bytes + 1];
  sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
  return text;
}

std::optional<event> client::next_event(milliseconds timeout) { return impl_->next_event(timeout); }

fault client::ack(const event& x, const bindings& bind) { return impl_->ack(x, bind); }

void client::nack(const event& x, bool permanent, const std::string& reason) { impl_->nack(x, permanent, reason); }

void client::seek(std::uint32_t stream, std::int64_t cursor) { impl_->seek(stream, cursor); }

std::size_t client::open_commands() const { return impl_->open_commands(); }

std::size_t client::unsent() const { return impl_->unsent(); }

std::vector<std::string> client::ignored() const { return impl_->ignored(); }

std::pair<std::uint64_t, fault> client::errors() const { return impl_->errors(); }

} // namespace client
} // namespace causeway
