#include "actors/room/signature_audit.hpp"

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
    const bool lost_content = x->membership() == "invite" && !x->redacted_because && !matrix::has_valid_content_hash(*x);
    if (lost_content || !has_signature_of_sender(*x)) found.push_back(x);
  }
  return found;
}

std::vector<matrix::event_ptr> unsigned_among(const std::vector<matrix::event_ptr>& doubtful, const std::vector<event_check>& checks) {
  std::vector<matrix::event_ptr> found;
  for (std::size_t i = 0; i < doubtful.size() && i < checks.size(); ++i)
    if (checks[i] == event_check::missing_signature || checks[i] == event_check::bad_signature) found.push_back(doubtful[i]);
  return found;
}

} // namespace causeway::room
