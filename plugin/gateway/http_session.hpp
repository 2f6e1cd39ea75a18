#pragma once
#include "config/gateway_options.hpp"
#include "messages/crash_point.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/request_auth.hpp"
#include "messages/peer_address.hpp"
#include "plugin/gateway/answer_budget.hpp"
#include "plugin/gateway/body_budget.hpp"
#include "plugin/gateway/connection_places.hpp"
#include "plugin/gateway/http_server.hpp"
#include "plugin/gateway/http_text.hpp"
#include "plugin/gateway/repeated_line.hpp"
#include "plugin/gateway/write_pace.hpp"

#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

/// One inbound connection. Internal to the server.
namespace causeway::gateway {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using executor = asio::io_context::executor_type;
using plain_stream = beast::basic_stream<asio::ip::tcp, executor>;
using tls_stream = asio::ssl::stream<plain_stream>;

/// What the server may do to any connection, on that connection's thread.
class connection_control {
public:
  virtual ~connection_control() = default;
  /// Close when idle, else after the present request.
  virtual void drain() = 0;
};

/// Answers whose body is streamed: each holds a part of it in memory. Connections own it: the last may end after the
/// server object.
class stream_count {
public:
  /// False at `streams_max`.
  bool up(std::size_t streams_max) {
    if (count_.fetch_add(1) < streams_max) return true;
    --count_;
    return false;
  }
  void down() { --count_; }

private:
  std::atomic<std::size_t> count_{0};
};

/// What the log says of clients that do not read.
struct unread_answers {
  repeated_line refused, cut;
};

/// The connections of one thread, and what they need of the server.
struct connection_shard {
  asio::io_context* io = nullptr;
  std::shared_ptr<const config::gateway_options> options;
  request_sink* sink = nullptr;
  std::shared_ptr<stream_count> streams;
  std::shared_ptr<body_budget> bodies;
  std::shared_ptr<answer_budget> answers;
  std::shared_ptr<unread_answers> unread;
  std::chrono::milliseconds write_window{};
  std::unordered_set<connection_control*> live; ///< only on this shard's thread
  std::atomic<bool> draining{false};
};

/// Body of a request. Grows with what has arrived, not with what Content-Length claims, and within its connection's
/// share.
struct growing_body {
  struct value_type {
    std::string text;
    body_share* share = nullptr; ///< set before the body is read
  };
  static constexpr std::size_t reserve_max = body_share::free_bytes;
  /// There is no room for more of it.
  static beast::error_code no_room() { return make_error_code(boost::system::errc::not_enough_memory); }

  class reader {
  public:
    template <bool IsRequest, class Fields>
    reader(http::header<IsRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>& length, beast::error_code& error) {
      if (length) body_.text.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, reserve_max)));
      error = {};
    }
    template <class ConstBuffers>
    std::size_t put(const ConstBuffers& buffers, beast::error_code& error) {
      std::size_t taken = 0;
      if (!body_.share->cover(body_.text.size() + beast::buffer_bytes(buffers))) {
        error = no_room();
        return 0;
      }
      for (const auto one : beast::buffers_range_ref(buffers)) {
        body_.text.append(static_cast<const char*>(one.data()), one.size());
        taken += one.size();
      }
      error = {};
      return taken;
    }
    void finish(beast::error_code& error) { error = {}; }

  private:
    value_type& body_;
  };
};

template <class Stream>
class http_session final : public connection_control,
                           public answer_waiter,
                           public std::enable_shared_from_this<http_session<Stream>> {
public:
  static constexpr bool is_tls = std::is_same_v<Stream, tls_stream>;

  /// @param keep_alive_of  owns what the stream refers to (the TLS context); null for plain HTTP
  http_session(std::shared_ptr<connection_shard> shard, Stream stream, std::string remote_address,
               std::shared_ptr<void> keep_alive_of, std::unique_ptr<connection_places::place> place)
      : shard_(std::move(shard)), place_(std::move(place)), share_(shard_->bodies), answer_share_(shard_->answers),
        pace_(shard_->options->answer_bytes_per_second_min, shard_->write_window), context_(std::move(keep_alive_of)),
        stream_(std::move(stream)), remote_address_(std::move(remote_address)) {}

  /// Call on the shard's thread.
  void run() {
    shard_->live.insert(this);
    place_->ended_by([io = shard_->io, one = this->weak_from_this()] {
      asio::post(*io, [one] {
        if (const auto self = one.lock()) self->end();
      });
    });
    if constexpr (is_tls) {
      idle_ = true; // nothing is lost by closing now
      lowest().expires_after(std::min<std::chrono::seconds>(read_timeout(), handshake_timeout));
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](const beast::error_code& error) {
                                self->idle_ = false;
                                self->place_->now_is(connection_places::standing::unproved);
                                error ? self->end() : self->wait_for_request();
                              });
    } else {
      place_->now_is(connection_places::standing::unproved);
      wait_for_request();
    }
  }

  void drain() override {
    if (idle_) end();
  }

  void on_answer(federation_answer answer) override {
    asio::dispatch(*shard_->io, [self = this->shared_from_this(), moved = std::move(answer)]() mutable {
      self->rest_ ? self->write_part(std::move(moved)) : self->write(std::move(moved));
    });
  }

private:
  static constexpr std::chrono::seconds handshake_timeout{15};
  static constexpr std::chrono::seconds close_timeout{1};
  static constexpr std::chrono::seconds unread_timeout{5};
  static constexpr std::size_t header_bytes_max = 16 * 1024;
  /// Held while a connection idles; grown to `busy_buffer_bytes` for a body, which made 50 KB PUTs 2.8 times faster.
  static constexpr std::size_t idle_buffer_bytes = 8 * 1024;
  static constexpr std::size_t busy_buffer_bytes = 64 * 1024;
  static constexpr std::size_t buffer_bytes_max = 128 * 1024;
  /// Body and head go out in one write (one TLS record) up to this size.
  static constexpr std::size_t joined_bytes_max = 16 * 1024;
  /// Given to the socket at once: how much of it was taken shows how fast the client reads.
  static constexpr std::size_t written_bytes_max = 64 * 1024;
  /// Unread input that is swallowed before closing, so that the answer is not lost to a reset.
  static constexpr std::size_t discarded_bytes_max = 2 * limits::transaction_bytes_max;

  plain_stream& lowest() {
    if constexpr (is_tls) return stream_.next_layer();
    else return stream_;
  }
  std::chrono::seconds read_timeout() const { return std::chrono::seconds{shard_->options->request_read_timeout_s}; }

  void wait_for_request() {
    if (buffer_.size() > 0) return read_header(); // pipelined
    if (shard_->draining) return close();
    if (proved_) place_->now_is(connection_places::standing::idle);
    if (buffer_.capacity() > idle_buffer_bytes) buffer_.shrink_to_fit();
    idle_ = true;
    lowest().expires_after(std::chrono::seconds{shard_->options->idle_timeout_s});
    stream_.async_read_some(buffer_.prepare(idle_buffer_bytes),
                            [self = this->shared_from_this()](const beast::error_code& error, std::size_t bytes) {
                              self->idle_ = false;
                              if (error) return self->end();
                              self->buffer_.commit(bytes);
                              self->read_header();
                            });
  }

  void read_header() {
    parser_.emplace();
    parser_->get().body().share = &share_;
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max()); // the true bound follows from the path
    lowest().expires_after(read_timeout());                         // for the body too: it is not set again
    http::async_read_header(
      stream_, buffer_, *parser_,
      [self = this->shared_from_this()](const beast::error_code& error, std::size_t) { self->on_header(error); });
  }

  void on_header(const beast::error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return refuse(error_answer(431, "M_TOO_LARGE", "request header is over 16 KiB"));
    if (error.category() == http::make_error_code(http::error::bad_version).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message)
      return refuse(error_answer(400, "M_UNKNOWN", "not HTTP/1.1: " + error.message()));
    if (error) return end();

    const auto& head = parser_->get();
    // A proxy in front of us and we must not understand different hosts.
    if (const auto hosts = head.count(http::field::host); hosts > 1 || (hosts == 0 && head.version() >= 11))
      return refuse(error_answer(400, "M_UNKNOWN", "one Host header is required"), true);
    if (head.find(http::field::transfer_encoding) != head.end() && !parser_->chunked())
      return refuse(error_answer(400, "M_UNKNOWN", "unknown Transfer-Encoding"),
                    true); // where it ends is anyone's guess
    const auto method = head.method_string();
    const auto target = head.target();
    auto match = matrix::match_endpoint({method.data(), method.size()}, {target.data(), target.size()});
    if (!match) return refuse(error_answer(match.error()));
    const auto bound = match->info->body_bytes_max;
    if (const auto length = parser_->content_length(); length && *length > bound)
      return refuse(error_answer({fault_code::too_large, "body is over " + std::to_string(bound) + " bytes"}));
    parser_->body_limit(bound);
    endpoint_ = match->info->id;
    if (parser_->is_done()) return hand_over();
    if (beast::iequals(head[http::field::expect], "100-continue")) return write_continue();
    read_body();
  }

  void write_continue() {
    static constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(line.data(), line.size()),
                      [self = this->shared_from_this()](const beast::error_code& error, std::size_t) {
                        error ? self->end() : self->read_body();
                      });
  }

  void read_body() {
    if (const auto left = parser_->content_length_remaining(); !left || *left > buffer_.capacity())
      buffer_.reserve(busy_buffer_bytes);
    http::async_read(
      stream_, buffer_, *parser_, [self = this->shared_from_this()](const beast::error_code& error, std::size_t) {
        if (error == http::error::body_limit) return self->refuse(error_answer({fault_code::too_large, "body"}));
        if (error == growing_body::no_room())
          return self->refuse(error_answer({fault_code::overloaded, "too many large requests at once; repeat"}));
        if (error) return self->end();
        self->hand_over();
      });
  }

  void hand_over() {
    auto message = parser_->release();
    parser_.reset();
    keep_alive_ = message.keep_alive();
    proved_ = true;
    place_->now_is(connection_places::standing::busy);
    if (endpoint_ == matrix::endpoint::well_known) return write(well_known_answer());
    federation_request request;
    const auto text = [](beast::string_view x) { return std::string{x.data(), x.size()}; };
    request.method = text(message.method_string());
    request.target = text(message.target());
    const auto [first, last] = message.equal_range(http::field::authorization);
    for (auto it = first; it != last; ++it) request.authorization.push_back(text(it->value()));
    request.body = std::move(message.body().text);
    request.remote_address = shard_->options->plain_http ? forwarded_for(message) : remote_address_;
    // A name is a claim, but of these endpoints only who has proved it gets more than an error. At the open ones
    // anybody could use up another's share.
    const bool is_open = matrix::info(endpoint_).auth == matrix::authentication::open;
    whose_ = {peer_of(request.remote_address),
              is_open ? std::string{} : matrix::claimed_origin(request.authorization).origin};
    // The node is only asked for what there will be room for, as far as that can be known.
    if (has_large_answer(endpoint_) && !answer_share_.take(whose_, answer_share::expected_bytes))
      return write(unread_before());
    if (endpoint_ == matrix::endpoint::send) crash::pass(crash::point::transaction_received);
    shard_->sink->on_request(std::move(request), this->shared_from_this());
  }

  /// Behind a proxy the last address of the header is the one it has seen itself; without the header nobody knows.
  template <class Message>
  static std::string forwarded_for(const Message& message) {
    const auto [first, last] = message.equal_range("X-Forwarded-For");
    std::string_view text;
    for (auto it = first; it != last; ++it) text = {it->value().data(), it->value().size()};
    text.remove_prefix(std::min(text.rfind(',') + 1, text.size())); // npos + 1 is 0
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return std::string{text};
  }

  /// Those whose answer may be over `answer_share::free_bytes` by much. One event alone is at most 64 KiB: it is
  /// counted when it is there, so that who shares an address with a client that reads nothing still gets the small
  /// ones.
  static bool has_large_answer(matrix::endpoint e) {
    using matrix::endpoint;
    switch (e) {
    case endpoint::state:
    case endpoint::state_ids:
    case endpoint::backfill:
    case endpoint::get_missing_events:
    case endpoint::event_auth:
    case endpoint::hierarchy:
    case endpoint::timestamp_to_event:
    case endpoint::send_join_v1:
    case endpoint::send_join_v2:
    case endpoint::send_knock:
    case endpoint::public_rooms:
    case endpoint::public_rooms_filtered:
    case endpoint::key_query:
    case endpoint::key_query_batch:
    case endpoint::media_download:
    case endpoint::media_thumbnail: return true;
    default: return false;
    }
  }

  federation_answer unread_before() {
    if (const auto times = shard_->unread->refused.again(std::chrono::steady_clock::now()))
      spdlog::warn("G610 gateway: answered 429 because earlier answers were not read yet, last to {} ({}): {} times",
                   remote_address_, whose_.origin, *times);
    return error_answer({fault_code::overloaded, "earlier answers were not read yet; repeat"});
  }

  federation_answer well_known_answer() const {
    const auto& delegated = shard_->options->well_known_server;
    if (delegated.empty()) return error_answer(404, "M_NOT_FOUND", "no delegation is configured here");
    federation_answer out;
    out.body = R"({"m.server":")" + delegated + "\"}"; // a valid server name needs no escapes
    return out;
  }

  /// Answers a request whose body, if it has one, stays unread; the connection cannot go on after that.
  void refuse(federation_answer answer, bool unread = false) {
    const bool readable = parser_ && parser_->is_header_done();
    unread_ = unread || !readable || !parser_->is_done();
    head_only_ = readable && parser_->get().method() == http::verb::head;
    keep_alive_ = !unread_ && !head_only_ && parser_->get().keep_alive();
    parser_.reset();
    if (head_only_) answer.body.clear();
    write(std::move(answer));
  }

  void write(federation_answer answer) {
    share_.release(); // the node has held the body until it had an answer
    if (!answer.stream.empty()) {
      rest_ = begin_rest(answer);
      if (!rest_) answer = error_answer({fault_code::overloaded, "too many files are being sent"});
    }
    // Of a file one part at a time is held.
    if (!answer_share_.take(whose_, answer.body.size() + (rest_ ? limits::streamed_part_bytes_max : 0))) {
      rest_.reset();
      answer = unread_before();
    }
    close_after_ = !keep_alive_ || shard_->draining;
    out_ = response_head(answer, !close_after_, std::time(nullptr));
    if (out_.size() + answer.body.size() <= joined_bytes_max) out_ += answer.body;
    else out_body_ = std::move(answer.body);
    if (is_transaction_taken()) crash::pass(crash::point::answer_before_send);
    begin_writing();
  }

  /// Whether `out_` says 200 to PUT /send; for crash points.
  bool is_transaction_taken() const {
    return crash::is_compiled_in && endpoint_ == matrix::endpoint::send && out_.starts_with("HTTP/1.1 200 ");
  }

  /// Writes `out_`, then `out_body_`; then goes on as `written` says.
  void begin_writing() {
    unwritten_head_ = out_;
    unwritten_body_ = out_body_;
    pace_.begin(std::chrono::steady_clock::now(), shard_->answers->is_crowded());
    lowest().expires_at(pace_.deadline());
    write_some();
  }

  void write_some() {
    auto& part = unwritten_head_.empty() ? unwritten_body_ : unwritten_head_;
    if (part.empty()) return written();
    stream_.async_write_some(
      asio::buffer(part.data(), std::min(part.size(), written_bytes_max)),
      [self = this->shared_from_this(), &part](const beast::error_code& error, std::size_t bytes) {
        if (error) return self->write_failed(error);
        part.remove_prefix(bytes);
        if (self->pace_.moved(bytes, std::chrono::steady_clock::now(), self->shard_->answers->is_crowded()))
          self->lowest().expires_at(self->pace_.deadline());
        self->write_some();
      });
  }

  void write_failed(const beast::error_code& error) {
    if (error == beast::error::timeout)
      if (const auto times = shard_->unread->cut.again(std::chrono::steady_clock::now()))
        spdlog::warn("G611 gateway: cut off because answers were read too slowly, last {} ({}): {} connections",
                     remote_address_, whose_.origin, *times);
    rest_.reset();
    answer_share_.release();
    end();
  }

  void written() {
    if (is_transaction_taken()) crash::pass(crash::point::answer_sent);
    out_.clear();
    out_body_ = {};
    if (rest_ && (rest_->bytes_left > 0 || !rest_->tail.empty())) return ask_for_part();
    rest_.reset();
    answer_share_.release();
    close_after_ || shard_->draining ? close() : wait_for_request();
  }

  /// A body that is had from the node part by part, as the socket takes it.
  struct body_rest {
    body_rest(std::shared_ptr<stream_count> of, std::string name, std::uint64_t bytes, std::string last)
        : count(std::move(of)), stream(std::move(name)), bytes_left(bytes), tail(std::move(last)) {}
    body_rest(const body_rest&) = delete;
    body_rest& operator=(const body_rest&) = delete;
    ~body_rest() { count->down(); }

    std::shared_ptr<stream_count> count; ///< has counted this one up
    std::string stream;
    std::uint64_t offset = 0, bytes_left = 0;
    std::uint64_t asked = 0; ///< bytes of the part that is on its way
    std::string tail;
  };

  /// Null at the bound.
  std::unique_ptr<body_rest> begin_rest(const federation_answer& answer) {
    if (!shard_->streams->up(shard_->options->streams_max)) return nullptr;
    return std::make_unique<body_rest>(shard_->streams, answer.stream, answer.stream_bytes, answer.tail);
  }

  void ask_for_part() {
    lowest().expires_never(); // the node's time is counted where its answers are waited for
    rest_->asked = std::min<std::uint64_t>(rest_->bytes_left, limits::streamed_part_bytes_max);
    if (rest_->asked == 0) return write_part({}); // an empty file: its tail is left
    shard_->sink->on_body_request({0, rest_->stream, rest_->offset, rest_->asked}, this->shared_from_this());
  }

  void write_part(federation_answer part) {
    // The head is out: all that can be said now is to end before the promised length.
    if (part.status != 200 || part.body.size() != rest_->asked) {
      rest_.reset();
      answer_share_.release();
      return end();
    }
    rest_->offset += rest_->asked;
    rest_->bytes_left -= rest_->asked;
    out_body_ = std::move(part.body);
    if (rest_->bytes_left == 0) out_body_ += std::exchange(rest_->tail, {});
    begin_writing();
  }

  /// Ends in good order: close_notify, FIN, and input that is still under way swallowed.
  void close() {
    lowest().expires_after(close_timeout);
    if constexpr (is_tls) {
      SSL_set_shutdown(stream_.native_handle(), SSL_RECEIVED_SHUTDOWN); // sends ours without waiting for theirs
      stream_.async_shutdown([self = this->shared_from_this()](const beast::error_code&) { self->close_tcp(); });
    } else {
      close_tcp();
    }
  }

  void close_tcp() {
    beast::error_code ignored;
    lowest().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    if (ignored) return end();
    buffer_.clear();
    lowest().expires_after(unread_ ? unread_timeout : close_timeout);
    discard();
  }

  void discard() {
    lowest().async_read_some(buffer_.prepare(busy_buffer_bytes),
                             [self = this->shared_from_this()](const beast::error_code& error, std::size_t bytes) {
                               self->discarded_bytes_ += bytes;
                               error || self->discarded_bytes_ > discarded_bytes_max ? self->end() : self->discard();
                             });
  }

  void end() {
    shard_->live.erase(this);
    idle_ = false;
    lowest().close(); // pending operations end with an error and let go of this object
  }

  std::shared_ptr<connection_shard> shard_;
  std::unique_ptr<connection_places::place> place_;
  body_share share_;
  answer_share answer_share_;
  answer_holder whose_; ///< of the request at hand
  write_pace pace_;
  std::shared_ptr<void> context_;
  Stream stream_;
  std::string remote_address_;
  beast::flat_buffer buffer_{buffer_bytes_max};
  std::optional<http::request_parser<growing_body>> parser_;
  std::string out_, out_body_;
  std::string_view unwritten_head_, unwritten_body_;
  matrix::endpoint endpoint_ = matrix::endpoint::version; ///< of the request at hand
  bool close_after_ = false;
  bool proved_ = false;             ///< has sent a whole request
  std::unique_ptr<body_rest> rest_; ///< null: the answer at hand is complete
  std::size_t discarded_bytes_ = 0;
  bool idle_ = false;
  bool keep_alive_ = true;
  bool unread_ = false;
  bool head_only_ = false;
};

} // namespace causeway::gateway
