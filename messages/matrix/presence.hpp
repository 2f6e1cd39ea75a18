#pragma once
#include "messages/matrix/json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// m.presence EDUs. Source: server-server-api, "Presence"; client-server-api, "Presence".
namespace causeway::matrix {

enum class presence_state : std::uint8_t { online, unavailable, offline };
inline constexpr const char* presence_states[] = {"online", "unavailable", "offline"};

/// Whether somebody is there.
struct presence {
  std::string user_id;
  presence_state state = presence_state::offline;
  std::optional<std::int64_t> last_active_ago_ms = {};
  std::string status; ///< what they say of themselves; empty: nothing
  bool is_active = false;
  bool operator==(const presence&) const = default;

  static void fields(auto& f, auto& x) {
    f.required("user_id", x.user_id);
    f.optional("state", x.state);
    f.optional("last_active_ago_ms", x.last_active_ago_ms);
    f.optional("status", x.status);
    f.optional("is_active", x.is_active);
  }
};

/// Users of one EDU: of ours, and those of another server's that are looked at.
inline constexpr std::size_t presences_sent_max = 50, presences_read_max = 100;
/// `status_msg`, bytes: of a longer one nothing is told.
inline constexpr std::size_t presence_status_bytes_max = 1'024;

/// What an m.presence EDU says of users of `origin`; of each user the last. What is malformed, of other users or of a
/// state that is none is passed over.
std::vector<presence> presences_of(const json::object& content, std::string_view origin);

/// Content of an m.presence EDU, canonical JSON. @pre at most `presences_sent_max`
std::string presence_content(const std::vector<presence>& all);

} // namespace causeway::matrix
