"""Every command, answer and notification of the contract once, with all fields and with as few as there may be."""

from . import broker as chat
from .contract import Contract
from .scenario import ALL, Scenario, equal

GROUP = "contract"
CONTRACT = Contract()
# What may be sent without an id as well, and then has no RESULT.
WITHOUT_ID = ("read", "presence")


def same(schema, found, wanted, what):
    equal(CONTRACT.without_defaults(schema, found), CONTRACT.without_defaults(schema, wanted), what)


def command(name):
    schema, answer = f"command.{name}", CONTRACT.answer_schema(name)

    def play(stage):
        broker = stage.start_broker()
        stage.connect()
        for number, full in enumerate((True, False), 1):
            body, told = CONTRACT.body(schema, full), CONTRACT.body(answer, full)
            if name == "typing":
                stage.do("ephemeral", name="typing", body=body)
                same(schema, stage.expect(chat.COMMAND, number).body, body, "what the broker gets")
                continue
            reply = stage.command(name, body, typed=True)
            came = stage.expect_command(number)
            equal(came.header["command"], name, "name")
            same(schema, came.body, body, "what the broker gets")
            broker.result(came, told)
            same(answer, stage.answer(reply), told, "what the application gets")
        if name in WITHOUT_ID:
            body = CONTRACT.body(schema, True)
            stage.do("ephemeral", name=name, body=body)
            came = stage.expect_command(3)
            equal((came.header["command"], came.header.get("id")), (name, None), "name and id")
            same(schema, came.body, body, "what the broker gets")
            equal(stage.do("state")["open_commands"], 0, "open commands")

    return Scenario(GROUP, f"command {name} and its answer", play, frozenset())


def notification(name):
    schema = f"event.{name}"

    def play(stage):
        broker = stage.start_broker()
        stage.connect()
        for full in (True, False):
            body = CONTRACT.body(schema, full)
            if CONTRACT.is_durable(name):
                broker.notify(name, body)
            else:
                broker.send(chat.EVENT, {"event": name}, body)
            event = stage.do("next", timeout_ms=60_000, typed=True)["event"]
            equal(event["name"], name, "name")
            same(schema, event["body"], body, "what the application gets")
            broker_of_later_version = {**body, "weather": {"sun": [1]}}
            broker.send(chat.EVENT, {"event": name}, broker_of_later_version)
            event = stage.do("next", timeout_ms=60_000, typed=True)["event"]
            same(
                schema,
                {key: each for key, each in event["body"].items() if key != "weather"},
                body,
                "with a field of a later version",
            )

    return Scenario(GROUP, f"notification {name}", play, frozenset())


ALL += [command(name) for name in CONTRACT.commands] + [notification(name) for name in CONTRACT.notifications]
