#include "actors/room/signature_audit.hpp"

#include "actors/room/described.hpp"
#include "messages/matrix/identifiers.hpp"

namespace causeway::room {
namespace {

bool has_signature_of_sender(const matrix::event& x) {
  const auto* signatures = x.source.find("signatures");
  const auto* of_sender = signatures ? signatures->find_object(matrix::server_name_of(x.sender)) : nullptr;
  return of_sender && !of_sender->empty();
}

} // namespace

std::vector<matrix::event_ptr> doubtful_memberships(const std::vector<matrix::event_ptr>& events) {
  std::vector<matrix::event_ptr> found;
  for (const auto& x : events) {
    if (x->type != "m.room.member") continue;
    const bool lost_content =
      x->membership() == matrix::membership::invite && !x->redacted_because && !matrix::has_valid_content_hash(*x);
    if (lost_content || !has_signature_of_sender(*x)) found.push_back(x);
  }
  return found;
}

std::vector<matrix::event_ptr> unsigned_among(const std::vector<matrix::event_ptr>& doubtful,
                                              const std::vector<event_check>& checks) {
  std::vector<matrix::event_ptr> found;
  for (std::size_t i = 0; i < doubtful.size() && i < checks.size(); ++i)
    if (checks[i] == event_check::missing_signature || checks[i] == event_check::bad_signature)
      found.push_back(doubtful[i]);
  return found;
}

void signature_audit::describe(matrix::json::object& o, time_ms) const {
  matrix::json::array some;
  for (const auto& id : unsigned_)
    if (some.size() < described_max) some.emplace_back(id);
  o.set("unsigned_memberships", std::move(some));
  o.set("unsigned_memberships_total", static_cast<std::int64_t>(unsigned_.size()));
}

void signature_audit::begin() {
  std::vector<matrix::event_ptr> all;
  for (const auto& [id, n] : room_.graph.nodes())
    if (n.judged == store::verdict::accepted || n.judged == store::verdict::outlier) all.push_back(n.event);
  const auto doubtful = doubtful_memberships(all);
  if (!doubtful.empty()) pending_.verify(doubtful, question::doubtful_memberships{doubtful});
}

void signature_audit::answered(const question::doubtful_memberships& q, const events_verified& m) {
  for (const auto& x : unsigned_among(q.events, m.checks)) {
    unsigned_.push_back(x->event_id);
    out_.log(log_level::error, "R120 stored membership lacks the signature of its sender's server",
             {{"room", room_.id}, {"event", x->event_id}, {"sender", x->sender}, {"user", *x->state_key}});
  }
}

} // namespace causeway::room
