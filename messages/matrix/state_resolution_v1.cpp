#include "messages/matrix/state_conflicts.hpp"

#include <openssl/sha.h>

#include <algorithm>

/// Source: "Room Version 1", "State resolution".
namespace causeway::matrix {

namespace {

std::string sha1_of(std::string_view text) {
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

struct candidates {
  state_key_pair key;
  std::vector<const event*> events; ///< two or more, by depth ascending, then SHA-1 of the id descending
};

std::vector<const event*> ordered(std::vector<const event*> events) {
  std::vector<std::pair<std::string, const event*>> keyed;
  for (const auto* x : events) keyed.emplace_back(sha1_of(x->event_id), x);
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return a.second->depth != b.second->depth ? a.second->depth < b.second->depth : a.first > b.first;
  });
  std::transform(keyed.begin(), keyed.end(), events.begin(), [](const auto& x) { return x.second; });
  return events;
}

class resolution_v1 {
public:
  resolution_v1(std::span<const state_map* const> states, const resolution_context& context) : context_{context} {
    auto compared = compare_states(states);
    resolved_ = std::move(compared.unconflicted);
    for (auto& conflict : compared.conflicts) add(conflict);
  }

  state_map run() {
    // Each group is resolved against the groups before it, never against its own members.
    decide([](const state_key_pair& key) { return key.first == "m.room.power_levels" && key.second.empty(); });
    decide([](const state_key_pair& key) { return key.first == "m.room.join_rules"; });
    decide([](const state_key_pair& key) { return key.first == "m.room.member"; });
    state_map others;
    for (const auto& x : conflicts_)
      if (!resolved_.contains(x.key)) others.try_emplace(x.key, best_of_others(x)->event_id);
    take_over(others);
    take_over(singles_);
    return std::move(resolved_);
  }

private:
  // A key is conflicted when two states have different events there; a state without the key does not count.
  void add(state_conflict& conflict) {
    std::vector<std::string_view> ids;
    for (const auto id : conflict.by_state)
      if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    if (ids.size() == 1) {
      resolved_.try_emplace(std::move(conflict.key), std::string{ids.front()});
      return;
    }
    std::vector<const event*> events;
    for (const auto id : ids)
      if (const auto* x = context_.find(id); x && x->room_id == context_.create->room_id && !context_.is_rejected(id))
        events.push_back(x);
    if (events.size() > 1) conflicts_.push_back({std::move(conflict.key), ordered(std::move(events))});
    else if (events.size() == 1) singles_.try_emplace(std::move(conflict.key), events.front()->event_id);
  }

  template <class Predicate>
  void decide(Predicate belongs) {
    state_map decided;
    for (const auto& x : conflicts_)
      if (!resolved_.contains(x.key) && belongs(x.key)) decided.try_emplace(x.key, last_allowed(x)->event_id);
    take_over(decided);
  }

  // What was resolved before stands.
  void take_over(const state_map& decided) {
    for (const auto& [key, id] : decided) resolved_.try_emplace(key, id);
  }

  const event* look_up(std::string_view type, std::string_view state_key) const {
    const auto* found = resolved_.get(state_key_view{type, state_key});
    return found ? context_.find(*found) : nullptr;
  }

  // The oldest event stands; each following one replaces it if the one before allows it; the first that is not allowed
  // ends the row.
  const event* last_allowed(const candidates& x) const {
    const auto* winner = x.events.front();
    const state_lookup state = [&](std::string_view type, std::string_view state_key) {
      return winner->is_state(type, state_key) ? winner : look_up(type, state_key);
    };
    for (std::size_t i = 1; i < x.events.size(); ++i) {
      if (!check_auth(*x.events[i], context_.create, state)) break;
      winner = x.events[i];
    }
    return winner;
  }

  // The deepest event that is allowed; if none is, the least deep.
  const event* best_of_others(const candidates& x) const {
    const state_lookup state = [&](std::string_view type, std::string_view state_key) {
      return look_up(type, state_key);
    };
    for (auto i = x.events.rbegin(); i != x.events.rend(); ++i)
      if (check_auth(**i, context_.create, state)) return *i;
    return x.events.front();
  }

  const resolution_context& context_;
  state_map resolved_; ///< what is not in conflict, then also what has been decided
  state_map singles_;  ///< all other candidates were rejected or unknown; no event is judged by these
  std::vector<candidates> conflicts_;
};

} // namespace

state_map resolve_v1(std::span<const state_map* const> states, const resolution_context& context) {
  return resolution_v1{states, context}.run();
}

} // namespace causeway::matrix
