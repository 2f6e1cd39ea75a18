"""messages/chat/asyncapi.yaml is a valid AsyncAPI document; its schemas take and refuse what the broker does.

The parser and the validator come from npm, once, into the build folder. Where they cannot be had the cases are skipped;
with CAUSEWAY_CI set, as .ci/run does, they fail.
"""

import collections
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import unittest

import msgpack

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(HERE))))
DOCUMENT = os.path.join(ROOT, "messages", "chat", "asyncapi.yaml")
FROZEN = os.path.join(ROOT, "tests", "messages", "chat", "frozen_bodies.txt")
INSTALL_S = 600
VALIDATE_S = 300

# What the broker says where it refuses by a rule that a schema of one field cannot have.
BEYOND_SCHEMA = ("is for a channel", "may be public or knock", "reach beyond total_bytes", "together",
                 "nothing that can be seen", "2^53-1", "with sign", "the header is over", "is missing: on whom?", "is missing: which one?",
                 "that is no JSON")
# Values that no broker sends: a room without type, an invitation without state, a drift without cause.
NEVER_SENT = ("answer room_view without", "answer invitations", "notification room.created 2",
              "notification invitation.changed 2", "notification permission.drift 3")
# What frozen_bodies.cpp puts in the place of a field, by the name it has there.
MISSING = object()
REPLACEMENTS = {
    "missing": MISSING, "nil": None, "7": 7, "0": 0, "-1": -1, "2^53": 2**53, "2^64-1": 2**64 - 1, "true": True,
    "0.5": 0.5, "map": {}, "empty": "", "x": "x", "blank": "\u200b", "dm": "dm", "public": "public", "[]": [],
    "[7]": [7], "[empty]": [""], "[x]": ["x"], "[map]": [{}], "bin": b"x", "524289 of bin": b"x" * 524289, "256 bytes": "x" * 256,
    "1025 bytes": "x" * 1025, "4097 bytes": "x" * 4097, "61441 bytes": "x" * 61441, "[256 bytes]": ["x" * 256],
    "21 strings": ["x"] * 21, "65 strings": ["x"] * 65, "1001 strings": ["x"] * 1001, "10001 strings": ["x"] * 10001,
}
BODY = re.compile(r"(command|notification|ephemeral|answer|fault|header)(?: ([\w.]+))?(.*?): ([0-9a-f]+)")
REFUSAL = re.compile(r"(.+?)  ([\w.]+): (.*) <- (.*)")
# Where the name in the file is that of the struct.
ANSWERS = {"banned": "banned_users", "room_view": "room", "user": "user_known", "user_view": "user"}
FROM_PEER = {"HELLO", "COMMAND", "ACK", "NACK", "CREDIT", "PING", "BYE", "ERROR", "SEEK"}


def tools():
    """Folder with the modules, and node.

    :raises unittest.SkipTest: they cannot be had; AssertionError with CAUSEWAY_CI
    """
    with open(os.path.join(HERE, "package-lock.json"), "rb") as lock:
        folder = os.path.join(ROOT, "build", "asyncapi-" + hashlib.sha256(lock.read()).hexdigest()[:12])
    architecture = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    node = os.path.join(folder, "node_modules", f"node-linux-{architecture}", "bin", "node")
    complete = os.path.join(folder, "complete")
    why = None if os.path.exists(complete) else install(folder, node)
    if why:
        why = f"ASYNCAPI.YAML IS NOT VALIDATED: the parser cannot be had from npm: {why}"
        print(why, flush=True)
        if os.environ.get("CAUSEWAY_CI"):
            raise AssertionError(why)
        raise unittest.SkipTest(why)
    with open(complete, "w", encoding="utf8"):
        pass
    return folder, node


def install(folder, node):
    """Why it was not possible; nothing: it was."""
    npm = shutil.which("npm")
    if not npm:
        return "npm is not installed: tools/install does it"
    print(f"asyncapi: installing the AsyncAPI parser from npm into {folder} (once)", flush=True)
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, name), folder)
    try:
        # The lock has versions and hashes; scripts of packages are not run.
        done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                              capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode:
        return " ".join((done.stderr or done.stdout).split()[:40])
    return None if os.access(node, os.X_OK) else f"npm has no Node.js for {platform.machine()}"


def schema_of(kind, name, rest):
    if kind == "answer":
        return "answer." + ANSWERS.get(name, name)
    if kind == "header":
        return f"header.{name}" + ((".broker" if "broker" in rest else ".peer") if name == "SEEK" else "")
    return {"command": "command." + (name or ""), "fault": "fault"}.get(kind, "event." + (name or ""))


def replaced(body, path, value):
    """A copy; keys of a list are those of each entry. `path` has points between the keys, and a key may have some itself."""
    if isinstance(body, list):
        return [replaced(each, path, value) for each in body]
    out = dict(body)
    key = next((each for each in out if path == each or path.startswith(each + ".")), path.split(".")[0])
    rest = path[len(key) + 1:]
    if rest:
        out[key] = replaced(out[key], rest, value)
    elif value is MISSING:
        out.pop(key, None)
    else:
        out[key] = value
    return out


def in_json(value):
    return json.loads(json.dumps(value, default=lambda x: x.decode("latin-1")))


def says_too_much(value, is_binary):
    """In JSON bytes are a text: which of the two was sent it cannot tell."""
    return isinstance(value, bytes) and not is_binary or isinstance(value, str) and is_binary


Case = collections.namedtuple("Case", "title schema body taken must_be_taken")


def cases():
    bodies, out = {}, []
    with open(FROZEN, encoding="utf8") as file:
        lines = file.read().splitlines()
    for line in lines:
        if found := REFUSAL.fullmatch(line):
            title, path, said, names = found.groups()
            kind, name, schema, body, binary = bodies[title]
            if any(word in said for word in BEYOND_SCHEMA):
                continue
            # Clients take what the broker sends more freely than the schema says: words to come, longer lists, nil.
            must_be_taken = kind == "command" or kind == "header" and name in FROM_PEER
            for each in names.split(", "):
                value = REPLACEMENTS[each]
                if not says_too_much(value, path in binary):
                    out.append(Case(f"{title} {path} <- {each}: {said}", schema, replaced(body, path, value),
                                    said.startswith("ok"), must_be_taken))
        elif "  " not in line and (found := BODY.fullmatch(line)):
            kind, name, rest, packed = found.groups()
            body = msgpack.unpackb(bytes.fromhex(packed))
            schema = schema_of(kind, name, rest)
            title = line.rsplit(": ", 1)[0]
            bodies[title] = kind, name, schema, body, {key for key, value in body.items() if isinstance(value, bytes)}
            out.append(Case(title, schema, body, True, title not in NEVER_SENT))
    return out


class AsyncApi(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder, node = tools()
        cls.cases = cases()
        asked = {"file": DOCUMENT, "cases": [{"schema": each.schema, "body": in_json(each.body)} for each in cls.cases]}
        done = subprocess.run([node, os.path.join(HERE, "validate.js")], input=json.dumps(asked), capture_output=True,
                              text=True, timeout=VALIDATE_S, check=False,
                              env={**os.environ, "NODE_PATH": os.path.join(folder, "node_modules")})
        if done.returncode:
            raise AssertionError(done.stderr)
        cls.told = json.loads(done.stdout)

    def test_the_official_parser_takes_the_document(self):
        # 0 is an error, 1 a warning; below are hints, such as one that there is a newer minor version of AsyncAPI.
        self.assertEqual([each for each in self.told["diagnostics"] if each["severity"] <= 1], [])

    def test_every_command_and_event_has_a_channel_and_an_operation(self):
        names = {each.schema for each in self.cases if each.schema.startswith(("command.", "event."))}
        self.assertGreater(len(names), 25)
        self.assertEqual(names - set(self.told["operations"]), set())
        self.assertEqual(names - set(self.told["channels"]), set())

    def test_schemas_refuse_what_the_broker_refuses_and_take_what_it_takes(self):
        self.assertEqual(len(self.told["verdicts"]), len(self.cases))
        wrong = [f"{case.title}: the schema {'takes' if verdict else 'refuses'} it"
                 for case, verdict in zip(self.cases, self.told["verdicts"])
                 if verdict != case.taken and (case.must_be_taken or not case.taken)]
        self.assertEqual(wrong, [], f"{len(wrong)} of {len(self.cases)}")
        self.assertGreater(sum(not case.taken for case in self.cases), 3000)

    def test_bodies_excused_from_the_schemas_are_there_and_are_refused(self):
        # The samples are numbered: one that is added in front gives the excuse to another.
        refused = {case.title for case, verdict in zip(self.cases, self.told["verdicts"]) if not verdict}
        self.assertEqual([title for title in NEVER_SENT if title not in refused], [])


if __name__ == "__main__":
    unittest.main()
