#pragma once
#include "messages/matrix/state_map.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace causeway::room {

/// Which state counts as the one before an event of another server that is on its way into the room: that of its
/// parents, or one of its own that another server has sent.
class event_state {
public:
  /// There is one of its own: its parents need not be placed.
  bool is_given() const { return std::holds_alternative<fetched>(is_) || std::holds_alternative<known>(is_); }
  /// It cannot be judged before there is one of its own.
  bool is_to_fetch() const { return std::holds_alternative<to_fetch>(is_); }
  /// Another server has sent one, which may be an old one: it can let the event in, and never keeps it out.
  bool is_remote() const { return std::holds_alternative<fetched>(is_) || std::holds_alternative<dropped>(is_); }
  /// The event is placed by that state alone: its parents come as what they are, not as its history.
  bool stands_alone() const {
    const auto* x = std::get_if<fetched>(&is_);
    return x && x->alone;
  }

  /// Another server has sent one.
  void fetch(matrix::state_map state, bool alone) {
    const auto* x = std::get_if<fetched>(&is_);
    is_ = fetched{std::move(state), alone, x ? x->was_needed : is_to_fetch()};
  }
  /// The event is the first of the room: there is no state before it.
  void begin_room() { is_ = known{}; }
  /// That of its parents will not do.
  void need() { is_ = to_fetch{}; }
  /// What was sent is put away; it is asked for again, with what it rests on.
  void drop() {
    if (const auto* x = std::get_if<fetched>(&is_)) is_ = x->was_needed ? content{to_fetch{}} : content{dropped{}};
    else if (is_given()) is_ = of_parents{};
  }
  /// By the state that counts the event fails the auth rules, which may be that state's fault: the next one is used.
  void distrust() {
    if (const auto* x = std::get_if<fetched>(&is_)) is_ = x->was_needed ? content{to_fetch{}} : content{of_parents{}};
    else if (std::holds_alternative<dropped>(is_)) is_ = of_parents{};
    else is_ = to_fetch{};
  }
  /// Moves the state of its own out; what this says stays. Nothing: there is none.
  std::optional<matrix::state_map> take() {
    if (auto* x = std::get_if<fetched>(&is_)) return std::move(x->state);
    if (is_given()) return matrix::state_map{};
    return {};
  }

private:
  struct of_parents {};
  struct to_fetch {};
  struct fetched {
    matrix::state_map state;
    bool alone = false;
    bool was_needed = false; ///< without it the event cannot be judged at all
  };
  struct dropped {}; ///< one was fetched
  struct known {};   ///< the first event of a room
  using content = std::variant<of_parents, to_fetch, fetched, dropped, known>;
  content is_;
};

} // namespace causeway::room
