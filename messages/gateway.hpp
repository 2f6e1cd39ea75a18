#pragma once
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// What the gateway and the node say to each other. The gateway speaks HTTPS on its other side; it holds no key and no
/// state, so a request carries its signature with it.
namespace causeway::gateway {

/// Node -> gateway: send this request to a homeserver. Frame: COMMAND, header map
/// {id, kind:"http_request", server, method, target, authorization:[..], timeout_ms, response_bytes_max}, body = HTTP body.
struct http_request {
  std::uint64_t id = 0;                  ///< chosen by the node, unique among its open requests
  std::string server_name;               ///< whom to reach; the gateway does discovery
  std::string method;                    ///< GET, PUT, POST
  std::string target;                    ///< path and query, percent-encoded, sent untouched
  std::vector<std::string> authorization;///< Authorization header values
  std::string body;                      ///< JSON; empty: no body
  std::uint32_t timeout_ms = 60'000;     ///< whole request, discovery included
  std::uint64_t response_bytes_max = 1024 * 1024;
};

/// Gateway -> node: the answer. Frame: RESULT, header map {id, kind:"http_answer", status, content_type, fault?, detail?,
/// address?, elapsed_ms}, body = HTTP body.
struct http_answer {
  std::uint64_t id = 0;
  int status = 0;             ///< HTTP status; 0: no answer, `why` says so
  std::string content_type;
  std::string body;
  fault why;                  ///< peer_unreachable, peer_timeout, peer_unresolvable, peer_tls, peer_blocked_address, too_large
  std::string address;        ///< ip:port that was reached, for the operator
  std::uint32_t elapsed_ms = 0;
};

/// Gateway -> node: a homeserver asks us. Frame: COMMAND, header map
/// {id, kind:"federation_request", method, target, authorization:[..], remote_address, has_body}, body = HTTP body.
struct federation_request {
  std::uint64_t id = 0;      ///< chosen by the gateway, unique among its open requests
  std::string method;
  std::string target;        ///< raw target as on the wire: signatures are over exactly this
  std::vector<std::string> authorization;
  std::string body;
  std::string remote_address;
};

/// Node -> gateway: our answer. Frame: RESULT, header map {id, kind:"federation_answer", status, content_type, headers:{..}},
/// body = HTTP body.
struct federation_answer {
  std::uint64_t id = 0;
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers; ///< further headers, e.g. Retry-After
  std::string body;
};

// HELLO (gateway -> node): header {protocol: 1, name}; WELCOME back: header {protocol: 1}. PING/PONG both ways.
// BYE: no further requests from that side.

edge::frame encode(const http_request& x);
edge::frame encode(const http_answer& x);
edge::frame encode(const federation_request& x);
edge::frame encode(const federation_answer& x);
/// @returns fault bad_frame with the missing or wrong header key
result<http_request> decode_http_request(const edge::frame& x);
result<http_answer> decode_http_answer(const edge::frame& x);
result<federation_request> decode_federation_request(const edge::frame& x);
result<federation_answer> decode_federation_answer(const edge::frame& x);

} // namespace causeway::gateway
