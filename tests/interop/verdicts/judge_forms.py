#!/usr/bin/env python3
"""Asks Synapse's own code about every case of odd_forms.py and prints the verdicts as JSON, one case a line.

Run with the Python of a Synapse environment: judge_forms.py. A verdict is a letter for each room version: `t` taken, `h` taken as its
redacted form (the hash is wrong), `r` kept as rejected, `d` dropped. `texts` has the event as it was pushed, for the version named and
those after it."""

import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import synapse
from canonicaljson import encode_canonical_json
from nacl.signing import SigningKey
from signedjson.key import get_verify_key
from synapse.api.errors import AuthError, EventSizeError
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS
from synapse.crypto.event_signing import check_event_content_hash, compute_content_hash
from synapse.crypto.keyring import Keyring
from synapse.event_auth import validate_event_for_room_version
from synapse.events.utils import prune_event
from synapse.federation.federation_base import _check_sigs_on_pdu, event_from_pdu_json
from synapse.federation.units import filter_pdus_for_valid_depth
from synapse.handlers.federation_event import FederationEventHandler
from synapse.storage.keys import FetchKeyResult
from synapse.synapse_rust.events import redact_event_dict
from synapse.util.json import json_decoder
from unpaddedbase64 import encode_base64

from verdicts import odd_forms
from verdicts.odd_contents import VERSIONS

NOW, LONG_AFTER, LONG_BEFORE = 1_700_000_000_000, 2**52, 1


def key_of(number, version):
    key = SigningKey(bytes([number]) * 32)
    key.alg, key.version = "ed25519", version
    return key


KEYS = {f"ed25519:{name}": (key_of(number, name), until) for name, number, until in
        (("1", 1, LONG_AFTER), ("2", 2, LONG_AFTER), ("a-b", 1, LONG_AFTER), ("a.b", 1, LONG_AFTER), ("old", 1, LONG_BEFORE), ("a b", 1, LONG_AFTER), ("", 1, LONG_AFTER),
         ("a:b", 1, LONG_AFTER), ("ä", 1, LONG_AFTER))}
SERVERS = ("b.test", "B.TEST", "y.test", "b.test:80")


class Keys:
    """In place of the queue of a Keyring: all keys are known."""

    @staticmethod
    async def add_to_queue(request, key):
        known = {key_id: FetchKeyResult(verify_key=get_verify_key(signer), valid_until_ts=until) for key_id, (signer, until) in KEYS.items()
                 if key_id in request.key_ids}
        return {key: known} if key in SERVERS else {}


KEYRING = Keyring.__new__(Keyring)
KEYRING._is_mine_server_name = lambda name: False
KEYRING._fetch_keys_queue = Keys


def finished(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


def without(pdu, *names):
    return {key: value for key, value in pdu.items() if key not in names}


def url_safe(words):
    return words.replace("+", "-").replace("/", "_")


def hashed(pdu):
    """Base64 of the content hash; of something else where the event cannot be written."""
    try:
        return encode_base64(compute_content_hash(pdu, hashlib.sha256)[1])
    except Exception:
        return "AAAA"


def signature(pdu, version, key):
    try:
        signed = encode_canonical_json(without(redact_event_dict(KNOWN_ROOM_VERSIONS[version], without(pdu, "signatures", "unsigned")), "unsigned"))
    except BaseException:  # Rust panics are no exceptions
        signed = b"?"
    return encode_base64(key.sign(signed).signature)


def as_json(members):
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in members.items()) + "}"


def text_of(case, version):
    """The event as it is pushed."""
    _, changes, left_out, late = case
    pairs = version in ("1", "2")
    cite = '[["$p:b.test",{"sha256":"aGFzaA"}]]' if pairs else '["$p"]'
    members = {"type": '"m.room.message"', "sender": '"@bob:b.test"', "room_id": '"!room:b.test"', "content": '{"body":"hello","msgtype":"m.text"}',
               "depth": "5", "origin_server_ts": str(NOW), "prev_events": cite, "auth_events": cite}
    if pairs:
        members["event_id"] = '"$e:b.test"'
    members |= {name: value for name, value in changes.items() if name != "signatures"}
    members = without(members, *left_out)
    filled = members.get("content", "").partition("<fill ")[2].partition(">")[0]
    if filled:
        members["content"] = '{"x":""}'

    def complete(members):
        members = dict(members)
        pdu = json.loads(as_json(without(members, "hashes")))
        right = hashed(pdu)
        if "hashes" not in left_out:
            members["hashes"] = changes.get("hashes", '{"sha256":"<hash>"}').replace("<hash>", right).replace("<url hash>", url_safe(right))
        pdu = json.loads(as_json(members))
        right = signature(pdu, version, KEYS["ed25519:1"][0])
        second = signature(pdu, version, KEYS["ed25519:2"][0])
        sender = pdu.get("sender")
        signers = [sender.partition(":")[2] if isinstance(sender, str) else "b.test"]
        event_id = pdu.get("event_id")
        if pairs and isinstance(event_id, str):
            signers.append(event_id.partition(":")[2])
        named = pdu["content"].get("join_authorised_via_users_server") if isinstance(pdu.get("content"), dict) else None
        if isinstance(named, str):
            signers.append(named.partition(":")[2])
        default = json.dumps({each: {"ed25519:1": "<signature>"} for each in signers})
        if "signatures" not in left_out:
            told = late.get("signatures", changes.get("signatures", default))
            for word, value in (("<signature>", right), ("<url signature>", url_safe(right)), ("<short signature>", right[:-4]), ("<second>", second),
                                ("<wrong>", second)):
                told = told.replace(word, value)
            members["signatures"] = told
        return members | {name: value for name, value in late.items() if name != "signatures"}

    members = complete(members)
    if filled:
        short = len(encode_canonical_json(json.loads(as_json(without(members, "unsigned")))))
        # Synapse counts the empty `unsigned` it adds.
        members = complete(without(members, "hashes", "signatures", *late) | {"content": json.dumps({"x": "x" * (int(filled) - short)})})
    return as_json(members)


def verdict(text, version):
    rules = KNOWN_ROOM_VERSIONS[version]
    try:
        pdu = json_decoder.decode(text)
        if not pdu.get("room_id") or not filter_pdus_for_valid_depth([pdu]):
            return "d"
        if any("\0" in pdu[name] for name in ("type", "sender", "state_key") if isinstance(pdu.get(name), str)):
            return "d"  # PostgreSQL keeps no NUL
        event = event_from_pdu_json(pdu, rules, NOW)
        finished(_check_sigs_on_pdu(KEYRING, rules, event))
        letter = "t"
        if not check_event_content_hash(event):
            event, letter = prune_event(event), "h"
        FederationEventHandler._sanity_check_event(None, event)
        try:
            validate_event_for_room_version(event)
        except AuthError:
            return "r"
        except EventSizeError as why:
            return "d" if why.unpersistable else "r"
        return letter
    except Exception:
        return "d"
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":
            raise
        return "d"


def main():
    rows = {}
    for version in VERSIONS:
        for case in odd_forms.cases(version in ("1", "2")):
            row = rows.setdefault(case[0], {"name": case[0], "verdicts": "", "texts": []})
            text = text_of(case, version)
            if not row["texts"] or row["texts"][-1][1] != text:
                row["texts"].append([version, text])
            row["verdicts"] += verdict(text, version)
    print('{"synapse":%s,' % json.dumps(synapse.__version__))
    print('"keys":%s,' % json.dumps({key_id: [encode_base64(get_verify_key(key).encode()), until] for key_id, (key, until) in KEYS.items()}))
    print('"servers":%s,' % json.dumps(SERVERS))
    print('"cases":[')
    print(",\n".join(json.dumps(row, separators=(",", ":")) for row in rows.values()))
    print("]}")


if __name__ == "__main__":
    main()
