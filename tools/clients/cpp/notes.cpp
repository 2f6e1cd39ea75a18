#include "notes.hpp"

#include <algorithm>

namespace causeway::client {
namespace {

/// Ignored fields that are kept for the caller to see.
constexpr std::size_t ignored_max = 100;

} // namespace

void notes::add_error(fault why) {
  const std::lock_guard lock{shared_.mutex};
  ++errors_;
  last_error_ = std::move(why);
  shared_.changed.notify_all();
}

void notes::add_ignored(const std::string& command, const std::vector<std::string>& fields) {
  const std::lock_guard lock{shared_.mutex};
  for (const auto& field : fields) {
    auto told = command + ": " + field;
    if (std::find(ignored_.begin(), ignored_.end(), told) != ignored_.end()) continue;
    ignored_.push_back(std::move(told));
    if (ignored_.size() > ignored_max) ignored_.pop_front();
  }
}

std::pair<std::uint64_t, fault> notes::errors() const {
  const std::lock_guard lock{shared_.mutex};
  return {errors_, last_error_};
}

std::vector<std::string> notes::ignored() const {
  const std::lock_guard lock{shared_.mutex};
  return {ignored_.begin(), ignored_.end()};
}

} // namespace causeway::client
