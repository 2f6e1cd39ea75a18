// Names, times and sentences.

import { h } from "./view.js";

/// As one side knows people: their names are what that side's broker has told.
export class Words {
  #store;
  #side;
  #users = new Map(); // Matrix id -> name
  #servers = new Map(); // server name -> side

  constructor(store, side) {
    this.#store = store;
    this.#side = side;
    for (const side of store.sides()) {
      const { server_name: serverName, users } = store.get("side", side);
      this.#servers.set(serverName, side);
      for (const { id, name } of users) this.#users.set(id, name);
    }
  }

  /// Everybody of both sides: {id, name}.
  people() {
    return [...this.#users.keys()].map((id) => ({ id, name: this.name(id) }));
  }

  name(user) {
    if (user === EVERYBODY) return "everybody";
    const told = this.#store.person(this.#side, user).name;
    return told || (this.#users.get(user) ?? user?.replace(/^@/, "").split(":")[0] ?? "");
  }

  /// "A", "B", or the name of another server.
  server(serverName) {
    return this.#servers.get(serverName) ?? serverName;
  }

  serverOf(user) {
    return this.server(user.slice(user.indexOf(":") + 1));
  }

  roomName(room, user) {
    if (room.name) return room.name;
    const others = room.members.filter(
      (each) => each.user !== user && each.membership !== "leave" && each.membership !== "ban",
    );
    const invited = room.invitations.filter((each) => each.user !== user || each.direction === "incoming");
    const people = [
      ...others.map((each) => each.user),
      ...invited.map((each) => (each.user === user ? each.by : each.user)),
    ];
    return (
      [...new Set(people)].map((each) => this.name(each)).join(", ") ||
      (room.type === "channel" ? "Channel" : "Direct message")
    );
  }

  system(entry) {
    const actor = this.name(entry.actor);
    const target = this.name(entry.target);
    const reason = entry.reason ? `: ${entry.reason}` : "";
    const sentences = {
      created: `${actor} made the room`,
      invited: `${actor} invited ${target}${reason}`,
      joined: `${target} joined`,
      rejected: `${target} rejected the invitation${reason}`,
      revoked: `${actor} took back the invitation of ${target}${reason}`,
      expired: `The invitation of ${target} has expired`,
      left: `${target} left${reason}`,
      kicked: `${actor} removed ${target}${reason}`,
      banned: `${actor} banned ${target}${reason}`,
      unbanned: `${actor} lifted the ban on ${target}${reason}`,
      knocked: `${target} asks to be let in${reason}`,
      knock_retracted: `${target} no longer asks to be let in`,
      knock_rejected: `${actor} did not let ${target} in${reason}`,
      renamed: entry.name ? `${actor} named the room ${entry.name}` : `${actor} took the room's name away`,
      topic_changed: entry.topic ? `${actor} set the topic: ${entry.topic}` : `${actor} took the topic away`,
      avatar_changed: `${actor} changed the room's picture`,
      access_changed: `${actor} changed who may come in: ${entry.access}`,
      servers_changed: `${actor} changed which servers may take part`,
      encrypted: `${actor} had messages encrypted from now on; nobody at this server can read them`,
      permission_drift: `${target} may do less here than was set${reason}`,
      dead_letter: `This chat server has refused ${entry.about} for good; see Dead letters`,
      refounded: `The room was founded again in version ${entry.version} for server ${this.server(entry.server)}`,
      role_changed: roleChanged(actor, entry.target ? target : "everybody", entry),
    };
    return sentences[entry.what] ?? `${actor} ${entry.what.replaceAll("_", " ")} ${target}${reason}`;
  }
}

function roleChanged(actor, target, { role, level }) {
  const made = {
    owner: `made ${target} an owner`,
    moderator: `made ${target} a moderator`,
    leader: `made ${target} a leader`,
    member: `made ${target} a member like others`,
    muted: `muted ${target}`,
  }[role];
  // Of a level that makes no other role than the one before, the number is all there is to say.
  return `${actor} ${made ?? `gave ${target} power level ${level ?? "of old"}`}`;
}

/// For those who hear the page and do not see where a word stands.
export const sideOf = (side) => h("span", { class: "hidden" }, `Server ${side}: `);

/// Whom a mention of all members calls.
export const EVERYBODY = "@room";

/// Whether somebody is there, for people.
export const PRESENCE = { online: "online", unavailable: "away", offline: "offline" };

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const clockWithSeconds = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

export const time = (ms) => clock.format(new Date(ms));
export const timeWithSeconds = (ms) => clockWithSeconds.format(new Date(ms));

export function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(0)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

/// States of an invitation, for people.
export const STATES = {
  sending: "sending",
  pending: "pending",
  accepted: "accepted",
  rejected: "rejected",
  revoked: "revoked",
  revoked_unconfirmed: "revoked, unconfirmed",
  expired: "expired",
  failed: "failed",
  banned: "banned",
};

export const ROLES = ["owner", "moderator", "leader", "member", "muted"];
