// Making elements, colours from the style sheet, and canvases that are drawn only when something changed.

/** An element with attributes and children (text or elements). */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Set a text where it is another; says whether it was. */
export function write(node, text) {
  if (node.textContent === text) return false;
  node.textContent = text;
  return true;
}

const colours = new Map();
const themed = new Set();
let probe = null;

/** A colour of the style sheet (`--bid`) as canvas takes it, in the scheme that is shown. */
export function colour(name) {
  let found = colours.get(name);
  if (found === undefined) {
    probe ??= document.body.appendChild(element("span", { hidden: true }));
    probe.style.color = `var(${name})`;
    found = getComputedStyle(probe).color;
    colours.set(name, found);
  }
  return found;
}

/** The scheme changed: colours are asked for anew and every canvas is drawn again. */
export function schemeChanged() {
  colours.clear();
  for (const surface of themed) surface.dirty();
}

export const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)") ?? { matches: false };

/** A canvas as sharp as the screen. `draw(context, width, height)` runs in a frame, when it is dirty and can be seen. */
export class Surface {
  constructor(canvas, draw) {
    this.canvas = canvas;
    this.draw = draw;
    this.context = canvas.getContext("2d");
    this.seen = true;
    this.asked = false;
    this.sizes = new ResizeObserver(() => this.dirty());
    this.sizes.observe(canvas);
    this.sight = new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting;
      if (this.seen) this.dirty();
    });
    this.sight.observe(canvas);
    themed.add(this);
    this.dirty();
  }

  dirty() {
    if (this.asked || !this.seen) return;
    this.asked = true;
    requestAnimationFrame(() => this.#frame());
  }

  close() {
    this.sizes.disconnect();
    this.sight.disconnect();
    themed.delete(this);
    this.seen = false;
  }

  #frame() {
    this.asked = false;
    if (!this.seen) return;
    const ratio = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== wide || this.canvas.height !== high) [this.canvas.width, this.canvas.height] = [wide, high];
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, width, height);
    if (width > 0 && height > 0) this.draw(this.context, width, height);
  }
}
