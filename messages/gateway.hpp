#pragma once
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"
#include "messages/request_phase.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// What the gateway and the node say to each other. The gateway speaks HTTPS on its other side; it holds no key and no
/// state, so a request carries its signature with it.
namespace causeway::gateway {

/// Node -> gateway: send this request to a homeserver. Frame: COMMAND, header map
/// {id, kind:"http_request", server, method, target, authorization:[..], timeout_ms, response_bytes_max, stream?,
/// url?}, body = HTTP body.
struct http_request {
  std::uint64_t id = 0;                   ///< chosen by the node, unique among its open requests
  std::string server_name;                ///< whom to reach; the gateway does discovery
  std::string method;                     ///< GET, PUT, POST
  std::string target;                     ///< path and query, percent-encoded, sent untouched
  std::vector<std::string> authorization; ///< Authorization header values
  std::string body;                       ///< JSON; empty: no body
  std::uint32_t timeout_ms = 60'000;      ///< whole request, discovery included
  std::uint64_t response_bytes_max = 1024 * 1024;
  /// Not 0: the body of a 200 does not come with the answer but before it, as `http_piece`s of this number; no more
  /// than limits::stream_window_bytes are under way before the node grants more. Other statuses come whole.
  std::uint64_t stream = 0;
  /// Not empty: an absolute https URL to ask instead of `server_name` and `target`, without discovery.
  std::string url;
};

/// Gateway -> node: the answer. Frame: RESULT, header map {id, kind:"http_answer", status, content_type, fault?,
/// detail?, phase?, address?, elapsed_ms, retry_after_ms?, date_ms?}, body = HTTP body.
struct http_answer {
  std::uint64_t id = 0;
  int status = 0; ///< HTTP status; 0: no answer, `why` says so
  std::string content_type;
  std::string body;
  fault why;           ///< peer_unreachable, peer_timeout, peer_unresolvable, peer_tls, peer_blocked_address, too_large
  std::string address; ///< ip:port that was reached, for the operator
  std::uint32_t elapsed_ms = 0;
  std::uint32_t retry_after_ms = 0; ///< of a Retry-After header; 0: none
  std::int64_t date_ms =
    0; ///< of a Date header, ms since 1970; 0: none, or the request was not signed and a cache may have answered
  request_phase phase = request_phase::unknown; ///< with `why`: what it failed in
};

/// Gateway -> node: part of a streamed body, in order. Frame: EVENT, header map {kind, stream, content_type,
/// content_disposition}, body = the bytes, never empty.
struct http_piece {
  std::uint64_t stream = 0;
  std::string content_type; ///< headers of the response; with the first piece only
  std::string content_disposition;
  std::string body;
};

/// Node -> gateway: go on with a stream. Frame: CREDIT, header map {kind, stream, bytes, cancel}.
struct stream_credit {
  std::uint64_t stream = 0;
  std::uint64_t bytes = 0; ///< that may come beyond those granted before
  bool cancel = false;     ///< nothing more is wanted; the answer comes all the same
};

/// Gateway -> node: part of the body of a `federation_answer`. Frame: SEEK, header map {kind, id, stream, offset,
/// bytes}. Answered by a `federation_answer` of that id whose body is the bytes, exactly as many as asked for, or whose
/// status is not 200: then the body has no rest.
struct body_request {
  std::uint64_t id = 0; ///< from the same numbers as the requests
  std::string stream;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0; ///< at most limits::streamed_part_bytes_max
};

/// Gateway -> node: a homeserver asks us. Frame: COMMAND, header map
/// {id, kind:"federation_request", method, target, authorization:[..], remote_address, has_body}, body = HTTP body.
struct federation_request {
  std::uint64_t id = 0; ///< chosen by the gateway, unique among its open requests
  std::string method;
  std::string target; ///< raw target as on the wire: signatures are over exactly this
  std::vector<std::string> authorization;
  std::string body;
  std::string remote_address;

  static void fields(auto& f, auto& x) {
    f.required("id", x.id);
    f.required("method", x.method);
    f.required("target", x.target);
    f.optional("authorization", x.authorization);
    f.optional("body", x.body);
    f.optional("remote_address", x.remote_address);
  }
};

/// Node -> gateway: our answer. Frame: RESULT, header map {id, kind:"federation_answer", status, content_type,
/// headers:{..}, stream?, stream_bytes?, tail?}, body = HTTP body, or what of it comes before the stream.
struct federation_answer {
  std::uint64_t id = 0;
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers; ///< further headers, e.g. Retry-After
  std::string body;
  /// Not empty: after `body` come `stream_bytes` bytes that the gateway asks for part by part under this name (the node
  /// keeps nothing of it between the parts), then `tail`.
  std::string stream;
  std::uint64_t stream_bytes = 0;
  std::string tail;
};

// HELLO (gateway -> node): header {protocol: 1, name, outbound?} (false: it is sent no http_request); WELCOME back:
// header {protocol: 1}. PING/PONG both ways. BYE: no further requests from that side.

edge::frame encode(const http_request& x);
edge::frame encode(const http_answer& x);
edge::frame encode(const http_piece& x);
edge::frame encode(const stream_credit& x);
edge::frame encode(const body_request& x);
edge::frame encode(const federation_request& x);
edge::frame encode(const federation_answer& x);
/// @returns fault bad_frame with the missing or wrong header key
result<http_request> decode_http_request(const edge::frame& x);
result<http_answer> decode_http_answer(const edge::frame& x);
result<http_piece> decode_http_piece(const edge::frame& x);
result<stream_credit> decode_stream_credit(const edge::frame& x);
result<body_request> decode_body_request(const edge::frame& x);
result<federation_request> decode_federation_request(const edge::frame& x);
result<federation_answer> decode_federation_answer(const edge::frame& x);

} // namespace causeway::gateway
