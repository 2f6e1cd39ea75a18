#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstddef>
#include <cstdint>

/// Our answers to received transactions (table `received_transactions`).
namespace causeway::store::sql {

schema_steps transaction_steps();

/// Behind the key `server, transaction_id`.
struct transaction_columns {
  using row = put_received_transaction;
  static void columns(auto& f, auto& x) {
    f.text("response", x.response);
    f.number("ts", x.ts);
  }
};

class transaction_writes {
public:
  /// @throws error
  transaction_writes(connection& db, names& known);
  void apply(const put_received_transaction& x);

  /// Removes the oldest from before `before_ts`, at most `limit`; among them what is dated after `now_ts` is dated so.
  /// @pre a transaction is under way
  /// @returns rows removed
  std::size_t purge(std::int64_t before_ts, std::int64_t now_ts, std::size_t limit);

private:
  connection& db_;
  names& names_;
  statement put_;
};

class transaction_reads {
public:
  /// @throws error
  transaction_reads(connection& db, names& known);
  answer on(const find_received_transaction& x);

private:
  names& names_;
  statement one_;
};

} // namespace causeway::store::sql
