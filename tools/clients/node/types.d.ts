// Bodies of Causeway's chat contract, version 1.0.0. Do not edit: generate_types.py prints it from
// messages/chat/asyncapi.yaml. Integers are exact up to 2^53. Times are milliseconds since 1970.

export interface Welcome {
  /** That both speak. */
  version: number;
  /** Software and version. */
  broker: string;
  /** Matrix server name of your users. */
  server_name: string;
  /** There are streams 0 to streams-1. */
  streams: number;
  /** Stream, in decimal -> last acknowledged cursor; 0: none. */
  acked: Record<string, number>;
  /** Stream, in decimal -> highest cursor given; 0: none. */
  heads: Record<string, number>;
  /** Commands that may be open on this connection. */
  command_credit: Credit;
  /** The broker sends PING this often. */
  heartbeat_ms: number;
  /** Silence after which either side counts as gone. */
  peer_timeout_ms: number;
}

export interface Invitation {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Who is invited, or knocks. */
  user: string;
  /** Who invited; of a knock who knocks, then who answered, empty where that is not told. */
  by: string;
  direction: "outgoing" | "incoming" | "knock";
  state:
    | "sending"
    | "pending"
    | "accepted"
    | "rejected"
    | "revoked"
    | "revoked_unconfirmed"
    | "expired"
    | "failed"
    | "banned";
  /** Of a rejection or failure, in words; of an open knock, why the user knocks. */
  reason: string;
  /** When it came into this state. */
  since_ts: number;
  /** Attempts to tell the other server what it has still to hear. */
  attempts?: number;
  /** When the next attempt is due; 0: none is. */
  retry_at_ts?: number;
  /** Why the last attempt failed: code of a fault, then words; empty: none has. */
  last_fault?: string;
}

export interface File {
  /** Of `media.put`, or another server's. */
  mxc: string;
  /** Has to show something. */
  file_name: string;
  /** Decides how it is shown: image/\*, video/\*, audio/\*, anything else. */
  content_type: string;
  size_bytes: number;
  /** Pixels. */
  width?: number | null;
  /** Pixels. */
  height?: number | null;
  duration_ms?: number | null;
  /** A smaller picture of it, an mxc as `mxc`. */
  thumbnail?: string | null;
}

export interface Member {
  user: string;
  membership: "join" | "invite" | "leave" | "ban" | "knock";
  display_name: string;
  /** Power level in the room. */
  power: number;
  /** What they may do there, as *Roles* says. */
  role?: "owner" | "moderator" | "leader" | "member" | "muted";
  /** An mxc:// URI; absent: they have none. */
  avatar?: string;
}

export interface Banned {
  user: string;
  /** Who banned them. */
  by: string;
  reason: string;
  /** Of the ban. */
  event_id: string;
  ts: number;
}

export interface PublicRoom {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  name?: string;
  topic?: string;
  /** To join by: `#name:server`. */
  alias?: string;
  /** An mxc:// URI. */
  avatar?: string;
  /** As its server says: public, knock, ... */
  join_rule?: string;
  /** As its server says; `m.space`: it lists other rooms. Absent: a room to talk in. */
  room_kind?: string;
  /** How many are joined, by its server's word. */
  members: number;
  /** Whether it may be read without joining. */
  world_readable?: boolean;
}

export interface Server {
  server: string;
  /** false: the last attempt to send it something failed. */
  reachable: boolean;
  /** Since then no attempt has succeeded. */
  failing_since_ts?: number;
  /** Attempts in a row that failed. */
  failures: number;
  /** Until then it is left alone, unless it says something itself. */
  retry_at_ts?: number;
  /** Why the last attempt failed: a code of *Faults*, then words. */
  last_fault?: string;
  /** Events that wait for it. */
  queued: number;
  /** Of the oldest of them. */
  oldest_queued_ts?: number;
  /** Events it has refused for good. */
  refused: number;
  /** Rooms that your users share with users of it. */
  rooms: number;
}

export interface VerifiedUser {
  /** As it was asked for. */
  user: string;
  /** unverified: their server says that there is no such user. */
  state: "verified" | "unverified" | "unable_to_verify";
  /** Of unable_to_verify: a code of *Faults*. */
  fault?: string;
  /** The same in words. */
  reason?: string;
}

export interface DeadLetterView {
  /** For `dead_letter.retry` and `dead_letter.drop`. */
  id: string;
  /** Name of the notification. */
  event: string;
  /** Of the NACK. */
  reason: string;
  /** Of its body. */
  bytes: number;
  /** When it was refused. */
  ts: number;
  /** Of the notification, where it has both. */
  matrix_room_id?: string;
  /** Likewise. */
  event_id?: string;
}

export interface Marker {
  user: string;
  /** Up to which message they have read. */
  event_id: string;
  /** Your id of it; empty: there is none. */
  message: string;
  /** When, by the word of their server. */
  ts: number;
  /** Event id of the first message of the thread it is about, or `main`. Absent: all of the room. */
  thread?: string;
  /** True: not to be shown to others. */
  private?: boolean;
}

export interface ReceivedFile {
  /** For `media.get`. */
  mxc: string;
  file_name: string;
  content_type: string;
  /** 0: not told. */
  size_bytes: number;
  /** Pixels; 0: not told. */
  width: number;
  /** Pixels; 0: not told. */
  height: number;
  duration_ms?: number;
  /** A smaller picture of it, for `media.get`. */
  thumbnail?: string;
}

export interface DeliveryElsewhere {
  server: string;
  reason: string;
}

export interface Credit {
  messages: number;
  /** Of their bodies. */
  bytes: number;
}

export interface Bindings {
  /** Matrix id of a room -> your id. */
  rooms?: Record<string, string> | null;
  /** Event id -> your id of the message. */
  messages?: Record<string, string> | null;
}

export interface Acknowledgement {
  /** From then on either name works everywhere. */
  bind?: Bindings | null;
}

export interface Fault {
  /** Stable word; see *Faults*. */
  code: string;
  /** What to do. */
  message: string;
  /** Which field, rule or bound; what the other server said. */
  detail: string;
  /** The same command, under the same id, may succeed later. */
  retryable: boolean;
}

/**
 * Makes a room. Your users among its members join at once, users of other servers are invited. A dm of two who have one
 * is that one, see *A dm has two people*.
 */
export interface RoomCreateCommand {
  /** Your id of the room; bound to the new Matrix room. */
  room: string;
  type: "dm" | "group_dm" | "channel";
  /** knock: anybody may ask to be let in. public and knock: channels only. Default: private. */
  visibility?: "private" | "public" | "knock" | null;
  name?: string | null;
  topic?: string | null;
  /** Localpart of an alias; channels only. */
  alias?: string | null;
  /** One of your users. */
  creator: string;
  members?: string[] | null;
  /** Channels that are not public: the members of these rooms may join (room versions 8 and later). */
  members_of?: string[] | null;
  /** false: users of other servers are refused. Default: true. */
  federated?: boolean | null;
}

/**
 * One of your users joins a room. The answer waits for the join; a room new to you is told by `room.created` before. A
 * member already: the same answer.
 */
export interface RoomJoinCommand {
  /** An id, or an alias `#name:server`. */
  room: string;
  /** One of your users. */
  user: string;
  /** Servers to join through, besides those the alias names. */
  via?: string[] | null;
}

/**
 * One of your users asks to be let into a room. The answer waits until a server of the room has taken the knock or none
 * could be reached. A user who knocks already: the same answer.
 */
export interface RoomKnockCommand {
  /** An id, or an alias `#name:server`. */
  room: string;
  /** One of your users. */
  user: string;
  /** Servers to knock at, besides those the alias names. */
  via?: string[] | null;
  /** Shown to those who answer. */
  reason?: string | null;
}

/** The user who knocks takes it back. `state` is revoked. */
export interface KnockRetractCommand {
  room: string;
  /** Who knocks. */
  user: string;
  reason?: string | null;
}

/** Turns away a user who knocks at a room of yours. To let the user in: `invite.send`. */
export interface KnockRejectCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Who knocks. */
  user: string;
  reason?: string | null;
}

/** Invites a user. See *A dm has two people*. */
export interface InviteSendCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Who is invited. */
  user: string;
  reason?: string | null;
}

/** Takes an open invitation back. */
export interface InviteRevokeCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Who was invited. */
  user: string;
  reason?: string | null;
}

/** Accepts or rejects an invitation of one of your users. The answer to an acceptance waits for the join. */
export interface InviteAnswerCommand {
  room: string;
  /** Who was invited. */
  user: string;
  /** false: rejects. */
  accept: boolean;
  reason?: string | null;
}

/**
 * One of your users writes. The text is one event, each file another one after it; without text the first file stands
 * for the message. The bound of `text` holds for text and html together, counted as JSON with mentions and all (a
 * quote, a backslash or a line break is two bytes, a mention its length and 3).
 */
export interface MessageSendCommand {
  room: string;
  /** One of your users, member of the room. */
  sender: string;
  /** Your id of the message; bound to the event. */
  message: string;
  /** Has to show something: blanks and invisible characters do not. Beside files it may be empty. */
  text: string;
  html?: string | null;
  /** Message of this room that it answers. */
  reply_to?: string | null;
  /** Root message of the thread. */
  thread?: string | null;
  /** `@room` for everybody; need not exist. */
  mentions?: string[] | null;
  files?: File[] | null;
  /** Of the text. emote: what the user does; notice: said by a program, no program answers. */
  kind?: "text" | "emote" | "notice" | null;
  /** A place, `geo:51.5,-0.1`, which the text describes; without html and kind. */
  geo_uri?: string | null;
}

/** Deletes a message. `event_id` is that of the redaction. */
export interface MessageDeleteCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Your id of it, or its event id. */
  message: string;
  reason?: string | null;
}

/** One of your users leaves a room. */
export interface MemberLeaveCommand {
  room: string;
  /** Who leaves. */
  user: string;
  reason?: string | null;
}

/** Ephemeral. Other servers believe it for about 60 s, so repeat it every 40 s while it lasts. */
export interface TypingCommand {
  room: string;
  /** One of your users. */
  user: string;
  typing: boolean;
}

/**
 * Makes one of your users known: from now on others find and may invite them. A new name or picture is told all rooms
 * the user is in, one after the other.
 */
export interface UserProfileCommand {
  /** Your id of the user, or their Matrix id. */
  user: string;
  display_name?: string | null;
  /** An mxc:// URI. */
  avatar?: string | null;
  /** Of their Matrix id, if it is not to follow from your id; see *Users*. */
  localpart?: string | null;
  /** block: users of other servers cannot invite this one. */
  invites?: "allow" | "block" | null;
  /**
   * Further fields (`m.tz`), each value as JSON without fractions; an empty text takes one away. Others stay as they
   * are; together at most 65,536 bytes.
   */
  fields?: Record<string, string> | null;
}

/** A room with its members and invitations. */
export interface QueryRoomCommand {
  room: string;
  /** Go on after this member. */
  members_after?: string | null;
}

/** Invitations and knocks, of all rooms or one, of all users or one. */
export interface QueryInvitationsCommand {
  /** Only those of this room. */
  room?: string | null;
  /** Only those of this user. */
  user?: string | null;
  /** Only sending and pending ones. Default: false. */
  open_only?: boolean | null;
  /** `next` of the answer before, with the same room, user and `open_only`. */
  after?: string | null;
}

/** A part of a file for the broker's media store; see *Files*. Carried out anew each time. */
export interface MediaPutCommand {
  /** Your id of the file; the same id is the same mxc for ever. */
  upload: string;
  /** Of the first byte of `bytes` in the file. */
  offset: number;
  /** None: nothing is added, the answer tells how far it is. */
  bytes?: Uint8Array | null;
  /** Of the whole file. */
  total_bytes: number;
  content_type?: string | null;
  file_name?: string | null;
}

/**
 * A part of a file of the broker's store or of another server's, which is fetched whole first; see *Files*. Carried out
 * anew each time.
 */
export interface MediaGetCommand {
  mxc: string;
  /** Default: 0. */
  offset?: number | null;
  /** Less comes at the end of the file. Default: 524288. */
  length?: number | null;
}

/** One of your users under both names. */
export interface QueryUserCommand {
  /** Your id of the user, or their Matrix id. */
  user: string;
}

/** Removes a member from a room, or takes back an invitation whoever sent it. */
export interface MemberKickCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Who is removed. */
  user: string;
  reason?: string | null;
}

/**
 * Bans a user: they leave the room at once, if they are in it, and cannot come back. An open invitation is revoked
 * first.
 */
export interface MemberBanCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Who is banned; need not have been in the room. */
  user: string;
  reason?: string | null;
  /** All they have written in the room is deleted, where servers know that wish (MSC4293). Default: false. */
  redact_events?: boolean | null;
}

/** Lifts a ban. The user is not back in the room by that: they join a public one, or are invited again. */
export interface MemberUnbanCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Who is banned. */
  user: string;
  reason?: string | null;
}

/** Who is banned from a room, by whom, when and why. */
export interface QueryBannedCommand {
  room: string;
  /** Go on after this user. */
  after?: string | null;
}

/**
 * Gives a member another role: the power level that has it in this room, as a change of the levels as they are. A
 * change by somebody else at the same moment is noticed and ours made again on top of it.
 */
export interface MemberSetRoleCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Whose role it is. */
  user: string;
  role: "owner" | "moderator" | "leader" | "member" | "muted";
}

/** Whether a user may do something in a room, decided by the rules that every server applies. */
export interface QueryCanCommand {
  room: string;
  /** One of your users. */
  user: string;
  action:
    | "send"
    | "react"
    | "mention_room"
    | "invite"
    | "kick"
    | "ban"
    | "unban"
    | "delete_others"
    | "set_name"
    | "set_topic"
    | "set_avatar"
    | "set_role"
    | "upgrade"
    | "delete_own";
  /** Of invite, kick, ban, unban, delete_others and set_role: on whom. */
  target?: string | null;
  /** Of set_role: which. */
  role?: "owner" | "moderator" | "leader" | "member" | "muted" | null;
}

/** Replaces the text of a message of the same user. `event_id` is that of the edit; the message keeps its own. */
export interface MessageEditCommand {
  room: string;
  /** One of your users, who has written it. */
  sender: string;
  /** Your id of it, or its event id. */
  message: string;
  /** The whole new text. Has to show something; bounds as of `message.send`. */
  text: string;
  html?: string | null;
  /** `@room` for everybody; who was mentioned before is not called again. */
  mentions?: string[] | null;
}

/** One of your users reacts to a message. */
export interface ReactionAddCommand {
  room: string;
  /** One of your users, member of the room. */
  user: string;
  /** Your id of it, or its event id. */
  message: string;
  /** An emoji, or a short text. */
  key: string;
}

/** Takes back a reaction of one of your users. `event_id` is that of the redaction. */
export interface ReactionRemoveCommand {
  room: string;
  /** One of your users. */
  user: string;
  /** Your id of it, or its event id. */
  message: string;
  /** As it was added. */
  key: string;
}

/**
 * Switches the federation, and parts of it, on and off. It counts from the answer on, is kept, and prevails over the
 * broker's configuration. What is absent stays as it is.
 */
export interface FederationConfigureCommand {
  /** false: nothing is sent to other servers and nothing taken from them; it waits. */
  enabled?: boolean | null;
  /** Whether who types is told, both ways. */
  typing?: boolean | null;
  /** Whether who has read what is told, both ways. */
  receipts?: boolean | null;
  /** Whether who is there is told, both ways. */
  presence?: boolean | null;
  /** The only servers to federate with; an empty list: all. */
  allow?: string[] | null;
  /** Servers not to federate with, whatever `allow` says. */
  deny?: string[] | null;
  /** block: nobody of another server can invite your users. */
  invites?: "allow" | "block" | null;
  /** all: but those of whom `user.may_federate` says no; allowed: only those of whom it says yes. */
  users_may_federate?: "all" | "allowed" | null;
}

/** What of the federation is switched on, and who said so. */
export type QueryFederationCommand = Record<string, never>;

/**
 * Says whether one of your users may be in rooms that federate, whatever `users_may_federate` of `federation.configure`
 * says of all. A room they are in already they stay in.
 */
export interface UserMayFederateCommand {
  /** Your id of the user, or their Matrix id. */
  user: string;
  /** Absent: as of all. */
  may?: boolean | null;
}

/**
 * One of your users is gone for good: leaves all rooms, one after the other, and their invitations end. Others find
 * them no more. Their Matrix id is nobody else's.
 */
export interface UserDeactivateCommand {
  /** Your id of the user, or their Matrix id. */
  user: string;
}

/** Gives a room another name. */
export interface RoomSetNameCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Empty: it has none. `event_id` is empty where it was so already. */
  name: string;
}

/** Gives a room another topic. */
export interface RoomSetTopicCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** Empty: it has none. `event_id` is empty where it was so already. */
  topic: string;
}

/** Gives a room another picture. */
export interface RoomSetAvatarCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  /** An mxc:// URI; empty: it has none. `event_id` is empty where it was so already. */
  avatar: string;
}

/**
 * Tells your own id of a room that you were told of, as the `bind` of an ACK does. The room may have another own id,
 * which it has no longer then.
 */
export interface RoomBindCommand {
  /** Its Matrix id, or the own id it has. */
  room: string;
  /** Your id of it from now on; begins with neither `!` nor `#`. */
  as: string;
}

/** Tells your own id of a message that you were told of, as the `bind` of an ACK does. */
export interface MessageBindCommand {
  room: string;
  /** Its event id, or the own id it has. */
  message: string;
  /** Your id of it from now on; does not begin with `$`. */
  as: string;
}

/**
 * Your users are in a room no longer, and its open invitations are taken back. See *Removed rooms*. A room that none of
 * your users is in any more: the same answer.
 */
export interface RoomRemoveCommand {
  room: string;
  /** One of your users, member of the room. */
  by: string;
  reason?: string | null;
}

/**
 * A room goes on as another one, of another version. Your own id of it means the new one from then on. See *Upgraded
 * rooms*.
 */
export interface RoomUpgradeCommand {
  room: string;
  /** One of your users, member of the room; makes the new one. */
  by: string;
  /** 8 or later; default: that of new rooms (`federation.room_version`). */
  version?: string | null;
}

/** A page of the public directory of a server: channels that anybody may join, or knock at. Another server is asked. */
export interface QueryPublicRoomsCommand {
  /** Whose directory; absent: your own. */
  server?: string | null;
  /** Only rooms with this in name, topic or alias. */
  search?: string | null;
  /** Rooms of the page; another server may give fewer. Default: 50. */
  limit?: number | null;
  /** `next` of the answer before, with the same server and `search`. */
  after?: string | null;
}

/** Other servers that your users share rooms with or that something was sent to, and whether they can be reached. */
export interface QueryServersCommand {
  /** Go on after this server. */
  after?: string | null;
}

/**
 * Whether users exist, before they are invited: each one's server is asked. One that cannot be asked spoils no other
 * user. Answers are kept for some minutes.
 */
export interface QueryVerifyUsersCommand {
  /** Matrix ids, or your own ids of your users. */
  users?: string[] | null;
}

/** Notifications that you have refused for good. See *Dead letters*. */
export interface QueryDeadLettersCommand {
  /** Go on after this `id`. */
  after?: string | null;
}

/** Brings a notification that was refused for good again, as the newest of its stream, and forgets the dead letter. */
export interface DeadLetterRetryCommand {
  id: string;
}

/** Forgets a notification that was refused for good. */
export interface DeadLetterDropCommand {
  id: string;
}

/** Answers `ask.user`. A user who exists and may federate is known from now on, as after `user.profile`. */
export interface AnswerUserCommand {
  /** Of the question. */
  ask: string;
  /** false: others are told that there is no such user, for some minutes without asking. */
  exists: boolean;
  /** Your id of the user, where it is not the one that the localpart was made of. */
  own_id?: string | null;
  display_name?: string | null;
  /** An mxc:// URI. */
  avatar?: string | null;
  /** false: others are told that there is no such user. */
  may_federate?: boolean | null;
  /** block: whoever invites them is answered 403 `M_INVITE_BLOCKED`. */
  invites?: "allow" | "block" | null;
}

/**
 * One of your users has read a room up to a message. A marker never moves backwards: one that does not lie behind the
 * user's last is answered alike and changes nothing. May be sent without `id`, then nobody hears how it ended. See
 * *Read receipts*.
 */
export interface ReadCommand {
  room: string;
  /** One of your users, member of the room. */
  user: string;
  /** Your id of it, or its event id. */
  message: string;
  /** The first message of the thread it is about, or `main`: what belongs to no thread. Absent: all of the room. */
  thread?: string | null;
  /** When it was read. Absent, or later than now: now. */
  ts?: number | null;
  /** It is kept, and told to nobody. Default: false. */
  private?: boolean | null;
}

/**
 * Who has read a message: users whose marker lies at it or behind it, with that marker. Its sender is left out, and
 * private markers are.
 */
export interface QueryReceiptsCommand {
  room: string;
  /** Your id of it, or its event id. */
  message: string;
  /** Go on after this user. */
  after?: string | null;
}

/** How far everybody has read a room: the marker of each user that lies furthest. */
export interface QueryReadPositionsCommand {
  room: string;
  /** Go on after this user. */
  after?: string | null;
}

/**
 * Whether one of your users is there: told to the servers of the rooms they are in. It holds until you say otherwise,
 * or for as long as you are connected. May be sent without `id`, then nobody hears how it ended. See *Presence*.
 */
export interface PresenceCommand {
  /** One of your users. */
  user: string;
  /** unavailable: there, and away from the keyboard. */
  state: "online" | "unavailable" | "offline";
  /** When they did something last. */
  last_active_ts?: number | null;
  /** What they say of themselves. */
  status?: string | null;
  /** They are doing something right now. Default: false. */
  active?: boolean | null;
}

/**
 * What a user shows of themselves: name, picture and any further field, as their server tells it now. Of one of your
 * users: what others are told.
 */
export interface QueryProfileCommand {
  /** Matrix id, or your own id of one of your users. */
  user: string;
  /** This field alone: `displayname`, `avatar_url`, `m.tz`, any other; absent: all. */
  field?: string | null;
}

export interface RoomCreatedAnswer {
  matrix_room_id: string;
  room_version: string;
  /** Of the members who are users of other servers. */
  invitations: Invitation[];
  /** There are others, which `query.invitations` tells. */
  more_invitations?: boolean;
  /** true: the two had a dm already, which is this one; nothing was made, nobody invited. Absent: it is new. */
  reused?: boolean;
  /** Of a reused dm: your id of it, which may be another one than you have asked for. */
  room?: string;
}

export interface RoomJoinedAnswer {
  matrix_room_id: string;
  room_version: string;
  /** joined. */
  state: string;
}

export interface RoomKnockedAnswer {
  matrix_room_id: string;
  /**
   * pending; sending: no server of the room could be reached, it is offered again; accepted: an invitation crossed it.
   */
  state:
    | "sending"
    | "pending"
    | "accepted"
    | "rejected"
    | "revoked"
    | "revoked_unconfirmed"
    | "expired"
    | "failed"
    | "banned";
}

export interface StateAnswer {
  /** Of the invitation or knock from now on. */
  state:
    | "sending"
    | "pending"
    | "accepted"
    | "rejected"
    | "revoked"
    | "revoked_unconfirmed"
    | "expired"
    | "failed"
    | "banned";
}

export type EmptyAnswer = Record<string, never>;

export interface InvitedAnswer {
  /** sending; of one of your users pending. */
  state:
    | "sending"
    | "pending"
    | "accepted"
    | "rejected"
    | "revoked"
    | "revoked_unconfirmed"
    | "expired"
    | "failed"
    | "banned";
  /** Of the room from now on: a third person makes a dm a group_dm. */
  type: "dm" | "group_dm" | "channel";
}

export interface SentAnswer {
  /** Of the text; of the first file where there is no text. */
  event_id: string;
  /** One per file, in order. */
  file_event_ids: string[];
  /** Other servers that each of these events goes to; see *Delivery*. */
  servers?: number;
}

export interface EventAnswer {
  event_id: string;
}

export interface UserKnownAnswer {
  /** Matrix id. */
  user: string;
}

export interface RoomAnswer {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  room_version: string;
  name: string;
  topic: string;
  type: "dm" | "group_dm" | "channel";
  /** In order of `user`. */
  members: Member[];
  /** Ask again with `members_after` = the last one's `user`. */
  more_members: boolean;
  /** In the order of `query.invitations`. */
  invitations: Invitation[];
  /** There are others, which `query.invitations` tells. */
  more_invitations?: boolean;
  /** An mxc:// URI; absent: there is none. */
  avatar?: string;
}

export interface InvitationsAnswer {
  /**
   * Open ones first, then those of which another server has still to hear, then those that are over; of each the latest
   * first.
   */
  invitations: Invitation[];
  /** There are others: ask again with `after` = `next`. */
  more_invitations?: boolean;
  /** With `more_invitations`: where the list goes on. */
  next?: string;
}

export interface MediaPutAnswer {
  /** May be named from the first part on. */
  mxc: string;
  /** Where the next part begins. */
  received_bytes: number;
  /** The file is on disk, and others can have it. */
  complete: boolean;
}

export interface MediaGetAnswer {
  bytes: Uint8Array;
  /** Of the whole file. */
  total_bytes: number;
  content_type: string;
  file_name: string;
}

export interface UserAnswer {
  /** Matrix id. */
  user: string;
  /** Your id of the user; empty: you have named them by their Matrix id only. */
  own_id: string;
  display_name: string;
  avatar: string;
  /** What `user.may_federate` has said; absent: nothing. */
  may_federate?: boolean;
  /** What `user.profile` has said; absent: allow. */
  invites?: "allow" | "block";
  /** When `user.deactivate` was said; absent: never. */
  deactivated_ts?: number;
  /** Further fields of the profile, each value as JSON. */
  fields?: Record<string, string>;
}

export interface BannedUsersAnswer {
  /** In order of `user`. */
  banned: Banned[];
  /** Ask again with `after` = the last one's `user`. */
  more_banned: boolean;
}

export interface RoleAnswer {
  /** Of the change; empty: they had the role already. */
  event_id: string;
  /** What the room's levels make of it. */
  role: "owner" | "moderator" | "leader" | "member" | "muted";
  /** Power level from now on. */
  level: number;
}

export interface CanAnswer {
  /** irreversible: yes, and nobody who is left could take it back; not_member: they have to join first. */
  verdict: "yes" | "irreversible" | "no" | "not_member";
  /** Of all but yes: the rule of the room, in words. */
  reason: string;
  /** Least power level for it. */
  needed: number;
  /** Power level of `user`. */
  level: number;
  /**
   * Of no and not_member: what the command would be refused with, of *Faults*. Absent: the message is sent all the same
   * and calls not everybody (mention_room).
   */
  code?: string;
}

export interface FederationAnswer {
  enabled: boolean;
  typing: boolean;
  receipts: boolean;
  presence: boolean;
  /** Empty: all servers. */
  allow: string[];
  /** Prevails over `allow`. */
  deny: string[];
  invites: "allow" | "block";
  users_may_federate: "all" | "allowed";
  /** Which of these you have set; the others are as the broker's configuration says. */
  configured: ("enabled" | "typing" | "receipts" | "presence" | "allow" | "deny" | "invites" | "users_may_federate")[];
  /** When you last did; 0: never. */
  since_ts: number;
}

export interface RoomUpgradedAnswer {
  /** Of the room it goes on as. */
  matrix_room_id: string;
  room_version: string;
}

export interface PublicRoomsAnswer {
  /** Whose directory it is. */
  server: string;
  /** In the order of that server, most members first as a rule. */
  rooms: PublicRoom[];
  /** There are others: ask again with `after` = `next`. */
  next?: string;
  /** Rooms of the directory, by that server's estimate. */
  total?: number;
}

export interface ServersAnswer {
  /** In order of `server`. */
  servers: Server[];
  /** Ask again with `after` = the last one's `server`. */
  more_servers: boolean;
}

export interface VerifiedUsersAnswer {
  /** In the order of the command. */
  users: VerifiedUser[];
}

export interface DeadLettersAnswer {
  /** The oldest of each stream first. */
  dead_letters: DeadLetterView[];
  /** Ask again with `after` = the last one's `id`. */
  more_dead_letters: boolean;
}

export interface ReadersAnswer {
  /** In order of `user`. */
  readers: Marker[];
  /** Ask again with `after` = the last one's `user`. */
  more_readers: boolean;
}

export interface ReadPositionsAnswer {
  /** In order of `user`. */
  positions: Marker[];
  /** Ask again with `after` = the last one's `user`. */
  more_positions: boolean;
}

export interface ProfileAnswer {
  /** Matrix id. */
  user: string;
  /** Absent: they have none. */
  display_name?: string;
  /** An mxc:// URI; absent: they have none. */
  avatar?: string;
  /** Further fields of the profile, each value as JSON. */
  fields?: Record<string, string>;
}

/** A room that you have not made is there: one of your users has joined it. */
export interface RoomCreatedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  room_version: string;
  /** Inferred; see *Types of rooms*. */
  type: "dm" | "group_dm" | "channel";
  creator: string;
  name: string;
  topic: string;
  /** Joined users. */
  members: string[];
  /** Others follow in `room.members`. */
  more_members: boolean;
}

/** Further joined users of a large room that was just joined. They may come minutes after `room.created`. */
export interface RoomMembersNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Joined users. */
  members: string[];
  /** These are the last of them. */
  complete: boolean;
}

/** A user of another server invites one of yours. */
export interface InvitationReceivedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  room_version: string;
  /** Who is invited. */
  user: string;
  /** Who invites. */
  by: string;
  by_display_name: string;
  /** Of the room, by the inviting server's word: untrusted. */
  name: string;
  /** Inferred; see *Types of rooms*. */
  type: "dm" | "group_dm" | "channel";
  reason: string;
  ts: number;
}

/** An invitation or knock has another state, or an open one a new reason for waiting. */
export interface InvitationChangedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Who is invited, or knocks. */
  user: string;
  /** Who invited; of a knock who knocks, then who answered, empty where that is not told. */
  by: string;
  direction: "outgoing" | "incoming" | "knock";
  state:
    | "sending"
    | "pending"
    | "accepted"
    | "rejected"
    | "revoked"
    | "revoked_unconfirmed"
    | "expired"
    | "failed"
    | "banned";
  /** Empty: it is a new one. */
  previous_state: string;
  /** Of a rejection or failure, in words; of an open knock, why the user knocks. */
  reason: string;
  ts: number;
  /** Attempts to tell the other server what it has still to hear. */
  attempts?: number;
  /** When the next attempt is due; 0: none is. */
  retry_at_ts?: number;
  /** Why the last attempt failed: code of a fault, then words; empty: none has. */
  last_fault?: string;
}

/** A user has another membership, name or picture in a room. */
export interface MemberChangedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Whose membership it is. */
  user: string;
  membership: "join" | "invite" | "leave" | "ban" | "knock";
  previous_membership: "join" | "invite" | "leave" | "ban" | "knock";
  /** Who made the change. */
  by: string;
  reason: string;
  display_name: string;
  avatar: string;
  /** Of the membership. */
  event_id: string;
  ts: number;
}

/** A user of another server has written. See *What `message.received` says*. */
export interface MessageReceivedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  event_id: string;
  sender: string;
  /** m.text, m.notice, m.emote, ... */
  msgtype: string;
  text: string;
  html: string;
  /** Event id of the message it answers. */
  reply_to: string;
  /** Event id of the root message of its thread. */
  thread: string;
  /** `@room` for everybody. */
  mentions: string[];
  file?: ReceivedFile;
  /** Written before your users were in the room; may come after what was written since: place it by `ts`. */
  historical: boolean;
  /** By the sender's word. */
  ts: number;
  /** Of m.location: where, e.g. `geo:51.5,-0.1`. */
  geo_uri?: string;
}

/** A message that was told, or sent by your users, is deleted by a user of another server. */
export interface MessageDeletedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  event_id: string;
  /** Your id of it; empty: there is none. */
  message: string;
  /** Who deleted it. */
  by: string;
  reason: string;
  redaction_event_id: string;
  /** Of the redaction. */
  ts: number;
}

/** How far a message of yours has come on its way to another server. */
export interface DeliveryChangedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Your id of it; empty for the events of further files (`file_event_ids` of the answer). */
  message: string;
  event_id: string;
  server: string;
  /** failed: the server refuses it for good. */
  state: "delayed" | "delivered" | "failed";
  /** Of failed: the server's answer. */
  reason: string;
  ts: number;
  /** Others of which the same is told; see *Delivery*. */
  more_servers?: DeliveryElsewhere[];
}

/** What the room shows besides what people write. */
export interface SystemMessageNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  kind:
    | "created"
    | "invited"
    | "joined"
    | "rejected"
    | "revoked"
    | "expired"
    | "left"
    | "kicked"
    | "banned"
    | "unbanned"
    | "knocked"
    | "knock_retracted"
    | "knock_rejected"
    | "renamed"
    | "topic_changed"
    | "role_changed"
    | "avatar_changed"
    | "access_changed"
    | "servers_changed"
    | "encrypted";
  /** Who did it. */
  actor: string;
  /** The user it was done to. */
  target: string;
  reason: string;
  /** Of what happened. */
  event_id: string;
  ts: number;
  /** Of renamed alone: the new name; empty: it was removed. */
  name?: string;
  /** Of topic_changed alone: the new topic; empty: it was removed. */
  topic?: string;
  /**
   * Of role_changed alone: the power level `target` has now, one event for each user whose level has changed. An empty
   * `target`: all who have no level of their own.
   */
  level?: number;
  /** Of access_changed alone: the room's join rule (public, invite, knock, restricted, ...). */
  access?: string;
}

/** A room is no longer one of your user's: take it from their list. */
export interface RoomRemovedForNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** One of yours. */
  user: string;
  cause: "left" | "kicked" | "banned" | "removed";
  /** Who did it; of left the user, of removed whoever removed the room. */
  by: string;
  reason: string;
  /** Of the membership. */
  event_id: string;
  ts: number;
}

/** A member may do more or less in a room than before: by a change of the levels, or of what levels are needed. */
export interface RoleChangedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Whose role it is. */
  user: string;
  role: "owner" | "moderator" | "leader" | "member" | "muted";
  previous_role: "owner" | "moderator" | "leader" | "member" | "muted";
  /** Power level from now on. */
  level: number;
  /** Who made the change. */
  by: string;
  /** Of the change. */
  event_id: string;
  ts: number;
}

/**
 * A user of another server has edited a message of theirs, or an edit was taken back: the text that counts now. See
 * *Edits and reactions*.
 */
export interface MessageEditedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Of the message. */
  event_id: string;
  /** Your id of it; empty: there is none. */
  message: string;
  /** Of the edit; empty: the message is as it was first. */
  edit_event_id: string;
  sender: string;
  /** The whole new text. */
  text: string;
  html: string;
  /** Who was not mentioned before; `@room` for everybody. */
  mentions: string[];
  /** As of `message.received`. */
  historical: boolean;
  /** Of the edit, by the sender's word; of what took one back. */
  ts: number;
}

/** A user of another server has reacted to a message. */
export interface ReactionAddedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Of the message. */
  event_id: string;
  /** Your id of it; empty: there is none. */
  message: string;
  reaction_event_id: string;
  user: string;
  /** An emoji, or a short text. */
  key: string;
  /** As of `message.received`. */
  historical: boolean;
  /** By the sender's word. */
  ts: number;
}

/** A reaction that was told is taken back. */
export interface ReactionRemovedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Of the message. */
  event_id: string;
  /** Your id of it; empty: there is none. */
  message: string;
  reaction_event_id: string;
  /** Whose reaction it was. */
  user: string;
  key: string;
  /** Who took it back. */
  by: string;
  ts: number;
}

/** A room has another name, topic or picture, whoever has changed it; of those three what has changed. */
export interface RoomChangedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Who made the change. */
  by: string;
  /** Of the change. */
  event_id: string;
  ts: number;
  /** Empty: it has none any more. */
  name?: string;
  /** Empty: it has none any more. */
  topic?: string;
  /** An mxc:// URI; empty: it has none any more. */
  avatar?: string;
}

/** A room goes on as another one, in which your users are already; your own id of it means that one from now on. */
export interface RoomUpgradedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  /** Of the room it goes on as. */
  matrix_room_id: string;
  /** Of the room it was. */
  old_matrix_room_id: string;
  /** Who has upgraded it. */
  by: string;
  /** Of the room it goes on as. */
  room_version: string;
  /** Of the m.room.tombstone in the old room. */
  event_id: string;
  ts: number;
}

/**
 * A room of yours has another Matrix id and version: a server that was invited does not know the version it had, and
 * nobody else had seen it. See *A room that is founded again*.
 */
export interface RoomRefoundedNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  /** From now on. */
  matrix_room_id: string;
  /** Goes on meaning the room. */
  previous_matrix_room_id: string;
  room_version: string;
  previous_room_version: string;
  /** That does not know the previous version. */
  server: string;
  ts: number;
}

/** You have refused a notification for good: it is kept aside. Refusing this one too makes no other. */
export interface DeadLetterNotification {
  /** For `dead_letter.retry` and `dead_letter.drop`. */
  id: string;
  /** Name of the notification. */
  event: string;
  /** Of the NACK. */
  reason: string;
  ts: number;
  /** Of the notification, where it has both. */
  matrix_room_id?: string;
  /** Likewise. */
  event_id?: string;
}

/**
 * A user of yours may do less in a room than you have set or were told, and not by a command of yours. What is done
 * about it is the operator's choice: see *Roles*.
 */
export interface PermissionDriftNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  /** Who may do less; empty: all without a level of their own. With lost_update whose role it is. */
  user: string;
  /**
   * lost_update: a role you have set was put aside by other changes three times; foreign_edit: another user changed the
   * level; threshold_changed: another user raised what is needed; state_resolved: servers did not agree, and this is
   * what came of it.
   */
  cause: "lost_update" | "foreign_edit" | "threshold_changed" | "state_resolved";
  /** What the room makes of the user now. */
  role: "owner" | "moderator" | "leader" | "member" | "muted";
  /** What you have set, or were told last. */
  wanted_role: "owner" | "moderator" | "leader" | "member" | "muted";
  /** What the user could do and cannot do any more: actions of `query.can`. */
  missing: string[];
  /** Who made the change; empty: nobody alone. */
  by: string;
  /** Of the change. */
  event_id: string;
  /**
   * push: set the role again, `fixable_by` may; pull: take over what the room says, for none of yours can change it.
   */
  remedy: "push" | "pull";
  /** The same in words, for people. */
  fix: string;
  /** A user of yours who may set the role again. */
  fixable_by?: string;
  ts: number;
  /**
   * report: what to do is yours to say; push: where `remedy` is push, the broker does it by itself; pull: take over
   * what the room says, whoever could change it. Absent: report.
   */
  policy?: "report" | "push" | "pull";
}

/** How far the join of one of your users has come; a large room takes a while. */
export interface JoinProgressNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  user: string;
  /** members: the room is open, its members are still being fetched. */
  phase: "asking" | "receiving" | "verifying" | "members";
  /** Through which we join. */
  server: string;
  /** Events verified; 0 in the other phases. */
  done: number;
  /** Events to verify; 0 in the other phases. */
  total: number;
}

/** A user of another server types. False comes 60 s after the last true at the latest. */
export interface TypingNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  user: string;
  typing: boolean;
}

/** A file that `media.get` could not have is here now: show it in its place. */
export interface MediaAvailableNotification {
  /** For `media.get`. */
  mxc: string;
}

/**
 * Ephemeral, and only with `federation.ask_user`: somebody of another server asks for a user of yours that you have not
 * told of. Answer with `answer.user`. See *Users the broker does not know*.
 */
export interface AskUserNotification {
  /** Of the question; for the answer. */
  ask: string;
  user: string;
  /** Of `user`; *Users* says how to read your own id out of it. */
  localpart: string;
}

/** A user of another server has read up to a message. Never one that lies before what was told of them. */
export interface ReceiptNotification {
  /** Your id of the room; empty while none is bound. */
  room: string;
  matrix_room_id: string;
  user: string;
  /** Of the message. */
  event_id: string;
  /** Your id of it; empty: there is none. */
  message: string;
  /** When, by the word of their server; not before the message, not later than now. */
  ts: number;
  /** As of an answer's marker. */
  thread?: string;
}

/**
 * Whether a user of another server is there, by the word of that server. `offline` comes by itself when it has said
 * nothing for 30 minutes.
 */
export interface PresenceNotification {
  user: string;
  state: "online" | "unavailable" | "offline";
  /** What they say of themselves; empty: nothing. */
  status: string;
  /** They are doing something right now. */
  active: boolean;
  /** When they did something last; absent: not known. */
  last_active_ts?: number;
}

/** Bodies of commands by name. */
export interface Commands {
  "room.create": RoomCreateCommand;
  "room.join": RoomJoinCommand;
  "room.knock": RoomKnockCommand;
  "knock.retract": KnockRetractCommand;
  "knock.reject": KnockRejectCommand;
  "invite.send": InviteSendCommand;
  "invite.revoke": InviteRevokeCommand;
  "invite.answer": InviteAnswerCommand;
  "message.send": MessageSendCommand;
  "message.delete": MessageDeleteCommand;
  "member.leave": MemberLeaveCommand;
  "typing": TypingCommand;
  "user.profile": UserProfileCommand;
  "query.room": QueryRoomCommand;
  "query.invitations": QueryInvitationsCommand;
  "media.put": MediaPutCommand;
  "media.get": MediaGetCommand;
  "query.user": QueryUserCommand;
  "member.kick": MemberKickCommand;
  "member.ban": MemberBanCommand;
  "member.unban": MemberUnbanCommand;
  "query.banned": QueryBannedCommand;
  "member.set_role": MemberSetRoleCommand;
  "query.can": QueryCanCommand;
  "message.edit": MessageEditCommand;
  "reaction.add": ReactionAddCommand;
  "reaction.remove": ReactionRemoveCommand;
  "federation.configure": FederationConfigureCommand;
  "query.federation": QueryFederationCommand;
  "user.may_federate": UserMayFederateCommand;
  "user.deactivate": UserDeactivateCommand;
  "room.set_name": RoomSetNameCommand;
  "room.set_topic": RoomSetTopicCommand;
  "room.set_avatar": RoomSetAvatarCommand;
  "room.bind": RoomBindCommand;
  "message.bind": MessageBindCommand;
  "room.remove": RoomRemoveCommand;
  "room.upgrade": RoomUpgradeCommand;
  "query.public_rooms": QueryPublicRoomsCommand;
  "query.servers": QueryServersCommand;
  "query.verify_users": QueryVerifyUsersCommand;
  "query.dead_letters": QueryDeadLettersCommand;
  "dead_letter.retry": DeadLetterRetryCommand;
  "dead_letter.drop": DeadLetterDropCommand;
  "answer.user": AnswerUserCommand;
  "read": ReadCommand;
  "query.receipts": QueryReceiptsCommand;
  "query.read_positions": QueryReadPositionsCommand;
  "presence": PresenceCommand;
  "query.profile": QueryProfileCommand;
}

/** What a command is answered with, by its name. */
export interface Answers {
  "room.create": RoomCreatedAnswer;
  "room.join": RoomJoinedAnswer;
  "room.knock": RoomKnockedAnswer;
  "knock.retract": StateAnswer;
  "knock.reject": EmptyAnswer;
  "invite.send": InvitedAnswer;
  "invite.revoke": StateAnswer;
  "invite.answer": StateAnswer;
  "message.send": SentAnswer;
  "message.delete": EventAnswer;
  "member.leave": EmptyAnswer;
  "typing": EmptyAnswer;
  "user.profile": UserKnownAnswer;
  "query.room": RoomAnswer;
  "query.invitations": InvitationsAnswer;
  "media.put": MediaPutAnswer;
  "media.get": MediaGetAnswer;
  "query.user": UserAnswer;
  "member.kick": EventAnswer;
  "member.ban": EventAnswer;
  "member.unban": EventAnswer;
  "query.banned": BannedUsersAnswer;
  "member.set_role": RoleAnswer;
  "query.can": CanAnswer;
  "message.edit": EventAnswer;
  "reaction.add": EventAnswer;
  "reaction.remove": EventAnswer;
  "federation.configure": FederationAnswer;
  "query.federation": FederationAnswer;
  "user.may_federate": UserAnswer;
  "user.deactivate": UserAnswer;
  "room.set_name": EventAnswer;
  "room.set_topic": EventAnswer;
  "room.set_avatar": EventAnswer;
  "room.bind": EmptyAnswer;
  "message.bind": EmptyAnswer;
  "room.remove": EmptyAnswer;
  "room.upgrade": RoomUpgradedAnswer;
  "query.public_rooms": PublicRoomsAnswer;
  "query.servers": ServersAnswer;
  "query.verify_users": VerifiedUsersAnswer;
  "query.dead_letters": DeadLettersAnswer;
  "dead_letter.retry": EmptyAnswer;
  "dead_letter.drop": EmptyAnswer;
  "answer.user": UserKnownAnswer;
  "read": EmptyAnswer;
  "query.receipts": ReadersAnswer;
  "query.read_positions": ReadPositionsAnswer;
  "presence": EmptyAnswer;
  "query.profile": ProfileAnswer;
}

/** Bodies of those that come again until they are acknowledged. */
export interface DurableNotifications {
  "room.created": RoomCreatedNotification;
  "room.members": RoomMembersNotification;
  "invitation.received": InvitationReceivedNotification;
  "invitation.changed": InvitationChangedNotification;
  "member.changed": MemberChangedNotification;
  "message.received": MessageReceivedNotification;
  "message.deleted": MessageDeletedNotification;
  "delivery.changed": DeliveryChangedNotification;
  "system.message": SystemMessageNotification;
  "room.removed_for": RoomRemovedForNotification;
  "role.changed": RoleChangedNotification;
  "message.edited": MessageEditedNotification;
  "reaction.added": ReactionAddedNotification;
  "reaction.removed": ReactionRemovedNotification;
  "room.changed": RoomChangedNotification;
  "room.upgraded": RoomUpgradedNotification;
  "room.refounded": RoomRefoundedNotification;
  "dead_letter": DeadLetterNotification;
  "permission.drift": PermissionDriftNotification;
}

/** Bodies of those that come once, or not at all. */
export interface EphemeralNotifications {
  "join.progress": JoinProgressNotification;
  "typing": TypingNotification;
  "media.available": MediaAvailableNotification;
  "ask.user": AskUserNotification;
  "receipt": ReceiptNotification;
  "presence": PresenceNotification;
}

export type Notifications = DurableNotifications & EphemeralNotifications;
