#!/usr/bin/python3
"""Prints the TypeScript types of the chat contract, made of messages/chat/asyncapi.yaml:

    tools/clients/node/generate_types.py > tools/clients/node/types.d.ts

A test compares the two. Optional is what may be missing; in commands `null` is the same as missing.
"""

import os
import re
import sys
import textwrap

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(HERE, "..", "..", "..", "messages", "chat", "asyncapi.yaml")
SCHEMAS = "#/components/schemas/"
COLUMNS = 120
HEAD = """\
// Bodies of Causeway's chat contract, version {version}. Do not edit: generate_types.py prints it from
// messages/chat/asyncapi.yaml. Integers are exact up to 2^53. Times are milliseconds since 1970.
"""


def type_name(schema):
    """`command.room.create` -> RoomCreateCommand; `answer.state` -> StateAnswer; `event.typing` ->
    TypingNotification."""
    kind, _, rest = schema.partition(".")
    suffix = {"answer": "Answer", "event": "Notification", "command": "Command", "header": ""}.get(kind)
    words = re.split(r"[._]", rest if suffix is not None else schema)
    return "".join(word.capitalize() for word in words) + (suffix or "")


def refers_to(schema):
    return type_name(schema["$ref"].removeprefix(SCHEMAS))


def type_of(schema):
    if "$ref" in schema:
        return refers_to(schema)
    if "allOf" in schema:
        return " & ".join(type_of(each) for each in schema["allOf"])
    if "oneOf" in schema:
        return " | ".join(type_of(each) for each in schema["oneOf"])
    if "const" in schema or "enum" in schema:
        words = schema.get("enum") or [schema["const"]]
        return " | ".join(f'"{word}"' for word in words)
    if schema.get("x-msgpack") == "bin":
        return "Uint8Array"
    kind = schema["type"]
    if kind == "array":
        inner = type_of(schema["items"])
        return f"({inner})[]" if "|" in inner else inner + "[]"
    if kind == "object":
        return f"Record<string, {type_of(schema['additionalProperties'])}>"
    return {"integer": "number", "null": "null"}.get(kind, kind)


def comment(text, indent=""):
    """As JSDoc; nothing for nothing."""
    text = " ".join(text.split()).replace("*/", "* /")
    if not text:
        return []
    if len(text) + len(indent) + 7 <= COLUMNS:
        return [f"{indent}/** {text} */"]
    lines = textwrap.wrap(text, COLUMNS - len(indent) - 3, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}/**", *(f"{indent} * {line}" for line in lines), f"{indent} */"]


def remarks(field):
    says = field.get("description", "")
    if "default" in field:
        value = field["default"]
        says += f" Default: {str(value).lower() if isinstance(value, bool) else value}."
    return says


def member(key, value):
    """A long choice of words has a line for each."""
    line = f"  {key}: {value};"
    if len(line) <= COLUMNS:
        return [line]
    return [f"  {key}:", *(f"    | {word}" for word in value.split(" | "))][:-1] + [f"    | {value.split(' | ')[-1]};"]


def interface(name, schema):
    lines = comment(schema.get("description", ""))
    fields = schema.get("properties", {})
    if not fields:
        return [*lines, f"export type {type_name(name)} = Record<string, never>;", ""]
    lines.append(f"export interface {type_name(name)} {{")
    required = schema.get("required", [])
    for key, field in fields.items():
        lines += comment(remarks(field), "  ")
        lines += member(f"{key}{'' if key in required else '?'}", type_of(field))
    return [*lines, "}", ""]


def table(name, says, rows):
    return [*comment(says), f"export interface {name} {{", *(f'  "{key}": {value};' for key, value in rows), "}", ""]


def payload_of(document, reference):
    """Type of the body of a message that an operation refers to through its channel."""
    channel, message = re.fullmatch(r"#/channels/(.*)/messages/(.*)", reference).groups()
    named = document["channels"][channel]["messages"][message]["$ref"].removeprefix("#/components/messages/")
    return refers_to(document["components"]["messages"][named]["payload"])


def types(document):
    out = HEAD.format(version=document["info"]["version"]).splitlines() + [""]
    for name, schema in document["components"]["schemas"].items():
        if not name.startswith("header.") or name == "header.WELCOME":
            out += interface(name, schema)
    commands, answers, durable, ephemeral = [], [], [], []
    for key, operation in document["operations"].items():
        tags = {each["name"] for each in operation.get("tags", [])}
        if key.startswith("command."):
            commands.append((operation["title"], payload_of(document, operation["messages"][0]["$ref"])))
            answers.append((operation["title"], payload_of(document, operation["reply"]["messages"][0]["$ref"])))
        elif key.startswith("event."):
            row = operation["title"], payload_of(document, operation["messages"][0]["$ref"])
            (durable if "durable" in tags else ephemeral).append(row)
    out += table("Commands", "Bodies of commands by name.", commands)
    out += table("Answers", "What a command is answered with, by its name.", answers)
    out += table("DurableNotifications", "Bodies of those that come again until they are acknowledged.", durable)
    out += table("EphemeralNotifications", "Bodies of those that come once, or not at all.", ephemeral)
    out.append("export type Notifications = DurableNotifications & EphemeralNotifications;")
    return "\n".join(out) + "\n"


def main():
    with open(DOCUMENT, encoding="utf8") as text:
        sys.stdout.write(types(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))))


if __name__ == "__main__":
    main()
