#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Rooms (table `rooms`): the head of each, and its names. A row of it is made when its room id is first met
/// (names.hpp), long before the room is known.
namespace causeway::store::sql {

class event_reads;
class fan_out_reads;
class inbox_reads;
class invitation_reads;
class redaction_reads;
class relation_reads;

schema_steps room_steps();

/// What each head replaces. The version and the chat server's id are apart: an empty one leaves what is there.
struct room_head_columns {
  using row = put_room;
  static void columns(auto& f, auto& x) {
    f.number("phase", x.phase);
    f.optional_word("type", x.type, chat::find_room_type);
    f.number("federated", x.federated);
    f.list("forward_extremities", x.forward_extremities);
    f.number("state_group", x.state_group);
    f.number("last_position", x.last_position);
    f.number("first_position", x.first_position);
    f.number("last_state_group", x.last_state_group);
    f.list("history_from", x.history_from);
    f.text("members_omitted", x.members_omitted); // a document of the room actor
    f.text("successor", x.successor);
    f.text("succession", x.succession); // a document of the room actor
    f.text("refounded_from", x.refounded_from);
    f.text("refounded_as", x.refounded_as);
    f.text("founding", x.founding); // an event as it is sent
  }
};

/// Within one transaction the head of a room is written once, at the end, however many batches change it.
class room_writes {
public:
  /// @throws error
  room_writes(connection& db, names& known);
  void apply(const put_room& x);
  void apply(const put_room_listing& x);
  void apply(const bind_room& x);

  /// An event of the room was written.
  void event_written(std::int64_t room, std::string_view room_version, bool is_new);

  void begin() { changes_.clear(); }
  void flush();

private:
  struct change {
    const put_room* head = nullptr; ///< the last one; null: only events were added
    std::string_view room_version;
    std::int64_t new_events = 0;
  };

  names& names_;
  statement update_, count_events_, bind_, put_listing_;
  std::unordered_map<std::int64_t, change> changes_; ///< of the transaction under way
};

class room_reads {
public:
  /// What a room is loaded with besides its own row.
  struct parts {
    event_reads& events;
    inbox_reads& inbox;
    redaction_reads& redactions;
    invitation_reads& invitations;
    relation_reads& relations;
    fan_out_reads& fan_outs;
  };
  /// @throws error
  room_reads(connection& db, names& known, const parts& with);
  answer on(const load_room& x);
  answer on(const list_rooms& x);
  answer on(const find_shared_rooms& x);

  /// What the chat server calls it; empty: nothing.
  std::string chat_room_id(const std::string& room_id);
  std::vector<directory_loaded::room> directory();
  /// Ids of those that are more than a name.
  std::vector<std::string> known();

private:
  names& names_;
  parts with_;
  statement head_, chat_room_id_, all_, named_, directory_, known_, shared_;
};

} // namespace causeway::store::sql
