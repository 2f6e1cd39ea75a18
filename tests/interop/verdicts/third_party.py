"""Third-party invites of odd shapes. Needs signedjson, which comes with Synapse."""

import json

from signedjson.key import get_verify_key
from signedjson.sign import sign_json
from unpaddedbase64 import encode_base64
from nacl.signing import SigningKey as RawKey

from .odd_contents import ALICE, BOB, CAROL, DAVE, MEMBER, TOKEN, member, text


def key_of(number):
    """The same in every run."""
    key = RawKey(bytes([number]) * 32)
    key.alg, key.version = "ed25519", "0"
    return key


def public(key):
    return encode_base64(get_verify_key(key).encode())


ONE, TWO = key_of(1), key_of(2)


def signed(server="id.test", version="0", key=ONE, **members):
    key.version = version
    return sign_json({"mxid": DAVE, "token": "t", **members}, server, key)


def invite(third_party, **changes):
    return text({"membership": "invite", "third_party_invite": third_party, **changes})


def redeem(content, sender=BOB, target=DAVE):
    return [MEMBER, sender, target, content]


def cases():
    def token(content, sender=BOB):
        return [[TOKEN, "t", sender, text(content)]]

    one = token({"public_key": public(ONE)})
    good = signed()
    for before in ("none", "invite", "join", "leave", "ban"):
        stands = [] if before == "none" else [member(DAVE, before)]
        yield {"name": f"third-party invite of one who is {before}", "state": one + stands, "event": redeem(invite({"signed": good}))}
    for before in ("leave", "ban", "join"):
        yield {"name": f"third-party invite by one who is {before}", "state": one + [member(BOB, before)], "event": redeem(invite({"signed": good}))}
    yield {"name": "third-party invite by another", "state": one, "event": redeem(invite({"signed": good}), sender=CAROL)}
    yield {"name": "third-party invite of another", "state": one, "event": redeem(invite({"signed": good}), target="@erin:e.test")}
    yield {"name": "third-party invite without the token's event", "event": redeem(invite({"signed": good}))}
    yield {"name": "third-party invite in a join", "state": one + [["m.room.join_rules", "", ALICE, '{"join_rule":"public"}']],
           "event": [MEMBER, DAVE, DAVE, text({"membership": "join", "third_party_invite": {"signed": good}})]}

    for odd in (None, True, 5, "", "x", [], ["x"], {}, [good]):
        yield {"name": f"third_party_invite {text(odd)}", "state": one, "event": redeem(invite(odd))}
        yield {"name": f"signed {text(odd)}", "state": one, "event": redeem(invite({"signed": odd}))}
        for name in ("mxid", "token", "signatures"):
            yield {"name": f"{name} {text(odd)}", "state": one, "event": redeem(invite({"signed": {**good, name: odd}}))}
        yield {"name": f"display_name {text(odd)}", "state": one, "event": redeem(invite({"signed": good, "display_name": odd}))}
        yield {"name": f"a server's signatures {text(odd)}", "state": one,
               "event": redeem(invite({"signed": {**good, "signatures": {"id.test": odd}}}))}
        yield {"name": f"a signature {text(odd)}", "state": one,
               "event": redeem(invite({"signed": {**good, "signatures": {"id.test": {"ed25519:0": odd}}}}))}
        yield {"name": f"public_key {text(odd)}", "state": token({"public_key": odd}), "event": redeem(invite({"signed": good}))}
        yield {"name": f"public_key {text(odd)} and a good one", "state": token({"public_key": odd, "public_keys": [{"public_key": public(ONE)}]}),
               "event": redeem(invite({"signed": good}))}
        yield {"name": f"public_keys {text(odd)}", "state": token({"public_keys": odd}), "event": redeem(invite({"signed": good}))}
        yield {"name": f"public_keys {text(odd)} behind a good one", "state": token({"public_key": public(ONE), "public_keys": odd}),
               "event": redeem(invite({"signed": good}))}
        for before in (True, False):
            keys = [odd, {"public_key": public(ONE)}] if before else [{"public_key": public(ONE)}, odd]
            yield {"name": f"an entry of public_keys {text(odd)}, {'first' if before else 'last'}", "state": token({"public_keys": keys}),
                   "event": redeem(invite({"signed": good}))}
        yield {"name": f"public_keys with public_key {text(odd)}", "state": token({"public_keys": [{"public_key": odd}]}),
               "event": redeem(invite({"signed": good}))}
    for name in ("mxid", "token", "signatures"):
        lacking = {key: value for key, value in good.items() if key != name}
        yield {"name": f"signed without {name}", "state": one, "event": redeem(invite({"signed": lacking}))}
    yield {"name": "keys of two, signed by the second", "state": token({"public_key": public(TWO), "public_keys": [{"public_key": public(ONE)}]}),
           "event": redeem(invite({"signed": good}))}
    yield {"name": "an extra member that is signed too", "state": one, "event": redeem(invite({"signed": signed(sender=BOB)}))}
    yield {"name": "an extra member that is not signed", "state": one, "event": redeem(invite({"signed": {**good, "sender": BOB}}))}
    yield {"name": "unsigned in signed", "state": one, "event": redeem(invite({"signed": {**good, "unsigned": {"x": 1}}}))}
    yield {"name": "a key in url-safe base64", "state": token({"public_key": public(TWO).replace("+", "-").replace("/", "_")}),
           "event": redeem(invite({"signed": signed(key=TWO)}))}
    yield {"name": "a padded key", "state": token({"public_key": public(ONE) + "="}), "event": redeem(invite({"signed": good}))}
    for broken in (public(ONE)[:-1], public(ONE) + "A", public(ONE) + "!", " " + public(ONE), public(ONE) + "\n", public(ONE)[:20] + "é", "A"):
        yield {"name": f"a key {text(broken)}", "state": token({"public_key": broken}), "event": redeem(invite({"signed": good}))}
        yield {"name": f"a key {text(broken)} behind a good one", "state": token({"public_key": public(ONE), "public_keys": [{"public_key": broken}]}),
               "event": redeem(invite({"signed": good}))}

    # Several signatures: which one decides?
    def with_signatures(signatures):
        return redeem(invite({"signed": {"mxid": DAVE, "token": "t", "signatures": signatures}}))

    right = good["signatures"]["id.test"]["ed25519:0"]
    wrong = signed(key=TWO)["signatures"]["id.test"]["ed25519:0"]
    for label, signatures in {
            "a wrong one after it": {"id.test": {"ed25519:0": right, "ed25519:1": wrong}},
            "a wrong one before it": {"id.test": {"ed25519:0": wrong, "ed25519:1": right}},
            "another server's wrong one after it": {"a.test": {"ed25519:0": right}, "b.test": {"ed25519:0": wrong}},
            "another server's wrong one before it": {"a.test": {"ed25519:0": wrong}, "b.test": {"ed25519:0": right}},
            "a server without any before it": {"a.test": {}, "b.test": {"ed25519:0": right}},
            "another algorithm before it": {"a.test": {"curve:0": wrong, "ed25519:0": right}},
            "another algorithm alone": {"a.test": {"curve:0": right}},
            "a key id without a version": {"a.test": {"ed25519:": right}},
            "a key id with a colon": {"a.test": {"ed25519:a:b": right}},
            "a key id with a blank": {"a.test": {"ed25519:a b": right}},
            "a key id with a hyphen": {"a.test": {"ed25519:a-b": right}},
            "an algorithm that begins alike": {"a.test": {"ed25519x:0": right}},
            "an impossible server": {"": {"ed25519:0": right}},
            "a padded one": {"id.test": {"ed25519:0": right + "=="}},
            "one in url-safe base64": {"id.test": {"ed25519:0": right.replace("+", "-").replace("/", "_")}},
            "one cut short": {"id.test": {"ed25519:0": right[:-4]}},
            "one with a blank": {"id.test": {"ed25519:0": right + " "}},
            "one with a foreign letter": {"id.test": {"ed25519:0": right + "é"}},
            "a number before it": {"a.test": 5, "b.test": {"ed25519:0": right}},
            "a number after it": {"a.test": {"ed25519:0": right}, "b.test": 5},
            "a number as signature before it": {"a.test": {"ed25519:0": 5, "ed25519:1": right}}}.items():
        for keys, how in (({"public_key": public(ONE)}, "one key"),
                          ({"public_key": public(TWO), "public_keys": [{"public_key": public(ONE)}]}, "two keys")):
            yield {"name": f"signatures, {how}: {label}", "state": token(keys), "event": with_signatures(signatures)}
    yield {"name": "thirty-three keys, signed by the last",
           "state": token({"public_keys": [{"public_key": public(key_of(number))} for number in range(3, 36)] + [{"public_key": public(ONE)}]}),
           "event": redeem(invite({"signed": good}))}
    for kind_sender in (ALICE, CAROL):
        yield {"name": f"the token's event by {kind_sender}", "event": [TOKEN, kind_sender, "t", "{}"]}
    for content in ({}, {"public_key": 5}, {"public_keys": "x"}):
        yield {"name": f"the token's event with {json.dumps(content)}", "event": [TOKEN, ALICE, "t", text(content)]}
    yield {"name": "the token's event without a state key", "event": [TOKEN, ALICE, None, "{}"]}
    yield {"name": "the token's event of a user", "event": [TOKEN, ALICE, BOB, "{}"]}
