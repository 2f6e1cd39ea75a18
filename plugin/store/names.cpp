#include "plugin/store/names.hpp"

#include <sodium.h>

#include <algorithm>

namespace causeway::store {

std::int64_t id_hasher::operator()(std::string_view id) const {
  std::array<unsigned char, crypto_shorthash_BYTES> out{};
  crypto_shorthash(out.data(), reinterpret_cast<const unsigned char*>(id.data()), id.size(), key.data());
  std::uint64_t number = 0;
  for (unsigned char byte : out) number = number << 8 | byte;
  return static_cast<std::int64_t>(number & ((std::uint64_t{1} << bits) - 1));
}

namespace sql {
namespace {

/// Nobody outside knows it, so nobody can prepare ids that collide.
void create_hash_key(connection& db) {
  std::string key(crypto_shorthash_KEYBYTES, '\0');
  randombytes_buf(key.data(), key.size());
  statement{db, "INSERT INTO meta(name, value) VALUES('id_hash_key', ?1), ('id_hash_bits', ?2)"}.run(
    blob{key}, std::string_view{"47"});
}

constexpr schema_step steps_of_names[] = {{1, R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE servers(server INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
)",
                                           &create_hash_key}};

/// Names remembered per kind before they are forgotten and looked up anew.
constexpr std::size_t names_max = 262'144;
constexpr std::size_t recent_events = 8'192;

/// The number that a new row has got; 0: there is one of that name already. @throws error
std::int64_t number_of(cursor rows) {
  if (!rows.next()) return 0;
  const auto number = rows.integer(0);
  while (rows.next()) {}
  return number;
}

} // namespace

schema_steps name_steps() { return steps_of_names; }

id_hasher read_hasher(connection& db) {
  id_hasher hasher;
  statement select{db, "SELECT value FROM meta WHERE name = ?1"};
  {
    auto rows = select.query("id_hash_key");
    if (!rows.next() || rows.text(0).size() != hasher.key.size())
      throw error{failure::damage, "meta.id_hash_key is missing"};
    std::ranges::copy(rows.text(0), hasher.key.begin());
  }
  auto rows = select.query("id_hash_bits");
  if (rows.next()) hasher.bits = static_cast<int>(std::clamp<std::int64_t>(rows.integer(0), 1, 63));
  return hasher;
}

names::names(connection& db, const all_recent_ids& recent)
    : events(db, events_by_id, recent.events), commands(db, commands_by_id, recent.commands),
      binding_events(db, bindings_by_event, recent.binding_events),
      binding_chats(db, bindings_by_chat, recent.binding_chats), hash_(read_hasher(db)), recent_(recent_events),
      select_room_(db, "SELECT room FROM rooms WHERE room_id = ?1"),
      insert_room_(db, "INSERT INTO rooms(room_id, room_version) VALUES(?1, ?2)"
                       " ON CONFLICT(room_id) DO NOTHING RETURNING room"),
      select_server_(db, "SELECT server FROM servers WHERE name = ?1"),
      insert_server_(db, "INSERT INTO servers(name) VALUES(?1) ON CONFLICT(name) DO NOTHING RETURNING server"),
      select_event_(db, "SELECT event_id, room FROM events WHERE seq = ?1") {}

std::int64_t names::find(number_map& known, statement& select, std::string_view name) {
  if (auto at = known.find(name); at != known.end()) return at->second;
  auto rows = select.query(name);
  if (!rows.next()) return 0;
  if (known.size() >= names_max) known.clear();
  return known.emplace(name, rows.integer(0)).first->second;
}

std::int64_t names::find_room(std::string_view room_id) { return find(rooms_, select_room_, room_id); }
std::int64_t names::find_server(std::string_view name) { return find(servers_, select_server_, name); }

std::int64_t names::find_event(std::string_view event_id, std::int64_t room) {
  std::int64_t hashed = hash_(event_id);
  auto& recent = recent_[static_cast<std::uint64_t>(hashed) % recent_.size()];
  if (recent.event_id == event_id && (room == 0 || recent.room == room) && recent.seq != 0) return recent.seq;
  for (auto seq : events.rows(hashed)) {
    auto row = select_event_.query(seq);
    if (row.next() && row.text(0) == event_id && (room == 0 || row.integer(1) == room)) return seq;
  }
  return 0;
}

std::int64_t names::learn(number_map& known, std::string_view name, std::int64_t made, statement& select) {
  if (made != 0) return known.emplace(name, made).first->second;
  if (const auto theirs = find(known, select, name)) return theirs;
  throw error{failure::machine, "a name that another node has written is gone again"};
}

std::int64_t names::room(std::string_view room_id, std::string_view room_version) {
  if (auto known = find_room(room_id)) return known;
  return learn(rooms_, room_id, number_of(insert_room_.query(room_id, room_version)), select_room_);
}

std::int64_t names::server(std::string_view name) {
  if (auto known = find_server(name)) return known;
  return learn(servers_, name, number_of(insert_server_.query(name)), select_server_);
}

void names::learn_event(std::string_view event_id, std::int64_t room, std::int64_t seq) {
  auto& recent = recent_[static_cast<std::uint64_t>(hash_(event_id)) % recent_.size()];
  recent.event_id.assign(event_id);
  recent.room = room;
  recent.seq = seq;
}

void names::refresh() {
  for (auto* index : {&events, &commands, &binding_events, &binding_chats}) index->refresh();
}

void names::forget() {
  rooms_.clear();
  servers_.clear();
  std::ranges::fill(recent_, recent_event{});
}

} // namespace sql
} // namespace causeway::store
