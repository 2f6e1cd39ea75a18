#pragma once
#include "messages/fault.hpp"
#include "shared_state.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace causeway::client {

/// What went wrong and belongs to no command: counted and kept for the application to see. From any thread.
class notes {
public:
  explicit notes(shared_state& shared) : shared_(shared) {}

  void add_error(fault why);
  /// Fields of a command that the broker does not know; each is kept once.
  void add_ignored(const std::string& command, const std::vector<std::string>& fields);

  /// How many there were, and the last one.
  std::pair<std::uint64_t, fault> errors() const;
  /// Oldest first.
  std::vector<std::string> ignored() const;

private:
  shared_state& shared_; ///< its mutex guards what follows
  std::uint64_t errors_ = 0;
  fault last_error_;
  std::deque<std::string> ignored_; ///< oldest first
};

} // namespace causeway::client
