#include "actors/answers.hpp"

#include "messages/chat/codec.hpp"

#include <utility>

namespace causeway {

std::string error_body(const fault& why, std::uint32_t retry_after_ms) {
  matrix::json::object body{{"errcode", info(why.code).errcode}, {"error", why.detail}};
  if (retry_after_ms != 0) body.set("retry_after_ms", std::int64_t{retry_after_ms});
  return matrix::json::canonical(body);
}

void reply(decision& out, const federation_call& to, int status, std::string body, std::uint32_t retry_after_ms) {
  out.send({actor_kind::gateway, to.gateway},
           federation_reply{to.gateway, to.id, status, std::move(body), retry_after_ms, to.origin});
}

void refuse(decision& out, const federation_call& to, const fault& why, std::uint32_t retry_after_ms) {
  reply(out, to, info(why.code).http_status, error_body(why, retry_after_ms), retry_after_ms);
}

void command_succeeded(decision& out, const command_reference& of, std::string command, const chat::answer& what,
                       bool keep) {
  auto body = chat::encode(what);
  if (keep && !of.command_id.empty())
    out.write(store::put_command_result{of.command_id, std::move(command), true, body, out.now()});
  out.send({actor_kind::session, of.session}, command_done{of, true, std::move(body)});
}

void command_failed(decision& out, const command_reference& of, std::string command, const fault& why) {
  auto body = chat::encode(why);
  if (!info(why.code).retryable && !of.command_id.empty())
    out.write(store::put_command_result{of.command_id, std::move(command), false, body, out.now()});
  out.send({actor_kind::session, of.session}, command_done{of, false, std::move(body)});
}

} // namespace causeway
