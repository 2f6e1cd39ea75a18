#include "actors/remote_server/answer_check.hpp"

#include "actors/excerpt.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/answer_shapes.hpp"
#include "messages/matrix/json.hpp"

#include <algorithm>

namespace causeway::remote_server {
namespace {

/// Of a body that is no answer: as much as tells what stands there.
constexpr std::size_t shown_bytes_max = 120;

void make_failure(gateway::http_answer& a, const std::string& problem) {
  a.why = {fault_code::peer_bad_answer,
           "HTTP " + std::to_string(a.status) + ", which is no answer of a Matrix server: " + problem +
             (a.body.empty() ? std::string{} : " in \"" + excerpt(a.body, shown_bytes_max) + "\"")};
  a.status = 0;
  a.body.clear();
}

} // namespace

std::optional<matrix_error> matrix_error_of(const gateway::http_answer& a) {
  const auto body = matrix::json::parse(a.body);
  const auto* errcode = body ? body->find_string("errcode") : nullptr;
  if (!errcode || errcode->empty()) return std::nullopt;
  const auto* error = body->find_string("error");
  return matrix_error{excerpt(*errcode, limits::identifier_bytes_max),
                      error ? excerpt(*error, limits::identifier_bytes_max) : std::string{}};
}

void check_http_answer(gateway::http_answer& a, matrix::endpoint of, body_comes body) {
  if (a.status == 0 || a.status >= 400) return;
  if (a.status != 200)
    return make_failure(a,
                        a.status >= 300 ? "a redirect, which is followed for no request" : "200 is the only success");
  if (body == body_comes::as_stream) return;
  if (const auto fine = matrix::check_answer(of, a.body); !fine) make_failure(a, fine.error().detail);
}

bool is_contact(const gateway::http_answer& a) {
  if (a.status == 200) return true;
  return a.status >= 400 && a.status < 500 && a.status != 429 && matrix_error_of(a).has_value();
}

std::int64_t wants_pause_ms(const gateway::http_answer& a) {
  constexpr std::int64_t obeyed_ms_max = 3'600'000; // a day may be a mistake
  if (a.status != 429 && a.status != 503) return 0;
  std::int64_t pause = a.retry_after_ms;
  if (const auto body = matrix::json::parse(a.body))
    if (const auto* ms = body->find_integer("retry_after_ms")) pause = std::max(pause, *ms);
  return std::clamp<std::int64_t>(pause, 0, obeyed_ms_max);
}

std::string describe_failure(const gateway::http_answer& a) {
  return a.status == 0 ? to_string(a.why) : "HTTP " + std::to_string(a.status) + " " + excerpt(a.body, 200);
}

request_phase failed_phase(const gateway::http_answer& a) {
  return a.phase != request_phase::unknown ? a.phase : phase_of(describe_failure(a));
}

} // namespace causeway::remote_server
