#pragma once
#include "messages/chat/users.hpp"
#include "messages/chat/vocabulary.hpp"

#include <optional>
#include <string>

/// What the broker asks the chat server.
namespace causeway::chat {

/// `ask` of a question: bytes.
inline constexpr std::size_t ask_bytes_max = 64;

struct ask_user {
  static constexpr const char* name = "ask.user";
  static constexpr const char* says =
    "Ephemeral, and only with `federation.ask_user`: somebody of another server asks for a user of yours that you have "
    "not told of. Answer with `answer.user`. See *Users the broker does not know*.";
  std::string ask, user, localpart;

  static void fields(auto& f, auto& x) {
    f.required("ask", x.ask, "Of the question; for the answer.");
    f.required("user", x.user, "", {.of = edge::names::user});
    f.required("localpart", x.localpart, "Of `user`; *Users* says how to read your own id out of it.");
  }
};

struct answer_user {
  static constexpr const char* name = "answer.user";
  static constexpr const char* says =
    "Answers `ask.user`. A user who exists and may federate is known from now on, as after `user.profile`.";
  static constexpr remark faults[] = {
    {fault_code::not_found, "no such question is open: it was answered, or took too long"}};
  using answered_by = user_answer;
  std::string ask;
  bool exists = false;
  std::optional<std::string> own_id, display_name, avatar;
  std::optional<bool> may_federate;
  std::optional<invite_policy> invites = {};

  static void fields(auto& f, auto& x) {
    f.required("ask", x.ask, "Of the question.", {.bytes_max = ask_bytes_max});
    f.required("exists", x.exists,
               "false: others are told that there is no such user, for some minutes without asking.");
    f.optional("own_id", x.own_id, "Your id of the user, where it is not the one that the localpart was made of.",
               {.bytes_max = limits::identifier_bytes_max});
    f.optional("display_name", x.display_name, "", {.bytes_max = short_text_bytes_max});
    f.optional("avatar", x.avatar, "An mxc:// URI.", {.bytes_max = short_text_bytes_max});
    f.optional("may_federate", x.may_federate, "false: others are told that there is no such user.");
    f.optional("invites", x.invites, "block: whoever invites them is answered 403 `M_INVITE_BLOCKED`.");
  }
};

} // namespace causeway::chat
