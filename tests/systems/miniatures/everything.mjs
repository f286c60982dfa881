/** Does what the request's text names. */

import {
  Failed,
  end,
  finish,
  other,
  reasoning,
  refusal,
  retry,
  serve,
  signature,
  start,
  text,
  toolCall,
  usage,
} from "harness-kit";

class RateLimitError extends Error {
  status = 429;
  code = "slow_down";
}

class ReadTimeout extends Error {}

class Odd extends Error {}

const later = (work) => new Promise((resolve) => setTimeout(resolve, 20)).then(work);
const never = new Promise(() => setInterval(() => {}, 1000));

const ACTS = {
  *events() {
    yield start({ id: "id", model: "model" });
    yield reasoning("b", { summary: true });
    yield signature("s", { form: "redacted", tool_index: 1, id: "i" });
    yield text("a", { choice: 1 });
    yield refusal("no");
    yield toolCall({ index: 1, id: "call", name: "name", arguments: "{}" });
    yield usage({ input_tokens: 1, output_tokens: 2, reasoning_tokens: null });
    yield retry({ attempt: 2, delay_s: 0.5, reason: "429", max_attempts: 3 });
    yield other("kind", { a: [1] });
    yield finish("tool_calls", { raw: "tool_use" });
  },
  *truncated() {
    yield end("truncated");
  },
  *"lone surrogate"() {
    yield text("\ud800");
  },
  *endless({ signal }) {
    signal.addEventListener("abort", () => console.log("aborted by the signal"));
    for (;;) yield text("more");
  },
  status() {
    throw new RateLimitError("too fast");
  },
  "class name"() {
    throw new ReadTimeout("too slow");
  },
  cause() {
    const cause = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
    throw new TypeError("terminated", { cause });
  },
  failed() {
    throw new Failed("content_filter", "it said so", { status: 451, code: "blocked" });
  },
  classify() {
    throw new Odd("odd");
  },
  "says more"() {
    throw Object.assign(new Error("gave up"), { last: new RateLimitError("too fast") });
  },
  "no error"() {
    throw { nothing: "much" };
  },
  *prints() {
    console.log("printed by the adapter");
    process.stdout.write("written by the adapter\n");
    yield text("quiet");
  },
  async *"nobody catches"() {
    later(() => {
      throw new ReadTimeout("lost");
    });
    await never;
  },
  async *"nobody catches a callback"() {
    setTimeout(() => {
      throw new ReadTimeout("lost too");
    }, 5);
    await never;
  },
  async *waits() {
    yield text("before");
    await never;
  },
};

async function* run(given) {
  yield* ACTS[given.request.messages.at(-1).content[0].text](given) ?? [];
}

serve({
  name: "everything",
  version: "1",
  dialects: ["anthropic-messages"],
  features: ["cancel"],
  featuresIn: { "anthropic-messages": ["usage"] },
  defaultRetries: { "anthropic-messages": 2 },
  run,
  classify: (error) => (error instanceof Odd ? "quota" : (error.last ?? null)),
});
