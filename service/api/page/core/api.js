// REST: answers as objects, and the service's own sentence where something is wrong.

const KEY = "steelyard.key";

export class ApiError extends Error {
  constructor(status, detail, problem = {}) {
    super(detail);
    this.status = status;
    this.problem = problem;
  }
}

export class Api {
  constructor({ ask = (path, options) => fetch(path, options), store = globalThis.sessionStorage } = {}) {
    this.ask = ask;
    this.store = store;
  }

  get key() {
    return this.store?.getItem(KEY) ?? "";
  }

  set key(text) {
    this.store?.setItem(KEY, text);
  }

  /** GET; `params` may hold lists, and what is null or "" is left out. Raises ApiError. */
  get(path, params = {}) {
    return this.#send("GET", withParams(path, params));
  }

  post(path, body) {
    return this.#send("POST", path, body);
  }

  remove(path) {
    return this.#send("DELETE", path);
  }

  async #send(method, path, body) {
    const headers = this.key ? { Authorization: `Bearer ${this.key}` } : {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await this.ask(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch {
      throw new ApiError(0, "The service does not answer.");
    }
    if (answer.ok) return answer.json();
    const problem = await answer.json().catch(() => ({}));
    throw new ApiError(answer.status, detail(problem) || `The service says ${answer.status}.`, problem);
  }
}

export function withParams(path, params) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") query.append(name, one);
    }
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** What an RFC 9457 problem says, with the fields that are wrong. */
function detail(problem) {
  const wrong = (problem.errors ?? []).map((one) => `${one.where}: ${one.message}`).join("; ");
  return [problem.detail, wrong].filter(Boolean).join(" ");
}
