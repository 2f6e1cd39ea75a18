#pragma once
#include "actors/context.hpp"
#include "actors/room/roles.hpp"
#include "actors/room/room_graph.hpp"
#include "actors/room_type.hpp"
#include "messages/fault.hpp"
#include "messages/store.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// What is true of a room: the row of it, its graph, and what follows from them. All components read it. Only
/// event_writer changes it.
struct room_state {
  room_state(const context& node, std::string room_id);

  const context& node;
  const std::string id;
  bool exists = false;       ///< we were in it once: there is a row of it
  store::put_room head;      ///< that row
  bool head_changed = false; ///< it is to be written
  room_graph graph;
  std::set<std::string>
    servers_of_omitted; ///< in the room where its members are not all known: those that the join's answer named

  /// Whether one of ours is joined.
  bool takes_part() const { return exists && head.phase == store::room_phase::joined; }
  /// Forgets all; the room is as before its first event.
  void clear();

  chat::room_type type() const { return head.type.value_or(chat::room_type::channel); }
  /// Whether it is a direct message, between two or more.
  bool is_direct() const { return head.type == chat::room_type::dm || head.type == chat::room_type::group_dm; }
  /// By the current state, as far as its members are known.
  /// @param is_direct  one of ours was invited to a direct message
  room_traits traits(bool is_direct) const;
  /// Value of a text in the content of a state event without state key; empty: there is none.
  std::string text(std::string_view type, std::string_view key) const;

  /// Servers with a joined member, as far as they are known.
  std::vector<std::string> servers() const;
  bool has_server(std::string_view server) const;
  /// Joined users of ours, sorted: all that differ in what they may do. Of those whom neither the power levels nor the
  /// create event names one is enough, however many there are.
  std::vector<std::string> local_speakers() const;
  /// What its levels make of people; leaders there are where one of ours has made the room.
  role_scale roles() const { return {graph.create().get(), graph.state_event("m.room.power_levels").get(), is_ours()}; }
  bool is_ours() const { return graph.create() && node.is_local(graph.create()->sender); }
  /// @returns fault server_denied
  status acl_admits(std::string_view server) const;
};

} // namespace causeway::room
