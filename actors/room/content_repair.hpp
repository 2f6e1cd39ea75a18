#pragma once
#include "messages/matrix/event.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

/// Events that were taken without their content, since the copy at hand did not match its hash: their own servers are asked for the whole, one
/// after the other.
namespace causeway::room {

/// Whether something was taken out of an event that no redaction at hand explains.
bool is_stripped(const matrix::event& x);

class content_repair {
public:
  /// Events that are remembered at a time; those over it stay as they are until somebody sends the whole.
  static constexpr std::size_t wanted_max = 200;

  /// Of an event that another than its own server gave; each is asked for once in the life of this object.
  /// @param own_name  this server's, which is not asked
  void want(const matrix::event& x, std::string_view giver, std::string_view own_name);
  struct question {
    std::string server, event_id;
  };
  /// The next to be asked; nothing while one is open.
  std::optional<question> next();
  /// The open question was answered, or never will be.
  void done() { open_ = false; }
  bool idle() const { return !open_ && wanted_.empty(); }

private:
  std::deque<question> wanted_;
  std::unordered_set<std::string> seen_;
  bool open_ = false;
};

} // namespace causeway::room
