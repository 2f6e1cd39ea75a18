// What is to be shown is written as a tree of h(); show() makes the document like it and keeps what is there, so that
// focus, scroll positions and half-written texts stay.

const PARTS = Symbol("parts"); // of an element made here: its key, tag and the properties it was given

/// A node of the tree. `key` names a child among its siblings; `on...` are listeners; `initial` is the value of a
/// field when it is made; `value`, `checked`, `disabled`, `open` and `hidden` are properties, all else attributes.
/// Children that are null or false are left out.
export function h(tag, props, ...children) {
  return {
    tag,
    props: props ?? {},
    children: children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false),
  };
}

/// Makes the children of an element like `tree`, a node or a list of nodes and texts.
export function show(parent, tree) {
  const wanted = Array.isArray(tree) ? tree.flat(Infinity).filter(Boolean) : [tree];
  const keys = new Set(wanted.map((each) => each.props?.key).filter((key) => key !== undefined));
  const kept = new Map();
  for (const node of [...parent.childNodes]) {
    const key = node[PARTS]?.key;
    if (key === undefined) continue;
    if (keys.has(key)) kept.set(key, node);
    else node.remove(); // first, so that what stays need not be moved: moving takes the focus away
  }
  let at = parent.firstChild;
  for (const each of wanted) {
    const node = matching(each, at, kept) ?? made(each);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
    if (each.tag) update(node, each);
    else if (node.data !== String(each)) node.data = String(each);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function matching(wanted, at, kept) {
  if (!wanted.tag) return at?.nodeType === Node.TEXT_NODE ? at : null;
  const { key } = wanted.props;
  const node = key === undefined ? at : kept.get(key);
  const parts = node?.[PARTS];
  return parts && parts.tag === wanted.tag && parts.key === key ? node : null;
}

function made(wanted) {
  if (!wanted.tag) return document.createTextNode(String(wanted));
  const node = document.createElement(wanted.tag);
  node[PARTS] = { tag: wanted.tag, key: wanted.props.key, props: {} };
  if (wanted.props.initial !== undefined) node.value = wanted.props.initial;
  return node;
}

const PROPERTIES = new Set(["checked", "disabled", "open", "hidden"]);

function update(node, wanted) {
  const parts = node[PARTS];
  for (const name of Object.keys(parts.props)) if (!(name in wanted.props)) set(node, name, null);
  for (const [name, value] of Object.entries(wanted.props)) if (parts.props[name] !== value) set(node, name, value);
  parts.props = wanted.props;
  show(node, wanted.children);
  // A select has its options only now.
  const { value } = wanted.props;
  if (value !== undefined && wanted.tag !== "option" && node.value !== value) node.value = value;
}

function set(node, name, value) {
  if (name === "key" || name === "initial" || (name === "value" && node.tagName !== "OPTION")) return;
  if (name.startsWith("on")) node[name] = value;
  else if (PROPERTIES.has(name)) node[name] = Boolean(value);
  else if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}
