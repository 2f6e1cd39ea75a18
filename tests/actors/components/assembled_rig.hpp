#pragma once
#include "actors/room/authoring.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/content_repair.hpp"
#include "actors/room/directory_entry.hpp"
#include "actors/room/event_import.hpp"
#include "actors/room/history_backfill.hpp"
#include "actors/room/inbound_events.hpp"
#include "actors/room/joins.hpp"
#include "actors/room/partial_state.hpp"
#include "actors/room/policy_gate.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/remote_join.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_invitations.hpp"
#include "tests/actors/components/component_rig.hpp"
#include "tests/actors/gap_rig.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace causeway::test {

/// What components say to the rest of the room. Nobody acts on it.
struct recorded_events : room::room_events {
  std::vector<room::state_change> changes;
  std::vector<std::string> accepted;                        ///< event ids
  std::vector<std::pair<std::string, std::string>> settled; ///< event id, error
  std::optional<room::remote_joined> has_joined;
  struct failed_join {
    join_request wanted;
    fault why;
    bool join_outcome_unknown = false;
    std::size_t waiting = 0;
  };
  std::vector<failed_join> failed, ended;
  std::vector<std::string> resolved; ///< users whose invitation is in the graph, or will never be
  std::vector<std::pair<matrix::event_ptr, std::string>> signed_joins; ///< join, server that has signed it
  std::vector<join_request> again;
  std::vector<federation_call> released;
  std::vector<std::pair<room::authorised_step, result<std::string>>> authorised;
  int histories = 0, withdrawals = 0;

  void state_changed(const std::vector<room::state_change>& more) override {
    changes.insert(changes.end(), more.begin(), more.end());
  }
  void event_accepted(const matrix::event& x, bool) override { accepted.push_back(x.event_id); }
  void content_known(const matrix::event&, bool) override {}
  void event_completed(const matrix::event& x, const std::string& error) override {
    settled.emplace_back(x.event_id, error);
  }
  void full_state_known(const std::vector<room::state_change>&, const std::vector<std::string>&) override {}
  void full_state_unavailable() override {}
  void joined(room::remote_joined j) override { has_joined = std::move(j); }
  void join_failed(const join_request& wanted, const fault& why, bool join_outcome_unknown,
                   const std::vector<join_request>& waiting) override {
    failed.push_back({wanted, why, join_outcome_unknown, waiting.size()});
  }
  void join_signed(const matrix::event_ptr& x, const std::string& server) override {
    signed_joins.emplace_back(x, server);
  }
  void invitation_resolved(const std::string& user) override { resolved.push_back(user); }
  void withdrawals_ended() override { ++withdrawals; }
  void join_again(join_request m) override { again.push_back(std::move(m)); }
  void call_released(const federation_call& m) override { released.push_back(m); }
  void call_authorised(room::authorised_step next, const result<std::string>& authoriser) override {
    authorised.emplace_back(std::move(next), authoriser);
  }
  void join_ended(const join_request& m, const fault& why, bool join_outcome_unknown) override {
    ended.push_back({m, why, join_outcome_unknown, 0});
  }
  void history_fetched() override { ++histories; }
};

/// Components that stand on each other, in the order in which a room has them, without a machine: what is asked of
/// others is answered by the test.
struct assembled_rig : component_rig {
  using component_rig::component_rig;
  recorded_events events;
  room::chat_notifier notifier{room, out};
  room::directory_entry entry{room, out};
  room::redactions redacted{room, out, pending, writer, notifier, entry};
  room::event_import import{room, writer, redacted};
  room::content_repair repair{room, out, pending, writer, import, notifier, entry, events};
  room::partial_state partial{room, out, pending, writer, import, repair, notifier, events};
  room::history_backfill history{room, out, pending, writer, import, repair, redacted, notifier, events};
  room::remote_join remote{room, out, pending, writer, notifier, events};
  room::policy_gate policy{room, pending};
  room::inbound_events inbound{
    {room, out, pending, writer, import, repair, redacted, notifier, history, partial, remote, policy, events}};
  room::authoring authoring{room, out, pending, writer, policy, events};
  room::room_invitations invitations{room, out, writer, authoring, inbound, events};
  room::joins joins{room, out, pending, authoring, remote, invitations, events};

  /// An event is part of the room, as if it had come long ago.
  void add(const matrix::event_ptr& x) { (void)writer.add(x, writer.state_before(x->prev_events), {}); }
  bool has(const matrix::event_ptr& x) const { return room.graph.find(x->event_id) != nullptr; }
  /// Hands `m` over to `component` with the question that it answers. @returns what comes of it
  template <class Question, class Component, class Answer>
  effects hear(Component& component, const Answer& m) {
    component.answered(question_of<Question>(m.asked), m);
    return take();
  }
  /// The same for the answer that never came.
  template <class Question, class Component>
  effects hear_nothing(Component& component) {
    auto [q, nobody] = expired<Question>();
    component.answered(std::move(q), nobody);
    return take();
  }
  /// The one question to the verifier in `list`, answered.
  static events_verified verified(const effects& list) {
    const auto asked = told<verify_events>(list);
    if (asked.size() != 1) throw std::runtime_error(std::to_string(asked.size()) + " questions to the verifier");
    return verdict_on(asked[0].second);
  }
  /// The one question to the store in `list`, answered.
  static store_answered stored(const effects& list, store::answer found) {
    const auto asked = of_kind<ask_store>(list);
    if (asked.size() != 1) throw std::runtime_error(std::to_string(asked.size()) + " questions to the store");
    return {asked[0].asked, std::make_shared<const store::answer>(std::move(found))};
  }
};

} // namespace causeway::test
