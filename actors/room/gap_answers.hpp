#pragma once
#include "actors/effects.hpp"
#include "messages/matrix/json.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace causeway::room {

/// What was answered last, and by whom, to what was asked for events under way that lack others: for the operator, who
/// has to know why an event waits while nothing is being asked. Nothing is decided by it.
class gap_answers {
public:
  struct one {
    std::string server, question, answer;
    time_ms at = 0;
  };
  /// Of each event the last answer to each question, the latest last; so many of the latest are kept.
  static constexpr std::size_t kept_max = 4;

  void note(std::uint64_t work_id, one x) {
    auto& all = by_work_[work_id];
    std::erase_if(all, [&](const one& other) { return other.question == x.question; });
    all.push_back(std::move(x));
    if (all.size() > kept_max) all.erase(all.begin());
  }
  /// It is under way no more.
  void forget(std::uint64_t work_id) { by_work_.erase(work_id); }

  /// [{server, question, answer, ts}]
  matrix::json::array describe(std::uint64_t work_id) const {
    matrix::json::array told;
    const auto found = by_work_.find(work_id);
    if (found == by_work_.end()) return told;
    for (const auto& x : found->second)
      told.emplace_back(
        matrix::json::object{{"server", x.server}, {"question", x.question}, {"answer", x.answer}, {"ts", x.at}});
    return told;
  }

private:
  std::map<std::uint64_t, std::vector<one>> by_work_; ///< by event under way
};

} // namespace causeway::room
