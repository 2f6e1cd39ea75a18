#pragma once
#include "messages/chat/federation.hpp"
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

/// The chat server's own users.
namespace causeway::chat {

/// Further fields of a profile: entries, and bytes of all of them together.
inline constexpr std::size_t profile_fields_max = 100;
inline constexpr std::size_t profile_bytes_max = 65'536;

struct user_answer {
  static constexpr const char* name = "user_known";
  std::string user;

  static void fields(auto& f, auto& x) { f.required("user", x.user, "Matrix id.", {.of = edge::names::user}); }
};

struct user_view {
  static constexpr const char* name = "user";
  std::string user;
  std::string own_id;
  std::string display_name, avatar;
  std::optional<bool> may_federate = {};
  std::optional<invite_policy> invites = {};
  std::optional<std::int64_t> deactivated_ts = {};
  std::optional<std::map<std::string, std::string>> further = {};

  static void fields(auto& f, auto& x) {
    f.required("user", x.user, "Matrix id.", {.of = edge::names::user});
    f.required("own_id", x.own_id, "Your id of the user; empty: you have named them by their Matrix id only.",
               {.of = edge::names::user});
    f.required("display_name", x.display_name);
    f.required("avatar", x.avatar);
    f.optional("may_federate", x.may_federate, "What `user.may_federate` has said; absent: nothing.");
    f.optional("invites", x.invites, "What `user.profile` has said; absent: allow.");
    f.optional("deactivated_ts", x.deactivated_ts, "When `user.deactivate` was said; absent: never.");
    f.optional("fields", x.further, "Further fields of the profile, each value as JSON.",
               {.bytes_max = profile_bytes_max, .entries_max = profile_fields_max});
  }
};

struct user_profile {
  static constexpr const char* name = "user.profile";
  static constexpr const char* says =
    "Makes one of your users known: from now on others find and may invite them. A new name or picture is told all "
    "rooms the user is in, one after the other.";
  static constexpr remark faults[] = {{fault_code::already_exists, "another user has the Matrix id"},
                                      {fault_code::conflict, "this user has another Matrix id"},
                                      {fault_code::user_deactivated, "`user.deactivate` was said of them"}};
  using answered_by = user_answer;
  std::string user;
  std::optional<std::string> display_name;
  std::optional<std::string> avatar;
  std::optional<std::string> localpart = {};
  std::optional<invite_policy> invites = {};
  std::optional<std::map<std::string, std::string>> further = {};

  static void fields(auto& f, auto& x) {
    f.user("user", x.user, "Your id of the user, or their Matrix id.");
    f.optional("display_name", x.display_name, "", {.bytes_max = short_text_bytes_max});
    f.optional("avatar", x.avatar, "An mxc:// URI.", {.bytes_max = short_text_bytes_max});
    f.optional("localpart", x.localpart, "Of their Matrix id, if it is not to follow from your id; see *Users*.",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("invites", x.invites, "block: users of other servers cannot invite this one.");
    f.optional("fields", x.further,
               "Further fields (`m.tz`), each value as JSON without fractions; an empty text takes one away. Others "
               "stay as they are; together at most 65,536 bytes.",
               {.bytes_max = profile_bytes_max, .entries_max = profile_fields_max});
  }
  std::optional<broken_rule> broken() const;
};

struct user_may_federate {
  static constexpr const char* name = "user.may_federate";
  static constexpr const char* says =
    "Says whether one of your users may be in rooms that federate, whatever `users_may_federate` of "
    "`federation.configure` says of all. A room they are in already they stay in.";
  using answered_by = user_view;
  std::string user;
  std::optional<bool> may;

  static void fields(auto& f, auto& x) {
    f.user("user", x.user, "Your id of the user, or their Matrix id.");
    f.optional("may", x.may, "Absent: as of all.");
  }
};

struct user_deactivate {
  static constexpr const char* name = "user.deactivate";
  static constexpr const char* says =
    "One of your users is gone for good: leaves all rooms, one after the other, and their invitations end. Others find "
    "them no more. Their Matrix id is nobody else's.";
  static constexpr remark faults[] = {{fault_code::not_found, "you have told of none"}};
  using answered_by = user_view;
  std::string user;

  static void fields(auto& f, auto& x) { f.user("user", x.user, "Your id of the user, or their Matrix id."); }
};

struct query_user {
  static constexpr const char* name = "query.user";
  static constexpr const char* says = "One of your users under both names.";
  static constexpr remark faults[] = {{fault_code::not_found, "you have told of none"}};
  using answered_by = user_view;
  std::string user;

  static void fields(auto& f, auto& x) { f.user("user", x.user, "Your id of the user, or their Matrix id."); }
};

} // namespace causeway::chat
