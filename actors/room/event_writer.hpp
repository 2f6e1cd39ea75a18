#pragma once
#include "actors/decision.hpp"
#include "actors/room/join_attempt.hpp"
#include "actors/room/remote_state.hpp"
#include "actors/room/room_state.hpp"
#include "actors/room_type.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// The one way in which a room's graph is changed: each change is made in memory and written into the decision at hand.
/// What is returned is what changed in the current state.
class event_writer {
public:
  event_writer(room_state& room, decision& out) : room_(room), out_(out) {}

  // -- states: they change no decision, and have rows of their own
  state_ref state_before(const std::vector<std::string>& prev_events) {
    return room_.graph.state_before(prev_events, out_.writes());
  }
  state_ref adopt_state(matrix::state_map state) { return room_.graph.adopt_state(std::move(state), out_.writes()); }
  // The same with rows that are written, or dropped, by the caller.
  state_ref state_before(const std::vector<std::string>& prev_events, std::vector<store::write>& batch) {
    return room_.graph.state_before(prev_events, batch);
  }
  state_ref adopt_state(matrix::state_map state, std::vector<store::write>& batch) {
    return room_.graph.adopt_state(std::move(state), batch);
  }
  state_ref resolve(std::vector<state_ref> states, std::vector<store::write>& batch) {
    return room_.graph.resolve(std::move(states), batch);
  }
  room_graph::judgement judge_at_gap(const matrix::event& x, const state_ref& before,
                                     std::vector<store::write>& batch) {
    return room_.graph.judge_at_gap(x, before, batch);
  }
  /// Of events fetched backwards: what lies before history is history too.
  void mark_history(const std::vector<matrix::event_ptr>& pulled) { room_.graph.mark_history(pulled); }
  /// Takes what the store answered, for a child to be placed.
  void remember(const store::events_loaded& found) { room_.graph.remember(found); }

  // -- events
  std::vector<state_change> add(const matrix::event_ptr& x, const state_ref& before,
                                const room_graph::judgement& verdict, bool parents_are_history = true) {
    return room_.graph.add(x, before, verdict, out_.writes(), parents_are_history);
  }
  void add_outlier(matrix::event_ptr x, const room_graph::judgement& verdict) {
    room_.graph.add_outlier(std::move(x), verdict, out_.writes());
  }
  /// See event_import.hpp.
  std::vector<std::string> add_outliers(std::vector<matrix::event_ptr> events);
  matrix::state_map add_state(remote_state::verified_events told, std::vector<std::string>& added);
  void add_history(matrix::event_ptr x, const state_ref& before, const room_graph::judgement& verdict) {
    room_.graph.add_history(std::move(x), before, verdict, out_.writes());
  }
  std::vector<state_change> end_history() { return room_.graph.end_history(out_.writes()); }
  std::vector<state_change> rebuild_on_full_state(matrix::state_map before_join,
                                                  const std::vector<store::stored_event>& events,
                                                  const std::map<std::int64_t, matrix::state_ptr>& states_before) {
    return room_.graph.rebuild_on_full_state(std::move(before_join), events, states_before, out_.writes());
  }

  // -- what is known of the room
  /// Puts the room as it is after our join in the place of what it was.
  /// @param chat_room_id  the chat server's name for it, unless it has one.
  /// @param is_direct  one of ours was invited to a direct message
  /// @param type  of the room that goes on as this one; none: inferred
  void join(joined_graph tried, const matrix::event& event, const std::string& chat_room_id, bool is_direct,
            std::optional<chat::room_type> type = {});
  /// @param row  see `put_room::members_omitted`
  void begin_partial_state(std::string row, std::set<std::string> servers) {
    room_.head.members_omitted = std::move(row);
    room_.head_changed = true;
    room_.servers_of_omitted = std::move(servers);
    room_.graph.set_members_omitted(true);
  }
  void end_partial_state() {
    room_.servers_of_omitted.clear();
    room_.head.members_omitted.clear();
    room_.head_changed = true;
    room_.graph.set_members_omitted(false);
  }
  void history_fetched() {
    room_.head.history_from.clear();
    room_.head_changed = true;
  }

  /// A direct message that a third person is invited to or joins is one no more.
  void become_group() {
    room_.head.type = chat::room_type::group_dm;
    room_.head_changed = true;
  }
  /// Begins a room of ours. @param create  its first event
  void create(const matrix::event_ptr& create, const std::string& chat_room_id, chat::room_type type, bool federated);
  /// Begins a room that takes the place of another one of ours.
  void create_again(const matrix::event_ptr& create, const store::put_room& former);
  /// Another room takes this one's place, when it has all of it. @param create  its first event; null: it does not
  void begin_refounding(const matrix::event_ptr& create) {
    room_.head.refounded_as = create ? create->room_id : std::string{};
    room_.head.founding = create ? create->to_json() : std::string{};
    room_.head_changed = true;
  }
  /// It has.
  void end_refounding() {
    room_.head.founding.clear();
    room_.head_changed = true;
  }
  /// Takes that back, with all that was decided since: nothing of it was committed.
  void give_up_create();
  /// The chat server's name for the room.
  void name(const std::string& chat_room_id) {
    if (room_.head.chat_room_id == chat_room_id) return;
    room_.head.chat_room_id = chat_room_id;
    room_.head_changed = room_.exists; // what no room of ours is has its name on disk already
  }
  /// The room goes on as another one, which has its name from now on.
  void go_on_as(const std::string& successor) {
    room_.head.successor = successor;
    room_.head.chat_room_id.clear();
    room_.head_changed = true;
  }
  /// @param row  see `put_room::succession`
  void put_succession(std::string row) {
    room_.head.succession = std::move(row);
    room_.head_changed = true;
  }
  /// Nobody of ours is in it any more.
  void left() {
    room_.head.phase = store::room_phase::left;
    room_.head_changed = true;
  }
  void write_head_again() { room_.head_changed = true; }
  /// The row of the room, where it has changed, with what belongs to it in the graph.
  void write_head();

  // -- other forms of an event
  /// Puts what a redaction left in the place of an event. @pre the redaction is stored
  void redact(const matrix::event_ptr& left, const std::string& redaction_event_id) {
    room_.graph.replace(left);
    out_.write(store::redact_event{room_.id, left, redaction_event_id});
  }
  /// Puts the whole of an event in the place of what was kept of it, see `matrix::restored`.
  void restore(const matrix::event_ptr& whole) {
    room_.graph.replace(whole);
    out_.write(store::restore_event{room_.id, whole});
  }
  /// The same where the store has done so already.
  void replace(matrix::event_ptr other_form) { room_.graph.replace(std::move(other_form)); }

private:
  room_state& room_;
  decision& out_;
};

} // namespace causeway::room
