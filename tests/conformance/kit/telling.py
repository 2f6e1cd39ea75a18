"""Events: order, credit, ACK, NACK, SEEK, what comes again."""

from . import broker as chat
from .connecting import refusal
from .scenario import equal, scenario

GROUP = "events"


def told(stage, count, broker=None):
    for number in range(1, count + 1):
        (broker or stage.broker).notify("room.created", {"room": f"r{number}"})


def take(stage, count=1):
    return [stage.next_event() for _ in range(count)]


def ack(stage, event, **bind):
    stage.do("ack", event=event["event_number"], **bind)


def names(frame):
    """(rooms, messages) that an ACK binds."""
    bind = (frame.body or {}).get("bind") or {}
    return bind.get("rooms") or {}, bind.get("messages") or {}


@scenario(GROUP)
def events_come_in_order_with_name_stream_cursor_and_body(stage):
    broker = stage.start_broker()
    stage.connect()
    broker.notify("room.created", {"room": "r1", "members": ["@a:b"]})
    broker.notify("member.changed", {"room": "r1"})
    first, second = take(stage, 2)
    equal((first["name"], first["stream"], first["cursor"]), ("room.created", 0, 1), "event")
    equal((second["name"], second["stream"], second["cursor"]), ("member.changed", 0, 2), "event")
    equal(first["body"], {"room": "r1", "members": ["@a:b"]}, "body")
    stage.settle()
    equal(broker.seen(chat.ACK), [], "ACKs that nobody gave")


@scenario(GROUP)
def a_trace_goes_with_the_command_again_as_often_as_it_goes_and_comes_back_with_its_events(stage):
    theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    brokers = "00-0af7651916cd43dd8448eb211c80319c-00000000000000ab-01"
    broker = stage.start_broker()
    stage.connect()
    reply = stage.command("query.room", {"room": "r"}, id="k", traceparent=theirs)
    equal(stage.expect_command().header, {"id": "k", "command": "query.room", "traceparent": theirs}, "header")
    stage.new_hello(broker.restart)
    stage.until(lambda: len({frame.peer for frame in broker.seen(chat.COMMAND)}) == 2, "the command comes again")
    equal(broker.seen(chat.COMMAND)[-1].header["traceparent"], theirs, "trace of the repetition")
    broker.result(broker.commands()[0], {"n": 1}, traceparent=brokers)
    equal(stage.answer(reply), {"n": 1}, "answer")
    broker.notify("room.created", {"room": "r"}, traceparent=brokers)
    broker.notify("room.created", {"room": "r"}, traceparent=None)
    broker.notify("room.created", {"room": "r"})
    broker.send(chat.EVENT, {"event": "typing", "traceparent": brokers}, {"room": "r", "user": "@a:b", "typing": True})
    equal([event["traceparent"] for event in take(stage, 4)], [brokers, None, None, brokers], "traces of the events")
    untraced = stage.command("query.room", {"room": "r"}, id="untraced")
    stage.until(lambda: broker.commands()[-1].header["id"] == "untraced", "the next command comes")
    assert broker.commands()[-1].header.get("traceparent") is None, broker.commands()[-1].header
    broker.result(broker.commands()[-1])
    stage.answer(untraced)


@scenario(GROUP)
def an_ack_names_stream_and_cursor(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 2)
    first, second = take(stage, 2)
    ack(stage, first)
    frame = stage.expect(chat.ACK)
    equal((frame.header, frame.body or {}), ({"stream": 0, "cursor": 1}, {}), "ACK")
    ack(stage, second)
    stage.until(lambda: broker.acked[0] == 2, "the second ACK")


@scenario(GROUP)
def one_ack_answers_for_many_events(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 500)
    events = take(stage, 500)
    replies = [stage.ask("ack", event=event["event_number"]) for event in events]
    stage.answer(replies[-1])
    stage.until(lambda: broker.acked[0] == 500, "all are acknowledged")
    cursors = [frame.header["cursor"] for frame in broker.seen(chat.ACK)]
    assert len(cursors) < 250, f"{len(cursors)} ACKs for 500 events"
    equal(cursors, sorted(cursors), "cursors of the ACKs")


@scenario(GROUP)
def no_more_events_come_than_were_granted_and_credit_returns_as_they_are_taken(stage):
    broker = stage.start_broker()
    stage.connect(credit_messages=4)
    told(stage, 12)
    stage.settle()
    equal(broker.sent_events, 4, "events sent")
    for number in range(1, 13):
        equal(stage.next_event()["cursor"], number, "cursor")
        stage.settle()
        assert broker.granted["messages"] - number <= 4, f"{broker.granted['messages']} granted with {number} taken"
    assert broker.granted["messages"] >= 12, broker.granted


@scenario(GROUP)
def credit_in_bytes_returns_as_events_are_taken(stage):
    broker = stage.start_broker()
    stage.connect(credit_bytes=2_000_000)
    for number in range(6):
        broker.notify("message.received", {"text": str(number) + "x" * 900_000})
    for number in range(6):
        equal(stage.next_event()["body"]["text"][0], str(number), "event")
    stage.settle()
    assert broker.granted["bytes"] <= 2_000_000 + 6 * 900_100, broker.granted


@scenario(GROUP)
def what_waits_here_is_taken_off_the_credit_of_a_new_hello(stage):
    broker = stage.start_broker()
    stage.connect(credit_messages=10)
    told(stage, 4)
    stage.settle()
    hello = stage.new_hello(broker.restart)
    equal(hello.header["credit"]["messages"], 6, "credit")


@scenario(GROUP)
def an_event_of_a_mebibyte_arrives(stage):
    broker = stage.start_broker()
    stage.connect()
    text = "ü" * 500_000
    broker.notify("message.received", {"room": "r", "text": text})
    equal(stage.next_event()["body"]["text"], text, "text")


@scenario(GROUP)
def a_notification_of_a_later_version_is_handed_out_and_acknowledged(stage):
    broker = stage.start_broker()
    stage.connect()
    body = {"nested": {"list": [1, -2, True, None, 0.5, {"deep": b"\x00\xff"}]}, "": "empty"}
    broker.notify("weather.changed", body)
    (event,) = take(stage)
    equal((event["name"], event["body"]), ("weather.changed", body), "event")
    ack(stage, event)
    stage.until(lambda: broker.acked[0] == 1, "the ACK")


@scenario(GROUP)
def an_ephemeral_event_has_no_cursor_and_needs_no_ack(stage):
    broker = stage.start_broker()
    stage.connect()
    body = {"room": "r", "matrix_room_id": "!r", "user": "@u:b", "typing": True}
    for header in (
        {"event": "typing"},
        {"event": "typing", "stream": None, "cursor": None},
    ):  # nil is the same as no key
        broker.send(chat.EVENT, header, body)
        (event,) = take(stage)
        equal((event["stream"], event["cursor"], event["body"]), (None, None, body), "event")
        ack(stage, event)
        stage.do("nack", event=event["event_number"], permanent=False, reason="")
    stage.settle()
    equal([frame for frame in broker.frames if frame.verb in (chat.ACK, chat.NACK)], [], "ACKs and NACKs")


@scenario(GROUP)
def streams_are_acknowledged_each_by_itself(stage):
    broker = stage.start_broker(streams=3)
    stage.connect()
    for number in range(1, 4):
        broker.notify("room.created", {"n": number}, stream=0)
        broker.notify("room.created", {"n": number}, stream=2)
    events = take(stage, 6)
    for stream in (0, 2):
        equal(
            [event["cursor"] for event in events if event["stream"] == stream], [1, 2, 3], f"cursors of stream {stream}"
        )
    ack(stage, next(event for event in events if event["stream"] == 2 and event["cursor"] == 2))
    stage.until(lambda: broker.acked[2] == 2, "the ACK")
    stage.settle()
    equal(broker.acked, {0: 0, 1: 0, 2: 2}, "acknowledged")


@scenario(GROUP)
def an_ack_with_names_is_sent_before_the_next_command(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 2)
    first, second = take(stage, 2)
    ack(stage, first)
    ack(stage, second, rooms={"!r:b": "r"}, messages={"$e": "m"})
    (reply,) = stage.begin(1)
    command = stage.expect_command()
    acks = broker.seen(chat.ACK)
    equal((acks[-1].header, names(acks[-1])), ({"stream": 0, "cursor": 2}, ({"!r:b": "r"}, {"$e": "m"})), "ACK")
    assert broker.frames.index(acks[-1]) < broker.frames.index(command), broker.frames
    broker.result(command)
    stage.answer(reply)


@scenario(GROUP)
def names_of_an_ack_that_was_lost_go_with_the_next_one(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 1)
    broker.takes_acks = False  # read, and forgotten in a crash
    ack(stage, take(stage)[0], rooms={"!r:b": "r"})
    stage.expect(chat.ACK)
    broker.takes_acks = True
    stage.new_hello(broker.restart)
    stage.until(lambda: broker.acked[0] == 1, "the ACK comes again")
    for frame in broker.seen(chat.ACK):
        equal(names(frame), ({"!r:b": "r"}, {}), "names")
    stage.no_event()


@scenario(GROUP)
def names_over_the_bound_acknowledge_nothing(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 1)
    (event,) = take(stage)
    reply = stage.ask("ack", event=event["event_number"], messages={f"${n}": "m" * 200 for n in range(10_000)})
    equal(refusal(stage, reply).code, "too_large", "fault")
    stage.settle()
    equal(broker.seen(chat.ACK), [], "ACKs")
    ack(stage, event)
    stage.until(lambda: broker.acked[0] == 1, "the ACK")


@scenario(GROUP)
def over_a_restart_of_the_broker_each_event_is_handed_out_once(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 5)
    first, second = take(stage, 2)
    ack(stage, first)
    stage.until(lambda: broker.acked[0] == 1, "the ACK")
    stage.new_hello(broker.restart)
    ack(stage, second)
    equal([event["cursor"] for event in take(stage, 3)], [3, 4, 5], "cursors")
    stage.until(lambda: broker.acked[0] == 2, "the second ACK")
    stage.no_event()


@scenario(GROUP)
def an_ack_the_broker_missed_is_given_again(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 3)
    broker.takes_acks = False
    for event in take(stage, 3):
        ack(stage, event)
    stage.until(lambda: any(frame.header["cursor"] == 3 for frame in broker.seen(chat.ACK)), "the ACK")
    broker.takes_acks = True
    stage.new_hello(broker.restart)
    stage.until(lambda: broker.acked[0] == 3, "the ACK comes again")
    stage.no_event()


@scenario(GROUP)
def a_refused_event_comes_again_and_what_was_on_its_way_is_void(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 3)
    first, second = take(stage, 2)
    ack(stage, first)
    broker.answers_seeks = False
    stage.do("nack", event=second["event_number"], permanent=False, reason="not now")
    nack = stage.expect(chat.NACK)
    equal((nack.header["stream"], nack.header["cursor"], nack.header["permanent"]), (0, 2, False), "NACK")
    equal(nack.header.get("reason"), "not now", "reason")
    equal(broker.acked[0], 1, "acknowledged before the NACK")
    broker.notify("room.created", {"room": "r4"})  # sent before the broker has read the NACK
    stage.no_event()
    broker.go_to(0, 1)
    equal([event["cursor"] for event in take(stage, 3)], [2, 3, 4], "cursors")
    stage.no_event()


@scenario(GROUP)
def an_event_refused_for_good_is_put_aside(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 3)
    (first,) = take(stage)
    stage.do("nack", event=first["event_number"], permanent=True, reason="never")
    equal(stage.expect(chat.NACK).header, {"stream": 0, "cursor": 1, "permanent": True, "reason": "never"}, "NACK")
    equal([event["cursor"] for event in take(stage, 2)], [2, 3], "cursors")
    stage.no_event()


@scenario(GROUP)
def a_long_reason_is_cut_between_two_characters(stage):
    stage.start_broker()
    stage.connect()
    told(stage, 1)
    stage.do("nack", event=take(stage)[0]["event_number"], permanent=True, reason="x" + "ä" * 1_000)
    reason = stage.expect(chat.NACK).header["reason"]
    assert 900 <= len(reason.encode()) <= 1_024 and reason == "x" + "ä" * (
        len(reason) - 1
    ), f"{len(reason.encode())} bytes"


@scenario(GROUP)
def a_refused_event_comes_again_after_a_restart_too(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 2)
    first, second = take(stage, 2)
    broker.answers_seeks = False
    stage.do("nack", event=first["event_number"], permanent=False, reason="not now")
    stage.expect(chat.NACK)
    broker.answers_seeks = True
    stage.new_hello(broker.restart)  # before it answered
    equal([event["cursor"] for event in take(stage, 2)], [1, 2], "cursors")
    equal(second["cursor"], 2, "cursor")
    stage.no_event()


@scenario(GROUP)
def seek_goes_back_and_what_waits_is_dropped(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 5)
    for event in take(stage, 3):
        ack(stage, event)
    stage.settle()
    stage.do("seek", stream=0, cursor=1)
    equal(stage.expect(chat.SEEK).header, {"stream": 0, "cursor": 1}, "SEEK")
    equal([event["cursor"] for event in take(stage, 4)], [2, 3, 4, 5], "cursors")
    stage.no_event()
    equal(broker.sent_events, 9, "events sent")


@scenario(GROUP)
def seek_goes_forth(stage):
    stage.start_broker()
    stage.connect()
    told(stage, 5)
    stage.settle()
    stage.do("seek", stream=0, cursor=3)
    equal([event["cursor"] for event in take(stage, 2)], [4, 5], "cursors")
    stage.no_event()


@scenario(GROUP)
def a_seek_that_is_not_granted_goes_on_after_the_last_ack(stage):
    broker = stage.start_broker()
    stage.connect()
    told(stage, 4)
    for event in take(stage, 2):
        ack(stage, event)
    stage.until(lambda: broker.acked[0] == 2, "the ACK")
    stage.do("seek", stream=0, cursor=99)
    equal([event["cursor"] for event in take(stage, 2)], [3, 4], "cursors")
    stage.until_state(lambda state: state["errors"]["last"] == "cursor_out_of_range", "why is told")
    stage.no_event()


@scenario(GROUP)
def credit_of_void_events_comes_back(stage):
    broker = stage.start_broker()
    stage.connect(credit_messages=4)
    told(stage, 4)
    stage.settle()
    for _ in range(5):
        stage.do("seek", stream=0, cursor=0)
        stage.settle()
    equal([event["cursor"] for event in take(stage, 4)], [1, 2, 3, 4], "cursors")
    stage.until(lambda: broker.credit["messages"] >= 2, "the credit of all that was void is back")


@scenario(GROUP, needs=["handlers"])
def handlers_acknowledge_when_they_have_succeeded(stage):
    broker = stage.start_broker()
    stage.do("open", endpoint=broker.endpoint, peer="rc1", handlers=["room.created", "*"])
    stage.do("connected", timeout_ms=60_000)
    told(stage, 2)
    at_work = stage.do("handler_called")["event"]
    equal((at_work["handler"], at_work["cursor"]), ("room.created", 1), "handled")
    stage.settle()
    equal(broker.acked[0], 0, "acknowledged while the handler is at work")
    stage.do("handler_ends", failure=None)
    stage.until(lambda: broker.acked[0] == 1, "the ACK")
    equal(stage.do("handler_called")["event"]["cursor"], 2, "cursor")
    stage.do("handler_ends", failure=None)
    broker.notify("weather.changed", {})
    equal(stage.do("handler_called")["event"]["handler"], "*", "handler")
    stage.do("handler_ends", failure=None)
    stage.until(lambda: broker.acked[0] == 3, "the ACK")


@scenario(GROUP, needs=["handlers"])
def a_handler_that_fails_gets_its_event_again(stage):
    broker = stage.start_broker()
    stage.do("open", endpoint=broker.endpoint, peer="rc1", handlers=["room.created"])
    stage.do("connected", timeout_ms=60_000)
    told(stage, 2)
    equal(stage.do("handler_called")["event"]["cursor"], 1, "cursor")
    stage.do("handler_ends", failure="the database is away")
    nack = stage.expect(chat.NACK).header
    equal((nack["cursor"], nack["permanent"], nack["reason"]), (1, False, "the database is away"), "NACK")
    for cursor in (1, 2):
        equal(stage.do("handler_called")["event"]["cursor"], cursor, "cursor")
        stage.do("handler_ends", failure=None)
    stage.until(lambda: broker.acked[0] == 2, "the ACK")
    broker.notify("nobody.handles", {})
    stage.until(lambda: broker.acked[0] == 3, "what nobody handles is acknowledged")
