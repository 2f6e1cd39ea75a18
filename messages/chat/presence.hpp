#pragma once
#include "messages/chat/vocabulary.hpp"
#include "messages/matrix/presence.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace causeway::edge {

template <>
struct wire_names<matrix::presence_state> {
  static constexpr const auto& names = matrix::presence_states;
};

} // namespace causeway::edge

/// Whether people are there. Only where `presence` of `federation.configure` is on.
namespace causeway::chat {

struct set_presence {
  static constexpr const char* name = "presence";
  static constexpr const char* says =
    "Whether one of your users is there: told to the servers of the rooms they are in. It holds until you say "
    "otherwise, or for as long as you are connected. May be sent without `id`, then nobody hears how it ended. See "
    "*Presence*.";
  using answered_by = empty_answer;
  std::string user;
  matrix::presence_state state = matrix::presence_state::offline;
  std::optional<std::int64_t> last_active_ts = {};
  std::optional<std::string> status = {};
  bool is_active = false;

  static void fields(auto& f, auto& x) {
    f.user("user", x.user, "One of your users.");
    f.required("state", x.state, "unavailable: there, and away from the keyboard.");
    f.optional("last_active_ts", x.last_active_ts, "When they did something last.");
    f.optional("status", x.status, "What they say of themselves.", {.bytes_max = matrix::presence_status_bytes_max});
    f.optional("active", x.is_active, "They are doing something right now.");
  }
};

struct presence_changed {
  static constexpr const char* name = "presence";
  static constexpr const char* says =
    "Whether a user of another server is there, by the word of that server. `offline` comes by itself when it has said "
    "nothing for 30 minutes.";
  std::string user;
  matrix::presence_state state = matrix::presence_state::offline;
  std::string status;
  bool is_active = false;
  std::optional<std::int64_t> last_active_ts = {};

  static void fields(auto& f, auto& x) {
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("state", x.state, "");
    f.required("status", x.status, "What they say of themselves; empty: nothing.");
    f.required("active", x.is_active, "They are doing something right now.");
    f.optional("last_active_ts", x.last_active_ts, "When they did something last; absent: not known.");
  }
};

} // namespace causeway::chat
