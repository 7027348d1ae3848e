// Light or dark: as the system says, or as was chosen here.

import { schemeChanged } from "./paint.js";

const KEY = "steelyard.scheme";
const system = matchMedia("(prefers-color-scheme: dark)");

export const SCHEMES = ["system", "light", "dark"];

export function chosen() {
  const kept = localStorage.getItem(KEY);
  return SCHEMES.includes(kept) ? kept : "system";
}

/** Show this scheme, and remember it. */
export function choose(scheme) {
  if (scheme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, scheme);
  show(scheme);
}

/** The scheme that is on the screen: light or dark. */
export function shown() {
  const scheme = chosen();
  return scheme === "system" ? (system.matches ? "dark" : "light") : scheme;
}

function show(scheme) {
  if (scheme === "system") delete document.documentElement.dataset.scheme;
  else document.documentElement.dataset.scheme = scheme;
  schemeChanged();
}

system.addEventListener("change", schemeChanged);
show(chosen());
