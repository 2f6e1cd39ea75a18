#pragma once
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Roles: what a member of a room may do, asked beforehand and changed.
namespace causeway::chat {

struct role_answer {
  static constexpr const char* name = "role";
  std::string event_id;
  std::string role;
  std::int64_t level = 0;

  static void fields(auto& f, auto& x) {
    f.required("event_id", x.event_id, "Of the change; empty: they had the role already.",
               {.of = edge::names::message});
    f.required("role", x.role, "What the room's levels make of it.", {.words = roles});
    f.required("level", x.level, "Power level from now on.");
  }
};

struct member_set_role {
  static constexpr const char* name = "member.set_role";
  static constexpr const char* says =
    "Gives a member another role: the power level that has it in this room, as a change of the levels as they are. A "
    "change by somebody else at the same moment is noticed and ours made again on top of it.";
  static constexpr remark faults[] = {
    {fault_code::not_member, "`user` is not in the room"},
    {fault_code::forbidden, "the power of `by`; `query.can` tells it beforehand"},
    {fault_code::conflict, "no level of the room makes such a role; or somebody else's change won three times"}};
  using answered_by = role_answer;
  std::string room, by, user;
  chat::role wanted = chat::role::member;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("by", x.by, "One of your users, member of the room.");
    f.user("user", x.user, "Whose role it is.");
    f.required("role", x.wanted);
  }
};

inline constexpr const char* verdicts[] = {"yes", "irreversible", "no", "not_member"};

struct can_answer {
  static constexpr const char* name = "can";
  std::string verdict, reason;
  std::int64_t needed = 0, level = 0;
  std::optional<std::string> code = {};

  static void fields(auto& f, auto& x) {
    f.required("verdict", x.verdict,
               "irreversible: yes, and nobody who is left could take it back; not_member: they have to join first.",
               {.words = verdicts});
    f.required("reason", x.reason, "Of all but yes: the rule of the room, in words.");
    f.required("needed", x.needed, "Least power level for it.");
    f.required("level", x.level, "Power level of `user`.");
    f.optional("code", x.code,
               "Of no and not_member: what the command would be refused with, of *Faults*. Absent: the message is sent "
               "all the same and calls not everybody (mention_room).");
  }
};

struct query_can {
  static constexpr const char* name = "query.can";
  static constexpr const char* says =
    "Whether a user may do something in a room, decided by the rules that every server applies.";
  using answered_by = can_answer;
  std::string room, user;
  chat::action what = chat::action::send;
  std::optional<std::string> target;
  std::optional<chat::role> wanted;

  static void fields(auto& f, auto& x) {
    f.id("room", x.room);
    f.user("user", x.user, "One of your users.");
    f.required("action", x.what);
    f.optional_user("target", x.target, "Of invite, kick, ban, unban, delete_others and set_role: on whom.");
    f.optional("role", x.wanted, "Of set_role: which.");
  }
  std::optional<broken_rule> broken() const;
};

struct role_changed {
  static constexpr const char* name = "role.changed";
  static constexpr const char* says =
    "A member may do more or less in a room than before: by a change of the levels, or of what levels are needed.";
  std::string room, matrix_room_id, user, role, previous_role, by, event_id;
  std::int64_t level = 0, ts = 0;

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("user", x.user, "Whose role it is.", {.of = edge::names::user});
    f.required("role", x.role, "", {.words = roles});
    f.required("previous_role", x.previous_role, "", {.words = roles});
    f.required("level", x.level, "Power level from now on.");
    f.required("by", x.by, "Who made the change.", {.of = edge::names::user});
    f.required("event_id", x.event_id, "Of the change.", {.of = edge::names::message});
    f.required("ts", x.ts);
  }
};

/// Why the roles of a room are not what the chat server has set or was told.
inline constexpr const char* drift_causes[] = {"lost_update", "foreign_edit", "threshold_changed", "state_resolved"};
inline constexpr const char* drift_remedies[] = {"push", "pull"};
inline constexpr const char* drift_policies[] = {"report", "push", "pull"};

struct permission_drift {
  static constexpr const char* name = "permission.drift";
  static constexpr const char* says =
    "A user of yours may do less in a room than you have set or were told, and not by a command of yours. What is done "
    "about it is the operator's choice: see *Roles*.";
  std::string room, matrix_room_id, user, cause, role, wanted_role, by, event_id, remedy, fix;
  std::vector<std::string> missing;
  std::optional<std::string> fixable_by;
  std::int64_t ts = 0;
  std::optional<std::string> policy = {};

  static void fields(auto& f, auto& x) {
    f.required("room", x.room, "Your id of the room; empty while none is bound.", {.of = edge::names::room});
    f.required("matrix_room_id", x.matrix_room_id, "", {.of = edge::names::room});
    f.required("user", x.user,
               "Who may do less; empty: all without a level of their own. With lost_update whose role it is.",
               {.of = edge::names::user});
    f.required("cause", x.cause,
               "lost_update: a role you have set was put aside by other changes three times; foreign_edit: another "
               "user changed the level; threshold_changed: another user raised what is needed; state_resolved: servers "
               "did not agree, and this is what came of it.",
               {.words = drift_causes});
    f.required("role", x.role, "What the room makes of the user now.", {.words = roles});
    f.required("wanted_role", x.wanted_role, "What you have set, or were told last.", {.words = roles});
    f.required("missing", x.missing, "What the user could do and cannot do any more: actions of `query.can`.",
               {.entries_max = actions_max});
    f.required("by", x.by, "Who made the change; empty: nobody alone.", {.of = edge::names::user});
    f.required("event_id", x.event_id, "Of the change.", {.of = edge::names::message});
    f.required("remedy", x.remedy,
               "push: set the role again, `fixable_by` may; pull: take over what the room says, for none of yours can "
               "change it.",
               {.words = drift_remedies});
    f.required("fix", x.fix, "The same in words, for people.");
    f.optional("fixable_by", x.fixable_by, "A user of yours who may set the role again.", {.of = edge::names::user});
    f.required("ts", x.ts);
    f.optional(
      "policy", x.policy,
      "report: what to do is yours to say; push: where `remedy` is push, the broker does it by itself; pull: take "
      "over what the room says, whoever could change it. Absent: report.",
      {.words = drift_policies});
  }
};

} // namespace causeway::chat
