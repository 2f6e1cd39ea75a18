// What the person in front of the page has chosen: at each side who they are and which room they look at. The server
// knows nothing of it.

const NOTHING = { replyTo: null, editing: null, thread: null, mentions: [], kind: "text", menu: null };

export class Choices {
  tab = "A"; // on a narrow screen one side is shown at a time
  #sides = new Map();

  /// Of a side: user, room, isPrivate (whether what they read is told to nobody), replyTo, editing and thread (entry
  /// ids), mentions (users whom the next message calls), kind (of the next message: text, html, emote or notice), menu
  /// (entry whose actions are shown).
  of(side) {
    if (!this.#sides.has(side))
      this.#sides.set(side, { user: null, room: null, isPrivate: false, ...NOTHING });
    return this.#sides.get(side);
  }

  choose(side, changed) {
    const choice = this.of(side);
    const elsewhere =
      ("room" in changed && changed.room !== choice.room) || ("user" in changed && changed.user !== choice.user);
    Object.assign(choice, elsewhere ? NOTHING : {}, changed);
  }

  #followed = "";

  /// Looks where the tour looks, once for each of its steps.
  follow(tour) {
    if (!tour?.focus) return;
    const mark = `${tour.step} ${JSON.stringify(tour.focus)}`;
    if (mark === this.#followed) return;
    this.#followed = mark;
    for (const [side, { user, room }] of Object.entries(tour.focus))
      this.choose(side, room ? { user, room } : { user });
  }
}

/// From now on the user of a side looks at that room.
export function look(page, side, room) {
  page.choices.choose(side, { room });
  page.refresh();
}
