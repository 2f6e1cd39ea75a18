#pragma once
#include "actors/remote_server/key_cache.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace causeway::remote_server {

/// The server as a notary: it is asked for the keys of other servers, for all that were wanted within a moment at
/// once. Its own keys are needed to check its countersignature. Source: server-server-api, "Querying keys through
/// another server".
class notary_client {
public:
  static constexpr timer_kind timer = timer_kind::others;
  /// A room of many servers wants the keys of all of them at once: their actors have to be made and to ask their way
  /// here.
  static constexpr time_ms gather_ms = 250;
  static constexpr std::size_t servers_per_request_max = 100;
  static constexpr std::size_t requests_open_max = 4;
  static constexpr std::size_t waiting_max = 20'000;
  static constexpr std::size_t response_bytes_max = 8 * 1024 * 1024;

  notary_client(const homeserver& server, decision& out, open_requests& requests, key_cache& keys)
      : server_(server), out_(out), requests_(requests), keys_(keys) {}

  void want(const notary_keys_request& m);
  void on_timer() { send(); }
  void answered(const notary_request& r, const gateway::http_answer& a);
  /// The server's own keys are here, or cannot be had: answers that wait for them are handed on.
  void check_waiting();
  bool is_idle() const { return waiting_.empty() && unchecked_.empty(); }

private:
  struct response {
    std::vector<notary_keys_request> asked;
    std::vector<matrix::json::object> documents;
  };
  enum class countersignature : std::uint8_t { valid, invalid, unknown_key };

  void send();
  void send_batch();
  void refuse(const std::vector<notary_keys_request>& asked, const std::string& why);
  bool may_fetch_keys() const;
  countersignature check(const matrix::json::object& document) const;
  void hand_on(const response& x);

  const homeserver& server_;
  decision& out_;
  open_requests& requests_;
  key_cache& keys_;
  std::deque<notary_keys_request> waiting_;
  std::size_t open_ = 0;            ///< requests that are not answered
  std::vector<response> unchecked_; ///< wait for the notary's own keys
};

} // namespace causeway::remote_server
