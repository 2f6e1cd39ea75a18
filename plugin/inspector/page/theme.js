// Light, dark, or as the system says. Kept in this browser.

import { Shared } from "./preact.js";

const KEY = "causeway-theme";
const ORDER = ["auto", "light", "dark"];

function kept() {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto"; // storage is switched off
  }
}

/// Changes when the colours do.
export const theme = new Shared(0);
let chosen = ORDER.includes(kept()) ? kept() : "auto";

function show() {
  document.documentElement.dataset.theme = chosen;
  theme.set(theme.value + 1);
}
show();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

export const chosenTheme = () => chosen;

export function nextTheme() {
  chosen = ORDER[(ORDER.indexOf(chosen) + 1) % ORDER.length];
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // for this page only, then
  }
  show();
}
