// All rules: what each looks at, how many fire, and why one cannot run.

import { NOTHING, count } from "../../core/format.js";
import { wordsOf } from "../../core/rulewords.js";
import { Table } from "../table.js";

const EVERY = 5000;

export class Rules {
  constructor(app, fits) {
    this.app = app;
    this.table = new Table({ label: "Rules", now: () => app.clock.now(), name: (rule) => rule.alert });
    this.table.element.id = "rules";
    this.table.show(COLUMNS);
    this.table.test = (rule) => fits(`${rule.alert} ${rule.severity} ${rule.fault} ${wordsOf(rule.when)}`);
    this.element = this.table.element;
    this.timer = setInterval(() => this.ask(), EVERY);
    this.ask();
  }

  close() {
    clearInterval(this.timer);
    this.table.close();
  }

  async ask() {
    try {
      const { rules } = await this.app.api.get("/api/v1/alerts/rules");
      for (const rule of rules) this.table.take(rule.alert, { ...rule, state: rule.fault ? "lost" : "live" });
      this.table.paint(true);
    } catch (error) {
      if (error.status) this.app.say(error.message);
    }
  }

  paint() {
    this.table.paint(true);
  }
}

const COLUMNS = [
  { id: "rule", heading: "Rule", help: "Its name", value: (rule) => rule.alert },
  { id: "severity", heading: "Severity", help: "info, warning or critical", value: (rule) => rule.severity },
  { id: "runs", heading: "Runs", help: "Whether it can be evaluated here, and why not", value: (rule) => (rule.fault ? `no: ${rule.fault}` : "yes") },
  { id: "firing", heading: "Firing", kind: "number", help: "Subjects on which it fires", value: (rule) => rule.firing, write: count },
  { id: "pending", heading: "Pending", kind: "number", help: "It holds, but not for long enough yet", value: (rule) => rule.pending, write: count },
  { id: "unknown", heading: "Unknown", kind: "number", help: "Books on which it cannot be evaluated now", value: (rule) => rule.unknown, write: count },
  { id: "when", heading: "When", help: "What it looks at", value: (rule) => wordsOf(rule.when) },
  { id: "for", heading: "For", help: "How long it has to hold", value: (rule) => rule.for ?? NOTHING },
  { id: "where", heading: "Where", help: "Books that it looks at", value: (rule) => whereOf(rule.select) },
];

function whereOf(select) {
  const said = Object.entries(select ?? {}).filter(([, globs]) => !globs.includes("*")).map(([, globs]) => globs.join(" "));
  return said.length ? said.join(", ") : "everywhere";
}
