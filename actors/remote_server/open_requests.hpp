#pragma once
#include "actors/decision.hpp"
#include "actors/remote_server/answer_check.hpp"
#include "actors/remote_server/endpoint_pauses.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "messages/gateway.hpp"
#include "messages/remote_server.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace causeway::remote_server {

/// Of transaction_queue: a transaction, or a probe.
struct transaction_request {};
/// Of key_cache: the keys of the server itself.
struct key_request {};
/// Of notary_client.
struct notary_request {
  std::vector<notary_keys_request> asked;
};
/// Of peer_requests.
struct relayed_request {
  enum class form : std::uint8_t { current, v1 };
  address reply_to;
  token asked = 0;
  form in = form::current;
  /// To be repeated in the form of version 1 when the server does not know this one; null: there is none.
  std::shared_ptr<const peer_request> may_fall_back = nullptr;
};
/// For whom a request was sent: its answer belongs to that component.
using request_purpose = std::variant<transaction_request, key_request, notary_request, relayed_request>;

/// What is sent to the server.
struct http_call {
  matrix::endpoint endpoint = matrix::endpoint::version;
  std::vector<std::string_view> parameters = {}; ///< of the path, not encoded
  std::string query = {};                        ///< encoded
  std::string body = {};                         ///< empty: none
  std::uint32_t timeout_ms = 0;
  std::uint64_t response_bytes_max = 0;
  std::uint64_t stream = 0; ///< not 0: see gateway::http_request
};

/// HTTP requests to the server that are not answered yet: signed here, with a deadline each, and answered to whom
/// they were for. Obeys what the server asks for with 429 and 503, by endpoint. Source: server-server-api, "Request
/// Authentication".
class open_requests {
public:
  static constexpr timer_kind timer = timer_kind::sweep;
  /// The gateway answers within the request's time-out; a request that is still open this much later was lost with it.
  static constexpr time_ms lost_after_ms = 10'000;

  open_requests(const homeserver& server, decision& out) : server_(server), out_(out) {}
  /// No number of an earlier incarnation is used again.
  void load() { last_id_ = out_.first_token(); }

  /// Leaves after the commits so far.
  void send(request_purpose of, http_call what);

  struct closed {
    request_purpose of;
    /// Of the endpoint's own form, and with status 200 what it promises (answer_check.hpp).
    gateway::http_answer answer;
  };
  /// @returns nothing: the request was given up
  std::optional<closed> close(const gateway::http_answer& answer);

  /// In place of those that are lost with the gateway: answers that say so.
  std::vector<gateway::http_answer> lost() const;
  /// Of those that are not lost; 0: there is none.
  time_ms next_deadline() const;
  void set_timer(time_ms at) {
    if (at != 0) out_.wake_at(at, timer);
  }

  /// How long the server wants no request to this endpoint, ms; 0: it has not said so. PUT /send has a pause of its
  /// own.
  time_ms pause_left(matrix::endpoint with) const { return pauses_.left(with, out_.now()); }
  std::size_t size() const { return open_.size(); }
  bool is_idle() const { return open_.empty(); }

private:
  struct open_request {
    request_purpose of;
    matrix::endpoint endpoint = matrix::endpoint::version;
    body_comes body = body_comes::with_answer;
    time_ms deadline = 0;
  };

  const homeserver& server_;
  decision& out_;
  std::map<std::uint64_t, open_request> open_;
  std::uint64_t last_id_ = 0;
  endpoint_pauses pauses_;
};

} // namespace causeway::remote_server
