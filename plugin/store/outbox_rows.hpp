#pragma once
#include "messages/store.hpp"
#include "plugin/store/gathered_deliveries.hpp"
#include "plugin/store/table_group.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

/// Durable notifications (tables `streams`, `outbox`, `outbox_marks`, `dead_letters`).
namespace causeway::store::sql {

schema_steps outbox_steps();

struct stream_row {
  std::int64_t head = 0, acknowledged = 0;
};
/// Behind the key `stream`.
struct stream_columns {
  using row = stream_row;
  static void columns(auto& f, auto& x) {
    f.number("head", x.head);
    f.number("acknowledged", x.acknowledged);
  }
};
/// Texts are views: of what is written, or of the row that is read while its cursor stands.
struct notification_row {
  std::string_view name, body;
};
/// Behind the key `key`: stream and cursor, packed (keys.hpp).
struct notification_columns {
  using row = notification_row;
  static void columns(auto& f, auto& x) {
    f.text("name", x.name);
    f.bytes("body", x.body);
  }
};

/// Behind the key `key`, as of the notification. `name` and `body` are copies of it.
struct dead_letter_columns {
  using row = dead_letters_listed::letter;
  static void columns(auto& f, auto& x) {
    f.text("name", x.name);
    f.text("reason", x.reason);
    f.number("length(body)", x.bytes);
    f.number("ts", x.ts);
    f.text("room_id", x.room_id);
    f.text("event_id", x.event_id);
  }
};

/// Within one transaction the head of a stream is written once, at the end, however many batches change it.
class outbox_writes {
public:
  /// @throws error
  explicit outbox_writes(connection& db);
  void apply(const append_outbox& x);
  void apply(const append_delivery& x) { deliveries_.add(x); }
  void apply(const acknowledge_outbox& x);
  /// Keeps a copy of the notification, so it outlives the outbox row, and notifies the chat server of it.
  void apply(const put_dead_letter& x);
  void apply(const retry_dead_letter& x);
  void apply(const drop_dead_letter& x);

  void begin() { static_cast<void>(deliveries_.take()); } // of a transaction that was rolled back
  /// @param outcome  of the batch that comes now; gets its notifications
  void begin_batch(commit_outcome& outcome);
  void flush();
  void taken() { stale_ = true; }
  void rolled_back() { stale_ = true; }

  /// Removes acknowledged notifications. A row has no time of its own; instead the acknowledged cursor is noted now and
  /// then (a mark), and what a mark of `kept_ms` ago covers may go, at most `limit` rows of each stream.
  /// @pre a transaction is under way
  /// @returns rows removed
  std::size_t purge(std::int64_t now_ms, std::int64_t kept_ms, std::size_t limit);
  /// The same of dead letters older than `kept_ms`.
  std::size_t purge_dead_letters(std::int64_t now_ms, std::int64_t kept_ms, std::size_t limit);

private:
  struct stream_head {
    stream_row row;
    bool changed = false;
  };
  void load();
  void drop_surplus_dead_letters();
  std::size_t purge_stream(std::int64_t stream, std::int64_t acknowledged, std::int64_t now_ms, std::int64_t kept_ms,
                           std::size_t limit);

  connection& db_;
  statement select_streams_, put_stream_, insert_;
  statement put_dead_letter_, notification_name_, count_dead_letters_, dead_letter_, drop_dead_letter_;
  statement drop_oldest_dead_letters_;
  bool stale_ = true; ///< `streams_` has to be read again: at the start, when shards were taken and after a rollback
  std::map<std::uint32_t, stream_head> streams_;
  std::int64_t dead_letters_ = 0;     ///< rows there are at most
  gathered_deliveries deliveries_;    ///< of the transaction under way
  commit_outcome* outcome_ = nullptr; ///< of the batch under way
  std::size_t outcome_bytes_ = 0;     ///< of the rows it carries, or would
};

class outbox_reads {
public:
  /// @throws error
  explicit outbox_reads(connection& db);
  answer on(const read_outbox& x);
  answer on(const list_dead_letters& x);
  answer on(const find_notification& x);
  answer on(const load_dead_letter& x);

private:
  statement rows_, stream_, first_, dead_letters_, dead_letter_;
  statement streams_, refusal_;
};

} // namespace causeway::store::sql
