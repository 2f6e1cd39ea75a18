"""Bodies made of messages/chat/asyncapi.yaml: with all fields, and with those only that may not be missing."""

import itertools
import os

import yaml

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
DOCUMENT = os.path.join(ROOT, "messages", "chat", "asyncapi.yaml")
SCHEMAS = "#/components/schemas/"
EXACT_MAX = 2**53 - 1  # as Matrix has it

# Rules over several fields, which no schema of one field has.
TOGETHER = {"command.media.put": {"offset": 1_000, "total_bytes": 5_000},
            "command.user.profile": {"fields": {"m.tz": '"Europe/Berlin"'}}}
PATTERNS = {"^mxc://[^/]+/[A-Za-z0-9_-]+$": "mxc://b.example/file-{}", "^[^/ ]+/[^/ ]+": "image/x-{}",
            "^([*][.])?[^*/ ]+$": "*.b{}.example"}


class Contract:
    def __init__(self):
        with open(DOCUMENT, encoding="utf8") as text:
            self._document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self._schemas = self._document["components"]["schemas"]
        operations = self._document["operations"]
        self.commands = [operations[key]["title"] for key in operations if key.startswith("command.")]
        self.faults = self._schemas["fault"]["properties"]["code"]["x-known"]
        self.notifications = [operations[key]["title"] for key in operations if key.startswith("event.")]

    def answer_schema(self, command):
        channel = self._document["channels"][f"command.{command}"]
        message = channel["messages"]["result"]["$ref"].removeprefix("#/components/messages/")
        return self._document["components"]["messages"][message]["payload"]["$ref"].removeprefix(SCHEMAS)

    def is_durable(self, notification):
        return "durable" in {each["name"] for each in self._document["operations"][f"event.{notification}"]["tags"]}

    def body(self, schema, full):
        """A value for each field, no two texts or numbers alike."""
        made = self._value(self._schemas[schema], schema, full, itertools.count(1))
        return {**made, **(TOGETHER.get(schema, {}) if full else {})}

    def _value(self, schema, name, full, numbers):
        if "$ref" in schema:
            return self._value(self._schemas[schema["$ref"].removeprefix(SCHEMAS)], name, full, numbers)
        for several in ("allOf", "oneOf"):
            if several in schema:
                return self._value(schema[several][0], name, full, numbers)
        if "enum" in schema:
            return schema["enum"][-1 if full else 0]
        if schema.get("x-msgpack") == "bin":
            return b"\x00\xff\x80" + str(next(numbers)).encode()
        return getattr(self, "_" + schema["type"])(schema, name, full, numbers)

    def _object(self, schema, name, full, numbers):
        if "additionalProperties" in schema:
            inner = schema["additionalProperties"]
            return {f"{name} {n} ü": self._value(inner, name, full, numbers) for n in range(2)}
        required = schema.get("required", [])
        return {
            key: self._value(field, key, full, numbers)
            for key, field in schema.get("properties", {}).items()
            if full or key in required
        }

    def _array(self, schema, name, full, numbers):
        return [self._value(schema["items"], name, full, numbers) for _ in range(2 if full else 0)]

    @staticmethod
    def _string(schema, name, full, numbers):
        pattern = (
            PATTERNS[schema["pattern"]] if "pattern" in schema else name.replace(".", "-") + " {} \u00fc\U0001f600"
        )
        return pattern.format(next(numbers))

    @staticmethod
    def _integer(schema, name, full, numbers):
        most = min(schema.get("maximum", EXACT_MAX), EXACT_MAX)
        return (most if full else max(schema.get("minimum", 0), 0)) - (next(numbers) if full else 0)

    @staticmethod
    def _boolean(schema, name, full, numbers):
        return not schema.get("default", False)

    def without_defaults(self, schema, body):
        """The same said briefly: a field that may be missing is, where it says what its absence says."""
        return self._brief(self._schemas[schema], body)

    def _brief(self, schema, value):
        if "$ref" in schema:
            return self._brief(self._schemas[schema["$ref"].removeprefix(SCHEMAS)], value)
        for several in ("allOf", "oneOf"):
            if several in schema:
                return None if value is None else self._brief(schema[several][0], value)
        if schema.get("type") == "array":
            return [self._brief(schema["items"], each) for each in value]
        if schema.get("type") != "object" or "additionalProperties" in schema:
            return value
        fields, required = schema.get("properties", {}), schema.get("required", [])
        out = {}
        for key, each in value.items():
            absent = (None, fields.get(key, {}).get("default"), "", b"", [], 0, False)
            if key in required or not any(each is one or (type(each) is type(one) and each == one) for one in absent):
                out[key] = self._brief(fields[key], each) if key in fields else each
        return out
