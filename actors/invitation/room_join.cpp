#include "actors/invitation/room_join.hpp"

#include "actors/room_type.hpp"

namespace causeway::invitation {
namespace {

/// So long after the invitation came a join whose answer was lost is repeated.
constexpr time_ms join_give_up_ms = 7 * 24 * 3'600'000LL;

} // namespace

void room_join::ask(const chat_command* m) {
  auto& row = record_.row;
  join_request j;
  j.user_id = record_.user_id;
  j.room_version = row.room_version;
  j.via = leave_.via();
  j.chat_room_id = row.chat_room_id;
  j.is_direct = record_.event && is_direct(*record_.event);
  if (row.direction == invitation_direction::incoming && !record_.node.is_local(row.inviter)) j.invite = record_.event;
  if (m && m->profiles)
    for (const auto& p : *m->profiles)
      if (p.user_id == record_.user_id) {
        j.display_name = p.display_name;
        j.avatar_url = p.avatar_url;
      }
  if (!m) {
    j.display_name = profile_.display_name;
    j.avatar_url = profile_.avatar_url;
  }
  // On disk first: a join that is lost with us half way would leave a member whom all see but their own server.
  open_.ask(record_.out, {}, record_.patience_ends());
  ++row.attempts;
  row.pending_request = next_request::join;
  record_.save();
  record_.out.send(record_.room(), std::move(j));
}

bool room_join::ended(const join_result& m) {
  if (!open_.is_open()) return false;
  open_.forget();
  is_outcome_unknown_ =
    m.why.code != fault_code::none && (m.join_outcome_unknown || (is_outcome_unknown_ && info(m.why.code).retryable));
  if (record_.row.pending_request != next_request::join) return true;
  if (is_outcome_unknown_) retry_later(m.why);
  else {
    record_.forget_request();
    record_.save();
  }
  return true;
}

void room_join::retry_later(const fault& why) {
  if (record_.out.now() - record_.row.since_ts <= join_give_up_ms) return record_.retry_later(why);
  if (record_.is_let_in()) return record_.reopen(); // who was let in now has to ask once more themselves
  record_.forget_request();
  record_.save();
}

bool room_join::expire() {
  if (!open_.is_overdue(record_.out.now())) return false;
  open_.forget();
  if (record_.row.pending_request == next_request::join)
    retry_later({fault_code::timed_out, "the join did not end in time"});
  return true;
}

} // namespace causeway::invitation
