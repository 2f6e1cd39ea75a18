#pragma once
#include "messages/fault.hpp"
#include "messages/request_phase.hpp"
#include "plugin/gateway/address_policy.hpp"
#include "plugin/gateway/discovery.hpp"
#include "plugin/gateway/fd_watch.hpp"
#include "plugin/gateway/tls_trust.hpp"

#include <boost/asio/steady_timer.hpp>

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace causeway::gateway {

/// Part of a body as it arrives.
struct body_piece {
  std::string_view bytes;
  std::string_view content_type, content_disposition; ///< of the response
};

/// One HTTPS request with everything decided: no lookup is left to libcurl.
struct https_call {
  std::string method;
  std::string target;                     ///< starts with '/', visible ASCII; sent as it is
  std::vector<std::string> authorization; ///< values of Authorization headers
  std::string body;                       ///< empty: none
  hop to;
  std::vector<std::string> addresses; ///< numeric addresses of `to.host`; empty where it is one
  std::string host_header;
  std::string tls_name; ///< SNI and the name the certificate must have
  std::chrono::milliseconds timeout{60'000};
  std::uint64_t response_bytes_max = 1024 * 1024;
  /// Called from the Asio thread when a connection is there, a pooled one included, and the request is about to leave.
  /// Must not start or cancel calls.
  std::function<void()> on_connected;
  /// Set: the body of a 200 goes there as it arrives and is not in the outcome; limits::stream_window_bytes may come
  /// before `http_client::grant`. Called from the Asio thread, before `done`. Must not start or cancel calls.
  std::function<void(const body_piece&)> on_piece;
};

struct https_outcome {
  int status = 0; ///< 0: no answer, `why` says so
  std::string content_type;
  std::string body;
  fault why; ///< peer_unreachable, peer_timeout, peer_tls, peer_blocked_address, peer_bad_answer, too_large
  request_phase phase = request_phase::unknown; ///< with `why`: tcp, tls, http or body
  bool connected = false;                       ///< false: no connection came about, another hop may serve
  std::string address;                          ///< ip:port reached
  std::string redirect_url;                     ///< absolute; set with a 3xx that has a Location
  std::string cache_control;
  std::string expires;
  std::int64_t date_ms = 0;         ///< of a Date header, ms since 1970; 0: none that can be read
  std::uint32_t retry_after_ms = 0; ///< of a Retry-After, in seconds or as a date; 0: none
};

struct http_client_options {
  std::chrono::milliseconds connect_timeout{10'000}; ///< TCP and TLS
  long connections_per_destination_max = 4;
  long connections_max = 4'096;      ///< to all together; further calls wait
  long idle_connections_max = 1'024; ///< of them kept without a call
};

/// HTTPS client on one Asio thread: libcurl's multi interface, HTTP/1.1, pooled connections, no redirects, no proxy, no
/// compression. Certificates are always checked. Not safe for threads.
class http_client {
public:
  using id = std::uint64_t;

  /// @throws std::runtime_error when libcurl gives no handle
  http_client(boost::asio::io_context& io, http_client_options options, address_policy policy, trust_store trust);
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;
  /// Transfers that are open end without their callback.
  ~http_client();

  /// Starts `call`; `done` comes later, from the Asio thread, once.
  id start(https_call call, std::function<void(https_outcome)> done);
  /// Ends a call without its callback. Unknown ids are ignored.
  void cancel(id which);
  /// `bytes` more may come to `on_piece`. Unknown ids are ignored.
  void grant(id which, std::uint64_t bytes);
  std::size_t open_calls() const { return transfers_.size(); }
  /// What takes libcurl more of the processor at the beginning of a call holds up all others of the thread: it closes
  /// what has died.
  static constexpr std::chrono::microseconds at_one_go_max{500};
  /// Such times since the last question, together.
  std::chrono::nanoseconds take_held_up() { return std::exchange(held_up_, {}); }

private:
  struct transfer;
  struct easy_closer {
    void operator()(CURL* x) const { curl_easy_cleanup(x); }
  };
  using easy_handle = std::unique_ptr<CURL, easy_closer>;

  static int on_timer(CURLM*, long timeout_ms, void* self);
  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
  static curl_socket_t on_open(void* of, curlsocktype, curl_sockaddr* address);
  static std::size_t on_header(char* data, std::size_t, std::size_t bytes, void* of);
  static std::size_t on_body(char* data, std::size_t, std::size_t bytes, void* of);
  static std::size_t stream(transfer& x, std::string_view bytes);
  static int on_ready(void* of, char*, char*, int, int);
  static CURLcode on_tls(CURL*, void* ssl_context, void* self);

  void bound_idle();
  void note_connection(transfer& x);
  void prepare(transfer& x);
  void act(curl_socket_t fd, int events);
  void collect();
  https_outcome conclude(transfer& x, CURLcode code);
  void release(easy_handle easy);

  http_client_options options_;
  address_policy policy_;
  trust_store trust_;
  boost::asio::steady_timer timer_;
  fd_watch watch_;
  CURLM* multi_ = nullptr;
  std::vector<easy_handle> spare_;
  std::unordered_map<id, std::unique_ptr<transfer>> transfers_;
  long in_use_ = 0; ///< connections of calls
  std::chrono::nanoseconds held_up_{};
  id last_id_ = 0;
};

} // namespace causeway::gateway
