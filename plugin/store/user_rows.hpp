#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <vector>

/// The users of the chat server (table `users`), and in which rooms they have or had a membership (`member_rooms`).
namespace causeway::store::sql {

schema_steps user_steps();

/// Behind the key `user_id`.
struct user_columns {
  using row = put_user;
  static void columns(auto& f, auto& x) {
    f.text("chat_name", x.chat_name);
    f.text("display_name", x.display_name);
    f.text("avatar_url", x.avatar_url);
    f.number("may_federate", x.may_federate);
    f.number("invites", x.invites);
    f.number("deactivated_ts", x.deactivated_ts);
    f.number("update_due", x.update);
    f.text("fields", x.fields); // a document of the directory
  }
};

class user_writes {
public:
  /// @throws error
  user_writes(connection& db, names& known);
  void apply(const put_user& x);
  void apply(const put_member_room& x);

private:
  names& names_;
  statement put_, put_room_;
};

class user_reads {
public:
  /// @throws error
  explicit user_reads(connection& db);
  answer on(const find_user& x);
  answer on(const find_member_rooms& x);
  /// In the order they were made.
  std::vector<put_user> all();

private:
  statement one_, all_, rooms_;
};

} // namespace causeway::store::sql
