#pragma once
#include "messages/store.hpp"
#include "plugin/store/id_writer.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstddef>
#include <cstdint>

/// RESULTs of commands (tables `command_results`, `commands_ids`).
namespace causeway::store::sql {

schema_steps command_steps();

/// Behind the key `seq`.
struct command_columns {
  using row = put_command_result;
  static void columns(auto& f, auto& x) {
    f.text("command_id", x.command_id);
    f.text("command_name", x.command_name);
    f.number("succeeded", x.succeeded);
    f.bytes("body", x.body);
    f.number("ts", x.ts);
  }
};

class command_writes {
public:
  /// @param recent  filled with what the index on disk does not have yet
  /// @throws error
  command_writes(connection& db, names& known, const all_recent_ids& recent);
  void apply(const put_command_result& x);

  /// Removes the oldest results from before `before_ts`, at most `rows_max`; a transaction of its own. Among them what
  /// is dated after `now_ts` is dated so: a result must not go early, or its command would be carried out twice.
  /// @throws error
  std::size_t purge(std::int64_t before_ts, std::int64_t now_ts, std::size_t limit);

  void begin() { ids_.begin(); }
  void taken() { ids_.taken(); }
  void flush() { ids_.flush(); }
  void committed() { ids_.committed(); }
  void rolled_back() { ids_.rolled_back(); }

private:
  connection& db_;
  names& names_;
  id_writer ids_;
  statement command_id_, insert_;
};

class command_reads {
public:
  /// @throws error
  command_reads(connection& db, names& known);
  answer on(const find_command_result& x);

private:
  names& names_;
  statement one_;
};

} // namespace causeway::store::sql
