#pragma once
#include "actors/invitation/command_slot.hpp"
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/leave_delivery.hpp"
#include "actors/invitation/question.hpp"
#include "actors/invitation/room_join.hpp"
#include "actors/invitation/server_question.hpp"
#include "messages/remote_server.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <string>

namespace causeway::invitation {

/// One of our users asks to be let into a room that none of us is in. A knock is offered to the room's servers one
/// after the other, again and again while none can be reached; taken, it waits for an answer: an invite, which the user
/// follows by themselves, or a leave. Few servers tell a server that is not in the room of such a leave, so the one
/// that took the knock is asked whether it still is one. Source: server-server-api, "Knocking upon a room".
class knock {
public:
  knock(invitation_record& record, server_question& question, leave_delivery& leave, room_join& join)
      : record_(record), question_(question), leave_(leave), join_(join) {}

  /// Does what is to be done next, when it is due.
  void begin();
  void start(const chat_command& m, const chat::room_knock& x);
  /// The knock was made in a room of ours. @returns whether it was not known
  bool made(const knock_made& m);
  void answered(server_request step, const peer_answer& m);
  /// @param found  null: the store did not answer in time
  bool profile_found(token asked, const store::user_found* found);
  void membership(const invited_membership_changed& m);
  /// An invite is the answer.
  void let_in(const matrix::event_ptr& invite, chat::room_type type);
  void join_ended(const join_result& m);
  /// A leave or ban of another server whose signature is valid.
  void rescinded(const matrix::event& x);

  void retract(const chat_command& m, const chat::knock_retract& x);
  bool is_being_retracted() const { return retracting_.is_open(); }
  void retracted(const join_result& m);

  /// An invitation takes its place.
  void forget() { profile_asked_.forget(); }
  /// The server that is knocked at just now.
  std::string asked_server() const { return record_.row.via.at(at_via_); }
  bool is_idle() const { return !profile_asked_.is_open() && !retracting_.is_open(); }
  /// Whoever was asked may have failed with the question.
  void expire();

private:
  void change(invitation_cause why, const std::string& reason);
  void begin_round();
  /// What others see of our user is asked of the store first: who named it may have done so in an earlier
  /// incarnation.
  void ask_profile();
  void go_on();
  void make();
  void send(const peer_answer& made);
  void next(const fault& why);
  void taken();
  void ask_whether_it_stands_at(time_ms at);
  void ask_whether_it_stands();
  void told_whether_it_stands(const peer_answer& m);
  void refused(invitation_cause why, const std::string& by, const std::string& reason);
  void end_command(const fault& why);

  invitation_record& record_;
  server_question& question_;
  leave_delivery& leave_;
  room_join& join_;
  command_slot<chat::room_knock> knocking_{record_.out};
  command_slot<chat::knock_retract> retracting_{record_.out};
  question<plain> profile_asked_;
  std::size_t at_via_ = 0;             ///< of the round of attempts
  fault fault_;                        ///< the weightiest refusal of the round
  bool has_unreadable_answer_ = false; ///< somebody answered in this round who is no homeserver
};

} // namespace causeway::invitation
