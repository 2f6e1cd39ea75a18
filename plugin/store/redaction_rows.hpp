#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Redactions that are accepted and not yet applied (table `held_redactions`). What is applied stands with the event.
namespace causeway::store::sql {

class binding_reads;
class event_reads;
class relation_reads;

schema_steps redaction_steps();

/// Behind the key `room, redaction_event_id`.
struct held_redaction_columns {
  using row = hold_redaction;
  static void columns(auto& f, auto& x) {
    f.text("target_event_id", x.target_event_id);
    f.text("sender", x.sender);
    f.number("by_power", x.by_power);
    f.number("looked_up", x.looked_up);
  }
};

class redaction_writes {
public:
  /// @throws error
  redaction_writes(connection& db, names& known);
  /// Of one that is held already only `looked_up` changes.
  void apply(const hold_redaction& x);
  void apply(const drop_held_redaction& x);

private:
  names& names_;
  statement hold_, drop_;
};

class redaction_reads {
public:
  struct parts {
    event_reads& events;
    binding_reads& bindings;
    relation_reads& relations;
  };
  /// @throws error
  redaction_reads(connection& db, names& known, const parts& with);
  answer on(const load_redaction& x);
  /// Oldest first.
  std::vector<hold_redaction> held_in(std::int64_t room, const std::string& room_id);

private:
  names& names_;
  parts with_;
  statement of_room_;
};

} // namespace causeway::store::sql
