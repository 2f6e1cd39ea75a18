#pragma once
#include "messages/store.hpp"
#include "plugin/store/table_group.hpp"

/// What the operator has changed (table `audit`).
namespace causeway::store::sql {

schema_steps audit_steps();

/// Behind the key `number`.
struct audit_columns {
  using row = put_audit;
  static void columns(auto& f, auto& x) {
    f.number("ts", x.ts);
    f.text("peer", x.peer);
    f.text("login", x.by);
    f.text("verb", x.verb);
    f.text("arguments", x.arguments);
    f.text("reason", x.reason);
    f.text("outcome", x.outcome);
  }
};

class audit_writes {
public:
  /// @throws error
  explicit audit_writes(connection& db);
  /// Beyond audit_kept_max the oldest go.
  void apply(const put_audit& x);

private:
  statement put_, drop_oldest_;
};

class audit_reads {
public:
  /// @throws error
  explicit audit_reads(connection& db);
  answer on(const list_audit& x);

private:
  statement latest_;
};

} // namespace causeway::store::sql
