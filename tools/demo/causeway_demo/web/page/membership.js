// Whether somebody is in a room, or invited to it.

export const isIn = (room, user) =>
  !room.gone[user] && room.members.some((each) => each.user === user && each.membership === "join");

/// The open invitation of a user to a room, by whichever side it came; null: there is none.
export function invitationOf(room, user) {
  const told = room.invitations.find(
    (each) => each.user === user && each.direction === "incoming" && each.state === "pending",
  );
  return told ?? room.members.find((each) => each.user === user && each.membership === "invite") ?? null;
}
