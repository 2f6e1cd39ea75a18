#pragma once
#include "messages/store.hpp"
#include "plugin/store/id_writer.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <string>

/// What the chat server calls a message (tables `bindings`, `binding_events_ids`, `binding_chats_ids`), and what events
/// of a room that was founded again were called before (table `former_names`).
namespace causeway::store::sql {

schema_steps binding_steps();

struct binding_row {
  std::int64_t room = 0;
  std::string event_id, chat_message_id;
};
/// Behind the key `seq`.
struct binding_columns {
  using row = binding_row;
  static void columns(auto& f, auto& x) {
    f.number("room", x.room);
    f.text("event_id", x.event_id);
    f.text("chat_message_id", x.chat_message_id);
  }
};

class binding_writes {
public:
  /// @param recent  filled with what the indexes on disk do not have yet
  /// @throws error
  binding_writes(connection& db, names& known, const all_recent_ids& recent);
  void apply(const bind_message& x);
  void apply(const put_former_name& x);

  void begin();
  void taken();
  void flush();
  void committed();
  void rolled_back();

private:
  names& names_;
  id_writer by_event_, by_chat_;
  statement one_, insert_, clear_, put_former_, pass_on_;
};

class binding_reads {
public:
  /// @throws error
  binding_reads(connection& db, names& known);
  answer on(const find_message& x);
  /// Both names of a message of that room; empty when unknown.
  message_found find(const std::string& room_id, const std::string& either_id);

private:
  message_found find_anywhere(const std::string& either_id);

  names& names_;
  statement one_, former_, former_anywhere_, room_id_;
};

} // namespace causeway::store::sql
