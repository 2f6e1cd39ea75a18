"""A real Synapse on loopback and users who act through its client API."""

import base64
import http.client
import json
import os
import urllib.parse
import uuid

from causeway_demo.process import Process, free_port, until

_UNLIMITED = {"per_second": 100000, "burst_count": 100000}


# The table of versions is compiled in: the one that is looked into at an invitation is another one from here on.
_OF_BEFORE = """
from synapse.app.homeserver import main
from synapse.federation import federation_server

federation_server.KNOWN_ROOM_VERSIONS = {{name: rules for name, rules in federation_server.KNOWN_ROOM_VERSIONS.items() if name not in {unknown}}}
main()
"""


def quote(text):
    return urllib.parse.quote(text, safe="")


_NOTHING = {"types": []}
# Of an initial sync the invitations and knocks alone: a third of the work, and it is asked for again and again.
_NO_JOINED_ROOMS = quote(json.dumps({"presence": _NOTHING, "account_data": _NOTHING, "room": {
    "timeline": _NOTHING, "state": _NOTHING, "ephemeral": _NOTHING, "account_data": _NOTHING}}))


class Synapse:
    """One homeserver with SQLite in `directory`; federates with anybody on loopback, certificates verified.

    :param public_port: where others reach it when something stands in front; default: its own federation port.
    :param room_version: of the rooms its users create.
    :param unknown_versions: of rooms: to invitations it is a Synapse of before they were.
    :param settings: further configuration; wins over what is written here.
    """

    def __init__(self, name, directory, authority, interpreter, public_port=None, room_version="11", unknown_versions=(), settings=None):
        os.makedirs(directory, exist_ok=True)
        self.name = name
        self.federation_port = free_port()
        self.server_name = f"localhost:{public_port or self.federation_port}"
        self.client_port = free_port()
        self._config = os.path.join(directory, "homeserver.yaml")
        self._write_configuration(directory, authority, room_version, settings or {})
        program = ["-m", "synapse.app.homeserver"]
        if unknown_versions:
            program = [os.path.join(directory, "of_before.py")]
            with open(program[0], "w", encoding="utf8") as out:
                out.write(_OF_BEFORE.format(unknown=sorted(unknown_versions)))
        command = [interpreter, *program, "-c", self._config]
        # As --generate-keys writes it, which takes the program two seconds.
        with open(os.path.join(directory, "signing.key"), "w", encoding="ascii") as out:
            out.write("ed25519 a_test " + base64.b64encode(os.urandom(32)).decode().rstrip("=") + "\n")
        self.process = Process(name, command, os.path.join(directory, "homeserver.log"), directory)
        self._users = {}

    def _write_configuration(self, directory, authority, room_version, settings):
        def listener(port, resource, tls):
            return {"port": port, "type": "http", "tls": tls, "bind_addresses": ["127.0.0.1"], "x_forwarded": not tls,
                    "resources": [{"names": [resource], "compress": False}]}

        log_config = os.path.join(directory, "log.yaml")
        with open(log_config, "w", encoding="utf8") as out:
            json.dump({"version": 1, "disable_existing_loggers": False,
                       "formatters": {"plain": {"format": "%(asctime)s %(name)s %(levelname)s %(request)s %(message)s"}},
                       "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
                       "root": {"level": "INFO", "handlers": ["console"]}}, out)
        configuration = {
            "server_name": self.server_name,
            "public_baseurl": f"http://127.0.0.1:{self.client_port}/",
            "pid_file": os.path.join(directory, "pid"),
            "report_stats": False,
            "default_room_version": room_version,
            "signing_key_path": os.path.join(directory, "signing.key"),
            "media_store_path": os.path.join(directory, "media"),
            "log_config": log_config,
            "database": {"name": "sqlite3", "args": {"database": os.path.join(directory, "homeserver.db")}},
            "listeners": [listener(self.client_port, "client", False),
                          listener(self.federation_port, "federation", True)],
            "tls_certificate_path": authority.certificate_file,
            "tls_private_key_path": authority.private_key_file,
            "federation_custom_ca_list": [authority.ca_file],
            "federation_verify_certificates": True,
            # The default lists hold 127.0.0.0/8 and would end loopback federation without a word.
            "ip_range_blacklist": [], "federation_ip_range_blacklist": [],
            "ip_range_whitelist": ["127.0.0.0/8", "::1/128"],
            "trusted_key_servers": [], "suppress_key_server_warning": True,
            "enable_registration": True, "enable_registration_without_verification": True,
            "bcrypt_rounds": 4,
            # An initial sync would be answered alike for two minutes.
            "caches": {"sync_response_cache_duration": 0},
            "registration_shared_secret": "not secret", "macaroon_secret_key": "not secret", "form_secret": "not secret",
            # Tests say who speaks when.
            "cleanup_extremities_with_dummy_events": False,
            "url_preview_enabled": False, "presence": {"enabled": False},
            "rc_message": _UNLIMITED, "rc_registration": _UNLIMITED, "rc_admin_redaction": _UNLIMITED,
            "rc_login": {"address": _UNLIMITED, "account": _UNLIMITED, "failed_attempts": _UNLIMITED},
            "rc_joins": {"local": _UNLIMITED, "remote": _UNLIMITED}, "rc_joins_per_room": _UNLIMITED,
            "rc_invites": {"per_room": _UNLIMITED, "per_user": _UNLIMITED, "per_issuer": _UNLIMITED},
            "rc_room_creation": _UNLIMITED, "rc_presence": {"per_user": _UNLIMITED},
            "rc_federation": {"window_size": 1000, "sleep_limit": 1000000, "sleep_delay": 1, "reject_limit": 1000000,
                              "concurrent": 1000},
            # The defaults for a peer that was away are minutes to days.
            "federation": {"client_timeout": "10s", "max_short_retry_delay": "1s", "max_long_retry_delay": "5s",
                           "destination_min_retry_interval": 500, "destination_retry_multiplier": 1,
                           "destination_max_retry_interval": "1s"},
        }
        with open(self._config, "w", encoding="utf8") as out:
            json.dump({**configuration, **settings}, out, indent=1)  # JSON is YAML

    def start(self, seconds=180):
        """Returns when it answers on /health."""
        self.process.start()

        def healthy():
            if not self.process.is_running():
                raise RuntimeError(f"{self.name} ended at its start:\n{self.process.tail()}")
            try:
                return self.request("GET", "/health")[0] == 200
            except OSError:
                return False
        until(healthy, seconds, lambda: f"{self.name} to be healthy:\n{self.process.tail()}", 0.1)
        return self

    def stop(self):
        return self.process.stop()

    def kill(self):
        self.process.kill()

    def request(self, method, path, body=None, token=None):
        """One request to the client API. Returns (status, parsed answer)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.client_port, timeout=120)
        try:
            headers = {"Content-Type": "application/json"}
            if token:
                headers["Authorization"] = "Bearer " + token
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def raw(self, method, path, data, headers):
        """One request to the client API. Returns (status, headers, bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.client_port, timeout=120)
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def user(self, localpart):
        """The account of that name, registered when it is new."""
        if localpart not in self._users:
            status, answer = self.request("POST", "/_matrix/client/v3/register",
                                          {"username": localpart, "password": "not secret",
                                           "auth": {"type": "m.login.dummy"}})
            assert status == 200, answer
            self._users[localpart] = SynapseUser(self, answer["user_id"], answer["access_token"])
        return self._users[localpart]


class ClientError(Exception):
    """The client API refused. `status` and `errcode` say how."""

    def __init__(self, status, answer):
        super().__init__(f"{status} {answer}")
        self.status = status
        self.errcode = answer.get("errcode") if isinstance(answer, dict) else None


class SynapseUser:
    """One account. Methods raise ClientError where the server refuses."""

    def __init__(self, server, user_id, token):
        self.server = server
        self.user_id = user_id
        self._token = token

    def call(self, method, path, body=None):
        status, answer = self.server.request(method, "/_matrix/client/v3" + path, body, self._token)
        if status != 200:
            raise ClientError(status, answer)
        return answer

    def create_room(self, invite=(), **settings):
        return self.call("POST", "/createRoom", {"invite": list(invite), **settings})["room_id"]

    def create_direct(self, other):
        return self.create_room([other], preset="private_chat", is_direct=True)

    def _membership(self, action, room_id, **body):
        return self.call("POST", f"/rooms/{quote(room_id)}/{action}", body)

    def invite(self, room_id, user_id):
        self._membership("invite", room_id, user_id=user_id)

    def kick(self, room_id, user_id, reason=None):
        self._membership("kick", room_id, user_id=user_id, **({"reason": reason} if reason else {}))

    def ban(self, room_id, user_id, reason=None, redact=False):
        """As a state event: the other way would not take the wish of MSC4293."""
        self.set_state(room_id, "m.room.member", user_id, {
            "membership": "ban", **({"reason": reason} if reason else {}),
            **({"redact_events": True, "org.matrix.msc4293.redact_events": True} if redact else {})})

    def unban(self, room_id, user_id):
        self._membership("unban", room_id, user_id=user_id)

    def levels(self, room_id):
        """Content of the room's m.room.power_levels."""
        return self.call("GET", f"/rooms/{quote(room_id)}/state/m.room.power_levels/")

    def set_level(self, room_id, user_id, level):
        content = self.levels(room_id)
        content.setdefault("users", {})[user_id] = level
        self.set_state(room_id, "m.room.power_levels", "", content)

    def set_state(self, room_id, kind, key, content):
        self.call("PUT", f"/rooms/{quote(room_id)}/state/{kind}/{quote(key)}", content)

    def state(self, room_id, kind, key=""):
        """Content of a state event; empty: there is none."""
        try:
            return self.call("GET", f"/rooms/{quote(room_id)}/state/{kind}/{quote(key)}")
        except ClientError as why:
            if why.errcode != "M_NOT_FOUND":
                raise
            return {}

    def upgrade(self, room_id, version):
        """Id of the room it goes on as."""
        return self.call("POST", f"/rooms/{quote(room_id)}/upgrade", {"new_version": version})["replacement_room"]

    def leave(self, room_id, reason=None):
        self._membership("leave", room_id, **({"reason": reason} if reason else {}))

    def join(self, room_id):
        self._membership("join", room_id)

    def join_through(self, room, servers=()):
        """Room id; `room` may be an alias."""
        query = "&".join("via=" + quote(server) for server in servers)
        return self.call("POST", f"/join/{quote(room)}" + (f"?{query}" if query else ""), {})["room_id"]

    def knock(self, room, servers=(), reason=None):
        """Room id; `room` may be an alias."""
        query = "&".join("via=" + quote(server) for server in servers)
        return self.call("POST", f"/knock/{quote(room)}" + (f"?{query}" if query else ""), {"reason": reason} if reason else {})["room_id"]

    def send(self, room_id, text):
        """Event id of the message."""
        return self.call("PUT", f"/rooms/{quote(room_id)}/send/m.room.message/{uuid.uuid4().hex}",
                         {"msgtype": "m.text", "body": text})["event_id"]

    def send_content(self, room_id, content):
        """Event id of an m.room.message."""
        return self.call("PUT", f"/rooms/{quote(room_id)}/send/m.room.message/{uuid.uuid4().hex}", content)["event_id"]

    def edit(self, room_id, event_id, text, mentions=()):
        """Event id of the edit."""
        called = {"user_ids": list(mentions)} if mentions else {}
        return self.send_content(room_id, {"msgtype": "m.text", "body": "* " + text, "m.mentions": called,
                                           "m.new_content": {"msgtype": "m.text", "body": text, "m.mentions": called},
                                           "m.relates_to": {"rel_type": "m.replace", "event_id": event_id}})

    def react(self, room_id, event_id, key):
        """Event id of the reaction."""
        return self.call("PUT", f"/rooms/{quote(room_id)}/send/m.reaction/{uuid.uuid4().hex}",
                         {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": key}})["event_id"]

    def reactions(self, room_id, event_id):
        """The m.reaction events that Synapse has found to be about that event."""
        status, answer = self.server.request("GET", f"/_matrix/client/v1/rooms/{quote(room_id)}/relations/{quote(event_id)}/m.annotation?limit=100",
                                             None, self._token)
        if status != 200:
            raise ClientError(status, answer)
        return answer["chunk"]

    def thread(self, room_id, root):
        """The events that Synapse has found to be in the thread of that event."""
        status, answer = self.server.request("GET", f"/_matrix/client/v1/rooms/{quote(room_id)}/relations/{quote(root)}/m.thread?limit=100", None, self._token)
        if status != 200:
            raise ClientError(status, answer)
        return answer["chunk"]

    def shown(self, room_id, sender):
        """Texts of what `sender` has said and not deleted, as Synapse says they are after edits, oldest first."""
        texts = []
        for event in self.timeline(room_id):
            content = event["content"]
            if event["type"] != "m.room.message" or event["sender"] != sender or not content:
                continue
            if content.get("m.relates_to", {}).get("rel_type") == "m.replace":
                continue
            edit = event.get("unsigned", {}).get("m.relations", {}).get("m.replace")
            texts.append(edit["content"]["m.new_content"]["body"] if edit else content["body"])
        return texts

    def upload(self, data, content_type, file_name):
        """mxc URI of bytes in Synapse's media store."""
        status, _, body = self.server.raw("POST", f"/_matrix/media/v3/upload?filename={quote(file_name)}", data,
                                          {"Content-Type": content_type, "Authorization": "Bearer " + self._token})
        if status != 200:
            raise ClientError(status, json.loads(body))
        return json.loads(body)["content_uri"]

    def media(self, path):
        """GET /_matrix/client/v1/media/...: (status, headers, bytes)."""
        return self.server.raw("GET", "/_matrix/client/v1/media/" + path, None, {"Authorization": "Bearer " + self._token})

    def type(self, room_id, typing):
        self.call("PUT", f"/rooms/{quote(room_id)}/typing/{quote(self.user_id)}", {"typing": typing, "timeout": 20000})

    def set_presence(self, state, status=None):
        self.call("PUT", f"/presence/{quote(self.user_id)}/status", {"presence": state, **({"status_msg": status} if status else {})})

    def presence_of(self, user_id):
        """(state, status) of somebody who shares a room; nothing: it says nothing of them."""
        try:
            found = self.call("GET", f"/presence/{quote(user_id)}/status")
        except ClientError:
            return None
        return found["presence"], found.get("status_msg") or ""

    def public_rooms(self, server=None, search=None, limit=50, since=None):
        """Answer of a search in the directory of a server; None: its own."""
        body = {"limit": limit, **({"filter": {"generic_search_term": search}} if search else {}), **({"since": since} if since else {})}
        return self.call("POST", "/publicRooms" + (f"?server={quote(server)}" if server else ""), body)

    def profile(self, user_id):
        return self.call("GET", f"/profile/{quote(user_id)}")

    def read(self, room_id, event_id, thread=None, private=False):
        """Sets a marker. `thread`: `main`, or the event id of its root; None: of the whole room."""
        kind = "m.read.private" if private else "m.read"
        self.call("POST", f"/rooms/{quote(room_id)}/receipt/{kind}/{quote(event_id)}", {"thread_id": thread} if thread else {})

    def markers(self, room_id):
        """{(user, thread): event id} of the public markers in the room; thread is empty for those of the whole room."""
        room = self.rooms().get("join", {}).get(room_id, {})
        return {(user, data.get("thread_id", "")): event_id
                for event in room.get("ephemeral", {}).get("events", []) if event["type"] == "m.receipt"
                for event_id, kinds in event["content"].items() for user, data in kinds.get("m.read", {}).items()}

    def rooms(self, only=None):
        """{"invite": {...}, "join": {...}} of an initial sync; `only`: what a filter leaves of it."""
        return self.call("GET", "/sync?timeout=0&set_presence=offline" + (f"&filter={only}" if only else "")).get("rooms", {})

    def is_invited(self, room_id):
        return room_id in self.rooms(_NO_JOINED_ROOMS).get("invite", {})

    def is_knocking(self, room_id):
        return room_id in self.rooms(_NO_JOINED_ROOMS).get("knock", {})

    def is_joined(self, room_id):
        return room_id in self.call("GET", "/joined_rooms")["joined_rooms"]

    def members(self, room_id):
        """user id -> membership of everybody the room's state names."""
        events = self.call("GET", f"/rooms/{quote(room_id)}/members")["chunk"]
        return {event["state_key"]: event["content"]["membership"] for event in events}

    def typing_users(self, room_id):
        room = self.rooms().get("join", {}).get(room_id, {})
        return [user for event in room.get("ephemeral", {}).get("events", []) if event["type"] == "m.typing"
                for user in event["content"]["user_ids"]]

    def timeline(self, room_id):
        """All events this user can see, oldest first. Pages back to the beginning, so Synapse backfills what it lacks."""
        events, start = [], ""
        while True:
            page = self.call("GET", f"/rooms/{quote(room_id)}/messages?dir=b&limit=500" +
                             (f"&from={quote(start)}" if start else ""))
            events += page["chunk"]
            start = page.get("end")
            if not start:
                return events[::-1]

    def messages(self, room_id, sender=None):
        """Texts of the messages that are not deleted, oldest first; of one sender or of all."""
        return [event["content"].get("body", "") for event in self.timeline(room_id)
                if event["type"] == "m.room.message" and event["content"] and sender in (None, event["sender"])]

    def redact(self, room_id, event_id, reason=None):
        """Event id of the redaction."""
        return self.call("PUT", f"/rooms/{quote(room_id)}/redact/{quote(event_id)}/{uuid.uuid4().hex}",
                         {"reason": reason} if reason else {})["event_id"]

    def event_of(self, room_id, text):
        """Event id of the message with that text."""
        return next(event["event_id"] for event in self.timeline(room_id) if event["content"].get("body") == text)
