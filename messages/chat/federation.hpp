#pragma once
#include "messages/chat/vocabulary.hpp"
#include "messages/federation_switches.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace causeway::edge {

template <>
struct wire_names<invite_policy> {
  static constexpr const char* names[] = {"allow", "block"};
};
template <>
struct wire_names<federating_users> {
  static constexpr const char* names[] = {"all", "allowed"};
};

} // namespace causeway::edge

/// Whether and with whom the broker federates.
namespace causeway::chat {

inline constexpr const char* switch_names[] = {"enabled", "typing", "receipts", "presence",
                                               "allow",   "deny",   "invites",  "users_may_federate"};

struct federation_view {
  static constexpr const char* name = "federation";
  bool enabled = true, typing = true, receipts = false, presence = false;
  std::vector<std::string> allow, deny;
  invite_policy invites = invite_policy::allow;
  federating_users users = federating_users::all;
  std::vector<std::string> configured;
  std::int64_t since_ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("enabled", x.enabled);
    f.required("typing", x.typing);
    f.required("receipts", x.receipts);
    f.required("presence", x.presence);
    f.required("allow", x.allow, "Empty: all servers.", {.entries_max = listed_servers_max});
    f.required("deny", x.deny, "Prevails over `allow`.", {.entries_max = listed_servers_max});
    f.required("invites", x.invites);
    f.required("users_may_federate", x.users);
    f.required("configured", x.configured,
               "Which of these you have set; the others are as the broker's configuration says.",
               {.words = switch_names});
    f.required("since_ts", x.since_ts, "When you last did; 0: never.");
  }
};

struct federation_configure {
  static constexpr const char* name = "federation.configure";
  static constexpr const char* says =
    "Switches the federation, and parts of it, on and off. It counts from the answer on, is kept, and prevails over "
    "the broker's configuration. What is absent stays as it is.";
  using answered_by = federation_view;
  std::optional<bool> enabled, typing, receipts, presence;
  std::optional<std::vector<std::string>> allow, deny;
  std::optional<invite_policy> invites;
  std::optional<federating_users> users;

  static void fields(auto& f, auto& x) {
    f.optional("enabled", x.enabled, "false: nothing is sent to other servers and nothing taken from them; it waits.");
    f.optional("typing", x.typing, "Whether who types is told, both ways.");
    f.optional("receipts", x.receipts, "Whether who has read what is told, both ways.");
    f.optional("presence", x.presence, "Whether who is there is told, both ways.");
    f.optional("allow", x.allow, "The only servers to federate with; an empty list: all.",
               {.bytes_max = limits::identifier_bytes_max,
                .entries_max = listed_servers_max,
                .has = edge::form::server_pattern});
    f.optional("deny", x.deny, "Servers not to federate with, whatever `allow` says.",
               {.bytes_max = limits::identifier_bytes_max,
                .entries_max = listed_servers_max,
                .has = edge::form::server_pattern});
    f.optional("invites", x.invites, "block: nobody of another server can invite your users.");
    f.optional("users_may_federate", x.users,
               "all: but those of whom `user.may_federate` says no; allowed: only those of whom it says yes.");
  }
  std::optional<broken_rule> broken() const;
};

struct query_federation {
  static constexpr const char* name = "query.federation";
  static constexpr const char* says = "What of the federation is switched on, and who said so.";
  using answered_by = federation_view;

  static void fields(auto&, auto&) {}
};

} // namespace causeway::chat
