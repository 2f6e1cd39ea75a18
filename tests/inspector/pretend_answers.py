"""What the pretended node answers to verbs that show one thing, in the shapes of plugin/admin."""

import pretend_rows


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "detail": "", "retryable": False, "what_to_do": ""}


class Answers:
    """A method for each verb, a dot in its name as an underscore; `lists`: rows by verb."""

    def __init__(self, lists):
        self.lists = lists

    def _find(self, verb, **fields):
        for row in self.lists[verb]:
            if all(row[name] == value for name, value in fields.items()):
                return row
        raise Refused(404, "not_found", f"there is nothing like {fields}")

    def server_show(self, args):
        row = self._find("servers", server_name=args["server"])
        queue = [
            {
                "event_id": f"$waiting{i}",
                "room_id": "!harbour0000:ours.example",
                "type": "m.room.message",
                "sender": "@alice:ours.example",
                "depth": 90 + i,
                "written_ts": pretend_rows.now() - 60_000 * i,
            }
            for i in range(min(row["queued"], 50))
        ]
        errors = [
            {"ts": pretend_rows.now() - 60_000 * i * i, "phase": "tls", "text": row["last_fault"]}
            for i in range(1, row["failures"])
        ]
        return {
            "server": row,
            "queue": queue,
            "refused": [],
            "invitations": [],
            "errors": errors,
            "returned": errors[:1],
            "staged_total": 0,
            "staged": [],
            "ephemeral": {"queued": 7, "oldest_ts": pretend_rows.now() - 90_000},
            "rooms_total": 1,
            "rooms": [{"room_id": "!harbour0000:ours.example", "chat_room_id": "GENERAL0"}],
            "actor": {"phase": "running", "handled": 812},
            "keys": [
                {
                    "server_name": row["server_name"],
                    "key_id": "ed25519:a1",
                    "public_key": "k3y" * 14,
                    "ours": False,
                    "old": False,
                    "valid_until_ts": pretend_rows.now() + 86_400_000,
                }
            ],
            "waits_for": [row["waits_for"] or f"Nothing waits for {row['server_name']}."],
        }

    def room_show(self, args):
        row = self._find("rooms", room_id=args["room"])
        members = [
            {
                "user_id": f"@{name}:{name}.example",
                "membership": "join",
                "display_name": f"<b>{name.capitalize()}</b>",
                "reason": "",
                "by": "",
                "since_ts": pretend_rows.now() - 86_400_000,
            }
            for name in pretend_rows.NAMES
        ]
        return {
            "room": row,
            "members": members,
            "members_total": 4711,
            "invitations": [],
            "servers": self.lists["servers"][:6],
            "extremities": [
                {
                    "event_id": f"$end{i}",
                    "room_id": row["room_id"],
                    "type": "m.room.message",
                    "sender": "@alice:ours.example",
                    "depth": 99,
                    "written_ts": pretend_rows.now() - 5000,
                }
                for i in range(row["extremities"])
            ],
            "staged": [
                {"event_id": f"$staged{i}", "origin": "quay.example", "received_ts": pretend_rows.now() - 90_000}
                for i in range(row["staged"])
            ],
            "actor": None,
            "waits_for": [row["waits_for"]] if row["waits_for"] else [],
            "waits_for_total": 1235 if row["waits_for"] else 0,
        }

    def invite_show(self, args):
        row = self._find("invites", room_id=args["room"], user_id=args["user"])
        return {
            "invitation": row,
            "server": self.lists["servers"][0],
            "actor": None,
            "waits_for": [row["waits_for"] or "The invitation is over."],
        }

    def dead_letter_show(self, args):
        return {
            "letter": self._find("dead_letters", id=args["letter"]),
            "body": {"text": "<script>alert(1)</script>", "sender": "@bob:quay.example"},
        }

    def why(self, args):
        if args["event"] == "$unknown":
            raise Refused(404, "not_found", "no event, message or transaction is called $unknown")
        return pretend_rows.why(args["event"])

    def room_compare(self, args):
        view = {"members": 3, "differences": 0, "extremities": 1, "ahead": 0, "behind": False, "problem": ""}
        differs = [
            ("m.room.member", "@bob:pier.example", "join", "leave"),
            ("m.room.power_levels", "", "users.@alice:ours.example 100", "50"),
            ("m.room.topic", "", "Ropes", ""),
        ]
        return {
            "room_id": args["room"],
            "at_event": "$end0",
            "extremities": ["$end0"],
            "servers_total": 3,
            "servers": [
                {"server_name": "harbour.example", "state": "same", **view},
                {"server_name": "quay.example", "state": "different", **view, "differences": 3, "ahead": 2},
                {
                    "server_name": "mole.example",
                    "state": "unknown",
                    **view,
                    "problem": "peer_unreachable: connection refused",
                },
            ],
            "differences": [
                {"server_name": "quay.example", "type": kind, "state_key": key, "ours": ours, "theirs": theirs}
                for kind, key, ours, theirs in differs
            ],
            "differences_total": 3,
        }

    def doctor(self, args):
        return {
            "ServerName": args.get("server", "ours.example"),
            "FederationOK": False,
            "findings": [
                {
                    "severity": "critical",
                    "what": "the certificate expired 3 days ago",
                    "fix": "Renew it, and make its renewal automatic.",
                },
                {"severity": "info", "what": "it delegates to matrix.example:443", "fix": ""},
            ],
        }

    def server_probe(self, args):
        steps = [
            ("well-known", 31, "ok", "404: there is none"),
            ("DNS", 4, "ok", "203.0.113.7"),
            ("TCP", 22, "ok", ""),
            ("TLS", 40, "failed", "certificate has expired"),
        ]
        return {
            "server_name": args["server"],
            "certificates": [],
            "findings": [],
            "reachable": False,
            "elapsed_ms": 97,
            "phases": [
                {"phase": phase, "what": args["server"], "ms": ms, "result": result, "detail": detail}
                for phase, ms, result, detail in steps
            ],
        }

    def actor_show(self, args):
        row = self._find("actors", kind=args["kind"], key=args["key"])
        return {"actor": row, "says": {"phase": "idle", "events": 4711, "waits_for": "nothing"}}

    def actor_trace(self, _):
        return {
            "messages": [
                {
                    "at_ts": pretend_rows.now(),
                    "message": "pdus_received",
                    "took_us": 812,
                    "effects": "3 rows, 1 message",
                    "trace": "4f2a",
                }
            ],
            "total": 1,
        }

    def check(self, _):
        rows = [(name, "ok", "as it should be", "") for name in ("live", "store", "edge", "keys")]
        rows += [
            ("certificates", "warning", "ours expires in 9 days", "Renew it; the node reads it again on SIGHUP."),
            ("backlog", "critical", "the oldest event waits for 66 min", "`causeway servers` shows whose."),
        ]
        return {"state": "critical", "checks": [dict(zip(("name", "state", "what", "do"), each)) for each in rows]}

    def keys(self, _):
        return {"keys": []}
