#pragma once
#include "messages/chat/vocabulary.hpp"

#include <optional>
#include <string>

/// The chat server's own users.
namespace causeway::chat {

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

  static void fields(auto& f, auto& x) {
    f.required("user", x.user, "Matrix id.", {.of = edge::names::user});
    f.required("own_id", x.own_id, "Your id of the user; empty: you have named them by their Matrix id only.",
               {.of = edge::names::user});
    f.required("display_name", x.display_name);
    f.required("avatar", x.avatar);
  }
};

struct user_profile {
  static constexpr const char* name = "user.profile";
  static constexpr const char* says = "Makes one of your users known: from now on others find and may invite them.";
  static constexpr remark faults[] = {{fault_code::already_exists, "another user has the Matrix id"},
                                      {fault_code::conflict, "this user has another Matrix id"}};
  using answered_by = user_answer;
  std::string user;
  std::optional<std::string> display_name;
  std::optional<std::string> avatar;
  std::optional<std::string> localpart = {};

  static void fields(auto& f, auto& x) {
    f.user("user", x.user, "Your id of the user, or their Matrix id.");
    f.optional("display_name", x.display_name, "", {.bytes_max = short_text_bytes_max});
    f.optional("avatar", x.avatar, "An mxc:// URI.", {.bytes_max = short_text_bytes_max});
    f.optional("localpart", x.localpart, "Of their Matrix id, if it is not to follow from your id; see *Users*.",
               {.bytes_max = limits::identifier_bytes_max});
  }
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
