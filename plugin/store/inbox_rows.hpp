#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Staged PDUs (table `inbox`). Copies of an event are kept by the server they came from, until one of them is
/// verified.
namespace causeway::store::sql {

schema_steps inbox_steps();

/// Behind the key `room, event_id, origin`.
struct inbox_columns {
  using row = put_inbox;
  static void columns(auto& f, auto& x) {
    f.text("pdu", x.pdu);
    f.number("received_ts", x.received_ts);
  }
};

class inbox_writes {
public:
  /// @throws error
  inbox_writes(connection& db, names& known);
  void apply(const put_inbox& x);
  void apply(const remove_inbox& x);

private:
  names& names_;
  statement put_, delete_;
};

class inbox_reads {
public:
  /// @throws error
  explicit inbox_reads(connection& db);
  answer on(const find_staged& x);
  /// In the order they came.
  std::vector<put_inbox> of_room(std::int64_t room, const std::string& room_id);
  answer on(const list_staged& x);

private:
  staged_listed of_all(std::size_t limit);
  staged_listed with_text(const std::string& text, std::size_t limit);

  statement of_room_, of_event_, of_origin_, count_of_origin_, of_all_, count_of_all_, with_text_;
};

} // namespace causeway::store::sql
