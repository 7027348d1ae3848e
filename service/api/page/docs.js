// Writes /openapi.json out as a page: every path, its parameters, and an example of its answer.

import { element } from "./core/paint.js";

function node(name, text, ...children) {
  const made = element(name, {});
  made.append(text, ...children);
  return made;
}

/** Text with `code` in it. */
function prose(text) {
  const parts = text.split("`").map((part, place) => (place % 2 ? node("code", part) : part));
  return node("p", "", ...parts);
}

function example(schema, components) {
  const name = schema?.$ref?.split("/").pop();
  const model = name ? components[name] : schema;
  if (!model) return null;
  if (model.examples) return model.examples[0];
  if (model.type === "array") return [example(model.items, components)];
  if (model.anyOf) return example(model.anyOf[0], components);
  if (!model.properties) return { integer: 0, number: 0, boolean: false, string: "" }[model.type] ?? null;
  return Object.fromEntries(Object.entries(model.properties).map(([key, one]) => [key, example(one, components)]));
}

function parameters(operation) {
  const list = element("dl", {});
  for (const one of operation.parameters ?? []) {
    list.append(node("dt", one.name), node("dd", `${one.description ?? ""}${one.required ? " Required." : ""}`));
  }
  return list;
}

function section(path, method, operation, components) {
  const made = node("section", node("h2", `${method.toUpperCase()} ${path}`), prose(operation.description ?? ""));
  if (operation.parameters) made.append(parameters(operation));
  const schema = operation.responses["200"]?.content?.["application/json"]?.schema;
  if (schema) made.append(node("pre", JSON.stringify(example(schema, components), null, 2)));
  return made;
}

async function start() {
  const place = document.getElementById("operations");
  const key = sessionStorage.getItem("steelyard.key");
  const answer = await fetch("/openapi.json", { headers: key ? { Authorization: `Bearer ${key}` } : {} });
  if (!answer.ok) {
    place.replaceChildren(node("p", `The service says ${answer.status}. Open the first page to show a key.`));
    return;
  }
  const { info, paths, components } = await answer.json();
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, one]) => section(path, method, one, components.schemas)));
  place.replaceChildren(prose(info.description), ...sections);
}

start();
