// A form over the page: fields, a button that does it, and what was refused, said in the form.

import { h, show } from "./view.js";

/// Asks for the fields and calls `carryOut` with their values; closes when that has succeeded.
/// A field is {name, label, type?: text|select|checkbox|checkboxes|picture, options?: [{value, label}], value?,
/// required?, hint?}, or {draw}, which makes what stands there between fields. Of a picture the value is a File, or
/// null. `content` makes what stands above the fields, `below` what stands below them; both get `act`, which carries
/// out something meanwhile, says in the form what was refused, and shows the form anew, and `values`, which reads the
/// fields. `load` is such an action, carried out when the form is open.
export function ask({ title, note, content, below, load, fields = [], submit, danger = false }, carryOut) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "dialog-title");
  const before = document.activeElement;
  let fault = "";
  let busy = false;
  const values = () => read(dialog, fields);
  const draw = () =>
    show(
      dialog,
      h(
        "form",
        { method: "dialog", onsubmit: send },
        h("h2", { id: "dialog-title" }, title),
        note && h("p", {}, note),
        content?.(act, values),
        fields.map((each) => (each.draw ? each.draw(act, values) : showField(each))),
        below?.(act, values),
        fault && h("p", { class: "fault", role: "alert" }, fault),
        h(
          "div",
          { class: "row end" },
          h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
          h("button", { type: "submit", class: danger ? "danger" : "primary", disabled: busy }, submit),
        ),
      ),
    );
  async function send(event) {
    event.preventDefault();
    const asked = values();
    busy = true;
    draw();
    try {
      await carryOut(asked);
      dialog.close();
    } catch (refused) {
      fault = said(refused);
      busy = false;
      draw();
    }
  }
  async function act(action) {
    fault = "";
    try {
      await action();
    } catch (refused) {
      fault = said(refused);
    }
    draw();
  }
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.();
  });
  draw();
  document.body.append(dialog);
  dialog.showModal();
  if (load) act(load);
  return dialog;
}

/// Values of a form without what was left empty.
export const filled = (values) =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== "" && !(Array.isArray(value) && value.length === 0)),
  );

const said = (refused) => `${refused.code ?? "fault"}: ${refused.message}`;

function showField(field) {
  const id = `field-${field.name}`;
  if (field.type === "checkboxes")
    return h(
      "fieldset",
      { key: id },
      h("legend", {}, field.label),
      field.options.map((each) =>
        h(
          "label",
          { class: "check" },
          h("input", {
            type: "checkbox",
            name: field.name,
            "data-value": each.value,
            checked: (field.value ?? []).includes(each.value),
          }),
          each.label,
        ),
      ),
    );
  if (field.type === "checkbox")
    return h(
      "label",
      { key: id, class: "check" },
      h("input", { type: "checkbox", id, checked: field.value }),
      field.label,
    );
  const props = {
    id,
    name: field.name,
    initial: field.value ?? "",
    required: Boolean(field.required),
    autocomplete: "off",
    "aria-describedby": field.hint ? `${id}-hint` : null,
  };
  return h(
    "div",
    { key: id, class: "field" },
    h("label", { for: id }, field.label),
    field.type === "select"
      ? select(field, id)
      : field.type === "picture"
        ? h("input", { id, type: "file", accept: "image/png,image/jpeg,image/gif,image/webp" })
        : h("input", { type: "text", ...props }),
    field.hint && h("p", { class: "hint", id: `${id}-hint` }, field.hint),
  );
}

function select(field, id) {
  return h(
    "select",
    { id, name: field.name },
    field.options.map((each) =>
      h("option", { value: each.value, selected: each.value === field.value, disabled: each.disabled }, each.label),
    ),
  );
}

function read(dialog, fields) {
  const found = {};
  for (const field of fields.filter((each) => !each.draw)) {
    const at = dialog.querySelector(`#field-${field.name}`);
    if (field.type === "checkboxes")
      found[field.name] = [...dialog.querySelectorAll(`input[name="${field.name}"]:checked`)].map(
        (each) => each.dataset.value,
      );
    else if (field.type === "picture") found[field.name] = at.files[0] ?? null;
    else found[field.name] = field.type === "checkbox" ? at.checked : at.value.trim();
  }
  return found;
}
