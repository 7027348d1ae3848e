// Starts the page: key, catalogue, views by their address, time, scheme, keyboard; and says so when it cannot.

import { Address } from "./core/address.js";
import { Api } from "./core/api.js";
import { Catalogue } from "./core/catalogue.js";
import { Clock } from "./core/clock.js";
import { element, write } from "./core/paint.js";
import { Stream } from "./core/stream.js";
import * as theme from "./core/theme.js";
import { AlertBadge } from "./parts/alertbadge.js";
import { Keys } from "./parts/keys.js";
import { timebar } from "./parts/timebar.js";
import { VIEWS } from "./views/list.js";

const AGAIN = 2000; // ms until the catalogue is asked for again
const SAID_FOR = 6000;
const byId = (id) => document.getElementById(id);

const api = new Api();
const clock = new Clock();
const stream = new Stream({ timed: (t) => clock.told(t), key: () => api.key });
const address = new Address();
const catalogue = new Catalogue(api);
const app = { stream, api, address, clock, catalogue, say };
const keys = new Keys(byId("help"));
const bar = timebar(clock);
let shown = { name: null, unmount() {} };
let silent;

async function start() {
  VIEWS.find((one) => one.name === address.view)?.load(); // on its way while the catalogue is
  try {
    await catalogue.load();
  } catch (error) {
    if (error.status === 401) askKey();
    else {
      lost(error.message, AGAIN);
      setTimeout(start, AGAIN);
    }
    return;
  }
  byId("key").hidden = true;
  label();
  stream.watch(connection);
  new AlertBadge(app, byId("nav").querySelector('[data-to="alerts"]'));
  bar.element.hidden = false;
  fromAddress();
  address.watch(fromAddress);
  clock.watch(moment);
}

function askKey() {
  byId("key").hidden = false;
  byId("refused").textContent = api.key ? "This key is not known here." : "";
  byId("secret").focus();
}

/** What kind of numbers these are: simulated, or of a recording. */
function label() {
  clock.replayed = catalogue.replayed === true;
  byId("simulated").hidden = !catalogue.simulated;
  byId("replayed").hidden = !clock.replayed;
  document.body.dataset.replayed = clock.replayed;
}

function connection({ connected, wait }) {
  document.body.dataset.lost = !connected;
  if (connected) byId("lost").hidden = true;
  else lost("Connection lost. Values are withdrawn", wait);
}

function lost(text, wait) {
  write(byId("lost"), `${text}${/[.!]$/.test(text) ? " Trying" : "; trying"} again in ${Math.ceil(wait / 1000)} s.`);
  byId("lost").hidden = false;
}

/** Say something to the person, for a few seconds. */
function say(text) {
  const place = byId("said");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(silent);
  silent = setTimeout(() => { place.hidden = true; }, SAID_FOR);
}

// -- views -------------------------------------------------------------------------------------------------------

async function fromAddress() {
  const at = Number(address.get("at"));
  if (at > 0 && at !== clock.at) clock.seek(at);
  else if (!address.get("at") && !clock.live) address.set({ at: Math.round(clock.at) });
  const view = VIEWS.find((one) => one.name === address.view) ?? VIEWS[0];
  if (view.name !== address.view) address.go(view.name);
  else if (view.name !== shown.name) await open(view);
}

async function open(view) {
  shown.unmount();
  keys.drop(shown.title);
  shown = { name: view.name, title: view.title, unmount() {} };
  for (const link of byId("nav").querySelectorAll("a")) {
    if (link.dataset.to === view.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const sheet of document.querySelectorAll("link[data-of]")) sheet.media = sheet.dataset.of === view.name ? "all" : "not all";
  document.title = `${view.title} · Steelyard${catalogue.simulated ? " (simulated)" : ""}`;
  const root = byId("view");
  root.replaceChildren();
  root.dataset.view = view.name;
  const module = await view.load();
  if (shown.name !== view.name) return; // somebody went on while it was fetched
  shown = { name: view.name, title: view.title, ...module.mount(root, app) };
  keys.set(view.title, shown.keys ?? []);
  scrollTo(0, 0);
}

function moment(at) {
  document.body.dataset.live = at === null;
  if (clock.live || !clock.playing) address.set({ at: at === null ? null : Math.round(at) });
  for (const link of byId("nav").querySelectorAll("a")) link.href = address.link(link.dataset.to, "", { at: address.get("at") });
}

// -- what is always there ----------------------------------------------------------------------------------------

const links = VIEWS.filter((view) => !view.hidden).map((view) =>
  element("a", { href: address.link(view.name), "data-to": view.name }, view.title));
byId("nav").append(...links);
byId("time").append(bar.element);
bar.element.hidden = true;

function nextScheme() {
  theme.choose(theme.shown() === "dark" ? "light" : "dark");
  say(`Shown ${theme.shown()}.`);
}

keys.set("Everywhere", [
  ...VIEWS.filter((view) => !view.hidden).map((view, place) => ({ key: `${place + 1}`, does: view.title, run: () => address.go(view.name) })),
  ...bar.keys,
  { key: "t", does: "Light, or dark", run: nextScheme },
  { key: "?", does: "These keys", run: () => keys.toggle() },
]);
byId("skip").onclick = (event) => {
  event.preventDefault();
  byId("view").focus();
};
byId("scheme").onclick = nextScheme;
byId("keys").onclick = () => keys.toggle();
byId("key").onsubmit = (event) => {
  event.preventDefault();
  api.key = byId("secret").value;
  start();
};
start();
