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
#include "actors/room/room_timer.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/joins.hpp"
#include "actors/room/lost_levels.hpp"
#include "actors/room/member_updates.hpp"
#include "actors/room/membership_service.hpp"
#include "actors/room/partial_state.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/policy_gate.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/remote_join.hpp"
#include "actors/room/request_service.hpp"
#include "actors/room/room_edus.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_invitations.hpp"
#include "actors/room/room_state.hpp"
#include "actors/room/signature_audit.hpp"
#include "actors/room/successor_following.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace causeway::room {

/// A room: its graph, its authority. Pure: a message and the time come in, effects go out. The machine routes: a
/// message goes to the component whose business it is, an answer to whoever has asked, a change to all who observe it.
/// Components decide. `event_writer` alone changes the graph.
///
/// A component is a class of its own, with what it needs of these (there is no base class, `for_each_component` finds
/// them):
///   bool is_idle() const            nothing of it is under way; the room ends only when this is so of all
///   time_ms deadline() const        when it has something to do by itself, 0: never. The machine sets one timer, at
///                                   the least of them
///   void on_deadline()              that time has come
///   void describe(object&, now)     what the operator sees of it, each list bounded
///   void answered(question, answer) for each kind of question it asks, see pending_questions
///
/// Files: room_machine.cpp (life, routing), room_mediation.cpp (what components say to each other).
class room_machine : private room_events {
public:
  room_machine(const context& node, std::string room_id);
  room_machine(const room_machine&) = delete; // its components refer to each other
  room_machine& operator=(const room_machine&) = delete;

  effects on(const message& m, time_ms now);
  /// Nobody has spoken to it for a while: what it holds is put away in less memory. Decides nothing.
  void rest();
  /// One JSON object for the operator; of a room at rest not all of it.
  std::string describe(time_ms now) const;

private:
  // -- life and routing (room_machine.cpp)
  void dispatch(const message& m);
  void loaded(const store::room_loaded& from);
  /// To the component that has asked.
  template <class Answer>
  void answer(token asked, const Answer& m);
  template <class Answer>
  void hand_over(question::any about, const Answer& m);
  template <class Component, class Question, class Answer>
  static constexpr bool is_asker = requires(Component& c, Question q, const Answer& m) { c.answered(std::move(q), m); };
  void on_timer();
  effects flush();
  /// Nothing is under way.
  bool is_idle() const;
  /// Nobody of ours is in the room any more: what is staged or asked for serves nobody.
  void abandon_work();
  /// When the room has something to do by itself.
  time_ms deadline() const;
  template <class Self, class F>
  static void for_each_component(Self& self, F f);

  // -- room_events (room_mediation.cpp)
  void state_changed(const std::vector<state_change>& changes) override;
  void event_accepted(const matrix::event& x, bool historical) override;
  void content_known(const matrix::event& x, bool historical) override;
  void event_completed(const matrix::event& x, const std::string& error) override;
  void full_state_known(const std::vector<state_change>& news, const std::vector<std::string>& members) override;
  void full_state_unavailable() override;
  void joined(remote_joined j) override;
  void join_failed(const join_request& wanted, const fault& why, bool join_outcome_unknown,
                   const std::vector<join_request>& waiting) override;
  void join_signed(const matrix::event_ptr& x, const std::string& server) override;
  void join_again(join_request m) override;
  void join_ended(const join_request& m, const fault& why, bool join_outcome_unknown = false) override;
  void invitation_resolved(const std::string& user) override;
  void withdrawals_ended() override;
  void call_released(const federation_call& m) override;
  void call_authorised(authorised_step next, const result<std::string>& authoriser) override;
  void history_fetched() override;
  /// A direct message that a third person joins is one no more. With two left it stays what it has become.
  void consider_group();

  // -- answers that concern several components (room_mediation.cpp)
  void answered(question::policy_signature q, const peer_answer& m) {
    policy_decided(policy_gate_.answered(std::move(q), m));
  }
  void answered(question::policy_signature q, const timed_out& m) {
    policy_decided(policy_gate_.answered(std::move(q), m));
  }
  void policy_decided(std::optional<policy_gate::verdict> v);
  void answered(question::parents q, const store_answered& m);
  void answered(const question::parents&, const timed_out&) {} // whoever sent the message sends it again

  room_state room_;
  decision out_;
  incarnation life_;
  room_timer timer_;
  pending_questions pending_{out_};

  // -- what is written, and who is told
  event_writer writer_{room_, out_};
  chat_notifier chat_notifier_{room_, out_};
  directory_entry directory_entry_{room_, out_};
  redactions redactions_{room_, out_, pending_, writer_, chat_notifier_, directory_entry_};
  room_edus edus_{room_, out_};

  // -- events of other servers
  event_import event_import_{room_, writer_, redactions_};
  content_repair content_repair_{room_,         out_,           pending_,         writer_,
                                 event_import_, chat_notifier_, directory_entry_, *this};
  partial_state partial_state_{room_, out_, pending_, writer_, event_import_, content_repair_, chat_notifier_, *this};
  history_backfill history_backfill_{room_,           out_,        pending_,       writer_, event_import_,
                                     content_repair_, redactions_, chat_notifier_, *this};
  remote_join remote_join_{room_, out_, pending_, writer_, chat_notifier_, *this};
  policy_gate policy_gate_{room_, pending_};
  inbound_events inbound_{{room_, out_, pending_, writer_, event_import_, content_repair_, redactions_, chat_notifier_,
                           history_backfill_, partial_state_, remote_join_, policy_gate_, *this}};
  signature_audit signature_audit_{room_, out_, pending_};

  // -- events of ours, and memberships
  authoring authoring_{room_, out_, pending_, writer_, policy_gate_, *this};
  /// What the room writes without being asked.
  struct unasked {
    extremity_merger merger;
    lost_levels levels;
    member_updates members;
    successor_following followed;
  };
  unasked unasked_{{room_, out_, authoring_, partial_state_, remote_join_},
                   {room_, out_, authoring_},
                   {room_, out_, authoring_},
                   {room_, out_, writer_, chat_notifier_}};
  room_invitations room_invitations_{room_, out_, writer_, authoring_, inbound_, *this};
  joins joins_{room_, out_, pending_, authoring_, remote_join_, room_invitations_, *this};
  membership_service membership_service_{
    {room_, out_, pending_, writer_, authoring_, policy_gate_, room_invitations_, joins_, *this}};

  // -- who asks
  command_service commands_{
    {room_, out_, pending_, writer_, authoring_, redactions_, room_invitations_, inbound_, joins_, chat_notifier_}};
  request_service requests_{room_, out_, pending_, membership_service_, directory_entry_, partial_state_};
};

} // namespace causeway::room
