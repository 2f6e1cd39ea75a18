#pragma once
#include "actors/decision.hpp"

#include <optional>
#include <utility>

namespace causeway::invitation {

/// A question that is open, or none: its token, what it is about, and until when an answer is waited for. Whoever was
/// asked may have failed with it: no wait is for ever.
template <class About>
class question {
public:
  token ask(decision& out, About about, time_ms deadline) {
    token_ = out.next_token();
    about_ = std::move(about);
    deadline_ = deadline;
    return token_;
  }
  bool is_open() const { return about_.has_value(); }
  /// Whether it is the one that this answers.
  bool is(token asked) const { return is_open() && asked == token_; }
  bool is_overdue(time_ms now) const { return is_open() && now >= deadline_; }
  /// @pre is_open()
  const About& about() const { return *about_; }
  About& about() { return *about_; }
  /// It is answered, or given up. @pre is_open()
  About take() { return *std::exchange(about_, std::nullopt); }
  void forget() { about_.reset(); }

private:
  token token_ = 0;
  time_ms deadline_ = 0;
  std::optional<About> about_;
};

/// A question that is about nothing beyond that it is asked.
struct plain {};

} // namespace causeway::invitation
