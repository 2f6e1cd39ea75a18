#pragma once
#include "messages/gateway.hpp"
#include "messages/matrix/endpoints.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// The one place where an HTTP answer becomes an answer of a homeserver, or a failure. Whatever stands between (a
/// proxy, a captive portal, a hosting page) answers too, often with 200.
namespace causeway::remote_server {

/// Errcode and text of a Matrix error, bounded. Nothing: the body is none.
struct matrix_error {
  std::string errcode, error;
};
std::optional<matrix_error> matrix_error_of(const gateway::http_answer& a);

/// Where the body of a 200 is: with the answer, or gone elsewhere before it.
enum class body_comes : std::uint8_t { with_answer, as_stream };

/// Turns what `of` never answers into no answer: a 200 without the promised body and every status below 400 but 200
/// become status 0 with fault peer_bad_answer, which says what came. Statuses from 400 on stay.
void check_http_answer(gateway::http_answer& a, matrix::endpoint of, body_comes body);

/// Whether the homeserver itself has answered: with what was promised, or with a Matrix error below 500 other than
/// "come later".
/// @pre `check_http_answer(a, ..)` was called
bool is_contact(const gateway::http_answer& a);

/// How long a pause the server wants, ms: by Retry-After or, of a Matrix error, `retry_after_ms`, of 429 and
/// 503; an hour at most. 0: it says nothing.
std::int64_t wants_pause_ms(const gateway::http_answer& a);

/// Why a transaction failed, for the operator: of one line.
std::string describe_failure(const gateway::http_answer& a);

/// What a request that failed has failed in: as the gateway has seen it, or as the answer shows. `unknown`: it was not
/// tried.
request_phase failed_phase(const gateway::http_answer& a);

} // namespace causeway::remote_server
