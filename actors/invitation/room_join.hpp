#pragma once
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/leave_delivery.hpp"
#include "actors/invitation/question.hpp"
#include "messages/room.hpp"

#include <utility>

namespace causeway::invitation {

/// Asks the room to join with a user who accepted an invitation, or whose knock was let in. An attempt whose answer was
/// lost may have made the user a member for all others: it is repeated until it is known how it ended, for seven days.
class room_join {
public:
  room_join(invitation_record& record, const leave_delivery& leave) : record_(record), leave_(leave) {}

  void load() { is_outcome_unknown_ = record_.exists && record_.row.pending_request == next_request::join; }
  /// @param m  the command that accepts; null: a repetition, or the join that follows a knock
  void ask(const chat_command* m);
  bool is_open() const { return open_.is_open(); }
  /// An attempt may have made the user a member for all others.
  bool is_outcome_unknown() const { return is_outcome_unknown_; }
  void set_outcome_known() { is_outcome_unknown_ = false; }
  /// The room has answered. @returns whether it was asked
  bool ended(const join_result& m);
  /// The same where it is known how it ended: a knock's join.
  void close() { open_.forget(); }
  /// The next attempt, or the end of them. @pre the next request is `join`
  void retry_later(const fault& why);
  /// The room did not answer in time. @returns whether that is so
  bool expire();

  /// What others see of our user, as far as it was told.
  const store::put_user& profile() const { return profile_; }
  void set_profile(store::put_user x) { profile_ = std::move(x); }

private:
  invitation_record& record_;
  const leave_delivery& leave_;
  question<plain> open_;
  bool is_outcome_unknown_ = false;
  store::put_user profile_;
};

} // namespace causeway::invitation
