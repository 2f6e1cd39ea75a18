#pragma once
#include "actors/decision.hpp"
#include "actors/room/questions.hpp"
#include "messages/remote_server.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace causeway::room {

/// The questions of a room that are open, each with the moment after which it counts as lost. Components ask here; the
/// machine hands an answer, or `timed_out`, with the question to the component that waits for it.
class pending_questions {
public:
  /// Another server's actor answers within the time-out of the request, the store and the verifier when they have done
  /// their work. A question that is open so much longer was lost with whom it was asked of.
  static constexpr time_ms lost_after_ms = 30'000;
  static constexpr time_ms store_patience_ms = 120'000;
  static constexpr time_ms verifier_patience_ms = 60'000;
  /// Where the keys of many servers may have to be asked for first: history, a gap, the state of a join.
  static constexpr time_ms foreign_keys_patience_ms = 210'000;
  static constexpr time_ms invitation_patience_ms = 60'000;
  static constexpr time_ms room_patience_ms = 10'000;

  explicit pending_questions(decision& out) : out_(out) {}
  pending_questions(const pending_questions&) = delete;
  pending_questions& operator=(const pending_questions&) = delete;

  /// `r` without `reply_to` and `asked`.
  token ask_server(const std::string& server, peer_request r, question::any about);
  token ask_store(store::query q, question::any about);
  /// Behind the commit of the decision at hand, and of those before it.
  token ask_store_after_commit(store::query q, question::any about);
  /// @param keys_ms  of `verify_events`
  token verify(std::vector<matrix::event_ptr> events, question::any about, time_ms patience_ms = verifier_patience_ms,
               time_ms keys_ms = verify_events{}.keys_patience_ms);
  /// The caller asks. @returns the number for the answer
  token expect(question::any about, time_ms patience_ms);

  /// The question that this answers; nothing: nobody waits for it any more.
  std::optional<question::any> take(token asked);
  /// Nobody waits for the answer any more. 0: nothing is done.
  void forget(token asked) { (void)take(asked); }
  /// One whose time has run out.
  std::optional<std::pair<timed_out, question::any>> take_expired();

  /// How many of this kind are open.
  template <class Question>
  std::size_t count() const {
    return counts_[index_of<Question>(static_cast<const question::any*>(nullptr))];
  }
  std::size_t size() const { return open_.size(); }
  /// When `take_expired` may have something, at the earliest; 0: never.
  time_ms deadline() const { return open_.empty() ? 0 : earliest_; }

private:
  template <class Question, class... Questions>
  static constexpr std::size_t index_of(const std::variant<Questions...>*) {
    std::size_t index = 0;
    (void)((std::is_same_v<Question, Questions> || (++index, false)) || ...);
    return index;
  }
  struct entry {
    question::any about;
    time_ms until = 0;
  };
  decision& out_;
  std::map<token, entry> open_;
  std::array<std::size_t, std::variant_size_v<question::any>> counts_{};
  time_ms earliest_ = 0; ///< no question has less time; one that had may have been answered
};

} // namespace causeway::room
