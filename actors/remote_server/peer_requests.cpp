#include "actors/remote_server/peer_requests.hpp"

#include "actors/remote_server/answer_check.hpp"
#include "actors/remote_server/v1_fallback.hpp"
#include "messages/matrix/identifiers.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace causeway::remote_server {
namespace {

/// Requests for missing events and history: another server of the room can answer them as well, and whoever asks has
/// more to ask.
bool is_answerable_by_others(matrix::endpoint e) {
  using matrix::endpoint;
  return e == endpoint::get_missing_events || e == endpoint::backfill || e == endpoint::event_auth ||
         e == endpoint::event || e == endpoint::state || e == endpoint::state_ids;
}

fault no_answer(const gateway::http_answer& a, const std::string& server) {
  if (a.why.code == fault_code::none) return {fault_code::peer_unreachable, server};
  if (a.why.code != fault_code::peer_bad_answer) return a.why;
  return {a.why.code, server + ": " + a.why.detail};
}

fault refusal(int status, const matrix_error& error, const std::string& server) {
  const bool is_later = status >= 500 || status == 429;
  // A 4xx that no homeserver wrote decides nothing: a proxy's page is gone tomorrow.
  const auto code = is_later                ? fault_code::peer_unreachable
                    : error.errcode.empty() ? fault_code::peer_bad_answer
                                            : fault_code::peer_refused;
  return {code, server + " answered " + std::to_string(status) + " " + error.errcode + " " + error.error};
}

} // namespace

void peer_requests::take(const peer_request& m) {
  if (auto fine = transactions_.sendable(); !fine) return refuse(m, fine.error());
  if (transactions_.is_backing_off() && is_answerable_by_others(m.endpoint))
    return refuse(m, {fault_code::peer_unreachable, server_.name + " is in back-off after " +
                                                      std::to_string(transactions_.failures()) + " failures"});
  if (const auto left = requests_.pause_left(m.endpoint); left > 0) return refuse_for_pause(m, left);
  const bool may_wait =
    m.endpoint == matrix::endpoint::invite_v2 && server_.node.settings().invitation.queue_wait_ms > 0;
  if (may_wait && transactions_.has_backlog()) return hold(m);
  send(m, relayed_request::form::current);
}

void peer_requests::refuse(const peer_request& m, fault why) {
  peer_answer a;
  a.asked = m.asked;
  a.server_name = server_.name;
  a.why = std::move(why);
  out_.send_at_once(m.reply_to, std::move(a));
}

void peer_requests::refuse_for_pause(const peer_request& m, time_ms left_ms) {
  constexpr int too_many_requests = 429;
  peer_answer a;
  a.asked = m.asked;
  a.server_name = server_.name;
  a.status = too_many_requests;
  a.errcode = info(fault_code::limit_exceeded).errcode;
  a.why = {fault_code::peer_unreachable,
           server_.name + " accepts no more such requests for another " + std::to_string(left_ms / 1'000 + 1) + " s"};
  out_.send_at_once(m.reply_to, std::move(a));
}

void peer_requests::send(const peer_request& m, relayed_request::form in) {
  if (auto fine = transactions_.sendable(); !fine) return refuse(m, fine.error()); // one that has waited
  std::string query;
  for (const auto& [k, v] : m.query)
    query += (query.empty() ? "" : "&") + matrix::percent_encode(k) + "=" + matrix::percent_encode(v);
  relayed_request of{m.reply_to, m.asked, in};
  if (in == relayed_request::form::current && has_v1_fallback(m))
    of.may_fall_back = std::make_shared<const peer_request>(m);
  requests_.send(std::move(of), {.endpoint = m.endpoint,
                                 .parameters = {m.parameters.begin(), m.parameters.end()},
                                 .query = std::move(query),
                                 .body = m.body,
                                 .timeout_ms = m.timeout_ms,
                                 .response_bytes_max = m.response_bytes_max,
                                 .stream = m.stream});
}

void peer_requests::answered(const relayed_request& r, gateway::http_answer a) {
  if (r.may_fall_back && is_unknown_endpoint(a))
    if (const auto old = in_v1_fallback(*r.may_fall_back)) return send(*old, relayed_request::form::v1);
  const bool is_alive = is_contact(a);
  peer_answer answer;
  answer.asked = r.asked;
  answer.server_name = server_.name;
  answer.status = a.status;
  if (a.status == 0) {
    answer.why = no_answer(a, server_.name);
  } else if (a.status != 200) {
    const auto error = matrix_error_of(a).value_or(matrix_error{});
    answer.errcode = error.errcode;
    answer.why = refusal(a.status, error, server_.name);
  }
  answer.body = std::move(a.body);
  out_.send_at_once(r.reply_to, std::move(answer));
  if (is_alive) events_.contacted();
}

void peer_requests::hold(const peer_request& m) {
  const auto ahead = transactions_.has_more_in_store() ? held_invites::all_queued : transactions_.size();
  held_invites_.hold(m, transactions_.delivered(), ahead,
                     out_.now() + server_.node.settings().invitation.queue_wait_ms);
  out_.wake_at(held_invites_.deadline(), invites_timer);
  // A server in back-off is tried now, with what waits for it first, unless it wants a pause, or was tried a moment
  // ago.
  transactions_.hurry();
}

void peer_requests::send_all(const std::vector<peer_request>& list) {
  for (const auto& m : list) send(m, relayed_request::form::current);
}

void peer_requests::send_due_invites() {
  if (held_invites_.empty()) return;
  const auto backlog = transactions_.has_backlog() ? held_invites::backlog::some : held_invites::backlog::none;
  send_all(held_invites_.due(transactions_.delivered(), backlog, out_.now()));
  out_.wake_at(held_invites_.deadline(), invites_timer); // 0: none waits any more
}

} // namespace causeway::remote_server
