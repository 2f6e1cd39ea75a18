"""As much of Matrix as a test needs to play a homeserver, written apart from the broker so that both can be wrong only
differently: canonical JSON, hashes, signatures, event ids of room versions 6 to 12, and of 2, where an event names itself."""

import base64
import hashlib
import json
import time

from nacl.signing import SigningKey, VerifyKey

_KEPT = {"event_id", "type", "room_id", "sender", "state_key", "content", "hashes", "signatures", "depth", "prev_events",
         "auth_events", "origin_server_ts"}
_KEPT_BEFORE_11 = _KEPT | {"prev_state", "origin", "membership"}
_CONTENT = {
    "m.room.member": {"membership"},
    "m.room.join_rules": {"join_rule"},
    "m.room.power_levels": {"ban", "events", "events_default", "kick", "redact", "state_default", "users",
                            "users_default"},
    "m.room.history_visibility": {"history_visibility"},
    "m.room.create": {"creator"},
}
# (type, since which room version, key of the content)
_CONTENT_SINCE = (("m.room.join_rules", 8, "allow"), ("m.room.member", 9, "join_authorised_via_users_server"),
                  ("m.room.power_levels", 11, "invite"), ("m.room.redaction", 11, "redacts"))


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf8")


def base64_of(data):
    return base64.b64encode(data).decode().rstrip("=")


def now_ms():
    return int(time.time() * 1000)


def without(event, *keys):
    return {key: value for key, value in event.items() if key not in keys}


def redacted(event, room_version):
    """Room versions, "Redactions"."""
    version = int(room_version)
    kept = {key: value for key, value in event.items() if key in (_KEPT if version >= 11 else _KEPT_BEFORE_11)}
    kind, content = event["type"], event.get("content")
    if not isinstance(content, dict):
        return kept  # no server would take it; what is signed does not matter
    if kind == "m.room.create" and version >= 11:
        return kept
    allowed = _CONTENT.get(kind, set()) | {key for of, since, key in _CONTENT_SINCE if of == kind and version >= since}
    kept["content"] = {key: value for key, value in content.items() if key in allowed}
    third_party = content.get("third_party_invite")
    if kind == "m.room.member" and version >= 11 and isinstance(third_party, dict):
        kept["content"]["third_party_invite"] = {key: value for key, value in third_party.items() if key == "signed"}
    return kept


def content_hash(event):
    return base64_of(hashlib.sha256(canonical(without(event, "unsigned", "signatures", "hashes"))).digest())


def event_id(event, room_version):
    if room_version == "2":
        return event["event_id"]
    digest = hashlib.sha256(canonical(without(redacted(event, room_version), "signatures", "unsigned"))).digest()
    return "$" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Key:
    """An ed25519 signing key; the same `seed` gives the same key."""

    def __init__(self, seed, key_id="ed25519:test"):
        self.key_id = key_id
        self._key = SigningKey(hashlib.sha256(seed.encode()).digest())

    @property
    def public(self):
        return base64_of(bytes(self._key.verify_key))

    def signature(self, value):
        return base64_of(self._key.sign(canonical(without(value, "signatures", "unsigned"))).signature)

    def sign_json(self, value, server_name):
        value.setdefault("signatures", {}).setdefault(server_name, {})[self.key_id] = self.signature(value)
        return value

    def sign_event(self, event, room_version, server_name, rehash=True):
        if rehash:
            event["hashes"] = {"sha256": content_hash(event)}
        signature = self.signature(redacted(event, room_version))
        event.setdefault("signatures", {}).setdefault(server_name, {})[self.key_id] = signature
        return event

    def authorization(self, method, uri, origin, destination, content=None):
        """Header value of a signed request."""
        request = {"method": method, "uri": uri, "origin": origin, "destination": destination}
        if content is not None:
            request["content"] = content
        return (f'X-Matrix origin="{origin}",destination="{destination}",key="{self.key_id}",'
                f'sig="{self.signature(request)}"')

    def authorization_of_text(self, method, uri, origin, destination, text):
        """The same for a body (bytes) that is signed as it stands."""
        rest = canonical({"destination": destination, "method": method, "origin": origin, "uri": uri})
        signature = base64_of(self._key.sign(b'{"content":' + text + b"," + rest[1:]).signature)
        return f'X-Matrix origin="{origin}",destination="{destination}",key="{self.key_id}",sig="{signature}"'


def verify(value, signature, public_key):
    """Raises nacl.exceptions.BadSignatureError when `signature` is not that of `public_key` over `value`."""
    VerifyKey(_bytes_of(public_key)).verify(canonical(without(value, "signatures", "unsigned")), _bytes_of(signature))


def _bytes_of(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))
