// What can be done about an alert: acknowledge it, silence what is like it, end a silence.

import { ask, who } from "../ask.js";

const PATH = "/api/v1/alerts";
const LASTING = [["900", "15 minutes"], ["3600", "1 hour"], ["14400", "4 hours"], ["86400", "1 day"], ["604800", "1 week"]];
const FIELDS = ["alert", "severity", "venue", "market", "symbol"];

export function acknowledge(app, alert, done) {
  ask({
    title: `Acknowledge ${alert.alert}`,
    about: `${alert.summary}. It is told no more, but that it resolved.`,
    fields: [who(), { name: "why", label: "Why (may be left out)" }],
    verb: "Acknowledge",
    send: async (values) => {
      await app.api.post(`${PATH}/${alert.id}/acknowledge`, values);
      app.say(`${alert.alert} is acknowledged.`);
      done();
    },
  });
}

/** Silence: of an alert, or of whatever is written. */
export function silence(app, alert, done) {
  const given = alert ? { alert: alert.alert, ...alert.labels } : {};
  ask({
    title: alert ? `Silence ${alert.alert}` : "New silence",
    about: "All that is filled in has to fit; * and ? stand for anything. What fits is evaluated and kept, and nobody is told.",
    fields: [
      ...FIELDS.map((name) => ({ name, label: name[0].toUpperCase() + name.slice(1), value: given[name] ?? "", placeholder: "any" })),
      { name: "seconds", label: "For", value: "3600", options: LASTING },
      who(),
      { name: "why", label: "Why", required: true },
    ],
    verb: "Silence",
    send: async (values) => {
      const matchers = Object.fromEntries(FIELDS.filter((name) => values[name]).map((name) => [name, values[name]]));
      if (!Object.keys(matchers).length) throw new Error("Fill in at least one field; * in one of them silences everything.");
      await app.api.post(`${PATH}/silences`, { matchers, seconds: Number(values.seconds), who: values.who, why: values.why });
      app.say("Silenced.");
      done();
    },
  });
}

export async function unsilence(app, id, done) {
  try {
    await app.api.remove(`${PATH}/silences/${id}`);
    app.say("The silence is over.");
  } catch (error) {
    app.say(error.message);
  }
  done();
}
