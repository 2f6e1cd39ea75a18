#pragma once
#include "plugin/store/id_index.hpp"
#include "plugin/store/keys.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace causeway::store::sql {

/// Of the tables `meta` and `servers`. The table of rooms is that of room_rows.hpp.
schema_steps name_steps();

/// The hash of ids in this store. @throws error
id_hasher read_hasher(connection& db);

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view x) const { return std::hash<std::string_view>{}(x); }
};

/// Room ids, server names and event ids as the small numbers that rows use; remembers what it looked up.
/// Of one connection. 0 stands for unknown.
class names {
public:
  /// @throws error
  names(connection& db, const all_recent_ids& recent);

  std::int64_t find_room(std::string_view room_id);
  std::int64_t find_server(std::string_view name);
  /// Number of an event of that room; of any room for 0.
  std::int64_t find_event(std::string_view event_id, std::int64_t room = 0);

  bool remembers_server(std::string_view name) const { return servers_.contains(name); }

  /// The same, and a row is made when there is none. Where another node was quicker to make it, its number is read.
  std::int64_t room(std::string_view room_id, std::string_view room_version);
  std::int64_t server(std::string_view name);
  /// Notes an event just inserted.
  void learn_event(std::string_view event_id, std::int64_t room, std::int64_t seq);

  std::int64_t hash(std::string_view id) const { return hash_(id); }
  auto hasher() const {
    return [this](std::string_view id) { return hash(id); };
  }
  /// See id_index::refresh.
  void refresh();
  /// Forgets everything remembered: after a rollback some of it is no longer true.
  void forget();

  id_index events, commands, binding_events, binding_chats;

private:
  using number_map = std::unordered_map<std::string, std::int64_t, text_hash, std::equal_to<>>;
  struct recent_event {
    std::string event_id;
    std::int64_t room = 0, seq = 0;
  };
  std::int64_t find(number_map& known, statement& select, std::string_view name);
  std::int64_t learn(number_map& known, std::string_view name, std::int64_t made, statement& select);

  id_hasher hash_;
  number_map rooms_, servers_;
  std::vector<recent_event>
    recent_; ///< direct-mapped by hash: an event is queued and acknowledged soon after it was stored
  statement select_room_, insert_room_, select_server_, insert_server_, select_event_;
};

} // namespace causeway::store::sql
