#pragma once
#include "actors/decision.hpp"
#include "actors/lazy_deque.hpp"

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace causeway {

/// The beginning of an actor whose state is in the store: on `start` it reads that, and what comes before it has is
/// dealt with afterwards, in order. A failed actor begins again in the same way; its questions have other tokens than
/// those of the incarnation before it.
class incarnation {
public:
  enum class turn : std::uint8_t {
    waits,  ///< nothing is to be done: the state is being read, and what came is kept
    loaded, ///< the message brings the state; then `take_deferred`
    runs,   ///< an ordinary message
  };
  /// @param load  what is asked for on `start`
  turn on(const message& m, decision& out, const std::function<store::query()>& load);
  bool is_loaded() const { return loaded_; }

  /// The state that `m` brings. @throws std::runtime_error  the store has failed; the supervisor makes the actor anew
  template <class State>
  static const State& state_in(const message& m, const std::string& whose) {
    const auto* found = std::get_if<State>(std::get<store_answered>(m).answer.get());
    if (!found) {
      const auto* why = std::get_if<fault>(std::get<store_answered>(m).answer.get());
      throw std::runtime_error("the store cannot load " + whose + (why ? ": " + to_string(*why) : std::string{}));
    }
    return *found;
  }
  /// What came while the state was read.
  lazy_deque<message> take_deferred() { return std::exchange(deferred_, {}); }
  bool has_deferred() const { return !deferred_.empty(); }

private:
  bool loaded_ = false;
  token asked_ = 0;
  lazy_deque<message> deferred_;
};

} // namespace causeway
