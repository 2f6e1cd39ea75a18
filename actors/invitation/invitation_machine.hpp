#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "actors/incarnation.hpp"
#include "actors/invitation/incoming_invitation.hpp"
#include "messages/invitation_key.hpp"
#include "actors/invitation/invitation_record.hpp"
#include "actors/invitation/invite_arrivals.hpp"
#include "actors/invitation/knock.hpp"
#include "actors/invitation/leave_delivery.hpp"
#include "actors/invitation/outgoing_invitation.hpp"
#include "actors/invitation/rescissions.hpp"
#include "actors/invitation/room_join.hpp"
#include "actors/invitation/server_question.hpp"

#include <string>

namespace causeway::invitation {

/// One invitation of one user to one room, in either direction, or the knock of one of ours, from the first attempt
/// until everybody concerned knows how it ended. Its states and their changes are a table:
/// messages/invitation_transitions.hpp. It alone writes the row; the room writes one only in the commit that creates
/// the room. Pure. The machine routes: what concerns a direction goes to its component, an answer to whoever has asked.
class invitation_machine {
public:
  static constexpr timer_kind watch_timer = timer_kind::watch;

  invitation_machine(const context& node, const std::string& key);
  invitation_machine(const invitation_machine&) = delete; // its components refer to each other
  invitation_machine& operator=(const invitation_machine&) = delete;

  effects on(const message& m, time_ms now);
  /// One JSON object for the operator.
  std::string describe(time_ms now) const;

private:
  invitation_machine(const context& node, const std::string& key, const names& x);

  void dispatch(const message& m);
  void loaded(const store::invitation_loaded& found);
  effects flush();
  /// Does what is to be done next, when it is due.
  void begin();
  void timer(timer_name name);
  void watch();
  void server_alive();
  void settings_changed();
  void command(const chat_command& m);
  void membership(const invited_membership_changed& m);
  void answered(const peer_answer& m);
  void room_ended(const join_result& m);
  /// Nobody is waited for.
  bool is_idle() const;
  std::string waits_for(time_ms now) const;

  decision out_;
  incarnation life_;
  invitation_record record_;
  bool watching_ = false;

  // -- what the directions share
  server_question question_{record_};
  leave_delivery leave_{record_, question_};
  room_join join_{record_, leave_};

  // -- the directions
  outgoing_invitation outgoing_{record_, question_};
  knock knock_{record_, question_, leave_, join_};
  incoming_invitation incoming_{record_, question_, leave_, join_, knock_};

  // -- what other servers send
  invite_arrivals arrivals_{record_, incoming_};
  rescissions rescissions_{record_, incoming_, knock_};
};

} // namespace causeway::invitation
