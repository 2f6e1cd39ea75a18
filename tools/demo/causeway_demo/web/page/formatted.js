// A message's HTML, as far as the chat contract lets it through: drawn with nodes of our own, so that nothing of it runs,
// is loaded or looks like the page itself.

import { h } from "./view.js";

const TAGS = new Set(
  "b strong i em u s del sub sup code pre br hr p div span blockquote ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td".split(
    " ",
  ),
);
// Nobody was meant to read what is in these.
const UNREAD = new Set(["script", "style", "template", "iframe", "object", "svg", "math"]);
const LINK = /^(https?:\/\/|mailto:|matrix:)/i;
const HEADING = /^h[1-6]$/;

/// Nodes for a message that has html. What is not known here is shown as the text that is in it.
export const formatted = (html) => [...parsed(html).childNodes].map(drawn);

/// The text of HTML, for those who show no other.
export function plain(html) {
  const all = parsed(html);
  for (const each of all.querySelectorAll([...UNREAD].join())) each.remove();
  return all.textContent.trim();
}

// A document of the parser runs nothing and loads nothing.
const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;

function drawn(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE) return null;
  const tag = node.tagName.toLowerCase();
  if (UNREAD.has(tag)) return null;
  if (tag === "img") return node.getAttribute("alt") || null;
  const inner = [...node.childNodes].map(drawn);
  if (tag === "a") return link(node.getAttribute("href") ?? "", inner);
  // The page has headings of its own.
  if (HEADING.test(tag)) return h("p", {}, h("strong", {}, inner));
  return h(TAGS.has(tag) ? tag : "span", {}, inner);
}

function link(href, inner) {
  return LINK.test(href) ? h("a", { href, target: "_blank", rel: "noreferrer noopener" }, inner) : h("span", {}, inner);
}
