#pragma once
#include "config/gateway_options.hpp"
#include "messages/gateway.hpp"
#include "plugin/gateway/pending_requests.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace causeway::gateway {

/// Takes the requests the server has read. Called on the connection's thread; the waiter may be answered at once.
class request_sink {
public:
  virtual ~request_sink() = default;
  /// `request.id` is not set yet.
  virtual void on_request(federation_request request, std::shared_ptr<answer_waiter> who) = 0;
  /// The next part of an answer's body; `part.id` is not set yet. The answer's body is the part.
  virtual void on_body_request(body_request part, std::shared_ptr<answer_waiter> who) = 0;
};

/// HTTPS server: TLS 1.2 and later, HTTP/1.1 with keep-alive, one request at a time per connection (pipelined ones wait
/// in the socket). Everything is bounded: header 16 KiB, body by the endpoint table before it is read, time for the TLS
/// handshake, for a whole request, between requests, for reading the answer, what is held until it was read, and the
/// number of connections. Paths and methods outside the endpoint table, and the well-known file, are answered here.
class http_server {
public:
  /// @param threads       one context per server thread; connections are dealt round them. Must outlive the server.
  /// @param write_window  over which `answer_bytes_per_second_min` is measured
  http_server(config::gateway_options options, const std::vector<boost::asio::io_context*>& threads, request_sink& sink,
              std::chrono::milliseconds write_window);
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  /// @pre the contexts no longer run
  ~http_server();

  /// Reads the certificate and binds the listeners. Call before the contexts run.
  /// @returns fault invalid_param (an address, certificate or key that is wrong) or internal (the address is taken)
  status open();
  /// One port per address of `listen`, in order; tells which one the system chose for port 0.
  std::vector<std::uint16_t> ports() const;
  /// Reads certificate and key again, for connections from now on. On a fault the old ones stay. Any thread.
  status reload_certificate();
  /// Stops to accept, closes idle connections, and each other one after the request it is in. Any thread.
  void drain();
  /// @returns whether no connection is left before `deadline`. Any thread but the server's.
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline);
  /// Open connections. Any thread.
  std::size_t connections() const;
  /// Connections refused or ended because there was no place for all. Any thread.
  std::uint64_t crowded_out() const;
  /// Connections cut off because their client read an answer too slowly. Any thread.
  std::uint64_t slow_readers() const;
  /// Questions answered with 429 because earlier answers were not read. Any thread.
  std::uint64_t answers_refused() const;

  struct shared; // what listeners and connections share

private:
  std::unique_ptr<shared> shared_;
};

} // namespace causeway::gateway
