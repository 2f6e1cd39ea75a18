#pragma once
#include "actors/room/member_counts.hpp"
#include "actors/room/state_groups.hpp"
#include "actors/bounded_set.hpp"
#include "actors/lazy_deque.hpp"
#include "messages/matrix/auth_rules.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/state_map.hpp"
#include "messages/store.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace causeway::room {

/// An event of the room and what was decided about it.
struct node {
  matrix::event_ptr event;
  store::verdict judged = store::verdict::outlier;
  state_ref before, after; ///< empty for outliers and for old events whose states were let go
};

/// One entry of the current state that changed.
struct state_change {
  matrix::state_key_pair key;
  matrix::event_ptr before, after; ///< null: absent
};

/// What an m.room.history_visibility event says. Null, or a value that is none of the four: `shared`. Source:
/// client-server-api, "Room History Visibility".
std::string_view history_visibility(const matrix::event* rule);

/// The room's event graph as far as decisions need it: every state event and outlier that is not rejected, the forward
/// extremities, the current state, and the latest events with the states around them. Pure data; what it changes it
/// also writes into a store batch. Memory: O(state events that were not rejected + `recent_events_max`).
class room_graph {
public:
  /// @param own_server  whose members are counted by name
  room_graph(std::size_t recent_events_max, std::int64_t state_group_full_every, std::string own_server)
      : recent_events_max_(recent_events_max), groups_(state_group_full_every), members_(std::move(own_server)) {}

  /// Takes over what the store had.
  void load(const store::room_loaded& from);
  /// Begins a room whose create event is known and accepted elsewhere (join): sets version and create event only.
  void begin(matrix::event_ptr create);

  /// Puts away what is known in a tenth of its memory, where that is little enough for taking it out again to cost
  /// milliseconds. Until then nothing may be asked of the graph but extremities, counts of members, positions.
  /// (room_graph_packing.cpp)
  void pack();
  /// Takes out what was put away: the graph is as it was. @throws std::exception  it cannot be read
  void unpack();
  bool is_packed() const { return packed_ != nullptr; }

  const matrix::room_version_rules& rules() const { return create_->rules(); }
  const matrix::event_ptr& create() const { return create_; }

  /// Null when the event is not at hand (it may still be in the store).
  const node* find(std::string_view event_id) const;
  /// Whether the state after the event is at hand, so that a child can be placed.
  bool is_placed(std::string_view event_id) const;
  /// Whether an accepted event cites it that was placed without it (our join, the oldest event of a gap): it is
  /// history, whatever way it comes.
  bool is_history(std::string_view event_id) const { return backward_extremities_.contains(event_id); }
  /// Of events fetched backwards: what lies before history is history too.
  void mark_history(const std::vector<matrix::event_ptr>& pulled);
  /// Adds what the store answered, for a child to be placed.
  void remember(const store::events_loaded& found);

  /// State before an event with these parents, resolved if they differ. New groups go into `batch`.
  /// @pre all parents `is_placed`
  state_ref state_before(const std::vector<std::string>& prev_events, std::vector<store::write>& batch);
  /// State known from outside (join, gap) as a group of its own.
  state_ref adopt_state(matrix::state_map state, std::vector<store::write>& batch);
  /// Resolves further states into one.
  state_ref resolve(std::vector<state_ref> states, std::vector<store::write>& batch);

  /// Receipt checks 4 to 6 for an event whose auth events are all at hand and whose parents' state is `before`.
  struct judgement {
    store::verdict judged = store::verdict::accepted;
    std::string reason;
  };
  judgement judge(const matrix::event& x, const state_ref& before) const;
  /// The same for an event placed with a state of another server: our current state may be behind, and is seen together
  /// with that one.
  judgement judge_at_gap(const matrix::event& x, const state_ref& before, std::vector<store::write>& batch);
  /// Checks an outlier: receipt check 4 only.
  judgement judge_by_own_auth_events(const matrix::event& x) const;
  /// Whether an event that was taken without its content would have been taken with it, judged by what the other form
  /// was judged by. Where that state is not at hand any more: as rejected when the rules look at such content.
  judgement judge_restored(const matrix::event& whole, store::verdict kept) const;
  std::vector<std::string> missing_auth_events(const matrix::event& x) const;

  /// Takes a judged event in. Accepted ones become extremities and change the current state.
  /// @returns what changed in the current state
  /// @param parents_are_history  those that are not at hand: whatever way they come later, they lie before what is
  /// known
  std::vector<state_change> add(const matrix::event_ptr& x, const state_ref& before, const judgement& j,
                                std::vector<store::write>& batch, bool parents_are_history = true);
  /// The same for history fetched backwards: no extremity, no change of state, a negative position.
  void add_history(matrix::event_ptr x, const state_ref& before, const judgement& j, std::vector<store::write>& batch);
  /// After the last of a stretch of history: an extremity it turns out to cite is none.
  /// @returns what changed in the current state
  std::vector<state_change> end_history(std::vector<store::write>& batch);
  void add_outlier(matrix::event_ptr x, const judgement& j, std::vector<store::write>& batch);
  /// Puts another form in the place of an event, where it is at hand: what a redaction left, or what was found again.
  void replace(matrix::event_ptr other_form);
  /// Replaces extremities and current state: the moment of a join. Of the former extremities those stay whose state
  /// knows of somebody's leave from the very membership that `before` still has: they are no ancestors of the join,
  /// only unknown to who told the state.
  std::vector<state_change> reset_to_join(matrix::event_ptr join, const state_ref& before,
                                          std::vector<store::write>& batch);

  /// While the state before our join lacks members, an event is judged with the memberships it cites, and none is
  /// soft-failed.
  void set_members_omitted(bool omitted) { members_omitted_ = omitted; }
  /// The state before our join is whole now: places `events` (our join first, in order of acceptance) again, on it, and
  /// judges them by it.
  /// @param states_before  of those whose parents are not all among them
  /// @returns what changed in the current state
  std::vector<state_change> rebuild_on_full_state(matrix::state_map before_join,
                                                  const std::vector<store::stored_event>& events,
                                                  const std::map<std::int64_t, matrix::state_ptr>& states_before,
                                                  std::vector<store::write>& batch);

  const std::vector<std::string>& extremities() const { return extremities_; }
  const state_ref& current() const { return current_; }
  /// Event of the current state; null when absent.
  matrix::event_ptr state_event(std::string_view type, std::string_view state_key = {}) const;
  matrix::event_ptr state_event(const state_ref& state, std::string_view type, std::string_view state_key = {}) const;
  matrix::state_lookup lookup(const state_ref& state) const;
  matrix::power_levels levels() const;
  matrix::membership membership(std::string_view user_id) const;
  matrix::membership membership(const state_ref& state, std::string_view user_id) const;
  /// Members by the current state, counted.
  const member_counts& members() const { return members_; }
  /// The same of another state: all members, those of one server. Costs what `state` differs in from the current one.
  member_counts::share members_in(const state_ref& state) const;
  /// @param known  what was counted of the server in `known_in`, a state that has much in common with `state`
  member_counts::share members_in(const state_ref& state, std::string_view server, const state_ref& known_in,
                                  member_counts::share known) const;
  /// Servers with a joined member in `state`, sorted.
  std::vector<std::string> servers_in(const state_ref& state) const;
  /// Calls `visit(event)` for each member of `state` in the order of user ids, until it returns false.
  template <class Visit>
  void for_each_member(const state_ref& state, Visit visit) const {
    static constexpr std::string_view type = "m.room.member";
    if (!state) return;
    for (auto it = state.state->lower_bound(matrix::state_key_view{type, {}});
         it != state.state->end() && it->first.first == type; ++it)
      if (const auto* n = find(it->second); n && !visit(n->event)) return;
  }
  /// All events of a state but its members, in the order of types.
  std::vector<matrix::event_ptr> events_but_members(const state_ref& state) const;
  /// Ids of the recursive auth chain of these events, themselves not included.
  std::vector<std::string> auth_chain(const std::vector<std::string>& event_ids) const;
  /// All events of a state, in no order.
  std::vector<matrix::event_ptr> events_of(const state_ref& state) const;

  /// Whether all who came later may see an event fetched without the state around it: the history before a join.
  /// What that state said of history_visibility is not known; it is taken as open only where everything we know from
  /// before the join is (what the joined server told us, and each rule met in the history itself), and where no rule of
  /// the history came after the event.
  /// @param position  of the event; negative in history, 0 for an outlier
  bool is_open_history(std::int64_t position) const;

  std::int64_t depth_of_head() const;
  std::int64_t last_position() const { return last_position_; }
  std::int64_t first_position() const { return first_position_; }
  std::int64_t last_state_group() const { return groups_.last(); }
  std::size_t events_at_hand() const { return nodes_.size(); }
  struct string_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using node_map = std::unordered_map<std::string, node, string_hash, std::equal_to<>>;
  const node_map& nodes() const { return nodes_; }

private:
  judgement judge_uncached(const matrix::event& x, const state_ref& before, const state_ref& current) const;
  const matrix::event* find_event(std::string_view event_id) const;
  bool is_rejected(std::string_view event_id) const;
  matrix::membership membership_by(const std::string* event_id) const;
  /// Calls `visit(user_id, membership in a, membership in b)` for each membership event that differs.
  template <class Visit>
  void for_each_member_change(const matrix::state_map& a, const matrix::state_map& b, Visit visit) const;
  void count_members();
  /// Puts a node in or out and keeps the count: a state may have had the event's id before the event was at hand.
  void set_node(node n);
  void erase_node(node_map::iterator it);
  bool is_current_member(const matrix::event& x) const;
  void put(node n, std::int64_t position, const std::string& reason, std::vector<store::write>& batch);
  void note_visibility(const matrix::event& x, std::int64_t position);
  /// Parents of an event, and their parents where they are no extremities themselves: rejected or soft-failed. At most
  /// about `followed_max`, as far as they are at hand.
  std::unordered_set<std::string> followed_by(const matrix::event& x) const;
  state_ref state_of_extremities(std::vector<store::write>& batch);
  void cite(const matrix::event& x);
  bool knows_of_a_leave(const std::string& extremity, const state_ref& told) const;
  matrix::state_lookup lookup_for(const matrix::event& x, const state_ref& state) const;
  bool members_omitted_ = false;
  std::vector<state_change> make_current(state_ref next);
  void evict_old_states();
  /// Of rejected events without a state around them the last `recent_events_max_` stay; who cites an older one has it
  /// read.
  void evict_rejected(const std::string& latest);

  std::size_t recent_events_max_;
  state_groups groups_;
  member_counts members_; ///< of `current_`
  matrix::event_ptr create_;
  node_map nodes_;
  /// What a sender's last accepted message was judged by. The next one with the same of it needs no judging: the rules
  /// do not look at the content of such events. Emptied when any state event comes or changes.
  struct auth_cache_entry {
    std::int64_t before = 0, current = 0; ///< state groups
    bool history = false;
    std::string type;
    std::vector<std::string> auth_events;
    bool operator==(const auth_cache_entry&) const = default;
  };
  std::optional<auth_cache_entry> auth_cache_entry_for(const matrix::event& x, const state_ref& before) const;
  static constexpr std::size_t auth_cache_max = 256;
  mutable std::unordered_map<std::string, auth_cache_entry> auth_cache_; ///< by sender
  static constexpr std::size_t followed_max = 1'000;
  static constexpr std::size_t backward_extremities_max = 100'000;
  /// Parents of accepted events that were not placed then; the last `backward_extremities_max`.
  bounded_set backward_extremities_{backward_extremities_max};
  std::unordered_map<std::string, std::int64_t>
    visibility_rules_;               ///< m.room.history_visibility events of before our time -> position
  lazy_deque<std::string> recent_;   ///< events with states at hand, oldest first
  lazy_deque<std::string> rejected_; ///< rejected events without, oldest first
  std::vector<std::string> extremities_;
  state_ref current_;
  std::int64_t last_position_ = 0, first_position_ = 0;
  std::string room_id_;
  /// Events of a graph that is put away, at most: all the recent ones of a room with a usual state.
  static constexpr std::size_t packed_events_max = 700;
  struct packed;
  std::shared_ptr<const packed> packed_; ///< null: nothing is put away
};

} // namespace causeway::room
