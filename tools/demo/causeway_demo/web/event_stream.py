"""One viewer's stream of server-sent events.

`state` has all documents, `change` those that changed since the event before, `gap` says that changes were missed and a
`state` follows. Every event has an id; a browser whose connection broke comes back with it (Last-Event-ID) and gets
what it has missed."""

ALIVE_S = 10  # a line at least this often, so that a viewer who went away is noticed
RETRY_MS = 500  # what the browser waits before it comes back


def follow(changes, last_id, write, is_open, alive_s=ALIVE_S):
    """Writes events until `is_open()` is false or `write` raises OSError.

    :param last_id: of the last event the viewer has had, or None
    :param write: takes bytes; has a time-out of its own, so that nobody waits for a viewer that reads nothing
    """
    write(f"retry: {RETRY_MS}\n\n".encode())
    number = changes.number_of(last_id) if last_id else None
    if last_id and number is None:
        write(_event("gap", changes.id_of(0), "{}"))
    if number is None:
        number = _write_state(changes, write)
    while is_open():
        found = changes.after(number, alive_s, is_open)
        if found is None:
            write(_event("gap", changes.id_of(number), "{}"))
            number = _write_state(changes, write)
        elif found[1] is None:
            write(b": alive\n\n")
        else:
            number = found[0]
            write(_event("change", changes.id_of(number), found[1]))


def _write_state(changes, write):
    number, documents = changes.everything()
    write(_event("state", changes.id_of(number), documents))
    return number


def _event(name, event_id, data):
    """JSON has no line breaks of its own, so `data` is one line."""
    return f"event: {name}\nid: {event_id}\ndata: {data}\n\n".encode()
