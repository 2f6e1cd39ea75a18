// People: their pictures, whether they are there, and the forms in which one says who one is.

import { showAccount } from "./account.js";
import { ask, filled } from "./dialog.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { PRESENCE } from "./words.js";

/// The picture of somebody; null: they have none.
export function face(page, side, user) {
  const { avatar } = page.store.person(side, user);
  // Who it shows is written beside it.
  return avatar ? h("img", { class: "face", src: server.mediaUrl(side, avatar), alt: "" }) : null;
}

/// Whether somebody is there, and what they say of themselves; null: nobody has said so.
export function presence(page, side, user) {
  const { state, status } = page.store.person(side, user);
  if (!state) return null;
  return h("span", { class: `presence ${state}` }, `${PRESENCE[state] ?? state}${status ? `: ${status}` : ""}`);
}

export function changeProfile(page, side) {
  const { user } = page.choices.of(side);
  const name = page.words.name(user);
  let known = null;
  const load = async () => (known = await server.command(side, "query.user", { user }));
  ask(
    {
      title: `Profile of ${name}`,
      note: "Everybody in their rooms is told, on both servers.",
      submit: "Change",
      load,
      content: () => known && showAccount(known),
      fields: [
        { name: "display_name", label: "Name", value: name, required: true },
        { name: "picture", label: "Picture (none: it stays)", type: "picture" },
        {
          name: "invites",
          label: "Invitations of other servers",
          type: "select",
          options: [
            { value: "", label: "As before" },
            { value: "allow", label: "Are welcome" },
            { value: "block", label: "Are refused" },
          ],
        },
        {
          name: "may",
          label: "Being in federated rooms",
          type: "select",
          options: [
            { value: "", label: "As before" },
            { value: "yes", label: "They may" },
            { value: "no", label: "They may not come into others" },
            { value: "all", label: "As of everybody" },
          ],
        },
        { name: "field", label: "Further field (optional)", hint: "e.g. m.tz" },
        { name: "field_value", label: "What it says (empty: it is taken away)" },
        page.store.get("side", side).features.includes("user.deactivate") && {
          name: "account",
          label: "Account",
          type: "select",
          options: [
            { value: "", label: "As before" },
            { value: "deactivate", label: "Deactivate for good: they leave everywhere" },
          ],
        },
      ].filter(Boolean),
    },
    async ({ display_name: called, picture, invites, may, field, field_value: value, account }) => {
      if (account) return server.command(side, "user.deactivate", { user });
      await server.command(side, "user.profile", {
        user,
        display_name: called,
        ...(picture ? { avatar: await server.keepPicture(side, picture) } : {}),
        ...(invites ? { invites } : {}),
        ...(field ? { fields: { [field]: value ? JSON.stringify(value) : "" } } : {}),
      });
      const said = may === "all" ? {} : { may: may === "yes" };
      if (may) await server.command(side, "user.may_federate", { user, ...said });
      return null;
    },
  );
}

/// Somebody signs up at a side. Their Matrix id follows from the id the chat server gives them, or is chosen.
export function newUser(page, side) {
  ask(
    {
      title: `A new user of server ${side}`,
      submit: "Sign up",
      fields: [
        { name: "user", label: "Id at the chat server", hint: "e.g. José: becomes part of a Matrix id", required: true },
        { name: "display_name", label: "Name", required: true },
        {
          name: "localpart",
          label: "Localpart of the Matrix id (empty: follows from the id)",
          hint: "a-z 0-9 . _ = - / +, once and for all",
        },
      ],
    },
    async (named) => {
      const { user } = await server.command(side, "user.profile", filled(named));
      page.choices.choose(side, { user });
      page.refresh();
    },
  );
}

export function changePresence(page, side) {
  const { user } = page.choices.of(side);
  const { state = "online", status = "" } = page.store.person(side, user);
  ask(
    {
      title: `Is ${page.words.name(user)} there?`,
      submit: "Say so",
      fields: [
        {
          name: "state",
          label: "They are",
          type: "select",
          options: Object.entries(PRESENCE).map(([value, label]) => ({ value, label })),
          value: state,
        },
        { name: "status", label: "What they say of themselves (optional)", value: status },
      ],
    },
    ({ state: chosen, status: said }) => server.command(side, "presence", { user, state: chosen, status: said }),
  );
}
