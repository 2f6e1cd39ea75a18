#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

/// How far everybody has read, and which servers have not been told of it (tables `receipts`, `receipt_debts`).
namespace causeway::store::sql {

class binding_reads;
class event_reads;

schema_steps receipt_steps();

/// Behind the keys `room`, `user_id`, `thread` and `is_private`.
struct receipt_columns {
  using row = put_receipt;
  static void columns(auto& f, auto& x) {
    f.text("event_id", x.event_id);
    f.number("position", x.position);
    f.number("ts", x.ts);
    f.number("change", x.change);
  }
};

class receipt_writes {
public:
  /// @throws error
  receipt_writes(connection& db, names& known);
  void apply(const put_receipt& x);
  void apply(const remove_receipt& x);
  void apply(const put_receipt_debt& x);

private:
  names& names_;
  statement put_, remove_, put_debt_, remove_debt_;
};

class receipt_reads {
public:
  /// @throws error
  receipt_reads(connection& db, names& known, event_reads& events, binding_reads& bindings);
  answer on(const load_receipts& x);
  answer on(const find_readers& x);
  answer on(const load_receipt_debts& x);

private:
  names& names_;
  event_reads& events_;
  binding_reads& bindings_;
  statement of_user_, place_, readers_, positions_, debts_, changes_, last_change_;
};

} // namespace causeway::store::sql
