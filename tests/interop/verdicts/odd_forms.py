"""Events of odd forms: what a server may push, before anybody asks whether it is lawful.

A case is (name, members to set, members to leave out, after signing): texts of JSON by member. Hash and signature are made of what
results, unless the case sets them; what stands under `late` is set after signing."""

import json

ODD = ["null", "true", "false", "0", "-1", "1.5", '""', '"x"', "[]", "{}", '["x"]', '{"x":"y"}', "[[]]", "[{}]"]
NUMBERS = ["0", "1", "-0", "-0.0", "0.0", "1.0", "1e0", "1e3", "1E3", "-1", "9007199254740991", "9007199254740992", "-9007199254740991",
           "-9007199254740992", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
           "-9223372036854775808", "-9223372036854775809", "1" + "0" * 100, "1e400", "-1e400", "1e-400"]
FLOATS = ["1.50", "1e22", "1e16", "1e15", "123456789012345678.0", "0.1", "1e-5", "0.0001", "0.00001", "1.0e5", "-0.0", "1e+5", "5e-324",
          "1.7976931348623157e308", "0.30000000000000004", "100e-2", "1E5", "2.5e-3", "-1e3", "9007199254740993.0", "0e0", "-0e5"]
MEMBERS = ["type", "sender", "room_id", "state_key", "content", "depth", "origin_server_ts", "prev_events", "auth_events", "hashes", "signatures",
           "unsigned", "event_id", "origin", "redacts", "membership", "prev_state", "age_ts", "outlier", "destinations", "unknown", "replaces_state",
           "prev_content", "user_id", "msc4354_sticky"]
SENDERS = ["bob:b.test", ":b.test", "@:b.test", "@BOB:b.test", "@bø b:b.test", "!bob:b.test", "@bob", "@bob:", "@bob:B.TEST", "@bob:b.test ",
           "@" + "b" * 247 + ":b.test", "@" + "b" * 248 + ":b.test", "@" + "ø" * 200 + ":b.test", "@" + "ø" * 124 + ":b.test"]
ROOM_IDS = ["!x", "!", "", "x", "#x:b.test", "!x:b.test ", "!x y:b.test", "!ä:b.test", "!x:", "!x:b.test:80", "!" + "x" * 254, "!" + "x" * 255,
            "!" + "ø" * 200, "! ", "!x:" + "b" * 240]


def nested(levels, inner="0"):
    return "[" * levels + inner + "]" * levels


def nested_objects(levels):
    return '{"x":' * levels + "0" + "}" * levels


def text(value):
    return json.dumps(value, ensure_ascii=False)


def cases(pairs):
    """:param pairs: whether events are cited as pairs of id and hashes (versions 1 and 2)."""
    seen = set()
    for case in all_cases(pairs):
        if case[0] not in seen:  # an odd value may be on two lists
            seen.add(case[0])
            yield case


def all_cases(pairs):
    def reference(event_id):
        return [event_id, {"sha256": "aGFzaA"}] if pairs else event_id

    def references(*event_ids):
        return text([reference(each) for each in event_ids])

    yield "as it should be", {}, [], {}
    for member in MEMBERS:
        yield f"without {member}", {}, [member], {}
        for value in ODD:
            yield f"{member} {value}", {member: value}, [], {}
        yield f"{member} {value} added after signing", {}, [], {member: '"late"'}
    for member in ("depth", "origin_server_ts"):
        for value in NUMBERS:
            yield f"{member} {value}", {member: value}, [], {}
    for value in NUMBERS + FLOATS:
        yield f"content with {value}", {"content": '{"x":%s}' % value}, [], {}
        yield f"an unknown member {value}", {"unknown": value}, [], {}
    for value in FLOATS:
        yield f"a list with {value}", {"content": '{"x":[%s,{"y":%s}]}' % (value, value)}, [], {}
        yield f"levels with {value}", {"type": '"m.room.power_levels"', "state_key": '""', "content": '{"ban":%s}' % value}, [], {}
    for value in ('"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\u2028"', '"é"', '"e\\u0301"', '"\\/"', '"\\u007f"'):
        yield f"content with {value}", {"content": '{"x":%s}' % value}, [], {}
        yield f"content with a key {value}", {"content": "{%s:1}" % value}, [], {}
        yield f"state_key {value}", {"state_key": value}, [], {}

    for levels in (99, 100, 101, 124, 125, 126, 127, 128, 129, 200, 500):
        yield f"content with {levels} lists", {"content": '{"x":%s}' % nested(levels)}, [], {}
        yield f"content with {levels} objects", {"content": '{"x":%s}' % nested_objects(levels)}, [], {}
        yield f"an unknown member of {levels} lists", {"unknown": nested(levels)}, [], {}
        yield f"unsigned with {levels} lists", {}, [], {"unsigned": '{"x":%s}' % nested(levels)}

    for name in ("prev_events", "auth_events"):
        for label, value in {"none": "[]", "one twice": references("$a:b.test", "$a:b.test"), "nine": references(*[f"${n}:b.test" for n in range(9)]),
                             "ten": references(*[f"${n}:b.test" for n in range(10)]),
                             "eleven": references(*[f"${n}:b.test" for n in range(11)]),
                             "twenty": references(*[f"${n}:b.test" for n in range(20)]),
                             "twenty-one": references(*[f"${n}:b.test" for n in range(21)]),
                             "an id without a sigil": references("a:b.test"), "an empty id": references(""), "a room id": references("!a:b.test"),
                             "an id without a server": references("$a"), "an id with a blank": references("$a b"), "a number": "[5]",
                             "a null": "[null]", "an id of 300 letters": references("$" + "a" * 300),
                             "a pair": '[["$a:b.test",{}]]', "a pair with a hash": '[["$a:b.test",{"sha256":"x"}]]',
                             "a pair with a number": '[["$a:b.test",5]]', "a pair with a null": '[["$a:b.test",null]]',
                             "a pair with a list": '[["$a:b.test",[]]]', "a pair with a hash that is a number": '[["$a:b.test",{"sha256":5}]]',
                             "a triple": '[["$a:b.test",{},{}]]', "a single": '[["$a:b.test"]]', "an object": '[{"$a:b.test":{}}]',
                             "an id alone": '["$a:b.test"]'}.items():
            yield f"{name}: {label}", {name: value}, [], {}

    for value in SENDERS:
        yield f"sender {text(value)}", {"sender": text(value)}, [], {}
    for value in ROOM_IDS:
        yield f"room_id {text(value)}", {"room_id": text(value)}, [], {}
    for name in ("type", "state_key", "event_id"):
        for length in (254, 255, 256):
            yield f"{name} of {length} letters", {name: text(("$" if name == "event_id" else "x") + "x" * (length - 1))}, [], {}
        for count in (127, 128, 255, 256):
            yield f"{name} of {count} two-byte letters", {name: text("ø" * count)}, [], {}
    for value in ("$x", "x:b.test", "$x:b.test", "$:b.test", "$x:", "$x:other.test", "$x y:b.test", ":b.test", "$x:b.test:b.test"):
        yield f"event_id {text(value)}", {"event_id": text(value)}, [], {}

    for total in (65521, 65522, 65523, 65535, 65536, 65537):
        yield f"an event of {total} bytes", {"content": f'{{"x":"<fill {total}>"}}'}, [], {}
    # What Synapse counts: unsigned as it keeps it.
    yield "an event of 65522 bytes and unsigned", {"content": '{"x":"<fill 65522>"}'}, [], {"unsigned": '{"age":5,"other":"xxxxxxxxxxxxxxxx"}'}

    right = "<hash>"
    for label, value in {"padded": '{"sha256":"<hash>="}', "url-safe": '{"sha256":"<url hash>"}', "with another algorithm": '{"sha256":"<hash>","md5":"x"}',
                         "with a number beside": '{"sha256":"<hash>","md5":5}', "with a null beside": '{"sha256":"<hash>","x":null}',
                         "with an object beside": '{"sha256":"<hash>","x":{}}', "wrong": '{"sha256":"AAAA"}', "empty": '{"sha256":""}',
                         "no base64": '{"sha256":"!"}', "with a blank": '{"sha256":"<hash> "}', "cut short": '{"sha256":"A"}', "with foreign letters": '{"sha256":"<hash>!!!!"}',
                         "with a foreign letter inside": '{"sha256":"!<hash>"}', "with four foreign letters inside": '{"sha256":"!!!!<hash>"}',
                         "with more behind it": '{"sha256":"<hash>A"}', "with padding and more": '{"sha256":"<hash>=AAAA"}',
                         "padded twice": '{"sha256":"<hash>=="}', "padded before": '{"sha256":"=<hash>"}', "of two letters": '{"sha256":"AA"}',
                         "of three letters": '{"sha256":"AAA"}', "of five letters": '{"sha256":"AAAAA"}', "of a padding": '{"sha256":"="}',
                         "of four paddings": '{"sha256":"===="}', "none": "{}",
                         "another algorithm alone": '{"sha512":"x"}', "in capitals": '{"SHA256":"<hash>"}', "a number": '{"sha256":5}',
                         "with a foreign letter": '{"sha256":"é"}'}.items():
        yield f"hashes {label}", {"hashes": value}, [], {}

    right = '"ed25519:1":"<signature>"'
    wrong = '"ed25519:1":"<wrong>"'
    for label, value in {"of nobody": "{}", "of another": '{"other.test":{%s}}' % right, "without keys": '{"b.test":{}}',
                         "with another server's": '{"b.test":{%s},"other.test":{"ed25519:1":"x"}}' % right,
                         "with a server without keys": '{"b.test":{%s},"other.test":{}}' % right,
                         "with a server that is a number": '{"b.test":{%s},"other.test":5}' % right,
                         "with a server that is null": '{"b.test":{%s},"other.test":null}' % right,
                         "with a server's number": '{"b.test":{%s},"other.test":{"ed25519:1":5}}' % right,
                         "with a server's object": '{"b.test":{%s},"other.test":{"ed25519:1":{}}}' % right,
                         "with an impossible server": '{"b.test":{%s},"":{"ed25519:1":"x"}}' % right,
                         "wrong": '{"b.test":{%s}}' % wrong, "empty": '{"b.test":{"ed25519:1":""}}', "no base64": '{"b.test":{"ed25519:1":"!"}}',
                         "a number": '{"b.test":{"ed25519:1":5}}', "a null": '{"b.test":{"ed25519:1":null}}',
                         "padded": '{"b.test":{"ed25519:1":"<signature>=="}}', "url-safe": '{"b.test":{"ed25519:1":"<url signature>"}}',
                         "with a blank": '{"b.test":{"ed25519:1":"<signature> "}}', "with a line feed": '{"b.test":{"ed25519:1":"<signature>\\n"}}',
                         "cut short": '{"b.test":{"ed25519:1":"<short signature>"}}', "under an unknown key": '{"b.test":{"ed25519:9":"<signature>"}}',
                         "under another algorithm": '{"b.test":{"rsa:1":"<signature>"}}',
                         "with an unknown key's": '{"b.test":{%s,"ed25519:9":"x"}}' % right,
                         "with another algorithm's": '{"b.test":{%s,"rsa:1":"x"}}' % right,
                         "with a policy server's": '{"b.test":{%s,"ed25519:policy_server":"x"}}' % right,
                         "with an id without an algorithm": '{"b.test":{%s,"x":"x"}}' % right,
                         "with an empty id": '{"b.test":{%s,"":"x"}}' % right,
                         "with a second key's": '{"b.test":{%s,"ed25519:2":"<second>"}}' % right,
                         "with a second key's wrong": '{"b.test":{%s,"ed25519:2":"<signature>"}}' % right,
                         "with foreign letters": '{"b.test":{"ed25519:1":"<signature>!!!!"}}',
                         "with foreign letters inside": '{"b.test":{"ed25519:1":"!!!!<signature>"}}',
                         "with padding and more": '{"b.test":{"ed25519:1":"<signature>==AAAA"}}',
                         "with more behind it": '{"b.test":{"ed25519:1":"<signature>AA"}}',
                         "with four more behind it": '{"b.test":{"ed25519:1":"<signature>AAAA"}}',
                         "padded once": '{"b.test":{"ed25519:1":"<signature>="}}',
                         "padded thrice": '{"b.test":{"ed25519:1":"<signature>==="}}',
                         "padded before": '{"b.test":{"ed25519:1":"=<signature>"}}',
                         "with a non-ASCII letter": '{"b.test":{"ed25519:1":"<signature>é"}}',
                         "of a key with a blank": '{"b.test":{"ed25519:a b":"<signature>"}}',
                         "of a key without a name": '{"b.test":{"ed25519:":"<signature>"}}',
                         "of a key with a colon": '{"b.test":{"ed25519:a:b":"<signature>"}}',
                         "of a key with a non-ASCII name": '{"b.test":{"ed25519:ä":"<signature>"}}',
                         "wrong with a second key's right": '{"b.test":{"ed25519:1":"<wrong>","ed25519:2":"<second>"}}',
                         "of a key with a hyphen": '{"b.test":{"ed25519:a-b":"<signature>"}}',
                         "of a key with a dot": '{"b.test":{"ed25519:a.b":"<signature>"}}',
                         "of an expired key": '{"b.test":{"ed25519:old":"<signature>"}}'}.items():
        yield f"signatures {label}", {}, [], {"signatures": value}
    for label, change in {"body": {"content": '{"body":"other"}'}, "depth": {"depth": "6"}, "an extra member": {"extra": "1"},
                          "origin": {"origin": '"c.test"'}, "type": {"type": '"other"'}, "unsigned": {"unsigned": '{"age":5}'},
                          "age_ts": {"age_ts": "5"}, "prev_state": {"prev_state": "[]"}, "membership": {"membership": '"join"'}}.items():
        yield f"changed after signing: {label}", {}, [], change

    join = {"type": '"m.room.member"', "state_key": '"@bob:b.test"'}
    for value in ("null", "5", '""', '"x"', '"@x"', '"x:y.test"', '":y.test"', '"@x:y.test"', '"@x:"', '"@x:b.test"', '"x:b.test"', "[]", "{}",
                  '"@x:y.test "', '"@x:y y"'):
        for membership in ("join", "leave"):
            yield f"{membership} by way of {value}", join | {"content": '{"membership":"%s","join_authorised_via_users_server":%s}' % (membership, value)}, [], {}
    for value in ("null", "5", "{}", '{"signed":{}}'):
        yield (f"invite with third_party_invite {value} of another server's user",
               join | {"sender": '"@x:other.test"', "content": '{"membership":"invite","third_party_invite":%s}' % value}, [], {})
        yield (f"join with third_party_invite {value} of another server's user",
               join | {"sender": '"@x:other.test"', "content": '{"membership":"join","third_party_invite":%s}' % value}, [], {})
    for membership in ("null", "5", '"INVITE"'):
        yield (f"membership {membership} with third_party_invite", join | {"content": '{"membership":%s,"third_party_invite":{}}' % membership}, [], {})
