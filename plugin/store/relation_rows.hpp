#pragma once
#include "messages/store.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Edits and reactions by what they relate to (table `relations`). Their texts stand with their events.
namespace causeway::store::sql {

class binding_reads;
class event_reads;

schema_steps relation_steps();

/// Behind the keys `room` and `event_id`.
struct relation_columns {
  using row = put_relation;
  static void columns(auto& f, auto& x) {
    f.text("target_event_id", x.target_event_id);
    f.text("rel_type", x.rel_type);
    f.text("sender", x.sender);
    f.text("key", x.key);
    f.number("ts", x.ts);
    f.number("standing", x.standing);
    f.number("historical", x.historical);
  }
};

class relation_writes {
public:
  /// @throws error
  relation_writes(connection& db, names& known);
  void apply(const put_relation& x);
  void apply(const remove_relation& x);
  void apply(const remove_relations_to& x);

private:
  names& names_;
  statement put_, remove_, remove_to_;
};

class relation_reads {
public:
  /// @throws error
  relation_reads(connection& db, names& known, event_reads& events, binding_reads& bindings);
  answer on(const load_relations& x);
  /// That of an event; nothing: it is neither an edit nor a reaction.
  std::optional<put_relation> of(std::int64_t room, const std::string& room_id, const std::string& event_id);
  /// Those that wait or are taken back, oldest first.
  std::vector<put_relation> open_in(std::int64_t room, const std::string& room_id);

private:
  names& names_;
  event_reads& events_;
  binding_reads& bindings_;
  statement one_, open_, latest_edits_, reaction_;
};

} // namespace causeway::store::sql
