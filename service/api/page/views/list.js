// The views, in the order of the navigation and of their number keys. Each module has
// `mount(root, app) -> {unmount(), keys: [{key, does, run}]}`; `hidden` views are reached by links alone.

export const VIEWS = [
  { name: "overview", title: "Overview", load: () => import("./overview.js") },
  { name: "symbol", title: "Symbol", load: () => import("./symbol.js") },
  { name: "venues", title: "Venues", load: () => import("./venues.js") },
  { name: "alerts", title: "Alerts", load: () => import("./alerts.js") },
];

export const has = (name) => VIEWS.some((one) => one.name === name);
