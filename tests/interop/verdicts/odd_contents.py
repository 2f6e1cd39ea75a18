"""Odd contents of events, for every check of the authorisation rules that looks at a form.

A case is a room and one event: {"name", "state": [[type, state_key, sender, content], ...], "event": [type, sender, state_key,
content, more]}. `state` comes on top of BASE_STATE and takes the place of entries with the same key; a content of None takes the
entry out. Contents are JSON texts, since the spelling of a number is part of what is odd. In them `<alice>` is the founder's entry
in `users`, which version 12 does not allow. `more` has further members of the event: {"redacts": ...}, {"after": "create"}: its
only parent is the create event. A create event in `state` gets `room_version` and, up to version 10, `creator` where it names none;
one that is the event itself stays as it is.
"""

import json

VERSIONS = [str(number) for number in range(1, 13)]
ALICE, BOB, CAROL, DAVE = "@alice:a.test", "@bob:b.test", "@carol:c.test", "@dave:d.test"
CREATE, MEMBER, LEVELS, RULES = "m.room.create", "m.room.member", "m.room.power_levels", "m.room.join_rules"
TOKEN = "m.room.third_party_invite"
SCALARS = ["users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"]
USUAL_LEVELS = '{"users":{<alice>"@bob:b.test":50}}'
JOIN = '{"membership":"join"}'

BASE_STATE = [
    [CREATE, "", ALICE, "{}"],
    [MEMBER, ALICE, ALICE, JOIN],
    [MEMBER, BOB, BOB, JOIN],
    [MEMBER, CAROL, CAROL, JOIN],
    [LEVELS, "", ALICE, USUAL_LEVELS],
    [RULES, "", ALICE, '{"join_rule":"invite"}'],
]

# What may stand where an integer is expected.
VALUES = ["null", "true", "false", "0", "-1", "50", "51", "9007199254740991", "9007199254740992", "-9007199254740992",
          "9223372036854775807", "9223372036854775808", "123456789012345678901234567890", "-123456789012345678901234567890",
          "0.0", "-0", "-0.0", "50.0", "50.9", "-0.9", "5e1", "5E+1", "1e19", "1e300", "1e-5", '"50"', '" 50 "', '"\\t50\\n"', '"+50"',
          '"-50"', '"- 50"', '"+-50"', '"050"', '"5_0"', '"_50"', '"50_"', '"5__0"', '"+_50"', '"0_0"', '"５０"', '"٥٠"', '"\\u00a050\\u2003"',
          '"\\u001c50"', '"\\u001c５０"', '"\\u008550"', '"\\u200350"', '"\\u200b50"', '"\\ufeff50"', '"𝟝𝟘"', '"②"', '"५०"', '"50\\u0000"', '"5 0"', '"0x32"', '"0b1"', '"5e1"', '"50.0"',
          '"fifty"', '""', '" "', '"null"', '"9223372036854775808"', '"123456789012345678901234567890"',
          "[]", "[50]", "{}", '{"50":50}']
# Digits that are too many for Synapse, and one fewer.
LONG = ['"' + "0" * 4298 + '50"', '"' + "0" * 4299 + '50"', '"-' + "0" * 4298 + '50"', '"' + "0_" * 4298 + '50"', '"' + "0_" * 4299 + '50"']
# What may stand where an object of integers is expected.
MAPS = ["null", "true", "false", "0", "50", '""', '"m"', '"m.room.topic"', "[]", "[0]", "[1]", "[-1]", "[1,1]", "[0,50]", "[50]",
        '[0,"50"]', "[false]", "[true]", "[false,true]", "[null]", '["m.room.topic"]', "[[]]", "[{}]", "[0.0]", "[-2,-2]", "[-2]",
        '["0"]', "{}", '{"m.room.topic":{}}', '{"":5}', '{"m":5}', '{"0":5}']
USER_KEYS = [BOB + " ", "@mallory:evil.example ", " " + BOB, "@", "@:", "@a:", "@:b.test", "@a", "a:b", "bob", "", ":", "@a:b:c", "@A:b.test",
             "@ä:b.test", "@a b:c", "@a:b c", "@a:[::1", "@a:-", "@a:b\n", "@" + "a" * 300 + ":b", "@a:" + "b" * 300, "#a:b", "@a\u0000:b",
             "＠a:b", "@a：b", "@@a:b", "@a::", "@a\ud83d\ude00:b"]
STATE_KEYS = ["", "bob", "b.test", "@", "@bob", ":", "x:y", "bob:b.test", "@bob:b.test ", " @bob:b.test", "@BOB:b.test", "@:b.test",
              "@bob:b.test:80", "@bob:b_test", "@bob:", "@bob:..", "!bob:b.test", "@bob:b.test\n", "@b\u0000b:b.test", "@bøb:b.test",
              "@" + "b" * 247 + ":b.test", "@" + "b" * 248 + ":b.test", "@" + "ø" * 130 + ":b.test", "@bob:" + "b" * 245, "@bob:a.test "]
SENDERS = ["bob:b.test", ":b.test", "@:b.test", "@BOB:b.test", "@bø b:b.test", "!bob:b.test", "b\u0000b:b.test", "@bob:b.test:80", "@bob:::1",
           "@bob:[::1]:80", "@bob:B.TEST"]


def text(value):
    return json.dumps(value)


def with_users(entries, more=""):
    return '{"users":{<alice>"@bob:b.test":50%s}%s}' % (entries, more)


def member(user, membership, **more):
    return [MEMBER, user, user, text({"membership": membership, **more})]


def levels_by_themselves():
    """What m.room.power_levels may say: as the first of the room and as one that takes another's place."""
    contents = []
    for value in VALUES:
        contents += [(f"{name} {value}", with_users("", f',"{name}":{value}')) for name in ("ban", "users_default")]
        contents.append((f"a user's {value}", with_users(f',"@carol:c.test":{value}')))
        contents.append((f"an event's {value}", with_users("", f',"events":{{"m.room.topic":{value}}}')))
        contents.append((f"a notification's {value}", with_users("", f',"notifications":{{"room":{value}}}')))
    contents += [(f"a user's level of {len(value)} characters", with_users(f',"@carol:c.test":{value}')) for value in LONG]
    for name in SCALARS:
        contents += [(f"{name} {value}", with_users("", f',"{name}":{value}')) for value in ("null", "true", '"x"', "[]", '"25"', "100", "101")]
    for value in MAPS:
        contents += [(f"{name} {value}", with_users("", f',"{name}":{value}')) for name in ("events", "notifications")]
        contents.append((f"users {value}", '{"users":%s}' % value))
        contents.append((f"unknown member {value}", with_users("", f',"unknown":{value}')))
    contents += [(f"user {text(key)}", with_users(f",{text(key)}:5")) for key in USER_KEYS]
    contents += [("no users", "{}"), ("the founder among the users", '{"users":{"@alice:a.test":100}}'),
                 ("the founder with a blank among the users", '{"users":{"@alice:a.test ":100}}')]
    for label, content in contents:
        for key, how in (("", "alone"), ("", "second"), ("other", "with a state key"), (None, "without a state key")):
            if how != "second" and how != "alone" and "null" not in label:
                continue
            before = [[LEVELS, "", ALICE, None]] if how == "alone" else []
            yield {"name": f"levels {how}: {label}", "state": before, "event": [LEVELS, ALICE, key, content]}


def levels_that_change():
    """Bob, who has 50, changes what he may and may not."""
    rich = ',"events":{"m.room.power_levels":0%s},"notifications":{"room":50%s},"ban":%s,"invite":0'

    def content(users="", event="", notification="", ban="50"):
        return with_users(users, rich % (event, notification, ban))

    edges = ["null", "true", "49", "50", "51", '"50"', '" 50 "', '"51"', '"x"', "50.5", "51.5", "1e300", '"9223372036854775808"',
             '"18446744073709551616"', "123456789012345678901234567890"]
    for old in [None] + edges:
        for new in [None] + edges:
            if old == new:
                continue
            for place in ("users", "event", "notification", "ban"):
                entry = {"users": ',"@carol:c.test":%s', "event": ',"m.room.topic":%s', "notification": ',"x":%s', "ban": "%s"}[place]
                one = content(**({place: entry % old} if old else {"ban": "50"}))
                other = content(**({place: entry % new} if new else {"ban": "50"}))
                yield {"name": f"levels by bob: {place} from {old} to {new}", "state": [[LEVELS, "", ALICE, one]],
                       "event": [LEVELS, BOB, "", other]}
    # Beyond 64 bits levels still differ.
    great, greater = '"123456789012345678901234567890"', '"123456789012345678901234567891"'
    for mine in (great, greater):
        for wanted in (great, greater, '"99999999999999999999999"', "1e29", "1e30"):
            old = '{"users":{<alice>"@bob:b.test":%s}}' % mine
            new = '{"users":{<alice>"@bob:b.test":%s},"ban":%s}' % (mine, wanted)
            yield {"name": f"levels by bob, who has {mine}: ban {wanted}", "state": [[LEVELS, "", ALICE, old]], "event": [LEVELS, BOB, "", new]}
    for old in MAPS:
        for new in ("{}", '{"m.room.topic":5}', "[0]", "[0,5]", '{"":5}', '{"m":5}', '""'):
            for place in ("events", "notifications"):
                yield {"name": f"levels after {place} {old}: {new}", "state": [[LEVELS, "", ALICE, with_users("", f',"{place}":{old}')]],
                       "event": [LEVELS, ALICE, "", with_users("", f',"{place}":{new}')]}


def what_levels_allow():
    """Each use of a level, where the level is odd."""
    uses = [("message", ["m.room.message", CAROL, None, "{}"], "events_default", "m.room.message"),
            ("topic", ["m.room.topic", BOB, "", "{}"], "state_default", "m.room.topic"),
            ("invite", [MEMBER, CAROL, DAVE, text({"membership": "invite"})], "invite", MEMBER),
            ("kick", [MEMBER, BOB, CAROL, text({"membership": "leave"})], "kick", MEMBER),
            ("ban", [MEMBER, BOB, CAROL, text({"membership": "ban"})], "ban", MEMBER),
            ("leave", [MEMBER, CAROL, CAROL, text({"membership": "leave"})], "kick", MEMBER),
            ("join", [MEMBER, CAROL, CAROL, JOIN], "ban", MEMBER),
            ("third-party invite", [TOKEN, CAROL, "t", "{}"], "invite", TOKEN),
            ("aliases", ["m.room.aliases", CAROL, "c.test", "{}"], "state_default", "m.room.aliases"),
            ("redaction", ["m.room.redaction", CAROL, None, "{}", {"redacts": "$x:c.test"}], "redact", "m.room.redaction"),
            ("foreign redaction", ["m.room.redaction", CAROL, None, "{}", {"redacts": "$x:b.test"}], "redact", "m.room.redaction")]
    few = ["null", "true", "false", "0", "1", "50", "51", '"0"', '" 50 "', '"51"', '"5_0"', '"x"', '""', "[]", "{}", "0.9", "-0.5", "50.9", "1e300",
           '"-123456789012345678901234567890"', '"123456789012345678901234567890"']
    for label, event, scalar, kind in uses:
        for value in few:
            yield {"name": f"{label} where {scalar} is {value}", "state": [[LEVELS, "", ALICE, with_users("", f',"{scalar}":{value}')]],
                   "event": event}
            yield {"name": f"{label} where users_default is {value}",
                   "state": [[LEVELS, "", ALICE, with_users("", f',"users_default":{value},"{scalar}":1')]], "event": event}
            yield {"name": f"{label} where the sender has {value}",
                   "state": [[LEVELS, "", ALICE, '{"users":{<alice>"%s":%s},"%s":1}' % (event[1], value, scalar)]],
                   "event": event}
            yield {"name": f"{label} where the type has {value}",
                   "state": [[LEVELS, "", ALICE, with_users("", f',"events":{{"{kind}":{value}}}')]], "event": event}
        for value in MAPS:
            for name in ("events", "notifications", "unknown"):
                yield {"name": f"{label} where {name} is {value}", "state": [[LEVELS, "", ALICE, with_users("", f',"{name}":{value}')]],
                       "event": event}
        for name in SCALARS:
            if name != scalar:
                for value in ("null", '"x"', "[]"):
                    yield {"name": f"{label} where {name} is {value}", "state": [[LEVELS, "", ALICE, with_users("", f',"{name}":{value}')]],
                           "event": event}
        yield {"name": f"{label} without levels", "state": [[LEVELS, "", ALICE, None]], "event": event}
        yield {"name": f"{label} by the founder without levels", "state": [[LEVELS, "", ALICE, None]],
               "event": [event[0], ALICE, *event[2:]]}
        yield {"name": f"{label} where levels are empty", "state": [[LEVELS, "", ALICE, "{}"]], "event": event}


def creations():
    for key in ("creator", "room_version", "m.federate", "predecessor", "type", "additional_creators", "unknown"):
        for value in ("null", "true", "0", '""', '"x"', '"1"', '"12"', '"@alice:a.test"', '"@bob:b.test"', "[]", "{}", '["@bob:b.test"]',
                      '{"room_id":5}', "1.5", "1"):
            for creator in (('"@alice:a.test"', None) if key != "creator" else (None,)):
                given = f'"creator":{creator},' if creator else ""
                yield {"name": f"create with {key} {value}" + (" and a creator" if creator else ""),
                       "event": [CREATE, ALICE, "", "{%s%s:%s}" % (given, text(key), value)]}
    for label, content in (("empty", "{}"), ("with a room_version of another kind", '{"room_version":"99","creator":"@alice:a.test"}')):
        yield {"name": f"create {label}", "event": [CREATE, ALICE, "", content]}
    names = ["@bob:b.test", "@bob:b.test ", "bob", "@bob", "", "@:b.test", "@:", "@bob:", "@BOB:b.test", "@bøb:b.test", "@b b:b.test", "@bob:b_test",
             "@bob:b..test", "@bob:b.test.", "@bob:.", "@bob:-", "@bob:b.test:80", "@bob:b.test:", "@bob:b.test:x", "@bob:b.test:99999",
             "@bob:b.test:-1", "@bob:b.test: 80 ", "@bob:b.test:8_0", "@bob:b.test:８０", "@bob:b.test:0", "@bob:b.test:80:90", "@bob:[::1]", "@bob:[::1]:80", "@bob:[::1", "@bob:[]",
             "@bob:[1.2.3.4]", "@bob:[::ffff:1.2.3.4]", "@bob:[::1%lo]", "@bob:[1:2:3:4:5:6:7:8]", "@bob:[1:2:3:4:5:6:7:8:9]", "@bob:[g::1]",
             "@bob:[1::2::3]", "@bob:[::12345]", "@bob:[::1]x", "@bob:[::1]:", "@bob:1.2.3.4", "@bob:1.2.3.4:80", "@bob:999.2.3.4", "@bob:b.test\n",
             "@b\u0000b:b.test", "@" + "b" * 247 + ":b.test", "@" + "b" * 248 + ":b.test", "@" + "ø" * 123 + ":b.test",
             "@" + "ø" * 124 + ":b.test", "@b:" + "b" * 227, "@b:" + "b" * 228, "@b:" + "b" * 240, "@b:" + "b" * 252, "@b:" + "b" * 253, "@bob:é.test"]
    for name in names:
        yield {"name": f"additional creator {text(name)}", "event": [CREATE, ALICE, "", '{"creator":"@alice:a.test","additional_creators":[%s]}' % text(name)]}
    for value in ("[5]", "[null]", '["@bob:b.test",5]', '["@bob:b.test","@bob:b.test"]', '["@alice:a.test"]', '[["@bob:b.test"]]'):
        yield {"name": f"additional creators {value}", "event": [CREATE, ALICE, "", '{"creator":"@alice:a.test","additional_creators":%s}' % value]}
    yield {"name": "create with a parent", "event": [CREATE, ALICE, "", '{"creator":"@alice:a.test"}', {"after": "create"}]}
    yield {"name": "create with a state key", "event": [CREATE, ALICE, "x", '{"creator":"@alice:a.test"}']}
    yield {"name": "create without a state key", "event": [CREATE, ALICE, None, '{"creator":"@alice:a.test"}']}
    yield {"name": "create by another server", "event": [CREATE, BOB, "", '{"creator":"@bob:b.test"}']}
    # What the create event says counts later.
    for value in ("null", "true", "false", "0", "1", '"true"', '"false"', "[]", "{}"):
        room = [[CREATE, "", ALICE, '{"m.federate":%s}' % value]]
        own = room + [[MEMBER, BOB, BOB, None], [MEMBER, CAROL, CAROL, None]]
        yield {"name": f"m.federate {value}: another server's message", "state": room, "event": ["m.room.message", BOB, None, "{}"]}
        yield {"name": f"m.federate {value}: another server's user is invited", "state": own,
               "event": [MEMBER, ALICE, DAVE, text({"membership": "invite"})]}
        yield {"name": f"m.federate {value}: own message", "state": own, "event": ["m.room.message", ALICE, None, "{}"]}
    for value in ("null", '"@bob:b.test"', '"@alice:a.test "', "5", "[]", '"@alice:a.test"'):
        room = [[CREATE, "", ALICE, '{"creator":%s}' % value]]
        bare = room + [[kind, key, sender, None] for kind, key, sender, _ in BASE_STATE if kind != CREATE]
        for user in (ALICE, BOB):
            yield {"name": f"creator {value}: first join of {user}", "state": bare, "event": [MEMBER, user, user, JOIN, {"after": "create"}]}
            yield {"name": f"creator {value}: topic of {user} without levels", "state": room + [[LEVELS, "", ALICE, None]],
                   "event": ["m.room.topic", user, "", "{}"]}
        yield {"name": f"creator {value}: first join of another", "state": bare, "event": [MEMBER, ALICE, BOB, JOIN, {"after": "create"}]}
    for content in ('{"membership":"join","third_party_invite":{}}', '{"membership":"join","join_authorised_via_users_server":"@bob:b.test"}',
                    '{"membership":"join","join_authorised_via_users_server":null}', '{"membership":"JOIN"}', '{"membership":null}'):
        bare = [[kind, key, sender, None] for kind, key, sender, _ in BASE_STATE if kind != CREATE]
        yield {"name": f"first join {content}", "state": bare, "event": [MEMBER, ALICE, ALICE, content, {"after": "create"}]}
    additional = [[CREATE, "", ALICE, '{"additional_creators":["@bob:b.test","@bob:b.test"]}'], [LEVELS, "", ALICE, "{}"]]
    for key in (BOB, "@bob:b.test ", ALICE):
        yield {"name": f"additional creator bob: users has {text(key)}", "state": additional,
               "event": [LEVELS, ALICE, "", '{"users":{%s:50}}' % text(key)]}
    for sender, target, change in ((ALICE, BOB, "leave"), (BOB, ALICE, "ban"), (BOB, CAROL, "ban"), (ALICE, CAROL, "leave")):
        yield {"name": f"additional creator bob: {sender} makes {target} {change}", "state": additional,
               "event": [MEMBER, sender, target, text({"membership": change})]}


def memberships():
    for value in ("null", "true", "5", '""', '"JOIN"', '"join "', '"invited"', '"Ban"', "[]", '["join"]', "{}", '{"join":1}', '"knock"', '"leave"',
                  '"ban"', '"invite"', '"join"'):
        for sender, target in ((CAROL, CAROL), (BOB, CAROL), (DAVE, DAVE), (BOB, DAVE)):
            yield {"name": f"membership {value}: {sender} of {target}", "event": [MEMBER, sender, target, '{"membership":%s}' % value]}
    yield {"name": "member without membership", "event": [MEMBER, CAROL, CAROL, "{}"]}
    yield {"name": "member without a state key", "event": [MEMBER, CAROL, None, JOIN]}
    for key in STATE_KEYS:
        for change in ("invite", "ban", "leave", "join"):
            yield {"name": f"{change} of {text(key)}", "event": [MEMBER, BOB, key, text({"membership": change})]}
        yield {"name": f"state of {text(key)}", "event": ["org.example.state", BOB, key, "{}"]}
        if ".." in key:
            continue  # a server name in form, but nobody has its keys
        yield {"name": f"join of {text(key)} by itself", "state": [[RULES, "", ALICE, '{"join_rule":"public"}']], "event": [MEMBER, key, key, JOIN]}
    for sender in SENDERS:
        yield {"name": f"message of {text(sender)}", "state": [member(sender, "join")] if ":" in sender else [],
               "event": ["m.room.message", sender, None, "{}"]}


def join_rules():
    values = ["null", "true", "5", '""', '"Public"', '"public "', '"private"', '"invite"', '"public"', '"knock"', '"restricted"',
              '"knock_restricted"', "[]", '["public"]', "{}"]
    for value in values + [None]:
        room = [[RULES, "", ALICE, '{"join_rule":%s}' % value if value else "{}"]]
        for before in ("none", "invite", "join", "leave", "ban", "knock"):
            stands = [] if before == "none" else [member(DAVE, before)]
            for change in ("join", "knock"):
                yield {"name": f"join_rule {value}: dave, {before}, says {change}", "state": room + stands,
                       "event": [MEMBER, DAVE, DAVE, text({"membership": change})]}
        for authoriser in ('"@alice:a.test"', '"@bob:b.test"', '"@dave:d.test"', '"@erin:e.test"', "null", "5", '""', '"bob"', '"bob:b.test"', "[]",
                           '"@bob:b.test "', '"@carol:c.test"', '":"'):
            content = '{"membership":"join","join_authorised_via_users_server":%s}' % authoriser
            for before in ("none", "invite"):
                stands = [] if before == "none" else [member(DAVE, before)]
                yield {"name": f"join_rule {value}: dave, {before}, joins by {authoriser}", "state": room + stands + [[LEVELS, "", ALICE, with_users("", ',"invite":50')]],
                       "event": [MEMBER, DAVE, DAVE, content]}
        for allow in ("null", "[]", "5", '[{"type":5}]', '[{"type":"m.room_membership","room_id":5}]'):
            yield {"name": f"join_rule {value}, allow {allow}: the rule itself",
                   "event": [RULES, ALICE, "", '{"join_rule":%s,"allow":%s}' % (value or "null", allow)]}
    yield {"name": "no join rules: dave joins", "state": [[RULES, "", ALICE, None]], "event": [MEMBER, DAVE, DAVE, JOIN]}


def redactions():
    for redacts in ("null", "5", "[]", "{}", '""', '"x"', '"$x:c.test"', '"$x:b.test"', '"$x:c.test:b.test"', '"$x"', '"c.test"', '":c.test"', None):
        for sender in (CAROL, BOB):
            more = {} if redacts is None else {"redacts": json.loads(redacts)}
            inside = "{}" if redacts is None else '{"redacts":%s}' % redacts
            yield {"name": f"redaction of {redacts} by {sender}", "event": ["m.room.redaction", sender, None, "{}", more]}
            yield {"name": f"redaction of {redacts} by {sender}, in the content", "event": ["m.room.redaction", sender, None, inside]}
    yield {"name": "redaction with a state key", "event": ["m.room.redaction", BOB, "", "{}", {"redacts": "$x:b.test"}]}


def aliases():
    for key in (None, "", "c.test", "C.test", "c.test ", "b.test", ":c.test", "@carol:c.test"):
        for sender in (CAROL, DAVE):
            for content in ("{}", '{"aliases":5}', '{"aliases":["#x:c.test"]}'):
                yield {"name": f"aliases {text(key)} by {sender}: {content}", "event": ["m.room.aliases", sender, key, content]}


GROUPS = [levels_by_themselves, levels_that_change, what_levels_allow, creations, memberships, join_rules, redactions, aliases]


def cases():
    """All cases but those of third-party invites, which need signatures (third_party.py)."""
    seen = set()
    for group in GROUPS:
        for case in group():
            if case["name"] not in seen:  # an odd value may be on two lists
                seen.add(case["name"])
                yield case
