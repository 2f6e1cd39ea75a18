"""How a connection begins, ends and is kept."""

import zmq

from . import broker as chat
from .driver import Refused
from .scenario import equal, scenario

GROUP = "connection"


def refusal(stage, reply):
    """The fault that a request ends with."""
    try:
        result = stage.answer(reply)
    except Refused as told:
        return told
    raise AssertionError(f"{reply.request} is not refused; it returned {str(result)[:200]}")


@scenario(GROUP)
def hello_says_version_name_streams_and_credit(stage):
    stage.start_broker(streams=3)
    stage.connect(peer="rc1", client="kit 1", streams=[0, 2], credit_messages=7, credit_bytes=2_000_000)
    header = stage.broker.seen(chat.HELLO)[0].header
    wanted = {
        "versions": [1],
        "peer": "rc1",
        "client": "kit 1",
        "streams": [0, 2],
        "credit": {"messages": 7, "bytes": 2_000_000},
    }
    equal(header, wanted, "HELLO")


@scenario(GROUP)
def no_streams_named_means_all_of_them(stage):
    stage.start_broker()
    stage.connect()
    assert stage.broker.seen(chat.HELLO)[0].header.get("streams") is None, "HELLO names streams"


@scenario(GROUP)
def an_empty_list_of_streams_stays_empty(stage):
    stage.start_broker()
    stage.connect(streams=[])
    equal(stage.broker.seen(chat.HELLO)[0].header.get("streams"), [], "streams of HELLO")


@scenario(GROUP)
def a_version_the_broker_does_not_speak_is_told_at_once(stage):
    broker = stage.start_broker()
    broker.greets = False
    stage.open()
    connected = stage.ask("connected", timeout_ms=60_000)
    broker.error("unsupported_version", {"versions": [2, 3]}, peer=stage.expect(chat.HELLO).peer)
    told = refusal(stage, connected)
    equal((told.kind, told.code), ("refused", "unsupported_version"), "fault")


@scenario(GROUP)
def hello_is_repeated_until_welcome_comes(stage):
    broker = stage.start_broker()
    broker.greets = False
    stage.open()
    connected = stage.ask("connected", timeout_ms=60_000)
    stage.expect(chat.HELLO, 3)
    broker.greets = True
    stage.answer(connected)


@scenario(GROUP)
def nobody_answering_hello_is_a_time_out(stage):
    stage.start_broker().greets = False
    stage.open()
    equal(refusal(stage, stage.ask("connected", timeout_ms=200)).kind, "timeout", "kind")


@scenario(GROUP)
def a_broker_that_is_stopping_is_greeted_until_it_is_back(stage):
    broker = stage.start_broker()
    broker.greets = False
    stage.open()
    connected = stage.ask("connected", timeout_ms=60_000)
    broker.error("stopping", peer=stage.expect(chat.HELLO).peer, retryable=True)
    stage.expect(chat.HELLO, 2)
    broker.greets = True
    stage.answer(connected)


@scenario(GROUP)
def nothing_but_hello_is_sent_before_welcome(stage):
    broker = stage.start_broker()
    broker.greets = False
    stage.open()
    replies = stage.begin(3)
    stage.expect(chat.HELLO, 2)
    equal({frame.verb for frame in broker.frames}, {chat.HELLO}, "verbs before WELCOME")
    broker.greets = True
    stage.expect_command(3)
    equal([frame.header["id"] for frame in broker.commands()], ["k0", "k1", "k2"], "commands")
    for command in broker.commands():
        broker.result(command)
    for reply in replies:
        stage.answer(reply)


@scenario(GROUP)
def a_broker_that_forgot_us_gets_hello_and_what_is_open(stage):
    broker = stage.start_broker()
    stage.connect()
    (reply,) = stage.begin(1)
    stage.expect_command()
    broker.forget()
    stage.do(
        "ephemeral", name="typing", body={"room": "r", "user": "u", "typing": True}
    )  # whatever it says next is answered with hello_required
    hello = stage.expect(chat.HELLO, 2)
    equal(hello.header["versions"], [1], "versions")
    stage.until(
        lambda: [
            frame.header.get("id")
            for frame in broker.frames[broker.frames.index(hello) :]
            if frame.verb == chat.COMMAND
        ]
        == ["k0"],
        "the open command comes again after HELLO",
    )
    broker.result(broker.commands()[0], {"n": 1})
    equal(stage.answer(reply), {"n": 1}, "answer")


@scenario(GROUP)
def a_broker_restarted_in_the_middle_gets_open_commands_again_in_order(stage):
    broker = stage.start_broker()
    stage.connect()
    replies = stage.begin(5)
    stage.expect_command(5)
    broker.result(broker.commands()[1], {"n": 1})
    stage.answer(replies[1])
    before = len(broker.frames)
    stage.new_hello(broker.restart)

    def repeated():
        ids = [frame.header["id"] for frame in broker.frames[before:] if frame.verb == chat.COMMAND]
        return ids if len(set(ids)) == 4 else None

    ids = stage.until(repeated, "the four open commands come again")
    equal(list(dict.fromkeys(ids)), ["k0", "k2", "k3", "k4"], "repeated")
    for number in (0, 2, 3, 4):
        broker.result(broker.commands()[number], {"n": number}, repeated=True)
    for number in (0, 2, 3, 4):
        equal(stage.answer(replies[number]), {"n": number}, "answer")


@scenario(GROUP)
def commands_given_while_the_broker_is_away_leave_when_it_is_back(stage):
    broker = stage.start_broker()
    stage.connect()
    broker.die()
    (reply,) = stage.begin(1)
    broker.bind()
    broker.result(stage.expect_command(), {"n": 1})
    equal(stage.answer(reply), {"n": 1}, "answer")


@scenario(GROUP)
def bye_of_a_broker_that_stops_is_followed_by_hello(stage):
    broker = stage.start_broker()
    stage.connect()
    (reply,) = stage.begin(1)
    stage.expect_command()

    def say_bye():
        broker.send(chat.BYE, {"reason": "stopping"})
        broker.forget()

    stage.new_hello(say_bye)
    stage.until(lambda: len({frame.peer for frame in broker.seen(chat.COMMAND)}) == 2, "the open command comes again")
    broker.result(broker.commands()[0])
    stage.answer(reply)


@scenario(GROUP)
def ping_is_answered_with_what_it_held(stage):
    broker = stage.start_broker()
    stage.connect()
    for number, header in enumerate(({"t": 5}, {"t": 2**63 - 1}, {"t": -(2**63)}, {}, b""), 1):
        broker.send(chat.PING, header)
        equal(stage.expect(chat.PONG, number).header, header or {}, "PONG")


@scenario(GROUP)
def the_client_asks_whether_the_broker_lives(stage):
    broker = stage.start_broker(heartbeat_ms=150)
    stage.connect()
    stage.expect(chat.PING, 3)
    stage.is_still_greeted()


@scenario(GROUP)
def a_broker_that_falls_silent_is_left_and_greeted_on_a_new_connection(stage):
    broker = stage.start_broker(heartbeat_ms=100, peer_timeout_ms=600)
    stage.connect()
    (reply,) = stage.begin(1)
    first = stage.expect_command().peer
    broker.answers_pings = broker.greets = False
    stage.until(lambda: broker.seen(chat.HELLO)[-1].peer != first, "HELLO of a new connection")
    broker.answers_pings = broker.greets = True
    stage.until(lambda: broker.peer not in (None, first), "WELCOME")
    stage.until(lambda: broker.seen(chat.COMMAND)[-1].peer == broker.peer, "the open command comes again")
    broker.result(broker.commands()[0])
    stage.answer(reply)


@scenario(GROUP)
def any_frame_is_a_sign_of_life(stage):
    broker = stage.start_broker(heartbeat_ms=60_000, peer_timeout_ms=3_000)
    stage.connect()
    for _ in range(8):  # longer than the time-out in all
        stage.pass_time(0.5)
        broker.send(chat.EVENT, {"event": "typing"}, {"room": "r", "matrix_room_id": "!r", "user": "u", "typing": True})
    stage.is_still_greeted()


@scenario(GROUP)
def close_says_bye_and_ends_what_is_open(stage):
    broker = stage.start_broker()
    stage.connect()
    (reply,) = stage.begin(1)
    stage.expect_command()
    waiting = stage.ask("next", timeout_ms=60_000)
    stage.do("close")
    equal(refusal(stage, reply).code, "stopping", "fault of the open command")
    equal(stage.answer(waiting)["event"], None, "event")
    stage.expect(chat.BYE)
    equal(broker.frames[-1].verb, chat.BYE, "the last verb")


@scenario(GROUP)
def acks_are_sent_before_bye(stage):
    broker = stage.start_broker()
    stage.connect()
    broker.notify("room.created", {})
    stage.do("ack", event=stage.next_event()["event_number"])
    stage.do("close")
    stage.expect(chat.BYE)
    equal(broker.acked[0], 1, "acknowledged")


@scenario(GROUP)
def what_is_no_message_of_the_contract_is_passed_over(stage):
    broker = stage.start_broker()
    stage.connect()
    nothing = b"\x80"
    for frames in (
        [b"CW1", chat.EVENT, nothing],
        [b"CW2", chat.EVENT, nothing, b""],
        [b"CW1", b"EE", nothing, b""],
        [b"CW1", chat.EVENT, b"\x81\xa5event", b""],  # cut off
        [b"CW1", chat.EVENT, b"\xc1", nothing],  # no msgpack
        [b"CW1", chat.EVENT, b"\x90", nothing],  # no map
        [b"CW1", chat.EVENT, nothing, nothing],  # no name
        [b"CW1", chat.RESULT, nothing, nothing],
        [b"CW1", chat.ERROR, nothing, b"\x90"],
        [b"CW1", chat.SEEK, nothing, b""],
        [b"CW1", b"?", nothing, b""],
        [b"CW1", b"\xff", nothing, b"\xc1"],
        [b"", b"", b"", b""],
        [b"CW1", chat.WELCOME, nothing, b""],
    ):
        broker.send_raw(*frames)
    stage.settle()
    (reply,) = stage.begin(1)
    broker.result(stage.expect_command())
    stage.answer(reply)
    stage.is_still_greeted()
    stage.no_event()


@scenario(GROUP)
def keys_of_a_later_version_are_passed_over(stage):
    broker = stage.start_broker()
    broker.greets = False
    stage.open()
    connected = stage.ask("connected", timeout_ms=60_000)
    hello = stage.expect(chat.HELLO)
    broker.greet(hello, colours={"red": [1, 2]}, limits=None)
    stage.answer(connected)
    broker.greets = True
    (reply,) = stage.begin(1)
    broker.result(stage.expect_command(), {"n": 1}, weather="fine")
    equal(stage.answer(reply), {"n": 1}, "answer")
    broker.send(chat.EVENT, {"stream": 0, "cursor": 1, "event": "room.created", "weather": "fine"}, {"room": "r"})
    equal(stage.next_event()["name"], "room.created", "event")


@scenario(GROUP)
def an_error_that_belongs_to_nothing_is_told_and_the_connection_stays(stage):
    broker = stage.start_broker()
    stage.connect()
    broker.error("bad_frame")
    stage.until_state(lambda state: state["errors"] == {"count": 1, "last": "bad_frame"}, "the error is told")
    (reply,) = stage.begin(1)
    broker.result(stage.expect_command())
    stage.answer(reply)
    stage.is_still_greeted()


@scenario(GROUP)
def curve_keys_are_used(stage):
    public, secret = zmq.curve_keypair()
    own_public, own_secret = zmq.curve_keypair()
    broker = stage.start_broker(keys=secret)
    stage.connect(
        curve={"server_key": public.decode(), "public_key": own_public.decode(), "secret_key": own_secret.decode()}
    )
    (reply,) = stage.begin(1)
    broker.result(stage.expect_command())
    stage.answer(reply)
