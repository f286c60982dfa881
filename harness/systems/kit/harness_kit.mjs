/**
 * The kit of a Node adapter: it speaks the adapter protocol, so that the adapter only drives its client.
 *
 * An adapter imports this as "harness-kit", writes an async generator function `run(case)` that yields events as its
 * client's own user would see them, and calls `serve`. Throwing is the honest way to fail. Many cases run at once on
 * the one event loop. What the adapter prints goes to stderr; stdout belongs to the protocol.
 *
 * Nothing but Node's own modules, Node 20.6 or later. The modules beside this one ("harness-kit/chat", "/responses",
 * "/messages", "/gemini") are for clients whose parameters and chunks have a vendor's own form.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// Events, in their JSON form. Fields that are null or undefined are left out.

const event = (type, fields) => ({
  type,
  ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)),
});

/** The response began: `id`, and the `model` that answers. */
export const start = (fields = {}) => event("start", fields);
/** Visible answer text, as a delta; `choice` if it is not the first. */
export const text = (words, more = {}) => event("text", { text: words, ...more });
/** Reasoning text, as a delta; `choice`, `summary`. */
export const reasoning = (words, more = {}) => event("reasoning", { text: words, ...more });
/** What must be sent back with reasoning; `form` is signature, redacted or encrypted; `choice`, `tool_index`, `id`. */
export const signature = (data, more = {}) => event("signature", { data, form: "signature", ...more });
/** The model's refusal in words, where the client keeps it apart from the text; as a delta. */
export const refusal = (words, more = {}) => event("refusal", { text: words, ...more });
/** A fragment of a tool call: the same `index` each time, `id` and `name` once known, `arguments` appended. */
export const toolCall = (fields) => event("tool_call", { arguments: "", ...fields });
/** Counts, as far as the client tells them: input_tokens, output_tokens, reasoning_tokens, cache_read_tokens, … */
export const usage = (counts) => event("usage", counts);
/** Why it stopped: stop, length, tool_calls, content_filter, refusal, pause, context_overflow or other; `raw`. */
export const finish = (reason, more = {}) => event("finish", { reason, ...more });
/** The client says that attempt `attempt` (2 for the first repeat) follows after `delay_s` seconds; `reason`. */
export const retry = (fields) => event("retry", fields);
/** Anything else worth keeping as evidence. */
export const other = (kind, data = null) => ({ type: "other", kind, data });
/** Yielded last by a client that returns and says how it ended: completed, truncated or cancelled. */
export const end = (status) => ({ type: "end", status });

// Errors

/**
 * The client told its user of an error in another way than by throwing. `kind`: rate_limit, overloaded, quota, auth,
 * context_overflow, not_found, invalid_request, content_filter, server, timeout, connection, protocol or unknown.
 */
export class Failed extends Error {
  constructor(kind, message, { status, code } = {}) {
    super(message);
    Object.assign(this, { name: "Failed", kind, status, code });
  }
}

const STATUSES = { 401: "auth", 403: "auth", 404: "not_found", 408: "timeout", 429: "rate_limit", 504: "timeout" };
STATUSES[529] = "overloaded";

/** What the names of classes, and then the codes of Node and its HTTP client, say of a kind. */
const WORDS = [
  ["timeout", /Timeout|ETIMEDOUT|_TIMEOUT$/],
  ["rate_limit", /RateLimit/],
  ["overloaded", /Overloaded/],
  ["auth", /Authentication|Permission/],
  ["not_found", /NotFound/],
  ["content_filter", /ContentFilter/],
  ["invalid_request", /BadRequest/],
  ["server", /InternalServer/],
  ["connection", /Connect|NetworkError|SocketError|ECONN|EPIPE|UND_ERR_SOCKET|UND_ERR_CLOSED/],
  ["protocol", /JSONParse|SyntaxError|Validation|HTTPParser|^HPE_/],
];

/**
 * What an error says. Its kind comes from `classify(error)`, else the status, else the names of its classes and its
 * code, else those of its causes. `classify` may also return an error that says more: that one is read instead.
 */
export function errorOf(error, classify = () => null) {
  const said = error instanceof Failed ? error.kind : classify(error);
  if (said && typeof said === "object" && said !== error) {
    return { ...errorOf(said, classify), message: messageOf(error) };
  }
  const status = statusOf(error);
  const kind = said || (status ? kindOfStatus(status) : kindByWords(error));
  const code = typeof error?.code === "string" ? error.code : null;
  return { kind, message: messageOf(error), status, code };
}

function kindOfStatus(status) {
  return STATUSES[status] ?? (status >= 500 ? "server" : "invalid_request");
}

function statusOf(error) {
  const candidates = [error, error?.response].flatMap((item) => [item?.status, item?.statusCode, item?.status_code]);
  return candidates.find((value) => Number.isInteger(value) && value >= 400) ?? null;
}

function kindByWords(error) {
  for (let each = error, depth = 0; each && typeof each === "object" && depth < 5; each = each.cause, depth += 1) {
    for (const word of [...classNames(each), typeof each.code === "string" ? each.code : ""]) {
      const found = WORDS.find(([, names]) => names.test(word));
      if (found) return found[0];
    }
  }
  return "unknown";
}

function classNames(error) {
  const names = [typeof error.name === "string" ? error.name : ""];
  for (let type = Object.getPrototypeOf(error); type && type !== Object.prototype; type = Object.getPrototypeOf(type)) {
    names.push(type.constructor?.name ?? "");
  }
  return names;
}

function messageOf(error) {
  if (error instanceof Error) return error.message || raisedName(error);
  return typeof error === "string" ? error : (JSON.stringify(error) ?? String(error));
}

/** The class of what was thrown, as users name it. */
export function raisedName(error) {
  if (!(error instanceof Error)) return typeof error;
  return error.name && error.name !== "Error" ? error.name : (error.constructor?.name ?? "Error");
}

const KIT = path.dirname(fileURLToPath(import.meta.url));
const ADAPTER = path.resolve(process.argv[1] ?? "");

/**
 * The place in the adapter's own file, or in this kit, that threw; null where the client's code was at work. What
 * Node's own modules throw counts for whoever called them, except for its HTTP client: that is a client too.
 */
export function blamedOnAdapter(error) {
  if (!(error instanceof Error) || error instanceof Failed) return null;
  for (const line of String(error.stack).split("\n")) {
    const [, file, place] = /^\s+at .*?\(?((?:file:\/\/|node:|\/)[^()]*?):(\d+):\d+\)?$/.exec(line) ?? [];
    if (!file || (file.startsWith("node:") && !file.startsWith("node:internal/deps/"))) continue;
    const where = file.startsWith("file:") ? fileURLToPath(file) : file;
    return isOurs(where) ? `${path.basename(where)}:${place}` : null;
  }
  return null;
}

/** The adapter's file, what it shares with others under a name that begins with `_`, and the kit. */
function isOurs(file) {
  const shared = path.dirname(file) === path.dirname(ADAPTER) && path.basename(file).startsWith("_");
  return file === ADAPTER || shared || path.dirname(file) === KIT;
}

// The protocol

const CONTENT = new Set(["text", "reasoning", "tool_call"]);

/** One case under way. Nothing is sent once its end was. */
class Running {
  constructor(message, server) {
    const { op, case: id, ...given } = message;
    this.abort = new AbortController();
    this.case = { id, options: {}, ...given, signal: this.abort.signal };
    this.server = server;
    this.limit = server.described.features.includes("cancel") ? this.case.options.cancel_after_events : null;
    this.content = 0;
    this.status = "completed";
    this.ended = false;
  }

  /** Sends one event; false once the case is to be given up. */
  tell(event) {
    if (event.type === "end") {
      this.status = event.status;
      return true;
    }
    if (this.ended) return false;
    this.server.send({ case: this.case.id, event });
    this.content += CONTENT.has(event.type) ? 1 : 0;
    if (this.limit == null || this.content < this.limit) return true;
    this.status = "cancelled";
    return false;
  }

  finish(status = this.status, more = {}) {
    if (this.ended) return;
    this.ended = true;
    this.server.send({ case: this.case.id, end: { status, ...more } });
    this.server.cases.delete(this.case.id);
  }

  fail(error) {
    const place = this.server.drivesLibrary ? blamedOnAdapter(error) : null;
    const raised = raisedName(error);
    if (place) this.finish("broken", { error: { message: `${raised}: ${messageOf(error)} at ${place}` }, raised });
    else this.finish("error", { error: errorOf(error, this.server.classify), raised });
  }

  async drive(run) {
    try {
      const events = run(this.case);
      for await (const event of events) {
        if (this.tell(event)) continue;
        this.abort.abort();  // both ways that a user has of stopping: the signal, and leaving the loop
        break;
      }
      this.finish();
    } catch (error) {
      if (this.status === "cancelled") this.finish("cancelled");
      else this.fail(error);
    }
  }

  cancel() {
    this.finish("cancelled");
    this.abort.abort();
  }
}

class Server {
  constructor(described, { run, classify, distribution }) {
    Object.assign(this, { described, run, classify, drivesLibrary: distribution !== undefined, cases: new Map() });
    this.write = process.stdout.write.bind(process.stdout);
    process.stdout.write = process.stderr.write.bind(process.stderr);
    this.current = new AsyncLocalStorage();
  }

  send(message) {
    this.write(`${JSON.stringify(message)}\n`);
  }

  take(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      console.error(`harness-kit: not a JSON line: ${line.slice(0, 200)}`);
      return;
    }
    if (message?.op === "describe") this.send(this.described);
    else if (message?.op === "run") this.begin(message);
    else if (message?.op === "cancel") this.cases.get(String(message.case))?.cancel();
    else if (message?.op === "quit") process.exit(0);
  }

  begin(message) {
    const running = new Running(message, this);
    this.cases.set(running.case.id, running);
    this.current.run(running, () => running.drive(this.run));
  }

  /** What nobody caught would end a user's program: it is the failure of the case that it belongs to. */
  uncaught(error) {
    const only = this.cases.size === 1 ? this.cases.values().next().value : undefined;
    const running = this.current.getStore() ?? only;
    if (!running || running.ended) console.error("harness-kit: nobody caught", error);
    else {
      running.fail(error);
      running.abort.abort();
    }
  }
}

function installedVersion(distribution) {
  const above = (folder) => (path.dirname(folder) === folder ? [folder] : [folder, ...above(path.dirname(folder))]);
  for (const folder of [process.env.HARNESS_NODE_ENVIRONMENT, ...above(path.dirname(ADAPTER))].filter(Boolean)) {
    try {
      return JSON.parse(readFileSync(path.join(folder, "node_modules", distribution, "package.json"), "utf8")).version;
    } catch {
      continue;
    }
  }
  return "unknown";
}

/**
 * Speaks the protocol until stdin ends.
 *
 * `run(case)` is an async generator function; `case` has id, dialect, base_url, api_key, request, options,
 * fallback_base_url and `signal`, an AbortSignal that fires when the case is stopped. `featuresIn` adds to `features`
 * by dialect. `defaultRetries` is how often the client repeats a failed request unless it is told otherwise, as its
 * documentation has it; by dialect where they differ. `kind` is "client", or "parser" for what reads frames and knows
 * nothing of answers. `version` is the client's, or is taken from the installed package `distribution`; an adapter that
 * names one drives a library, and what its own lines throw is then its own fault, not the client's. With the feature
 * `cancel`, the option `cancel_after_events` stops the case after so many content events.
 */
export function serve({
  name,
  dialects,
  run,
  features = [],
  featuresIn = {},
  defaultRetries = null,
  distribution,
  version,
  kind = "client",
  classify,
}) {
  const described = {
    op: "described",
    protocol: 1,
    name,
    version: version ?? (distribution ? installedVersion(distribution) : "unknown"),
    language: "node",
    kind,
    dialects,
    features,
    features_in: featuresIn,
    default_retries: defaultRetries,
  };
  const server = new Server(described, { run, classify, distribution });
  process.on("unhandledRejection", (error) => server.uncaught(error));
  process.on("uncaughtException", (error) => server.uncaught(error));
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  lines.on("line", (line) => server.take(line));
  lines.on("close", () => process.exit(0));
}
