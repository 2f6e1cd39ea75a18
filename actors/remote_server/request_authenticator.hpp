#pragma once
#include "actors/decision.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/key_cache.hpp"
#include "actors/remote_server/server_events.hpp"
#include "messages/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace causeway::remote_server {

/// Whether a request is of the server in whose name it came: checked by its X-Matrix signatures, with keys that are
/// valid now. One whose key is not known, or does not match, waits for the keys. Source: server-server-api, "Request
/// Authentication".
class request_authenticator {
public:
  /// Requests that wait for keys.
  static constexpr std::size_t waiting_max = 50;
  static constexpr std::size_t waiting_bytes_max = limits::transaction_bytes_max;
  /// The same of a server no key of which was ever had: the name may be invented, and there may be many of them.
  static constexpr std::size_t stranger_waiting_bytes_max = 256 * 1024;
  /// Signatures of one request that are checked, each over the whole body, once or twice. Servers have one key; two
  /// while they change it.
  static constexpr std::size_t signatures_checked_max = 8;

  request_authenticator(const homeserver& server, decision& out, key_cache& keys, server_events& events)
      : server_(server), out_(out), keys_(keys), events_(events) {}

  void receive(const inbound_request& m);
  /// Of those that wait: whoever can be checked with the keys of now is.
  void retry(key_fetch state);
  /// Nobody is left to be asked for keys: all that wait are checked with the keys there are.
  void retry_all();
  bool is_idle() const { return waiting_.empty(); }

private:
  enum class waits_for : std::uint8_t {
    key,  ///< it is not known
    word, ///< the key is known and does not match: of the server itself
  };
  struct waiting_request {
    inbound_request request;
    waits_for what = waits_for::key;
  };
  struct verdict {
    enum class kind : std::uint8_t { genuine, malformed, unproven } is = kind::unproven;
    /// Of a genuine one: null when it was not parsed so far, or there is none.
    std::shared_ptr<matrix::json::value> body = nullptr;
    /// Of one that is malformed or unproven.
    fault why = {fault_code::unauthorized, "no usable X-Matrix signature"};
    bool key_missing = false;
    bool key_doubted = false; ///< the key is known and does not match
  };

  verdict check(const inbound_request& m) const;
  /// @returns whether that was the end of it
  bool take(const inbound_request& m, verdict& v);
  void check_last(const inbound_request& m);
  void fetch_keys_for(const inbound_request& m, const verdict& v);
  /// @returns false: too much waits already
  bool wait(const inbound_request& m, waits_for what);
  bool has_key_for(const inbound_request& m) const;
  /// Nobody has proved to be that server: an open endpoint is answered all the same, as to a stranger.
  void not_authenticated(const inbound_request& m, const fault& why, std::uint32_t retry_after_ms = 0);

  const homeserver& server_;
  decision& out_;
  key_cache& keys_;
  server_events& events_;
  std::deque<waiting_request> waiting_;
};

} // namespace causeway::remote_server
