#pragma once
#include "messages/address.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace causeway {

/// Who waits for the answers of actors to what the operator asks, by token. Safe for threads.
template <class Answer>
class open_answers {
public:
  using callback = std::function<void(Answer)>;
  /// Unanswered ones go first: their actor has failed.
  static constexpr std::size_t kept_max = 1'000;

  token put(callback done) {
    std::lock_guard guard(mutex_);
    waiting_[++last_] = std::move(done);
    while (waiting_.size() > kept_max) waiting_.erase(waiting_.begin());
    return last_;
  }
  /// Empty: nobody waits.
  callback take(token asked) {
    std::lock_guard guard(mutex_);
    auto node = waiting_.extract(asked);
    return node.empty() ? callback{} : std::move(node.mapped());
  }

private:
  std::mutex mutex_;
  token last_ = 0;
  std::map<token, callback> waiting_;
};

} // namespace causeway
