#pragma once
#include "messages/store.hpp"
#include "plugin/store/table_group.hpp"

/// What the chat server has switched (table `federation_switches`, one row).
namespace causeway::store::sql {

schema_steps switch_steps();

/// Behind the key `id`.
struct switch_columns {
  using row = put_switches;
  static void columns(auto& f, auto& x) {
    f.text("switches", x.switches);
    f.number("since_ts", x.since_ts);
  }
};

class switch_writes {
public:
  /// @throws error
  explicit switch_writes(connection& db);
  void apply(const put_switches& x);

private:
  statement put_;
};

class switch_reads {
public:
  /// @throws error
  explicit switch_reads(connection& db);
  put_switches all();

private:
  statement all_;
};

} // namespace causeway::store::sql
