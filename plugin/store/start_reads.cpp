#include "plugin/store/start_reads.hpp"

#include "plugin/store/destination_rows.hpp"
#include "plugin/store/invitation_rows.hpp"
#include "plugin/store/key_rows.hpp"
#include "plugin/store/room_rows.hpp"
#include "plugin/store/switch_rows.hpp"
#include "plugin/store/user_rows.hpp"

namespace causeway::store::sql {

answer start_reads::on(const load_directory&) {
  directory_loaded loaded;
  loaded.rooms = with_.rooms.directory();
  loaded.destinations_owed = with_.destinations.owed();
  loaded.invitations_pending = with_.invitations.pending();
  loaded.users = with_.users.all();
  loaded.switches = with_.switches.all();
  return loaded;
}

answer start_reads::on(const load_known& x) {
  known_loaded loaded;
  loaded.rooms = with_.rooms.known();
  loaded.servers = with_.keys.servers(x.servers_max);
  loaded.invitations = with_.invitations.known();
  const auto is_of_others = [&](const std::string& name) { return !x.shards.has(shard_of(name)); };
  std::erase_if(loaded.rooms, is_of_others);
  std::erase_if(loaded.servers, is_of_others);
  std::erase_if(loaded.invitations, [&](const auto& one) { return is_of_others(one.first); });
  loaded.switches = with_.switches.all();
  return loaded;
}

} // namespace causeway::store::sql
