#pragma once
#include "messages/matrix/membership.hpp"

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace causeway::room {

/// Who takes part in a room by one state, counted: all, and by server. Kept with each change of a membership, so that
/// no question about a room walks through its members. Pure. Memory: O(servers + joined members of the own server).
class member_counts {
public:
  struct share {
    std::size_t joined = 0, invited = 0;
    /// What one user's change of membership does to it. @pre the former one was counted
    void change(matrix::membership before, matrix::membership after);
    bool operator==(const share&) const = default;
  };

  /// @param own_server  whose joined members are known by name
  explicit member_counts(std::string own_server = {}) : own_server_(std::move(own_server)) {}

  /// @param user_id  state key of the membership, whatever it is
  /// @param before   as it was counted until now; none: there was none
  /// @param after    none: there is none any more
  void change(std::string_view user_id, matrix::membership before, matrix::membership after);
  void clear();

  const share& all() const { return all_; }
  /// Members whose id names this server, which need not be a valid name.
  share of(std::string_view server) const;
  /// Servers with a joined member, sorted; of valid names only.
  const std::vector<std::string>& servers() const { return servers_; }
  /// Joined members of the own server.
  const std::set<std::string, std::less<>>& local_joined() const { return local_joined_; }

  bool operator==(const member_counts&) const = default;

private:
  void note_server(std::string_view server, bool takes_part);

  struct string_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };

  std::string own_server_;
  share all_;
  std::unordered_map<std::string, share, string_hash, std::equal_to<>> by_server_; ///< none of them empty
  std::vector<std::string> servers_;
  std::set<std::string, std::less<>> local_joined_;
};

} // namespace causeway::room
