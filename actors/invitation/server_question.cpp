#include "actors/invitation/server_question.hpp"

#include <algorithm>

namespace causeway::invitation {

peer_request server_question::ask(server_request what, matrix::endpoint endpoint, const std::string& about,
                                  std::uint32_t timeout_ms) {
  const auto& node = record_.node;
  const auto patience_ms = std::int64_t{std::max(node.settings().federation.request_timeout_ms,
                                                 node.settings().federation.make_join_timeout_ms)} +
                           node.settings().invitation.queue_wait_ms + 15'000;
  peer_request r;
  r.reply_to = record_.self();
  r.asked = asked_ = open_.ask(record_.out, what, record_.out.now() + patience_ms);
  r.endpoint = endpoint;
  r.parameters = {record_.room_id, about};
  r.timeout_ms = timeout_ms;
  return r;
}

std::optional<server_request> server_question::answered(const peer_answer& m) {
  if (!open_.is(m.asked)) return std::nullopt;
  return open_.take();
}

std::optional<peer_answer> server_question::lost() const {
  if (!open_.is_overdue(record_.out.now())) return std::nullopt;
  peer_answer none;
  none.asked = asked_;
  none.why = {fault_code::timed_out, "no answer"};
  return none;
}

} // namespace causeway::invitation
