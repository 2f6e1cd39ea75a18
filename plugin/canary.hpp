#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace causeway {

/// Whether the process still works, for the service manager's watchdog. A thread of its own that feeds the watchdog
/// would live on while everything else stands still; so a question goes the way of everybody's work, and the process
/// counts as alive only when every answer is here.
///
/// A round sends one question along each path. There is no next one before all of them have arrived: a part that stands
/// still is asked once, and holds no more than that.
class canary {
public:
  using clock = std::chrono::steady_clock;

  enum class answer : int {
    waiting,
    arrived,
    refused, ///< the part has no room for the question at the moment: asked again
  };
  /// One way that work takes through the process.
  struct path {
    std::string name; ///< for the operator
    /// Sends the question; the answer may come from any thread, also before it returns, and after we are gone.
    std::function<void(std::function<void(answer)>)> send;
    /// Whether it stands still for a reason that is known and told, which a new start would not mend. Null: never.
    std::function<bool()> is_excused;
  };

  /// @param interval  the watchdog's: it has to be fed at least that often
  /// @pre `interval` is positive
  canary(std::vector<path> paths, clock::duration interval);

  /// What a look has found.
  struct finding {
    bool is_alive = false;         ///< a round is complete: feed the watchdog now
    std::vector<std::string> late; ///< paths whose answer is missing after half the interval; told once per round
  };
  /// Call it every `pause()`.
  finding look(clock::time_point now);

  /// An eighth of the interval; rounds begin every quarter, so that one that is late costs no life.
  clock::duration pause() const { return interval_ / 8; }

private:
  void begin_round(clock::time_point now);
  void ask(std::size_t which);
  bool is_done(std::size_t which) const;

  std::vector<path> paths_;
  clock::duration interval_;
  std::vector<std::shared_ptr<std::atomic<answer>>> answers_; ///< one per path, of this round; empty: no round is open
  clock::time_point began_{};
  bool has_begun_ = false;
  bool late_told_ = false;
};

} // namespace causeway
