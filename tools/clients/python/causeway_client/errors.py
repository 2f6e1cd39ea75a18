"""What can go wrong, as exceptions."""


class CausewayError(Exception):
    """Base of all errors of this package."""


class CommandError(CausewayError):
    """The broker refused a command. `code` is a word of the contract's table; `retryable`: the same may succeed later."""

    def __init__(self, code, message="", detail="", retryable=False):
        super().__init__(f"{code}: {detail or message}")
        self.code = code
        self.message = message
        self.detail = detail
        self.retryable = retryable


class CommandTimeout(CausewayError):
    """No RESULT in time: the command may have been carried out or not. Repeat it with the same `id` to find out."""

    def __init__(self, name, command_id):
        super().__init__(f"no result for {name} {command_id}")
        self.id = command_id


class ConnectionRefused(CommandError):
    """The broker does not accept this peer (HELLO): wrong version, wrong name, wrong streams."""
