#pragma once
#include "actors/answers.hpp"
#include "actors/decision.hpp"
#include "messages/remote_server.hpp"

#include <cstdint>
#include <string>
#include <utility>

/// Answers to requests of the server that this actor gives itself. All of it leaves after the commit.
namespace causeway::remote_server {

inline void reply(decision& out, const std::string& gateway, std::uint64_t id, int status, std::string body,
                  std::uint32_t retry_after_ms = 0) {
  out.send({actor_kind::gateway, gateway}, federation_reply{gateway, id, status, std::move(body), retry_after_ms, {}});
}

/// Answers with the fault's HTTP status and errcode.
inline void refuse(decision& out, const inbound_request& m, const fault& why, std::uint32_t retry_after_ms = 0) {
  reply(out, m.gateway, m.id, info(why.code).http_status, error_body(why, retry_after_ms), retry_after_ms);
}

} // namespace causeway::remote_server
