#pragma once
#include "messages/store.hpp"
#include "plugin/store/gathered_deliveries.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/sqlite.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace causeway::store::sqlite {

/// Turns writes into rows. Within one transaction the head of a room and of a stream is written once, at the end, however
/// many batches change it.
class writer {
public:
  /// @throws error
  /// @param recent  filled with what the indexes on disk do not have yet
  writer(connection& db, names& known, const all_recent_ids& recent);

  /// See engine::commit. Never throws.
  result<std::vector<commit_outcome>> commit(std::span<const store_batch> batches);

  /// Removes the oldest results of commands from before `before_ts`, at most `rows_max`; a transaction of its own. Among them what is dated after
  /// `now_ts` is dated so.
  /// @throws error
  std::size_t purge_commands(std::int64_t before_ts, std::int64_t now_ts, std::size_t rows_max);

private:
  struct stream_head {
    std::int64_t head = 0, acknowledged = 0;
    bool changed = false;
  };
  struct room_change {
    const put_room* head = nullptr; ///< the last one; null: only events were added
    std::string_view room_version;
    std::int64_t new_events = 0;
  };

  std::vector<commit_outcome> run(std::span<const store_batch> batches);
  void reload();
  void flush();

  void apply(const put_event& x);
  void apply(const put_state_group& x);
  void apply(const put_room& x);
  void apply(const append_outbox& x);
  void apply(const append_delivery& x);
  void apply(const acknowledge_outbox& x);
  void apply(const put_dead_letter& x);
  void apply(const queue_pdu& x);
  void apply(const remove_destination_pdus& x);
  void apply(const put_destination& x);
  void apply(const put_inbox& x);
  void apply(const remove_inbox& x);
  void apply(const put_received_transaction& x);
  void apply(const put_command_result& x);
  void apply(const put_invitation& x);
  void apply(const put_refused_pdu& x);
  void apply(const bind_message& x);
  void apply(const bind_room& x);
  void apply(const put_user& x);
  void apply(const put_server_keys& x);
  void apply(const put_room_listing& x);
  void apply(const redact_event& x);
  void apply(const restore_event& x);
  void apply(const hold_redaction& x);
  void apply(const drop_held_redaction& x);

  std::int64_t& last_queued(std::int64_t server);

  std::array<id_merger*, 4> mergers() { return {&events_, &commands_, &binding_events_, &binding_chats_}; }

  connection& db_;
  names& names_;
  id_merger events_, commands_, binding_events_, binding_chats_;
  bool stale_ = true; ///< what is remembered has to be read again: at the start and after a rollback
  std::map<std::uint32_t, stream_head> streams_;
  std::unordered_map<std::int64_t, std::int64_t> last_queued_; ///< server -> highest order given in its queue
  std::unordered_map<std::int64_t, room_change> rooms_;        ///< of the transaction under way
  gathered_deliveries deliveries_;                             ///< of the transaction under way
  commit_outcome* outcome_ = nullptr;                          ///< of the batch under way
  std::size_t outcome_bytes_ = 0;                              ///< of the rows it carries, or would

  statement select_streams_, put_stream_;
  statement insert_event_, update_event_, update_room_, count_events_;
  statement put_state_group_, has_state_group_;
  statement insert_outbox_, put_dead_letter_;
  statement select_last_queued_, is_queued_, insert_queued_, insert_queued_out_of_order_, delete_queued_,
    delete_queued_out_of_order_;
  statement put_destination_, last_refused_, insert_refused_, delete_refused_, put_inbox_, delete_inbox_,
    put_received_transaction_;
  statement command_id_, insert_command_, put_invitation_;
  statement select_binding_, insert_binding_, clear_binding_, put_user_, put_server_keys_, bind_room_,
    put_room_listing_;
  statement redact_event_, restore_event_, hold_redaction_, drop_held_redaction_;
};

} // namespace causeway::store::sqlite
