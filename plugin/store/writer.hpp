#pragma once
#include "messages/store.hpp"
#include "plugin/store/audit_rows.hpp"
#include "plugin/store/binding_rows.hpp"
#include "plugin/store/command_rows.hpp"
#include "plugin/store/destination_rows.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/event_rows.hpp"
#include "plugin/store/fan_out_rows.hpp"
#include "plugin/store/inbox_rows.hpp"
#include "plugin/store/invitation_rows.hpp"
#include "plugin/store/key_rows.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/outbox_rows.hpp"
#include "plugin/store/receipt_rows.hpp"
#include "plugin/store/redaction_rows.hpp"
#include "plugin/store/relation_rows.hpp"
#include "plugin/store/room_rows.hpp"
#include "plugin/store/switch_rows.hpp"
#include "plugin/store/transaction_rows.hpp"
#include "plugin/store/user_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

namespace causeway::store::sql {

/// Commits batches: the transaction, the order of its writes, and which table group takes which.
class writer {
public:
  /// @throws error
  /// @param recent  filled with what the indexes on disk do not have yet
  writer(connection& db, names& known, const all_recent_ids& recent);

  /// See engine::commit. Never throws.
  result<std::vector<commit_outcome>> commit(std::span<const store_batch> batches);

  /// Of the commit that failed last: what it would have come to, for an engine that learns that it was made after all.
  std::vector<commit_outcome> take_last_outcomes() { return std::move(last_outcomes_); }

  /// See engine::purge. @throws error
  std::size_t purge(std::int64_t now_ms, const purge_limits& limits);

private:
  void run(std::span<const store_batch> batches, std::vector<commit_outcome>& outcomes);
  template <class Write>
  void apply(const Write& x);

  auto groups() {
    return std::tie(rooms_, events_, inbox_, redactions_, outbox_, commands_, bindings_, users_, invitations_,
                    destinations_, fan_outs_, keys_, transactions_, relations_, switches_, receipts_, audit_);
  }

  connection& db_;
  names& names_;
  std::vector<commit_outcome> last_outcomes_;
  std::uint64_t takes_ = 0; ///< those of the connection that the groups know of
  bool stale_ = true;       ///< the remembered names have to be read again: at the start and after a rollback
  room_writes rooms_;
  event_writes events_;
  inbox_writes inbox_;
  redaction_writes redactions_;
  outbox_writes outbox_;
  command_writes commands_;
  binding_writes bindings_;
  user_writes users_;
  switch_writes switches_;
  relation_writes relations_;
  invitation_writes invitations_;
  destination_writes destinations_;
  fan_out_writes fan_outs_;
  key_writes keys_;
  transaction_writes transactions_;
  receipt_writes receipts_;
  audit_writes audit_;
};

} // namespace causeway::store::sql
