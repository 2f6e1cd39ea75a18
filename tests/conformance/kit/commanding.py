"""Commands: credit, repetition, refusals, a pipe that is full."""

from . import broker as chat
from .connecting import refusal
from .contract import Contract
from .scenario import equal, scenario

GROUP = "commands"
MESSAGE_BYTES_MAX = 1_048_576
BUSY = ("credit_exceeded", "overloaded", "stopping")  # the command is repeated


def ids(broker):
    return [frame.header["id"] for frame in broker.commands() if "id" in frame.header]


@scenario(GROUP)
def answers_reach_those_who_asked_in_whatever_order_they_come(stage):
    broker = stage.start_broker()
    stage.connect()
    replies = stage.begin(10)
    stage.expect_command(10)
    for number in reversed(range(10)):
        broker.result(broker.commands()[number], {"matrix_room_id": f"!{number}"})
    for number, reply in enumerate(replies):
        equal(stage.answer(reply), {"matrix_room_id": f"!{number}"}, "answer")


@scenario(GROUP)
def a_refusal_has_its_code_detail_and_whether_to_repeat(stage):
    broker = stage.start_broker()
    stage.connect()
    first, second = stage.begin(2)
    broker.refuse(stage.expect_command(1), "forbidden", detail="rule 5")
    told = refusal(stage, first)
    equal((told.kind, told.code, told.detail, told.retryable), ("refused", "forbidden", "rule 5", False), "fault")
    broker.refuse(stage.expect_command(2), "peer_unreachable", retryable=True)
    told = refusal(stage, second)
    equal((told.code, told.retryable), ("peer_unreachable", True), "fault")
    equal(len(broker.seen(chat.COMMAND)), 2, "commands that came")


@scenario(GROUP)
def every_fault_of_the_contract_keeps_its_code(stage):
    broker = stage.start_broker()
    stage.connect()
    codes = [code for code in Contract().faults if code not in BUSY]
    replies = {code: stage.command("query.room", {"room": code}, id=code) for code in codes}
    stage.expect_command(len(codes))
    for command in broker.commands():
        broker.refuse(command, command.header["id"])
    for code, reply in replies.items():
        equal(refusal(stage, reply).code, code, "code")


@scenario(GROUP)
def without_an_id_each_command_gets_one_of_its_own(stage):
    broker = stage.start_broker()
    stage.connect()
    replies = [stage.command("query.room", {"room": "r"}) for _ in range(3)]
    stage.expect_command(3)
    found = ids(broker)
    assert len(set(found)) == 3 and all(1 <= len(each.encode()) <= 128 for each in found), found
    for command in broker.commands():
        broker.result(command)
    for reply in replies:
        stage.answer(reply)


@scenario(GROUP)
def two_who_give_the_same_id_get_the_same_answer(stage):
    broker = stage.start_broker()
    stage.connect()
    first = stage.command("query.room", {"room": "r"}, id="k")
    stage.expect_command()
    second = stage.command("query.room", {"room": "r"}, id="k")
    stage.do("state")  # the driver has read it: it may have joined the first one, or come after its answer
    broker.result(broker.commands()[0], {"n": 1})
    equal(stage.answer(first), {"n": 1}, "answer")

    def answered():
        if not second.done and len(broker.seen(chat.COMMAND)) == 2:
            broker.result(broker.commands()[0], {"n": 1}, repeated=True)
        return second.done

    stage.until(answered, "the second one is answered")
    equal(second.result, {"n": 1}, "answer")


@scenario(GROUP)
def a_result_that_was_lost_is_asked_for_again_under_the_same_id(stage):
    broker = stage.start_broker()
    stage.connect()
    (reply,) = stage.begin(1)
    stage.expect_command()
    stage.new_hello(broker.restart)  # it was carried out; the RESULT died with the broker
    stage.until(lambda: len({frame.peer for frame in broker.seen(chat.COMMAND)}) == 2, "the command comes again")
    first, *again = broker.seen(chat.COMMAND)
    for frame in again:
        equal((frame.header, frame.body), (first.header, first.body), "the repetition")
    broker.result(first, {"n": 1}, repeated=True)
    equal(stage.answer(reply), {"n": 1}, "answer")


@scenario(GROUP)
def a_second_result_and_one_for_nobody_do_no_harm(stage):
    broker = stage.start_broker()
    stage.connect()
    (reply,) = stage.begin(1)
    command = stage.expect_command()
    broker.result(command, {"n": 1})
    broker.result(command, {"n": 2}, repeated=True)
    broker.send(chat.RESULT, {"id": "nobody's", "ok": True}, {})
    broker.send(
        chat.RESULT,
        {"id": "nobody's", "ok": False},
        {"code": "forbidden", "message": "", "detail": "", "retryable": False},
    )
    stage.settle()
    equal(stage.answer(reply), {"n": 1}, "answer")
    later = stage.command("query.room", {"room": "r"}, id="later")
    broker.result(stage.expect_command(2))
    stage.answer(later)
    stage.is_still_greeted()


@scenario(GROUP)
def no_more_commands_are_open_than_the_broker_allows(stage):
    broker = stage.start_broker(command_credit=(3, 1 << 24))
    stage.connect()
    replies = stage.begin(8)
    stage.settle()
    equal(ids(broker), ["k0", "k1", "k2"], "open")
    for number in range(8):
        broker.result(stage.expect_command(number + 1), {"n": number})
        stage.settle()
        equal(len(broker.commands()), min(8, number + 4), "commands that came")
    equal([stage.answer(reply)["n"] for reply in replies], list(range(8)), "answers")


@scenario(GROUP)
def no_more_bytes_are_open_than_the_broker_allows(stage):
    broker = stage.start_broker(command_credit=(100, 300_000))
    stage.connect()
    replies = []
    for number in range(3):
        body = {"upload": "u", "total_bytes": 1_000_000, "offset": 0, "bytes": b"x" * 200_000}
        replies.append(stage.command("media.put", body, id=f"k{number}"))
        stage.until_state(lambda state, n=number: state["open_commands"] > n, "the command is begun")
    stage.settle()
    for number in range(3):  # one that is larger than what is left waits, and those behind it
        equal(ids(broker), [f"k{each}" for each in range(number + 1)], "open")
        broker.result(
            broker.commands()[number], {"mxc": "mxc://a.example/x", "received_bytes": number, "complete": False}
        )
        equal(stage.answer(replies[number])["received_bytes"], number, "answer")
        stage.settle()


@scenario(GROUP)
def a_command_larger_than_the_credit_goes_alone(stage):
    broker = stage.start_broker(command_credit=(100, 1_000))
    stage.connect()
    reply = stage.command("media.put", {"upload": "u", "total_bytes": 1_000_000, "offset": 0, "bytes": b"x" * 200_000})
    broker.result(stage.expect_command(), {"mxc": "mxc://a.example/x", "received_bytes": 5, "complete": False})
    equal(stage.answer(reply)["received_bytes"], 5, "answer")


@scenario(GROUP)
def a_broker_short_of_room_gets_the_command_again_under_its_id(stage):
    broker = stage.start_broker()
    stage.connect()
    (reply,) = stage.begin(1)
    for count, code in enumerate(BUSY, 1):
        stage.until(lambda n=count: len(broker.seen(chat.COMMAND)) == n, f"the command comes {count} times")
        broker.refuse(broker.commands()[0], code, retryable=True)
    stage.until(lambda: len(broker.seen(chat.COMMAND)) == 4, "the command comes 4 times")
    equal({frame.header["id"] for frame in broker.seen(chat.COMMAND)}, {"k0"}, "ids")
    broker.result(broker.commands()[0], {"n": 1})
    equal(stage.answer(reply), {"n": 1}, "answer")


@scenario(GROUP)
def without_a_result_it_is_a_time_out_whose_id_can_be_repeated(stage):
    broker = stage.start_broker()
    stage.connect()
    told = refusal(stage, stage.command("query.room", {"room": "r"}, timeout_ms=300))
    equal((told.kind, told.id), ("timeout", stage.expect_command().header["id"]), "what is told")
    again = stage.command("query.room", {"room": "r"}, id=told.id)
    stage.until(lambda: len(broker.seen(chat.COMMAND)) == 2, "the command comes again")
    broker.result(broker.commands()[0], {"n": 1}, repeated=True)
    equal(stage.answer(again), {"n": 1}, "answer")


@scenario(GROUP)
def a_late_result_of_a_command_that_timed_out_gives_its_credit_back(stage):
    broker = stage.start_broker(command_credit=(1, 1 << 24))
    stage.connect()
    refusal(stage, stage.command("query.room", {"room": "r"}, id="early", timeout_ms=300))
    stage.expect_command()
    reply = stage.command("query.room", {"room": "r"}, id="late")
    stage.until_state(lambda state: state["open_commands"] == 1, "the command is begun")
    # The broker still counts the first one as open: the second is refused at worst, and then repeated.
    stage.settle()
    if len(broker.commands()) == 2:
        broker.refuse(broker.commands()[1], "credit_exceeded", retryable=True)
    broker.result(broker.commands()[0])
    stage.until(lambda: ids(broker)[-1] == "late", "the second command comes")
    broker.result(broker.commands()[1], {"n": 1})
    equal(stage.answer(reply), {"n": 1}, "answer")


@scenario(GROUP)
def a_message_over_the_bound_is_refused_before_it_is_sent(stage):
    broker = stage.start_broker()
    stage.connect()
    body = {"upload": "u", "total_bytes": 2_000_000, "offset": 0, "bytes": b"x" * MESSAGE_BYTES_MAX}
    told = refusal(stage, stage.command("media.put", body))
    equal((told.kind, told.code), ("refused", "too_large"), "fault")
    stage.settle()
    equal(broker.commands(), [], "commands that came")


@scenario(GROUP)
def a_message_just_within_the_bound_is_sent(stage):
    broker = stage.start_broker()
    stage.connect()
    body = {"upload": "u", "total_bytes": 2_000_000, "offset": 0, "bytes": b"\xc1" * 524_288}
    reply = stage.command("media.put", body)
    equal(stage.expect_command().body["bytes"], body["bytes"], "bytes")
    broker.result(broker.commands()[0], {"mxc": "mxc://a.example/x", "received_bytes": 524_288, "complete": False})
    stage.answer(reply)


@scenario(GROUP)
def what_the_broker_finds_too_large_is_not_repeated(stage):
    broker = stage.start_broker()
    stage.connect()
    (reply,) = stage.begin(1)
    broker.error("too_large", {"id": stage.expect_command().header["id"]})
    equal(refusal(stage, reply).code, "too_large", "fault")
    stage.settle()
    equal(len(broker.seen(chat.COMMAND)), 1, "commands that came")


@scenario(GROUP)
def an_id_of_128_bytes_is_sent_and_a_longer_one_refused_at_once(stage):
    broker = stage.start_broker()
    stage.connect()
    told = refusal(stage, stage.command("query.room", {"room": "r"}, id="ä" * 64 + "x"))
    equal((told.kind, told.code), ("refused", "bad_frame"), "fault of an id of 129 bytes")
    reply = stage.command("query.room", {"room": "r"}, id="ä" * 64)
    equal(stage.expect_command().header["id"], "ä" * 64, "id")
    broker.result(broker.commands()[0])
    stage.answer(reply)
    equal(len(broker.seen(chat.COMMAND)), 1, "commands that came")


@scenario(GROUP)
def fields_the_broker_does_not_know_are_told_once(stage):
    broker = stage.start_broker()
    stage.connect()
    replies = stage.begin(3)
    broker.result(stage.expect_command(1), {}, ignored=["txet", "files.widht"])
    broker.result(stage.expect_command(2), {}, ignored=["txet"])
    fault = {"code": "bad_body", "message": "m", "detail": "room is missing", "retryable": False}
    broker.send(chat.RESULT, {"id": "k2", "ok": False, "ignored": ["romm"]}, fault)
    stage.answer(replies[0])
    stage.answer(replies[1])
    equal(refusal(stage, replies[2]).code, "bad_body", "fault")
    equal(stage.do("state")["ignored"], ["query.room: txet", "query.room: files.widht", "query.room: romm"], "ignored")


@scenario(GROUP)
def typing_has_no_id_and_no_result(stage):
    broker = stage.start_broker()
    stage.connect()
    stage.do("ephemeral", name="typing", body={"room": "r", "user": "alice", "typing": True})
    command = stage.expect(chat.COMMAND)
    assert command.header.get("id") is None, command.header
    equal(
        (command.header["command"], command.body), ("typing", {"room": "r", "user": "alice", "typing": True}), "COMMAND"
    )
    equal(stage.do("state")["open_commands"], 0, "open commands")
    equal(broker.peer, command.peer, "peer")


def fill(stage, count=4_000):
    """More than ZeroMQ keeps on both sides (1,000 messages each) and the kernel between them."""
    replies = [
        stage.ask("ephemeral", name="typing", body={"room": "r", "user": f"user {n} " + "x" * 200, "typing": True}) for n in range(count)
    ]
    stage.answer(replies[-1])


@scenario(GROUP)
def behind_a_pipe_that_is_full_for_two_seconds_all_waits_in_order(stage):
    broker = stage.start_broker(command_credit=(10_000, 1 << 28))
    stage.connect()
    broker.reads = False
    fill(stage)
    replies = stage.begin(20)
    assert stage.do("state")["unsent"] > 0, "the pipe is not full"
    stage.pass_time(2)
    broker.reads = True
    stage.expect_command(4_020)
    typed = [
        frame.body["user"].split()[1] for frame in broker.seen(chat.COMMAND) if frame.header["command"] == "typing"
    ]
    equal(typed, [str(n) for n in range(4_000)], "typing")
    equal(ids(broker), [f"k{n}" for n in range(20)], "commands")
    equal(
        len([frame for frame in broker.seen(chat.COMMAND) if frame.header.get("id")]), 20, "commands with repetitions"
    )
    stage.is_still_greeted()
    for command in broker.commands():
        if command.header.get("id"):
            broker.result(command)
    for reply in replies:
        stage.answer(reply)


@scenario(GROUP)
def a_command_nobody_waits_for_any_more_is_not_sent_behind_a_full_pipe(stage):
    broker = stage.start_broker()
    stage.connect()
    broker.reads = False
    fill(stage)
    equal(refusal(stage, stage.command("query.room", {"room": "r"}, id="late", timeout_ms=100)).kind, "timeout", "kind")
    stage.until_state(lambda state: state["open_commands"] == 0, "the command is given up")
    broker.reads = True
    reply = stage.command("query.room", {"room": "r"}, id="next")
    stage.until(lambda: "next" in ids(broker), "the next command comes")
    equal(ids(broker), ["next"], "commands")
    broker.result(broker.commands()[-1])
    stage.answer(reply)


@scenario(GROUP)
def at_the_bound_of_what_waits_it_is_told_and_the_connection_begins_anew(stage):
    broker = stage.start_broker()
    stage.connect()
    broker.reads = False
    fill(stage, 20_000)
    equal(stage.do("state")["errors"]["last"], "overloaded", "what is told")
    stage.do("seek", stream=0, cursor=0)  # must not be left out
    broker.reads = True
    stage.until(
        lambda: len(broker.seen(chat.HELLO)) > 1 and broker.peer == broker.seen(chat.HELLO)[-1].peer, "HELLO again"
    )
    reply = stage.command("query.room", {"room": "r"}, id="k")
    stage.until(lambda: "k" in ids(broker), "the command comes")
    broker.result([frame for frame in broker.commands() if frame.header.get("id") == "k"][0])
    stage.answer(reply)
