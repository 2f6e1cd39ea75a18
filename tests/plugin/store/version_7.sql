-- A store of schema version 7, as the program of that time wrote and sqlite3 dumped it. See store_of_version_7_is_read in sqlite_engine.cpp.
PRAGMA application_id = 1129791833;
PRAGMA user_version = 7;
BEGIN TRANSACTION;
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES('id_hash_bits',47);
INSERT INTO meta VALUES('id_hash_key',X'c8749800d9c59b429f334c40c215996e');
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
  events INTEGER NOT NULL DEFAULT 0, listing TEXT NOT NULL DEFAULT '', members_omitted TEXT NOT NULL DEFAULT '');
INSERT INTO rooms VALUES(1,'!room:here.example','11',1,0,'GENERAL','channel',1,X'91d92c246d506d6f7937787838597159513154636f70652d4144325f53693032506336676955357535446f44507263',1,3,-2,1,'$older $oldest',3,'{"name":"General"}','{"join":"$join","servers":["there.example"]}');
INSERT INTO rooms VALUES(2,'!quiet:here.example','11',1,0,'','',1,X'90',0,0,0,0,'',0,'','');
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
  json TEXT NOT NULL, redacted_by INTEGER NOT NULL DEFAULT 0);
INSERT INTO events VALUES(1,1,0,0,0,0,1,1,1700000000000,'$wFa5NtTJdbrKDuEvjaxfq9ZTZXXFBmOl-sHRRKd9cUY','','{"auth_events":[],"content":{"body":"message 1","msgtype":"m.text"},"depth":1,"hashes":{"sha256":"q6Ibd2AvDmAxRCAY5MOyFBO3NuvDLPOgQze9bKL0pFo"},"origin_server_ts":1700000000000,"prev_events":[],"room_id":"!room:here.example","sender":"@alice:here.example","signatures":{"here.example":{"ed25519:_sFChn":"n9fusRI1fhJb3eKap/HUUX8a1Zr1QE1QCL/MZ1fzs2VJf6utQPZarsdSZINBUOSlBfigbjBLalE4HQoE7SBgBQ"}},"type":"m.room.message"}',0);
INSERT INTO events VALUES(2,1,0,1,0,1,2,1,1700000000000,'$Du5IQb0RFtH3yx0B3RpmN6rpLEcVuOfMg_bEGVjCPO4','','{"auth_events":[],"content":{"body":"hello","msgtype":"m.text"},"depth":1,"hashes":{"sha256":"kHr5xn1q1vDMJAb7QbplADvEkwv1IidO9w4QSNxDK0I"},"origin_server_ts":1700000000000,"prev_events":[],"room_id":"!room:here.example","sender":"@alice:here.example","signatures":{"here.example":{"ed25519:_sFChn":"U6K7cj3vfpfxCI+fB26UPQGVtRAvf0T+F3DunzSuBmCcJ1tlNi2HRGEJm+Pe7mx8MmXmzK/6wmUuBxcQ6j3VDg"}},"state_key":"","type":"m.room.topic"}',0);
INSERT INTO events VALUES(3,1,0,0,1,1,3,2,1700000000000,'$mPmoy7xx8YqYQ1Tcope-AD2_Si02Pc6giU5u5DoDPrc','','{"auth_events":[],"content":{"body":"message 2","msgtype":"m.text"},"depth":2,"hashes":{"sha256":"U5gKsaEhEZ4BYupRPI3agqAcjsutf8FE58wXNV2PTGg"},"origin_server_ts":1700000000000,"prev_events":[],"room_id":"!room:here.example","sender":"@alice:here.example","signatures":{"here.example":{"ed25519:_sFChn":"ngEgn7IEk2p/lt4ohixXTzfRFEWmgRRvV+ube7QIhD9lioH8+bI6i3QDUu/6VMfmoQtShTcQE8vhj4kIeiQMAA"}},"type":"m.room.message"}',0);
CREATE TABLE events_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;
CREATE TABLE state_groups(key INTEGER PRIMARY KEY, base INTEGER NOT NULL, entries BLOB NOT NULL);
INSERT INTO state_groups VALUES(1099511627777,0,X'93ac6d2e726f6f6d2e746f706963a0d92c24447535495162305246744833797830423352706d4e3672704c456356754f664d675f624547566a43504f34');
CREATE TABLE streams(stream INTEGER PRIMARY KEY, head INTEGER NOT NULL, acknowledged INTEGER NOT NULL);
INSERT INTO streams VALUES(0,1,1);
INSERT INTO streams VALUES(3,1,0);
CREATE TABLE outbox(key INTEGER PRIMARY KEY, name TEXT NOT NULL, body BLOB NOT NULL);
INSERT INTO outbox VALUES(1,'message.received',X'626f6479');
INSERT INTO outbox VALUES(3298534883329,'n',X'62');
CREATE TABLE outbox_marks(
  stream INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL,
  PRIMARY KEY(stream, ts)) WITHOUT ROWID;
CREATE TABLE dead_letters(key INTEGER PRIMARY KEY, reason TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL);
INSERT INTO dead_letters VALUES(1,'refused','message.received',X'626f6479');
CREATE TABLE servers(server INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO servers VALUES(1,'there.example');
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
INSERT INTO destinations VALUES(1,'txn7',1234,X'91d92c24774661354e74544a6462724b447545766a61786671395a545a585846426d4f6c2d734852524b6439635559',X'91b77b226564755f74797065223a226d2e747970696e67227d',5,99,1999,'peer_timeout');
CREATE TABLE destination_pdus(key INTEGER PRIMARY KEY, server INTEGER, event INTEGER);
INSERT INTO destination_pdus VALUES(1099511627779,NULL,NULL);
INSERT INTO destination_pdus VALUES(1099511627780,1,1);
CREATE TABLE server_keys(server INTEGER PRIMARY KEY, keys BLOB NOT NULL, fetched_ts INTEGER NOT NULL, document TEXT NOT NULL DEFAULT '');
INSERT INTO server_keys VALUES(1,X'81a9656432353531393a6194a441414141cd1388c292a4424242420a',77,'[]');
CREATE TABLE received_transactions(
  seq INTEGER PRIMARY KEY,
  server INTEGER NOT NULL,
  transaction_id TEXT NOT NULL,
  response TEXT NOT NULL,
  ts INTEGER NOT NULL,
  UNIQUE(server, transaction_id));
INSERT INTO received_transactions VALUES(1,1,'1','{"pdus":{}}',5);
CREATE TABLE command_results(
  seq INTEGER PRIMARY KEY,
  command_id TEXT NOT NULL,
  command_name TEXT NOT NULL,
  succeeded INTEGER NOT NULL,
  body BLOB NOT NULL,
  ts INTEGER NOT NULL);
INSERT INTO command_results VALUES(1,'c1','message.send',1,X'646f6e65',55);
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
  pending_request TEXT NOT NULL, via TEXT NOT NULL DEFAULT '', last_fault TEXT NOT NULL DEFAULT '',
  UNIQUE(room, user_id));
INSERT INTO invitations VALUES(1,1,'@open:x','11','@alice:here.example','outgoing','pending','because','{"type":"m.room.member"}','[{"type":"m.room.name"}]','DM1','dm',10,200,3,400,'','','peer_unreachable: refused');
INSERT INTO invitations VALUES(2,1,'@unsettled:x','11','@alice:here.example','outgoing','rejected','because','{"type":"m.room.member"}','[{"type":"m.room.name"}]','DM1','dm',20,200,3,400,'leave','','peer_unreachable: refused');
INSERT INTO invitations VALUES(3,1,'@over:x','11','@alice:here.example','outgoing','accepted','because','{"type":"m.room.member"}','[{"type":"m.room.name"}]','DM1','dm',30,200,3,400,'','','peer_unreachable: refused');
INSERT INTO invitations VALUES(4,1,'@unconfirmed:x','11','@alice:here.example','outgoing','revoked_unconfirmed','because','{"type":"m.room.member"}','[{"type":"m.room.name"}]','DM1','dm',40,200,3,400,'','','peer_unreachable: refused');
INSERT INTO invitations VALUES(5,1,'@knocks:here.example','11','@alice:here.example','knock','sending','because','{"type":"m.room.member"}','[{"type":"m.room.name"}]','DM1','dm',50,200,3,400,'knock','there.example other.example','peer_unreachable: refused');
CREATE TABLE bindings(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  chat_message_id TEXT NOT NULL);
INSERT INTO bindings VALUES(1,1,'$wFa5NtTJdbrKDuEvjaxfq9ZTZXXFBmOl-sHRRKd9cUY','m1');
CREATE TABLE binding_events_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;
CREATE TABLE binding_chats_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;
CREATE TABLE users(
  seq INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL UNIQUE,
  chat_name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  avatar_url TEXT NOT NULL);
INSERT INTO users VALUES(1,'@u:here.example','u','You','mxc://x/1');
CREATE TABLE held_redactions(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  redaction_event_id TEXT NOT NULL,
  target_event_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  by_power INTEGER NOT NULL,
  looked_up INTEGER NOT NULL,
  UNIQUE(room, redaction_event_id));
INSERT INTO held_redactions VALUES(1,1,'$redaction','$target','@a:x',1,0);
CREATE TABLE inbox(
  seq INTEGER PRIMARY KEY,
  room INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  pdu TEXT NOT NULL,
  received_ts INTEGER NOT NULL,
  UNIQUE(room, event_id, origin));
INSERT INTO inbox VALUES(1,1,'$staged','there.example','{"n":1}',10);
CREATE TABLE refused_pdus(
  key INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL,
  room_id TEXT NOT NULL,
  type TEXT NOT NULL,
  reason TEXT NOT NULL,
  ts INTEGER NOT NULL);
INSERT INTO refused_pdus VALUES(1099511627777,'$refused','!room:here.example','m.room.message','HTTP 400',12);
CREATE INDEX events_for_auth ON events(room) WHERE for_auth = 1;
CREATE INDEX destination_pdus_out_of_order ON destination_pdus(server, event) WHERE event IS NOT NULL;
CREATE INDEX invitations_by_user ON invitations(user_id);
CREATE INDEX held_redactions_new ON held_redactions(room) WHERE looked_up = 0;
CREATE INDEX rooms_by_chat_id ON rooms(chat_room_id) WHERE chat_room_id <> '';
COMMIT;
