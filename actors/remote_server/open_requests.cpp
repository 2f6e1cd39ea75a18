#include "actors/remote_server/open_requests.hpp"

#include "actors/remote_server/answer_check.hpp"
#include "actors/remote_server/v1_fallback.hpp"
#include "messages/matrix/request_auth.hpp"

#include <algorithm>
#include <utility>

namespace causeway::remote_server {

void open_requests::send(request_purpose of, http_call what) {
  const auto& row = matrix::info(what.endpoint);
  gateway::http_request r;
  r.id = ++last_id_;
  r.server_name = server_.name;
  r.method = std::string{row.method};
  r.target = matrix::endpoint_path(what.endpoint, what.parameters);
  if (!what.query.empty()) r.target += "?" + what.query;
  // A notary need not be told who asks, but may do more for whoever says it: ours does.
  if (row.auth == matrix::authentication::x_matrix || what.endpoint == matrix::endpoint::key_query_batch) {
    const auto content = what.body.empty() ? std::nullopt : std::optional<std::string_view>{what.body};
    r.authorization.push_back(matrix::sign_request_of_text(r.method, r.target, server_.node.server_name, server_.name,
                                                           content, server_.node.key));
  }
  r.body = std::move(what.body);
  r.timeout_ms = what.timeout_ms;
  r.response_bytes_max = what.response_bytes_max;
  r.stream = what.stream;
  const auto body = what.stream != 0 ? body_comes::as_stream : body_comes::with_answer;
  const auto deadline = out_.now() + what.timeout_ms + lost_after_ms;
  if (open_.empty()) out_.wake_at(deadline, timer);
  open_.emplace(r.id, open_request{std::move(of), what.endpoint, body, deadline});
  // After the commits so far: a transaction's id and body are on disk before its first attempt.
  out_.send({actor_kind::gateway, ""}, std::move(r));
}

std::optional<open_requests::closed> open_requests::close(const gateway::http_answer& answer) {
  auto node = open_.extract(answer.id);
  if (!node) return std::nullopt;
  auto& r = node.mapped();
  closed x{std::move(r.of), answer};
  if (const auto* relayed = std::get_if<relayed_request>(&x.of); relayed && relayed->in == relayed_request::form::v1)
    take_out_of_v1_fallback(x.answer);
  check_http_answer(x.answer, r.endpoint, r.body);
  if (x.answer.status != 0 && r.endpoint != matrix::endpoint::send)
    pauses_.heard(r.endpoint, wants_pause_ms(x.answer), out_.now());
  return x;
}

std::vector<gateway::http_answer> open_requests::lost() const {
  std::vector<gateway::http_answer> list;
  for (const auto& [id, r] : open_) {
    if (r.deadline > out_.now()) continue;
    auto& a = list.emplace_back();
    a.id = id;
    a.why = {fault_code::peer_timeout, "no answer from the gateway"};
  }
  return list;
}

time_ms open_requests::next_deadline() const {
  time_ms next = 0;
  for (const auto& [id, r] : open_)
    if (r.deadline > out_.now()) next = next == 0 ? r.deadline : std::min(next, r.deadline);
  return next;
}

} // namespace causeway::remote_server
