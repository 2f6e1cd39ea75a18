#pragma once
#include "messages/store.hpp"
#include "plugin/store/audit_rows.hpp"
#include "plugin/store/binding_rows.hpp"
#include "plugin/store/command_rows.hpp"
#include "plugin/store/destination_rows.hpp"
#include "plugin/store/event_rows.hpp"
#include "plugin/store/fan_out_rows.hpp"
#include "plugin/store/inbox_rows.hpp"
#include "plugin/store/invitation_rows.hpp"
#include "plugin/store/key_rows.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/node_rows.hpp"
#include "plugin/store/outbox_rows.hpp"
#include "plugin/store/receipt_rows.hpp"
#include "plugin/store/redaction_rows.hpp"
#include "plugin/store/relation_rows.hpp"
#include "plugin/store/room_rows.hpp"
#include "plugin/store/start_reads.hpp"
#include "plugin/store/switch_rows.hpp"
#include "plugin/store/transaction_rows.hpp"
#include "plugin/store/user_rows.hpp"

#include <tuple>

namespace causeway::store::sql {

/// Answers queries over one connection, each from one snapshot: which table group answers which.
class query_executor {
public:
  /// @throws error
  query_executor(connection& db, names& known);

  /// See reader::ask. Never throws.
  answer ask(const query& question);

private:
  template <class Query>
  answer on(const Query& x);

  auto groups() {
    return std::tie(bindings_, keys_, events_, inbox_, redactions_, invitations_, rooms_, destinations_, commands_,
                    outbox_, transactions_, users_, relations_, receipts_, audit_, nodes_, shards_, start_);
  }

  connection& db_;
  names& names_;
  binding_reads bindings_;
  key_reads keys_;
  event_reads events_;
  fan_out_reads fan_outs_;
  inbox_reads inbox_;
  relation_reads relations_;
  redaction_reads redactions_;
  invitation_reads invitations_;
  room_reads rooms_;
  destination_reads destinations_;
  command_reads commands_;
  outbox_reads outbox_;
  transaction_reads transactions_;
  user_reads users_;
  switch_reads switches_;
  receipt_reads receipts_;
  audit_reads audit_;
  node_reads nodes_;
  shard_reads shards_;
  start_reads start_;
};

} // namespace causeway::store::sql
