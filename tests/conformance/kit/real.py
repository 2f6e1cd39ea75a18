"""The same with a real causewayd, and with the people of another one."""

import os

import zmq

from .connecting import refusal
from .contract import Contract
from .files import path_of
from .node import free_port
from .scenario import ALL, Scenario, equal, scenario
from .telling import ack, take

GROUP = "causewayd"
# What a broker says of a command that it could not read.
UNREAD = {"bad_body", "bad_frame", "hello_required", "role_denied", "unknown_command", "unknown_verb"}


def carry_out(stage, name, body, **more):
    return stage.answer(stage.command(name, body, **more))


def meet(stage):
    """The client has alice, its neighbour bob, who has asked her into a room. Returns (neighbour, room)."""
    stage.start_node()
    neighbour = stage.nodes.start_neighbour(stage)
    stage.connect()
    alice = carry_out(stage, "user.profile", {"user": "alice"})["user"]
    bob = neighbour.command("user.profile", {"user": "bob"})["user"]
    asked = {"room": "d1", "type": "dm", "creator": "bob", "members": [alice]}
    room = neighbour.command("room.create", asked)["matrix_room_id"]
    invitation = until_told(stage, "invitation.received")
    equal(
        [invitation["body"][key] for key in ("matrix_room_id", "user", "by", "type")],
        [room, alice, bob, "dm"],
        "the invitation",
    )
    answer = carry_out(stage, "invite.answer", {"room": room, "user": "alice", "accept": True})
    equal(answer, {"state": "accepted"}, "answer")
    for name in ("room.created", "invitation.changed"):
        until_told(stage, name)
    return neighbour, room


def until_told(stage, name):
    """The next event of this name; it and those before it are acknowledged."""
    while True:
        (event,) = take(stage)
        ack(stage, event)
        if event["name"] == name:
            return event


def messages(stage, count):
    """The next messages; what else comes is passed over. Cursors rise."""
    found, last = [], 0
    while len(found) < count:
        (event,) = take(stage)
        assert event["cursor"] > last, f"cursor {event['cursor']} after {last}"
        last = event["cursor"]
        if event["name"] == "message.received":
            found.append(event)
    return found


def texts(events):
    return [event["body"]["text"] for event in events]


def hear(neighbour, room, *said):
    """Bob says something."""
    for text in said:
        neighbour.command("message.send", {"room": room, "sender": "bob", "message": f"b {text}", "text": text})


def begin_to_say(stage, room, said):
    """Alice says something, one after another: their Replies."""
    replies = []
    for number, text in enumerate(said, 1):
        body = {"room": room, "sender": "alice", "message": f"a {text}", "text": text}
        replies.append(stage.command("message.send", body, id=f"say {text}"))
        stage.until_state(
            lambda state, n=number: state["open_commands"] >= n or replies[n - 1].done, "the command is begun"
        )
    return replies


def until_heard(stage, neighbour, said):
    """Bob is told just that, in order, each once."""
    stage.until(lambda: len(neighbour.told("message.received")) >= len(said), f"the other server hears {said}")
    equal([body["text"] for body in neighbour.told("message.received")], said, "what the other server heard")


def nothing_but(stage, neighbour, room, text):
    """No event of before is left: the next message is one that is said now."""
    hear(neighbour, room, text)
    (event,) = messages(stage, 1)
    equal(texts([event]), [text], "the next message")
    ack(stage, event)


@scenario(GROUP)
def a_command_is_carried_out_once_under_its_id(stage):
    stage.start_node()
    stage.connect()
    carry_out(stage, "user.profile", {"user": "alice", "display_name": "Alice"})
    room = {"room": "r1", "type": "channel", "name": "L\u00f6bby", "creator": "alice"}
    first = carry_out(stage, "room.create", room, id="k")
    equal(carry_out(stage, "room.create", room, id="k"), first, "the answer to a repetition")
    told = carry_out(stage, "query.room", {"room": "r1"})
    equal((told["matrix_room_id"], told["name"]), (first["matrix_room_id"], "L\u00f6bby"), "the room")
    equal([member["display_name"] for member in told["members"]], ["Alice"], "members")
    again = refusal(stage, stage.command("room.create", room))
    equal((again.kind, again.code, again.retryable), ("refused", "already_exists", False), "under another id")


@scenario(GROUP)
def events_have_the_trace_of_the_command_they_follow_from(stage):
    stage.start_node()
    stage.connect()
    trace = "0af7651916cd43dd8448eb211c80319c"
    carry_out(stage, "user.profile", {"user": "alice"})
    room = {"room": "r1", "type": "channel", "name": "Lobby", "creator": "alice"}
    carry_out(stage, "room.create", room, traceparent=f"00-{trace}-b7ad6b7169203331-01")
    (event,) = take(stage)
    _, found, parent, flags = event["traceparent"].split("-")
    equal((event["name"], found, flags), ("system.message", trace, "01"), "trace of the event")
    assert parent != "b7ad6b7169203331", "the parent is not the broker's"


@scenario(GROUP)
def what_is_refused_is_told_by_its_code(stage):
    stage.start_node()
    stage.connect()
    for name, body, code, word in (
        ("query.room", {"room": "nowhere"}, "not_found", "nowhere"),
        ("user.profile", {"user": "@bob"}, "invalid_identifier", "@localpart:"),
        ("query.room", {}, "bad_body", "room"),
        ("tea.make", {"sugar": True}, "unknown_command", "tea.make"),
    ):
        told = refusal(stage, stage.command(name, body))
        equal((told.kind, told.code, told.retryable), ("refused", code, False), f"fault of {name}")
        assert word in told.detail, f"{told.detail} does not name {word}"
    carry_out(stage, "user.profile", {"user": "alice", "dispaly_name": "Alice"})
    state = stage.do("state")
    equal(state["errors"], {"count": 0, "last": None}, "errors that belong to no command")
    equal(state["ignored"], ["user.profile: dispaly_name"], "ignored")


@scenario(GROUP)
def a_name_of_a_stream_that_is_not_there_refuses_the_connection(stage):
    stage.start_node()
    stage.open(streams=[7])
    told = refusal(stage, stage.ask("connected", timeout_ms=60_000))
    equal((told.kind, told.code), ("refused", "bad_frame"), "fault")


@scenario(GROUP)
def what_people_of_another_server_say_comes_in_order_until_it_is_acknowledged(stage):
    neighbour, room = meet(stage)
    said = [f"text {n}" for n in range(20)]
    hear(neighbour, room, *said)
    events = messages(stage, 20)
    equal(texts(events), said, "what was said")
    ack(stage, events[9])
    stage.do("close")
    stage.connect()
    events = messages(stage, 10)
    equal(texts(events), said[10:], "what the next connection is told")
    ack(stage, events[-1])
    stage.do("close")
    stage.connect()
    nothing_but(stage, neighbour, room, "the end")


@scenario(GROUP)
def names_given_with_an_ack_are_known_to_the_next_command(stage):
    neighbour, room = meet(stage)
    hear(neighbour, room, "hello")
    (event,) = messages(stage, 1)
    ack(stage, event, rooms={room: "r1"}, messages={event["body"]["event_id"]: "m1"})
    body = {"room": "r1", "sender": "alice", "message": "m2", "text": "hello yourself", "reply_to": "m1"}
    carry_out(stage, "message.send", body)
    until_heard(stage, neighbour, ["hello yourself"])
    (heard,) = neighbour.told("message.received")
    equal(heard["reply_to"], event["body"]["event_id"], "what it answers")


@scenario(GROUP)
def refused_events_and_those_sought_come_again(stage):
    neighbour, room = meet(stage)
    said = [f"text {n}" for n in range(5)]
    hear(neighbour, room, *said)
    events = messages(stage, 5)
    ack(stage, events[1])
    stage.do("nack", event=events[2]["event_number"], permanent=False, reason="not now")
    events = messages(stage, 3)
    equal(texts(events), said[2:], "after the NACK")
    stage.do("seek", stream=events[0]["stream"], cursor=events[0]["cursor"])
    equal(texts(messages(stage, 2)), said[3:], "after the SEEK")
    stage.do("seek", stream=events[0]["stream"], cursor=1 << 40)
    stage.until_state(lambda state: state["errors"]["last"] == "cursor_out_of_range", "why is told")
    events = messages(stage, 2)  # who sought the third one is done with it
    equal(texts(events), said[3:], "after a SEEK that is not granted")
    stage.do("nack", event=events[0]["event_number"], permanent=True, reason="never")
    ack(stage, events[1])
    stage.do("close")
    stage.connect()
    nothing_but(stage, neighbour, room, "the end")


@scenario(GROUP)
def typing_goes_both_ways(stage):
    neighbour, room = meet(stage)
    stage.do("ephemeral", name="typing", body={"room": room, "user": "alice", "typing": True})
    stage.until(lambda: neighbour.told("typing"), "the other server sees alice type")
    equal(neighbour.told("typing")[0]["typing"], True, "typing")
    neighbour.typing({"room": room, "user": "bob", "typing": True})
    while (event := take(stage)[0])["name"] != "typing":
        ack(stage, event)
    equal((event["stream"], event["cursor"], event["body"]["typing"]), (None, None, True), "typing")
    ack(stage, event)
    equal(stage.do("state")["errors"], {"count": 0, "last": None}, "errors")


@scenario(GROUP)
def over_a_broker_that_is_killed_all_is_said_once(stage):
    neighbour, room = meet(stage)
    hear(neighbour, room, "one", "two")
    first, second = messages(stage, 2)
    ack(stage, first)
    said = [f"text {n}" for n in range(10)]
    replies = begin_to_say(stage, room, said)
    stage.until(lambda: replies[3].done, "some of it is said")
    ours = stage.nodes.all[0]
    ours.kill()
    ours.start()
    answers = [stage.answer(reply)["event_id"] for reply in replies]
    equal(len(set(answers)), 10, "different events")
    until_heard(stage, neighbour, said)
    ack(stage, second)
    nothing_but(stage, neighbour, room, "three")


@scenario(GROUP)
def a_broker_that_is_restarted_gets_what_was_said_meanwhile(stage):
    neighbour, room = meet(stage)
    ours = stage.nodes.all[0]
    equal(ours.stop(), 0, "exit code of the broker")
    replies = begin_to_say(stage, room, ["are you there?"])
    ours.start()
    stage.answer(replies[0])
    until_heard(stage, neighbour, ["are you there?"])
    nothing_but(stage, neighbour, room, "yes")


@scenario(GROUP)
def behind_a_broker_that_stands_still_nothing_is_lost(stage):
    neighbour, room = meet(stage)
    ours = stage.nodes.all[0]
    ours.stand_still()
    for number in range(4_000):
        last = stage.ask("ephemeral", name="typing", body={"room": "x" * 200, "user": "alice", "typing": number % 2 == 0})
    stage.answer(last)
    said = [f"text {n}" for n in range(20)]
    replies = begin_to_say(stage, room, said)
    assert stage.do("state")["unsent"] > 0, "the pipe is not full"
    ours.go_on()
    for reply in replies:
        stage.answer(reply)
    until_heard(stage, neighbour, said)
    equal(stage.do("state")["errors"], {"count": 0, "last": None}, "errors")


@scenario(GROUP)
def a_file_goes_out_and_comes_back(stage):
    stage.start_node()
    stage.connect()
    data = os.urandom(1_200_000)
    path, back = path_of(stage, "x.png", data), path_of(stage, "back.png")
    mxc = stage.do("upload", path=path, upload_id="u1", content_type="image/png")["mxc"]
    about = stage.do("download", mxc=mxc, path=back)
    equal(about, {"total_bytes": len(data), "content_type": "image/png", "file_name": "x.png"}, "what is known of it")
    with open(back, "rb") as came:
        assert came.read() == data, "other bytes than those that went out"
    equal(stage.do("upload", path=path, upload_id="u1", content_type="image/png")["mxc"], mxc, "mxc once more")
    gone = stage.ask("download", mxc=f"mxc://{stage.nodes.all[0].server_name}/nowhere", path=back)
    equal(refusal(stage, gone).code, "not_found", "fault")


@scenario(GROUP)
def curve_keys_are_used_with_it(stage):
    server_public, server_secret = (key.decode() for key in zmq.curve_keypair())
    public, secret = (key.decode() for key in zmq.curve_keypair())
    key_file = path_of(stage, "server.key", server_secret.encode())
    os.chmod(key_file, 0o600)
    endpoint = f"tcp://127.0.0.1:{free_port()}"  # a unix socket has no keys
    stage.start_node(
        f'[edge]\nchat_endpoints = ["{endpoint}"]\ncurve_secret_key_file = "{key_file}"\n'
        f'[[edge.peers]]\npublic_key = "{public}"\nname = "rc1"\nrole = "chat"\n',
    )
    keys = {"server_key": server_public, "public_key": public, "secret_key": secret}
    stage.connect(endpoint=endpoint, curve=keys)
    equal(
        carry_out(stage, "user.profile", {"user": "alice"})["user"],
        f"@alice:{stage.nodes.all[0].server_name}",
        "answer",
    )


def all_commands(stage):
    """Each with all fields and with as few as there may be: whatever it says to such bodies, it could read them."""
    contract = Contract()
    stage.start_node()
    stage.connect()
    for name in contract.commands:
        for full in (True, False):
            body = contract.body(f"command.{name}", full)
            if name == "typing":
                stage.do("ephemeral", name="typing", body=body)
                continue
            reply = stage.command(name, body, typed=True)
            stage.until(lambda asked=reply: asked.done, f"{name} is answered")
            if "error" in reply.told:
                code = refusal(stage, reply).code
                assert code and code not in UNREAD, f"{name}: {reply.told}"
    state = stage.do("state")
    equal((state["errors"], state["ignored"]), ({"count": 0, "last": None}, []), "errors, ignored fields")


ALL.append(Scenario(GROUP, "it reads every command of the contract", all_commands, frozenset()))
