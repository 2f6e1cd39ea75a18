"use strict";
// Client of Causeway's chat contract, version 1 (messages/chat/CONTRACT.md).

const { Client } = require("./client.js");
const { CausewayError, CommandError, CommandTimeout, ConnectionRefused } = require("./errors.js");
const { Event } = require("./events.js");

module.exports = { CausewayError, Client, CommandError, CommandTimeout, ConnectionRefused, Event };
