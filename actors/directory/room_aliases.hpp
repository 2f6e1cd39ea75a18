#pragma once
#include "actors/decision.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace causeway::directory {

/// Aliases of this server, as the rooms claim them. An alias is one room's: whoever came first keeps it.
class room_aliases {
public:
  explicit room_aliases(decision& out) : out_(out) {}

  /// Null: no room has that alias.
  const std::string* find(const std::string& alias) const;
  /// A room that has just been made claims it, before it is listed with it.
  void claim(const std::string& alias, const std::string& room_id);
  /// What a room claims from now on; what it claimed before and does not any more is another's who claims it, or free.
  void listed(const std::string& room_id, std::vector<std::string> claims);

private:
  decision& out_;
  std::unordered_map<std::string, std::string> room_by_alias_;
  std::unordered_map<std::string, std::vector<std::string>> claims_by_room_;
};

} // namespace causeway::directory
