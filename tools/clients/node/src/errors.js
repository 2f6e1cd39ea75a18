"use strict";

/** Base of all errors of this package. */
class CausewayError extends Error {
  constructor(text) {
    super(text);
    this.name = new.target.name;
  }
}

/** The broker refused a command. `code` is a word of the contract's table; `retryable`: the same may succeed later. */
class CommandError extends CausewayError {
  constructor({ code, message = "", detail = "", retryable = false }) {
    super(`${code}: ${detail || message}`);
    this.code = code;
    this.detail = detail;
    this.retryable = Boolean(retryable);
  }
}

/** No RESULT in time: the command may have been carried out or not. Repeat it with the same `id` to find out. */
class CommandTimeout extends CausewayError {
  constructor(name, id) {
    super(`no result for ${name} ${id}`);
    this.id = id;
  }
}

/** The broker does not accept this peer (HELLO): wrong version, wrong name, wrong streams. */
class ConnectionRefused extends CommandError {}

module.exports = { CausewayError, CommandError, CommandTimeout, ConnectionRefused };
