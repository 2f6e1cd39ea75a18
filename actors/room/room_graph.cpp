#include "actors/room/room_graph.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/state_resolution.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <unordered_set>
#include <utility>

namespace causeway::room {

using store::verdict;

std::string_view history_visibility(const matrix::event* rule) {
  const auto* said = rule ? rule->content().find("history_visibility") : nullptr;
  for (const std::string_view known : {"world_readable", "invited", "joined"})
    if (said && said->as_string() && *said->as_string() == known) return known;
  return "shared";
}

void room_graph::load(const store::room_loaded& from) {
  auto state_of = [&](std::int64_t group) -> state_ref {
    auto it = from.state_groups.find(group);
    return it == from.state_groups.end() ? state_ref{} : state_ref{group, it->second};
  };
  room_id_ = from.room.room_id;
  for (const auto& s : from.state_events) {
    if (s.event->is_state("m.room.create") && s.judged != verdict::rejected) create_ = s.event;
    nodes_[s.event->event_id] = node{s.event, s.judged, {}, {}};
    note_visibility(*s.event, s.position);
    if (s.judged == verdict::accepted)
      for (const auto& prev : s.event->prev_events) backward_extremities_.insert(prev);
  }
  for (const auto& s : from.extremities) {
    nodes_[s.event->event_id] = node{s.event, s.judged, state_of(s.state_group_before), state_of(s.state_group_after)};
    recent_.push_back(s.event->event_id);
  }
  extremities_ = from.room.forward_extremities;
  current_ = state_of(from.room.state_group);
  last_position_ = from.room.last_position;
  first_position_ = from.room.first_position;
  groups_.load(room_id_, from.room.last_state_group);
  count_members();
}

void room_graph::begin(matrix::event_ptr create) {
  create_ = std::move(create);
  room_id_ = create_->room_id;
  groups_.begin(room_id_);
}

const node* room_graph::find(std::string_view event_id) const {
  auto it = nodes_.find(event_id);
  return it == nodes_.end() ? nullptr : &it->second;
}

const matrix::event* room_graph::find_event(std::string_view event_id) const {
  const auto* n = find(event_id);
  return n ? n->event.get() : nullptr;
}

bool room_graph::is_rejected(std::string_view event_id) const {
  const auto* n = find(event_id);
  return !n || n->judged == verdict::rejected;
}

bool room_graph::is_placed(std::string_view event_id) const {
  const auto* n = find(event_id);
  return n && n->after;
}

void room_graph::remember(const store::events_loaded& found) {
  auto state_of = [&](std::int64_t group) -> state_ref {
    auto it = found.state_groups.find(group);
    return it == found.state_groups.end() ? state_ref{} : state_ref{group, it->second};
  };
  for (const auto& s : found.events) {
    if (is_placed(s.event->event_id)) continue;
    if (s.event->is_state()) auth_cache_.clear();
    note_visibility(*s.event, s.position);
    set_node({s.event, s.judged, state_of(s.state_group_before), state_of(s.state_group_after)});
    if (s.state_group_after != 0) recent_.push_back(s.event->event_id);
    else if (s.judged == verdict::rejected) evict_rejected(s.event->event_id);
  }
}

state_ref room_graph::state_before(const std::vector<std::string>& prev_events, std::vector<store::write>& batch) {
  std::vector<state_ref> states;
  for (const auto& id : prev_events) {
    const auto* n = find(id);
    if (!n || !n->after) throw std::logic_error("state_before: parent is not placed");
    states.push_back(n->after);
  }
  return resolve(std::move(states), batch);
}

state_ref room_graph::resolve(std::vector<state_ref> states, std::vector<store::write>& batch) {
  const matrix::resolution_context context{&rules(), create_.get(),
                                           [this](std::string_view id) { return find_event(id); },
                                           [this](std::string_view id) { return is_rejected(id); }};
  return groups_.resolve(std::move(states), context, batch);
}

state_ref room_graph::adopt_state(matrix::state_map state, std::vector<store::write>& batch) {
  return groups_.adopt(std::move(state), batch);
}

matrix::state_lookup room_graph::lookup(const state_ref& state) const {
  return [this, map = state.state](std::string_view type, std::string_view key) -> const matrix::event* {
    if (!map) return nullptr;
    const auto* id = map->get(matrix::state_key_view{type, key});
    return id ? find_event(*id) : nullptr;
  };
}

matrix::state_lookup room_graph::lookup_for(const matrix::event& x, const state_ref& state) const {
  auto known = lookup(state);
  if (!members_omitted_) return known;
  return [this, known = std::move(known), &x](std::string_view type, std::string_view key) -> const matrix::event* {
    if (const auto* e = known(type, key)) return e;
    if (type != "m.room.member") return nullptr;
    for (const auto& id : x.auth_events)
      if (const auto* e = find_event(id); e && e->is_state(type, key) && !is_rejected(id)) return e;
    return nullptr;
  };
}

std::vector<std::string> room_graph::missing_auth_events(const matrix::event& x) const {
  std::vector<std::string> missing;
  for (const auto& id : x.auth_events)
    if (!find(id)) missing.push_back(id);
  return missing;
}

room_graph::judgement room_graph::judge_by_own_auth_events(const matrix::event& x) const {
  if (x.has_oversized_identifier) return {verdict::rejected, "an identifier has more than 255 bytes"};
  auto find_by_id = [this](std::string_view id) { return find_event(id); };
  if (auto fine = matrix::check_auth_events(x, find_by_id, [this](std::string_view id) { return is_rejected(id); });
      !fine)
    return {verdict::rejected, fine.error().detail};
  auto by_auth_events = [&](std::string_view type, std::string_view key) -> const matrix::event* {
    for (const auto& id : x.auth_events)
      if (const auto* e = find_event(id); e && e->is_state(type, key)) return e;
    return nullptr;
  };
  const auto* create = x.type == "m.room.create" ? nullptr : create_.get();
  if (auto fine = matrix::check_auth(x, create, by_auth_events); !fine) return {verdict::rejected, fine.error().detail};
  return {verdict::outlier, {}};
}

room_graph::judgement room_graph::judge_restored(const matrix::event& whole, verdict kept) const {
  static constexpr std::array judged_by_content{"m.room.create", "m.room.member", "m.room.power_levels",
                                                "m.room.redaction", "m.room.aliases"};
  if (std::find(judged_by_content.begin(), judged_by_content.end(), whole.type) == judged_by_content.end())
    return {kept, {}};
  if (auto own = judge_by_own_auth_events(whole); own.judged == verdict::rejected)
    return {verdict::rejected, "auth events: " + own.reason};
  if (kept == verdict::outlier) return {kept, {}};
  const auto* n = find(whole.event_id);
  if (n == nullptr || !n->before) return {verdict::rejected, "the state before it is not at hand"};
  if (auto fine = matrix::check_auth(whole, create_.get(), lookup_for(whole, n->before)); !fine)
    return {verdict::rejected, "state before: " + fine.error().detail};
  return {kept, {}};
}

std::optional<room_graph::auth_cache_entry> room_graph::auth_cache_entry_for(const matrix::event& x,
                                                                             const state_ref& before) const {
  const bool rules_look_into_it =
    !create_ || x.is_state() || x.has_oversized_identifier || x.room_id != create_->room_id ||
    (x.type.starts_with("m.room.") && x.type != "m.room.message" && x.type != "m.room.encrypted");
  if (rules_look_into_it || members_omitted_) return {};
  return auth_cache_entry{before.group, current_.group, is_history(x.event_id), x.type, x.auth_events};
}

room_graph::judgement room_graph::judge(const matrix::event& x, const state_ref& before) const {
  auto same = auth_cache_entry_for(x, before);
  if (!same) return judge_uncached(x, before, current_);
  if (auto known = auth_cache_.find(x.sender); known != auth_cache_.end() && known->second == *same) return {};
  auto judged = judge_uncached(x, before, current_);
  if (judged.judged == verdict::accepted) {
    if (auth_cache_.size() >= auth_cache_max) auth_cache_.clear();
    auth_cache_.insert_or_assign(x.sender, *std::move(same));
  }
  return judged;
}

room_graph::judgement room_graph::judge_at_gap(const matrix::event& x, const state_ref& before,
                                               std::vector<store::write>& batch) {
  return judge_uncached(x, before, current_ ? resolve({current_, before}, batch) : current_);
}

room_graph::judgement room_graph::judge_uncached(const matrix::event& x, const state_ref& before,
                                                 const state_ref& current) const {
  if (auto own = judge_by_own_auth_events(x); own.judged == verdict::rejected)
    return {verdict::rejected, "auth events: " + own.reason};
  if (auto fine = matrix::check_auth(x, create_.get(), lookup_for(x, before)); !fine)
    return {verdict::rejected, "state before: " + fine.error().detail};
  if (members_omitted_) return {}; // the current state may lack the very member it depends on
  // What comes late but lies before events that are accepted is not judged by what happened after it.
  if (current && before.group != current.group && !is_history(x.event_id))
    if (auto fine = matrix::check_auth(x, create_.get(), lookup(current)); !fine)
      return {verdict::soft_failed, "current state: " + fine.error().detail};
  return {};
}

void room_graph::put(node n, std::int64_t position, const std::string& reason, std::vector<store::write>& batch) {
  batch.emplace_back(store::put_event{room_id_, n.event, n.judged, n.before.group, n.after.group, position, reason});
  const auto id = n.event->event_id;
  const bool placed = bool{n.after}, rejected = n.judged == verdict::rejected;
  if (n.event->is_state()) auth_cache_.clear();
  note_visibility(*n.event, position);
  if (placed) recent_.push_back(id);
  set_node(std::move(n));
  if (!placed && rejected) evict_rejected(id);
}

void room_graph::evict_rejected(const std::string& latest) {
  rejected_.push_back(latest);
  if (rejected_.size() <= recent_events_max_) return;
  const auto it = nodes_.find(rejected_.front());
  if (it != nodes_.end() && it->second.judged == verdict::rejected && !it->second.after) erase_node(it);
  rejected_.pop_front();
}

void room_graph::evict_old_states() {
  while (recent_.size() > recent_events_max_) {
    auto id = std::move(recent_.front());
    recent_.pop_front();
    if (std::find(extremities_.begin(), extremities_.end(), id) != extremities_.end()) {
      recent_.push_back(std::move(id)); // an extremity's state is needed for ever; there are few of them
      if (recent_.size() <= extremities_.size() + 1) return;
      continue;
    }
    auto it = nodes_.find(id);
    if (it == nodes_.end()) continue;
    // A rejected event is part of no state and of no auth chain.
    if (it->second.event->is_state() && it->second.judged != verdict::rejected)
      it->second.before = it->second.after = {};
    else erase_node(it);
  }
}

std::vector<state_change> room_graph::add(const matrix::event_ptr& x, const state_ref& before, const judgement& j,
                                          std::vector<store::write>& batch, bool parents_are_history) {
  state_ref after = before;
  if (j.judged != verdict::rejected && x->is_state()) after = groups_.with_entry(before, *x, batch);
  const bool linear = extremities_.size() == x->prev_events.size() &&
                      std::is_permutation(extremities_.begin(), extremities_.end(), x->prev_events.begin());
  const bool history = is_history(x->event_id);
  if (j.judged == verdict::accepted && parents_are_history) cite(*x);
  put({x, j.judged, before, after}, ++last_position_, j.reason, batch);
  if (j.judged != verdict::accepted) {
    evict_old_states();
    return {};
  }
  const auto ended = linear ? std::exchange(extremities_, {}).size()
                            : std::erase_if(extremities_, [followed = followed_by(*x)](const std::string& id) {
                                return followed.contains(id);
                              });
  // History is no end of the graph, and what lies before it is none either.
  if (!history || extremities_.empty()) extremities_.push_back(x->event_id);
  else if (ended == 0) {
    evict_old_states();
    return {};
  }
  auto changes =
    make_current(history || (!linear && extremities_.size() > 1) ? state_of_extremities(batch) : std::move(after));
  evict_old_states();
  return changes;
}

std::unordered_set<std::string> room_graph::followed_by(const matrix::event& x) const {
  std::unordered_set<std::string> found{x.prev_events.begin(), x.prev_events.end()};
  auto open = x.prev_events;
  while (!open.empty() && found.size() < followed_max) {
    const auto* n = find(open.back());
    open.pop_back();
    if (!n || (n->judged != verdict::rejected && n->judged != verdict::soft_failed)) continue;
    for (const auto& prev : n->event->prev_events)
      if (found.insert(prev).second) open.push_back(prev);
  }
  return found;
}

state_ref room_graph::state_of_extremities(std::vector<store::write>& batch) {
  std::vector<state_ref> states;
  for (const auto& id : extremities_) {
    const auto* n = find(id);
    if (!n || !n->after) throw std::logic_error("an extremity lost its state");
    states.push_back(n->after);
  }
  return resolve(std::move(states), batch);
}

void room_graph::cite(const matrix::event& x) {
  for (const auto& prev : x.prev_events)
    if (!is_placed(prev)) backward_extremities_.insert(prev);
}

std::vector<state_change> room_graph::end_history(std::vector<store::write>& batch) {
  const auto is_cited = [this](const std::string& id) { return is_history(id); };
  if (std::all_of(extremities_.begin(), extremities_.end(), is_cited) || std::erase_if(extremities_, is_cited) == 0)
    return {};
  return make_current(state_of_extremities(batch));
}

void room_graph::mark_history(const std::vector<matrix::event_ptr>& pulled) {
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& x : pulled)
      if (x->is_state("m.room.create")) backward_extremities_.insert(x->event_id);
      else if (is_history(x->event_id))
        for (const auto& prev : x->prev_events) moved = backward_extremities_.insert(prev) || moved;
  }
}

std::vector<state_change> room_graph::make_current(state_ref next) {
  std::vector<state_change> changes;
  if (current_.group != next.group || !current_) {
    static const matrix::state_map nothing;
    const auto& old = current_ ? *current_.state : nothing;
    const auto event_of = [this](const std::string* id) {
      const auto* n = id ? find(*id) : nullptr;
      return n ? n->event : nullptr;
    };
    matrix::state_map::for_each_difference(
      old, *next.state, [&](const matrix::state_key_pair& key, const std::string* before, const std::string* after) {
        changes.push_back({key, event_of(before), event_of(after)});
      });
    for (const auto& c : changes)
      if (c.key.first == "m.room.member")
        members_.change(c.key.second, c.before ? c.before->membership() : matrix::membership::none,
                        c.after ? c.after->membership() : matrix::membership::none);
  }
  current_ = std::move(next);
  return changes;
}

void room_graph::add_history(matrix::event_ptr x, const state_ref& before, const judgement& j,
                             std::vector<store::write>& batch) {
  state_ref after = before;
  if (j.judged != verdict::rejected && x->is_state() && before) after = groups_.with_entry(before, *x, batch);
  // What it cites may have come meanwhile by another way, as if it were new.
  if (j.judged == verdict::accepted)
    for (const auto& prev : x->prev_events) backward_extremities_.insert(prev);
  put({std::move(x), j.judged, before, after}, --first_position_, j.reason, batch);
  evict_old_states();
}

void room_graph::add_outlier(matrix::event_ptr x, const judgement& j, std::vector<store::write>& batch) {
  put({std::move(x), j.judged, {}, {}}, 0, j.reason, batch);
}

void room_graph::replace(matrix::event_ptr other_form) {
  auto it = nodes_.find(other_form->event_id);
  if (it == nodes_.end()) return;
  auto n = it->second;
  n.event = std::move(other_form);
  set_node(std::move(n));
  auth_cache_.clear();
  groups_.forget_resolved(); // the same events may be weighed differently now
}

std::vector<state_change> room_graph::reset_to_join(matrix::event_ptr join, const state_ref& before,
                                                    std::vector<store::write>& batch) {
  std::erase_if(extremities_, [&](const std::string& id) { return !knows_of_a_leave(id, before); });
  for (const auto& prev : join->prev_events) backward_extremities_.insert(prev);
  auto after = groups_.with_entry(before, *join, batch);
  const auto id = join->event_id;
  put({std::move(join), verdict::accepted, before, after}, ++last_position_, {}, batch);
  extremities_.push_back(id);
  return make_current(extremities_.size() > 1 ? state_of_extremities(batch) : std::move(after));
}

bool room_graph::knows_of_a_leave(const std::string& extremity, const state_ref& told) const {
  const auto* n = find(extremity);
  if (!n || !n->after || members_omitted_) return false;
  bool found = false;
  matrix::state_map::for_each_difference(
    *told.state, *n->after.state,
    [&](const matrix::state_key_pair& key, const std::string* theirs, const std::string* ours) {
      if (found || key.first != "m.room.member" || !theirs || !ours) return;
      const auto* leave = find_event(*ours);
      found = leave && leave->sender == *leave->state_key && leave->membership() == matrix::membership::leave &&
              std::find(leave->auth_events.begin(), leave->auth_events.end(), *theirs) != leave->auth_events.end();
    });
  return found;
}

std::vector<state_change>
room_graph::rebuild_on_full_state(matrix::state_map before_join, const std::vector<store::stored_event>& events,
                                  const std::map<std::int64_t, matrix::state_ptr>& states_before,
                                  std::vector<store::write>& batch) {
  members_omitted_ = false;
  groups_.forget_resolved();
  const auto at_hand = std::exchange(recent_, {});
  std::unordered_set<std::string_view> placed;
  std::unordered_set<std::string> followed;
  for (const auto& s : events) {
    const auto& x = s.event;
    std::vector<state_ref> states;
    bool told = placed.empty(); // the join itself
    if (told) states.push_back(adopt_state(std::exchange(before_join, {}), batch));
    for (const auto& prev : x->prev_events)
      if (placed.contains(prev)) states.push_back(find(prev)->after);
      else told = true;
    // The oldest event of a gap has a state of its own besides.
    if (told && !placed.empty())
      if (auto it = states_before.find(s.state_group_before); it != states_before.end())
        states.push_back({it->first, it->second});
    const auto before = resolve(std::move(states), batch);
    judgement j{s.judged, {}};
    if (s.judged == verdict::accepted) {
      if (j = judge_by_own_auth_events(*x); j.judged == verdict::outlier) j = {};
      if (j.judged == verdict::accepted)
        if (auto fine = matrix::check_auth(*x, create_.get(), lookup(before)); !fine)
          j = {verdict::rejected, "state before, with all members: " + fine.error().detail};
    }
    auto after = before;
    if (j.judged != verdict::rejected && x->is_state()) after = groups_.with_entry(before, *x, batch);
    if (j.judged == verdict::accepted) followed.merge(followed_by(*x));
    put({x, j.judged, before, after}, s.position, j.reason, batch);
    placed.insert(x->event_id);
  }
  for (const auto& id : at_hand) {
    auto it = nodes_.find(id);
    if (it == nodes_.end() || placed.contains(id)) continue;
    if (it->second.judged == verdict::accepted) { // from before we joined
      recent_.push_front(id);
      continue;
    }
    // Nothing follows on it, so it was not placed again: whoever cites it later has to ask for the state there.
    put({it->second.event, it->second.judged, {}, {}}, 0, "the state before it lacked members", batch);
  }
  extremities_.clear();
  for (const auto& s : events)
    if (find(s.event->event_id)->judged == verdict::accepted && !followed.contains(s.event->event_id))
      extremities_.push_back(s.event->event_id);
  auto changes = make_current(state_of_extremities(batch));
  evict_old_states();
  return changes;
}

matrix::event_ptr room_graph::state_event(const state_ref& state, std::string_view type, std::string_view key) const {
  const auto* id = state ? state.state->get(matrix::state_key_view{type, key}) : nullptr;
  const auto* n = id ? find(*id) : nullptr;
  return n ? n->event : nullptr;
}

matrix::event_ptr room_graph::state_event(std::string_view type, std::string_view key) const {
  return state_event(current_, type, key);
}

matrix::power_levels room_graph::levels() const { return {create_.get(), state_event("m.room.power_levels").get()}; }

matrix::membership room_graph::membership(const state_ref& state, std::string_view user_id) const {
  auto e = state_event(state, "m.room.member", user_id);
  return e ? e->membership() : matrix::membership::none;
}

matrix::membership room_graph::membership(std::string_view user_id) const { return membership(current_, user_id); }

matrix::membership room_graph::membership_by(const std::string* event_id) const {
  const auto* e = event_id ? find_event(*event_id) : nullptr;
  return e ? e->membership() : matrix::membership::none;
}

template <class Visit>
void room_graph::for_each_member_change(const matrix::state_map& a, const matrix::state_map& b, Visit visit) const {
  matrix::state_map::for_each_difference(
    a, b, [&](const matrix::state_key_pair& key, const std::string* in_a, const std::string* in_b) {
      if (key.first == "m.room.member") visit(key.second, membership_by(in_a), membership_by(in_b));
    });
}

void room_graph::count_members() {
  members_.clear();
  for_each_member(current_, [this](const matrix::event_ptr& e) {
    members_.change(*e->state_key, matrix::membership::none, e->membership());
    return true;
  });
}

bool room_graph::is_current_member(const matrix::event& x) const {
  if (!current_ || !x.is_state() || x.type != "m.room.member") return false;
  const auto* id = current_.state->get(matrix::state_key_view{x.type, *x.state_key});
  return id && *id == x.event_id;
}

void room_graph::set_node(node n) {
  const auto x = n.event;
  const bool counts = is_current_member(*x);
  const auto before = counts ? membership_by(&x->event_id) : matrix::membership::none;
  nodes_.insert_or_assign(x->event_id, std::move(n));
  if (counts) members_.change(*x->state_key, before, x->membership());
}

void room_graph::erase_node(node_map::iterator it) {
  const auto x = it->second.event;
  nodes_.erase(it);
  if (is_current_member(*x)) members_.change(*x->state_key, x->membership(), matrix::membership::none);
}

member_counts::share room_graph::members_in(const state_ref& state) const {
  auto counted = members_.all();
  if (state && current_)
    for_each_member_change(
      *current_.state, *state.state,
      [&](const std::string&, matrix::membership now, matrix::membership there) { counted.change(now, there); });
  return counted;
}

member_counts::share room_graph::members_in(const state_ref& state, std::string_view server, const state_ref& known_in,
                                            member_counts::share known) const {
  for_each_member_change(*known_in.state, *state.state,
                         [&](const std::string& user, matrix::membership before, matrix::membership after) {
                           if (matrix::server_name_of(user) == server) known.change(before, after);
                         });
  return known;
}

std::vector<std::string> room_graph::servers_in(const state_ref& state) const {
  if (!state) return {};
  if (state.group == current_.group) return members_.servers();
  std::map<std::string, member_counts::share, std::less<>> changed;
  if (current_)
    for_each_member_change(*current_.state, *state.state,
                           [&](const std::string& user, matrix::membership now, matrix::membership there) {
                             const auto server = matrix::server_name_of(user);
                             auto it = changed.find(server);
                             if (it == changed.end()) it = changed.emplace(server, members_.of(server)).first;
                             it->second.change(now, there);
                           });
  auto servers = members_.servers();
  std::erase_if(servers, [&](const auto& server) { return changed.contains(server); });
  for (const auto& [server, share] : changed)
    if (share.joined > 0 && matrix::is_server_name(server)) servers.push_back(server);
  std::sort(servers.begin(), servers.end());
  return servers;
}

std::vector<std::string> room_graph::auth_chain(const std::vector<std::string>& event_ids) const {
  std::unordered_set<std::string> seen;
  std::vector<std::string> order, open = event_ids;
  while (!open.empty()) {
    auto id = std::move(open.back());
    open.pop_back();
    const auto* e = find_event(id);
    if (!e) continue;
    for (const auto& a : e->auth_events)
      if (seen.insert(a).second) {
        order.push_back(a);
        open.push_back(a);
      }
    // From room version 12 on nobody cites the create event, and everything rests on it all the same.
    if (rules().room_id_is_create_hash && e != create_.get() && seen.insert(create_->event_id).second)
      order.push_back(create_->event_id);
  }
  return order;
}

std::vector<matrix::event_ptr> room_graph::events_of(const state_ref& state) const {
  std::vector<matrix::event_ptr> out;
  if (state)
    for (const auto& [key, id] : *state.state)
      if (const auto* n = find(id)) out.push_back(n->event);
  return out;
}

std::vector<matrix::event_ptr> room_graph::events_but_members(const state_ref& state) const {
  static constexpr std::string_view members{"m.room.member"}, after_members{"m.room.member\0", 14};
  std::vector<matrix::event_ptr> out;
  if (!state) return out;
  for (auto it = state.state->begin(); it != state.state->end();) {
    if (it->first.first == members) {
      it = state.state->lower_bound(matrix::state_key_view{after_members, {}});
      continue;
    }
    if (const auto* n = find(it->second)) out.push_back(n->event);
    ++it;
  }
  return out;
}

void room_graph::note_visibility(const matrix::event& x, std::int64_t position) {
  if (!x.is_state("m.room.history_visibility")) return;
  if (position > 0) visibility_rules_.erase(x.event_id); // of our time: the states tell
  else visibility_rules_.insert_or_assign(x.event_id, position);
}

bool room_graph::is_open_history(std::int64_t position) const {
  return std::all_of(visibility_rules_.begin(), visibility_rules_.end(), [&](const auto& rule) {
    const auto* n = find(rule.first);
    if (!n || (n->judged != verdict::accepted && n->judged != verdict::outlier)) return true; // no rule
    // What it replaced is not known.
    if (rule.second < 0 && rule.second > position) return false;
    const auto visibility = history_visibility(n->event.get());
    return visibility == "shared" || visibility == "world_readable";
  });
}

std::int64_t room_graph::depth_of_head() const {
  std::int64_t depth = 0;
  for (const auto& id : extremities_)
    if (const auto* e = find_event(id)) depth = std::max(depth, e->depth);
  return depth;
}

} // namespace causeway::room
