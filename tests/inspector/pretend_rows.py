"""Rows of a node in trouble: what the page is shown in these tests, in the shapes of plugin/admin/rows.hpp."""

import time

NAMES = "harbour quay pier mole jetty dock basin lock weir ferry buoy anchor mast keel rudder tiller".split()
FAULTS = [
    "peer_unreachable: connection refused",
    "peer_unreachable: TLS: certificate has expired",
    "peer_unreachable: no address for the name",
    "HTTP 502: bad gateway",
]


def now():
    return int(time.time() * 1000)


def servers(number=60):
    rows = []
    for i in range(number):
        failing, waiting = i < 9, 9 <= i < 14
        name = f"{NAMES[i % len(NAMES)]}{i // len(NAMES) or ''}.example"
        retry = now() + 20_000 + i * 47_000
        rows.append(
            {
                "server_name": name,
                "state": "never_contacted"
                if i == 4
                else "backing_off"
                if failing
                else "waiting"
                if waiting
                else "healthy",
                "queued": (9 - i) * 137 if failing else 3 if waiting else 0,
                "oldest_waiting_ts": now() - (i + 1) * 400_000 if failing or waiting else 0,
                "failures": 12 - i if failing else 0,
                "first_failure_ts": now() - 4_000_000 if failing else 0,
                "retry_at_ts": retry if failing else 0,
                "in_flight": f"t{i}" if failing or waiting else "",
                "in_flight_pdus": 50 if failing else 3 if waiting else 0,
                "in_flight_edus": 2 if failing else 0,
                "invitations": 1 if i == 2 else 0,
                "last_fault": FAULTS[i % len(FAULTS)] if failing else "",
                "refused": 0,
                "paused_since_ts": 0,
                "pause_reason": "",
                "waits_for": f"{(9 - i) * 137} events wait, the oldest for {i + 6} min. {12 - i} attempts failed in the last"
                f" 66 min, last: {FAULTS[i % len(FAULTS)]}. `causeway server retry {name}` makes the next one now."
                if failing
                else "3 events wait. They are about to be sent."
                if waiting
                else "",
            }
        )
    return rows


def rooms(number=300):
    return [
        {
            "room_id": f"!{NAMES[i % len(NAMES)]}{i:04}:ours.example",
            "chat_room_id": f"GENERAL{i}",
            "type": ("channel", "group_dm", "dm")[i % 3],
            "room_version": "11",
            "phase": "left" if i % 17 == 16 else "joined",
            "events": 40 + i * 31,
            "extremities": 3 if i == 0 else 1,
            "staged": 2 if i < 2 else 0,
            "waits_for": "2 received events wait for events that we do not have, or for a key of a server; `causeway room show` tells for which." if i < 2 else "",
        }
        for i in range(number)
    ]


STATES = ["sending", "pending", "accepted", "rejected", "revoked_unconfirmed", "revoked", "expired", "failed"]


def invitations(number=40):
    rows = []
    for i in range(number):
        state = STATES[(i * 5) % len(STATES)] if i % 3 else "accepted" if i % 2 else "pending"
        is_open = state in ("sending", "pending", "revoked_unconfirmed")
        server = NAMES[i % len(NAMES)] + ".example"
        failed = state in ("sending", "revoked_unconfirmed")
        rows.append(
            {
                "room_id": f"!{NAMES[(i * 7) % len(NAMES)]}{i:04}:ours.example",
                "chat_room_id": f"GENERAL{i}",
                "user_id": f"@{NAMES[(i * 5) % len(NAMES)]}:{server}",
                "direction": ("outgoing", "outgoing", "incoming", "knock")[i % 4],
                "state": state,
                "since_ts": now() - 60_000 * (i + 1) * (i + 1),
                "inviter": "@alice:ours.example",
                "deadline_ts": now() + 86_400_000 * 7 if state == "pending" else 0,
                "pending_request": "invite"
                if state == "sending"
                else "leave"
                if state == "revoked_unconfirmed"
                else "",
                "via": "",
                "attempts": 4 if failed else 1,
                "retry_at_ts": now() + 55_000 if failed else 0,
                "last_fault": FAULTS[0] if failed else "",
                "reason": "no time" if state == "rejected" else "",
                "waits_for": f"{server} has not taken the invitation yet." if is_open else "",
            }
        )
    return rows


def dead_letters():
    return [
        {
            "id": f"0-{40 + i}",
            "event": ("message.received", "member.changed", "room.created")[i % 3],
            "room_id": f"!{NAMES[i]}000{i}:ours.example",
            "event_id": f"$letter{i}",
            "reason": ("the room is archived", "no such user", "text too long")[i % 3],
            "bytes": 512 + i * 700,
            "refused_ts": now() - 3_600_000 * (i + 1),
        }
        for i in range(4)
    ]


def actor(i):
    kind = "room" if i % 10 < 7 else "remote_server" if i % 10 < 9 else "invitation"
    name = f"{NAMES[i % len(NAMES)]}{i}"
    return {
        "kind": kind,
        "key": f"!{name}:ours.example"
        if kind == "room"
        else f"{name}.example"
        if kind == "remote_server"
        else f"!{name}:ours.example|@bob:far.example",
        "phase": "parked" if i == 0 else "restarting" if i == 1 else "running",
        "since_ts": now() - 1000 * (i + 1),
        "handled": (i * 7919) % 100_003,
        "mailbox": 412 if i == 0 else 7 if i == 2 else 0,
        "oldest_waiting_ts": now() - 240_000 if i == 0 else now() - 2_000 if i == 2 else 0,
        "handling_us": (i * 7919) % 100_003 * 40,
        "failures": 5 if i == 0 else 1 if i == 1 else 0,
        "last_fault": "broken_invariant: the graph has no head" if i == 0 else "",
    }


def peers():
    return [
        {
            "role": "chat",
            "peer": "chat-ours",
            "version": "chat 7.4",
            "credit_messages": 120,
            "credit_bytes": 4_000_000,
            "in_flight": 12,
            "open_commands": 1,
            "streams": "0 (412), 1 (0), 2 (3)",
            "lag": 415,
            "silent_ms": 240,
        }
    ]


STREAMS = [
    {
        "stream": 0,
        "head": 9412,
        "acked": 9000,
        "lag": 412,
        "in_flight": 12,
        "paused_ms": 0,
        "peer": "chat-ours",
        "waits_for": "chat-ours has 12 of it and does not acknowledge.",
    },
    {
        "stream": 1,
        "head": 77,
        "acked": 77,
        "lag": 0,
        "in_flight": 0,
        "paused_ms": 0,
        "peer": "chat-ours",
        "waits_for": "",
    },
    {
        "stream": 2,
        "head": 5003,
        "acked": 5000,
        "lag": 3,
        "in_flight": 3,
        "paused_ms": 900,
        "peer": "chat-ours",
        "waits_for": "",
    },
]


def node(name, state, lease_left_ms, **more):
    return {
        "name": name,
        "state": state,
        "version": "0.9.0",
        "endpoints": f"tcp://{name}.ours.example:7447",
        "incarnation": name.encode().hex()[:12].ljust(12, "0"),
        "lease_left_ms": lease_left_ms,
        "shards": 256 if state == "active" else 0,
        "epoch": 7 if state == "active" else 0,
        "owns": "0-255 epoch 7" if state == "active" else "",
        "may_stop": "",
        "schema": 14,
        **more,
    }


def nodes():
    return [
        node("harbour", "active", 4200, may_stop="yes, after `causeway drain`: quay takes its place"),
        node("quay", "standby", 4700, version="0.9.1", may_stop="yes, but then nobody stands by"),
        node("pier", "dead", -260_000),
        node("mole", "left", -3_900_000),
    ]


def terms():
    term = {"version": "0.9.0", "incarnation": "", "until_ts": 0, "gap_ms": 0, "why": ""}
    return [
        {**term, "name": "harbour", "from_ts": now() - 260_000, "gap_ms": 1200},
        {**term, "name": "pier", "from_ts": now() - 90_000_000, "until_ts": now() - 261_200, "why": "killed"},
    ]


ALARMS = [
    {
        "name": "clock",
        "what": "The dates of 14 servers differ from ours by 95 s: is time synchronised (chronyc tracking)?",
        "since_ts": now() - 300_000,
        "times": 1,
    },
]


def why(event):
    begun = now() - 2_520_000
    hop = {
        "since_previous_ms": 0,
        "node": "node-1",
        "event_id": event,
        "server": "",
        "transaction": "",
        "attempt": 0,
        "phase": "",
        "answer": "",
        "trace": "4f2a",
    }
    far = {"server": "quay.example", "transaction": "t17"}
    fault = "certificate has expired"
    hops = [
        {**hop, "at_ts": begun, "actor": "edge", "stage": "command_in", "answer": "message.send"},
        {**hop, "at_ts": begun + 2, "actor": "room !harbour0000:ours.example", "stage": "authored"},
        {**hop, "at_ts": begun + 9, "actor": "room !harbour0000:ours.example", "stage": "committed"},
        {**hop, "at_ts": begun + 9, "actor": "remote_server quay.example", "stage": "queued", "server": "quay.example"},
        {
            **hop,
            **far,
            "at_ts": begun + 40,
            "actor": "gateway",
            "stage": "failed",
            "attempt": 1,
            "phase": "tls",
            "answer": fault,
        },
        {
            **hop,
            **far,
            "at_ts": begun + 60_040,
            "actor": "gateway",
            "stage": "failed",
            "attempt": 2,
            "phase": "tls",
            "answer": fault,
        },
        {
            **hop,
            **far,
            "at_ts": begun + 2_460_040,
            "actor": "gateway",
            "stage": "failed",
            "attempt": 3,
            "phase": "tls",
            "answer": fault,
        },
    ]
    for i in range(1, len(hops)):
        hops[i]["since_previous_ms"] = hops[i]["at_ts"] - hops[i - 1]["at_ts"]
    return {
        "direction": "out",
        "event": {
            "event_id": event,
            "room_id": "!harbour0000:ours.example",
            "chat_room_id": "GENERAL0",
            "chat_message_id": "m4711",
            "sender": "@alice:ours.example",
            "type": "m.room.message",
            "written_ts": begun,
            "verdict": "accepted",
        },
        "hops": hops,
        "hops_total": len(hops),
        "servers": [
            {
                "server_name": "quay.example",
                "state": "in_flight",
                "attempts": 3,
                "first_failure_ts": begun + 40,
                "retry_at_ts": now() + 840_000,
                "phase": "tls",
                "last_fault": fault,
                "before": 0,
                "first_event_id": event,
                "transaction": "t17",
                "sent_ts": begun,
                "delivered_ts": 0,
                "excluded": "",
            },
            {
                "server_name": "pier.example",
                "state": "delivered",
                "attempts": 1,
                "first_failure_ts": 0,
                "retry_at_ts": 0,
                "phase": "",
                "last_fault": "",
                "before": 0,
                "first_event_id": "",
                "transaction": "t18",
                "sent_ts": begun + 12,
                "delivered_ts": begun + 140,
                "excluded": "",
            },
        ],
        "servers_owed": 1,
        "arrivals": [],
        "waits_for_events": [],
        "notification": None,
        "parked": [],
        "cause": "certificate_expired",
        "because": "The certificate of quay.example has expired, which only its operator can mend: 3 attempts failed in the last"
        " 42 min; the next is made in 14 min.",
        "command": "causeway server show quay.example",
    }
