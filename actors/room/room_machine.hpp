#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "actors/incarnation.hpp"
#include "actors/room/authoring.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/command_service.hpp"
#include "actors/room/content_repair.hpp"
#include "actors/room/directory_entry.hpp"
#include "actors/room/event_import.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/extremity_merger.hpp"
#include "actors/room/history_backfill.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/joins.hpp"
#include "actors/room/membership_service.hpp"
#include "actors/room/parent_fetch.hpp"
#include "actors/room/partial_state.hpp"
#include "actors/room/policy_gate.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/remote_join.hpp"
#include "actors/room/request_service.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"
#include "actors/room/room_timers.hpp"
#include "actors/room/signature_audit.hpp"
#include "actors/room/typing.hpp"

#include <set>
#include <string>
#include <vector>

namespace causeway::room {

/// A room: its graph, its authority. Pure: a message and the time come in, effects go out. The machine routes: a message goes to the component
/// whose business it is, an answer to whoever has asked, a change to all who observe it. Components decide. `event_writer` alone changes the graph.
/// Files: room_machine.cpp (life, routing), room_mediation.cpp (what components say to each other).
class room_machine : private room_events {
public:
  room_machine(const context& node, std::string room_id);
  room_machine(const room_machine&) = delete; // its components refer to each other
  room_machine& operator=(const room_machine&) = delete;

  effects on(const message& m, time_ms now);
  /// One JSON object for the operator.
  std::string describe(time_ms now) const;

private:
  // -- life and routing (room_machine.cpp)
  void dispatch(const message& m);
  void loaded(const store::room_loaded& from);
  void store_answer(const store_answered& m);
  void verified(const events_verified& m);
  void timer(const timer_due& m);
  effects flush();
  /// Nothing is under way.
  bool is_idle() const;
  /// Nobody of ours is in the room any more: what is staged or asked for serves nobody.
  void abandon_work();
  /// Whoever was asked may have failed with our question: no wait is for ever.
  void watch();

  // -- room_events (room_mediation.cpp)
  void state_changed(const std::vector<state_change>& changes) override;
  void event_accepted(const matrix::event& x, bool historical) override;
  void event_settled(const matrix::event& x, const std::string& error) override;
  void full_state_known(const std::vector<state_change>& news, const std::vector<std::string>& members) override;
  void full_state_unavailable() override;
  void joined(remote_joined j) override;
  void join_failed(const join_wanted& wanted, const fault& why, bool perhaps_joined,
                   const std::vector<join_wanted>& waiting) override;
  void join_signed(const matrix::event_ptr& x, const std::string& server) override;
  void join_again(join_wanted m) override;
  void join_ended(const join_wanted& m, const fault& why, bool perhaps_joined = false) override;
  void invitation_resolved(const std::string& user) override;
  void withdrawals_ended() override;
  void call_released(const federation_call& m) override;
  void call_authorised(authorised_step next, const result<std::string>& authoriser) override;
  void history_fetched() override;
  /// A direct message that a third person joins is one no more. With two left it stays what it has become.
  void consider_group();

  // -- the policy server's word (room_mediation.cpp)
  void policy_answer(const peer_answer& m);
  void policy_overdue();

  room_state room_;
  decision out_;
  incarnation life_;
  room_timers timers_;

  // -- what is written, and who is told
  event_writer writer_{room_, out_};
  chat_notifier chat_notifier_{room_, out_};
  directory_entry directory_entry_{room_, out_};
  redactions redactions_{room_, out_, writer_, chat_notifier_, directory_entry_};
  typing typing_{room_, out_};

  // -- events of other servers
  event_import event_import_{room_, writer_, redactions_};
  content_repair content_repair_{room_, out_, writer_, event_import_, chat_notifier_, directory_entry_, *this};
  partial_state partial_state_{room_, out_, writer_, event_import_, content_repair_, chat_notifier_, *this};
  history_backfill history_backfill_{room_,           out_,        writer_,        event_import_,
                                     content_repair_, redactions_, chat_notifier_, *this};
  remote_join remote_join_{room_, out_, writer_, chat_notifier_, *this};
  policy_gate policy_gate_{room_, out_};
  inbound_events inbound_{{room_, out_, writer_, event_import_, content_repair_, redactions_, chat_notifier_,
                           history_backfill_, partial_state_, remote_join_, policy_gate_, *this}};
  signature_audit signature_audit_{room_, out_};

  // -- events of ours, and memberships
  authoring authoring_{room_, out_, writer_, policy_gate_, *this};
  extremity_merger extremity_merger_{room_, out_, authoring_, partial_state_, remote_join_};
  parent_fetch parent_fetch_{room_, out_, writer_};
  room_invitations room_invitations_{room_, out_, writer_, authoring_, inbound_, parent_fetch_, *this};
  joins joins_{room_, out_, authoring_, remote_join_, room_invitations_, *this};
  membership_service membership_service_{
    {room_, out_, writer_, authoring_, policy_gate_, room_invitations_, joins_, parent_fetch_, *this}};

  // -- who asks
  command_service commands_{
    {room_, out_, writer_, authoring_, redactions_, room_invitations_, inbound_, joins_, chat_notifier_}};
  request_service requests_{room_, out_, membership_service_, directory_entry_, partial_state_};
};

} // namespace causeway::room
