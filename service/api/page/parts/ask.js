// Asks the person for a few words in a dialog, and says what the service thought of them.

import { element } from "../core/paint.js";

const WHO = "steelyard.who";

/** The name that was given last, so that nobody writes it twice. */
export const who = () => ({ name: "who", label: "Who", value: localStorage.getItem(WHO) ?? "", required: true, autocomplete: "name" });

/**
 * `fields`: `{name, label, value, required, options, placeholder}`. `send(values)` may reject with a sentence, which is
 * shown, and the dialog stays.
 */
export function ask({ title, about = "", fields, verb, send }) {
  const inputs = fields.map((field) => [field, inputOf(field)]);
  const refused = element("p", { role: "alert", class: "refused" });
  const cancel = element("button", { type: "button" }, "Cancel");
  const form = element("form", { class: "asking" },
    element("h2", {}, title), about ? element("p", { class: "quiet" }, about) : null,
    ...inputs.map(([field, input]) => element("label", {}, element("span", {}, field.label), input)),
    refused, element("div", { class: "verbs" }, cancel, element("button", { type: "submit", class: "main" }, verb)));
  const dialog = document.body.appendChild(element("dialog", { "aria-label": title }, form));
  cancel.onclick = () => dialog.close();
  dialog.onclose = () => dialog.remove();
  form.onsubmit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(inputs.map(([field, input]) => [field.name, input.value.trim()]));
    if (values.who) localStorage.setItem(WHO, values.who);
    try {
      await send(values);
      dialog.close();
    } catch (error) {
      refused.textContent = error.message;
    }
  };
  dialog.showModal();
  (inputs.find(([, input]) => input.required && !input.value) ?? inputs[0])[1].focus();
}

function inputOf({ name, value = "", required = false, options = null, placeholder = null, autocomplete = "off" }) {
  if (!options) return element("input", { type: "text", name, value, required, placeholder, autocomplete });
  const select = element("select", { name });
  select.append(...options.map(([one, words]) => new Option(words, one)));
  select.value = value;
  return select;
}
