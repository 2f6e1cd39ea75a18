#include "plugin/store/schema.hpp"

#include <sodium.h>

#include <array>

namespace causeway::store::sqlite {
namespace {

// Tables grow at their end: row keys are sequence numbers, or a small number (room, server, stream) in the upper bits with a
// growing one below (keys.hpp), so a commit touches few pages. What has to be found by a random key (event ids, command ids)
// has a table `..._ids` over a keyed hash, which id_index.hpp fills in batches; the full id is compared, so a collision costs a
// comparison and nothing else.
constexpr const char* version_1 = R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE rooms(
  room INTEGER PRIMARY KEY,
  room_id TEXT NOT NULL UNIQUE,
  room_version TEXT NOT NULL,
  known INTEGER NOT NULL DEFAULT 0,
  phase INTEGER NOT NULL DEFAULT 0,
  chat_room_id TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL DEFAULT '',
  federated INTEGER NOT NULL DEFAULT 1,
  forward_extremities BLOB NOT NULL DEFAULT x'90',
  state_group INTEGER NOT NULL DEFAULT 0,
  last_position INTEGER NOT NULL DEFAULT 0,
  first_position INTEGER NOT NULL DEFAULT 0,
  last_state_group INTEGER NOT NULL DEFAULT 0,
  history_from TEXT NOT NULL DEFAULT '',
  events INTEGER NOT NULL DEFAULT 0);

CREATE TABLE events(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  judged INTEGER NOT NULL,
  for_auth INTEGER NOT NULL,
  state_group_before INTEGER NOT NULL,
  state_group_after INTEGER NOT NULL,
  position INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  origin_server_ts INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  json TEXT NOT NULL);
CREATE TABLE events_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;
CREATE INDEX events_for_auth ON events(room) WHERE for_auth = 1;

CREATE TABLE state_groups(key INTEGER PRIMARY KEY, base INTEGER NOT NULL, entries BLOB NOT NULL);

CREATE TABLE streams(stream INTEGER PRIMARY KEY, head INTEGER NOT NULL, acknowledged INTEGER NOT NULL);
CREATE TABLE outbox(key INTEGER PRIMARY KEY, name TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE outbox_marks(
  stream INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL,
  PRIMARY KEY(stream, ts)) WITHOUT ROWID;
CREATE TABLE dead_letters(key INTEGER PRIMARY KEY, reason TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL);

CREATE TABLE servers(server INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE destinations(
  server INTEGER PRIMARY KEY,
  transaction_id TEXT NOT NULL,
  transaction_ts INTEGER NOT NULL,
  transaction_pdus BLOB NOT NULL,
  transaction_edus BLOB NOT NULL,
  failures INTEGER NOT NULL,
  first_failure_ts INTEGER NOT NULL,
  retry_at_ts INTEGER NOT NULL,
  last_fault TEXT NOT NULL);
CREATE TABLE destination_pdus(key INTEGER PRIMARY KEY, server INTEGER, event INTEGER);
CREATE INDEX destination_pdus_out_of_order ON destination_pdus(server, event) WHERE event IS NOT NULL;
CREATE TABLE server_keys(server INTEGER PRIMARY KEY, keys BLOB NOT NULL, fetched_ts INTEGER NOT NULL);

CREATE TABLE inbox(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  pdu TEXT NOT NULL,
  received_ts INTEGER NOT NULL,
  UNIQUE(room, event_id));
CREATE TABLE received_transactions(
  seq INTEGER PRIMARY KEY,
  server INTEGER NOT NULL,
  transaction_id TEXT NOT NULL,
  response TEXT NOT NULL,
  ts INTEGER NOT NULL,
  UNIQUE(server, transaction_id));
CREATE TABLE command_results(
  seq INTEGER PRIMARY KEY,
  command_id TEXT NOT NULL,
  command_name TEXT NOT NULL,
  succeeded INTEGER NOT NULL,
  body BLOB NOT NULL,
  ts INTEGER NOT NULL);
CREATE TABLE commands_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;

CREATE TABLE invitations(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  room_version TEXT NOT NULL,
  inviter TEXT NOT NULL,
  direction TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  event TEXT NOT NULL,
  invite_room_state TEXT NOT NULL,
  chat_room_id TEXT NOT NULL,
  type TEXT NOT NULL,
  since_ts INTEGER NOT NULL,
  deadline_ts INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  retry_at_ts INTEGER NOT NULL,
  pending_request TEXT NOT NULL,
  UNIQUE(room, user_id));
CREATE INDEX invitations_by_user ON invitations(user_id);

CREATE TABLE bindings(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  chat_message_id TEXT NOT NULL);
CREATE TABLE binding_events_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;
CREATE TABLE binding_chats_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;

CREATE TABLE users(
  seq INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL UNIQUE,
  chat_name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  avatar_url TEXT NOT NULL);
)";

constexpr const char* version_2 = R"(
ALTER TABLE rooms ADD COLUMN listing TEXT NOT NULL DEFAULT '';
ALTER TABLE server_keys ADD COLUMN document TEXT NOT NULL DEFAULT '';
)";

constexpr const char* version_3 = R"(
ALTER TABLE rooms ADD COLUMN members_omitted TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN redacted_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE invitations ADD COLUMN via TEXT NOT NULL DEFAULT '';
CREATE TABLE held_redactions(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  redaction_event_id TEXT NOT NULL,
  target_event_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  by_power INTEGER NOT NULL,
  looked_up INTEGER NOT NULL,
  UNIQUE(room, redaction_event_id));
CREATE INDEX held_redactions_new ON held_redactions(room) WHERE looked_up = 0;
)";

// Copies of an event are kept by the server they came from, until one of them is verified.
constexpr const char* version_4 = R"(
ALTER TABLE inbox RENAME TO inbox_3;
CREATE TABLE inbox(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  pdu TEXT NOT NULL,
  received_ts INTEGER NOT NULL,
  UNIQUE(room, event_id, origin));
INSERT INTO inbox SELECT * FROM inbox_3;
DROP TABLE inbox_3;
)";

constexpr const char* version_5 = R"(
CREATE INDEX rooms_by_chat_id ON rooms(chat_room_id) WHERE chat_room_id <> '';
)";

// The key is the server in the upper bits and a count below: the highest count of a server is how many events it ever refused.
constexpr const char* version_6 = R"(
CREATE TABLE refused_pdus(
  key INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL,
  room_id TEXT NOT NULL,
  type TEXT NOT NULL,
  reason TEXT NOT NULL,
  ts INTEGER NOT NULL);
)";

constexpr const char* version_7 = R"(
ALTER TABLE invitations ADD COLUMN last_fault TEXT NOT NULL DEFAULT '';
)";

/// Step i leads from version i to version i + 1.
constexpr std::array migrations{version_1, version_2, version_3, version_4, version_5, version_6, version_7};
static_assert(migrations.size() == schema_version);

void create_hash_key(connection& db) {
  std::string key(crypto_shorthash_KEYBYTES, '\0');
  randombytes_buf(key.data(), key.size());
  statement{db, "INSERT INTO meta(name, value) VALUES('id_hash_key', ?1), ('id_hash_bits', 47)"}.run(blob{key});
}

} // namespace

status prepare_schema(connection& db) {
  std::int64_t version = db.integer("PRAGMA user_version");
  std::int64_t owner = db.integer("PRAGMA application_id");
  bool fresh = db.integer("SELECT count(*) FROM sqlite_schema") == 0 && version == 0 && owner == 0;
  if (!fresh && owner != application_id)
    return fault{fault_code::store_failed, "the file is a database of another program; choose another store.path"};
  if (version > schema_version)
    return fault{fault_code::store_failed, "the store has schema version " + std::to_string(version) +
                                             ", this build knows up to " + std::to_string(schema_version) +
                                             ": install the newer Causeway again or restore a backup"};
  if (version == schema_version) return ok();
  transaction all{db, transaction::kind::write};
  for (auto step = static_cast<std::size_t>(version); step < migrations.size(); ++step) {
    db.execute(migrations[step]);
    if (step == 0) create_hash_key(db);
  }
  db.execute("PRAGMA application_id = " + std::to_string(application_id));
  db.execute("PRAGMA user_version = " + std::to_string(schema_version));
  all.commit();
  return ok();
}

} // namespace causeway::store::sqlite
