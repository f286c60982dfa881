/** Lets a library throw, or does so itself: only the one is the client's failure. */

import { serve } from "harness-kit";
import { fetchSomething, parse, throws } from "tiny-client";

const ACTS = {
  library: () => throws(),
  "standard library for the library": () => parse("{"),
  "http client": () => fetchSomething(),
  itself: () => null.field,
  "standard library for itself": () => JSON.parse("{"),
};

async function* run(given) {
  yield* await ACTS[given.request.messages.at(-1).content[0].text]();
}

serve({ name: "drives-a-library", distribution: "tiny-client", dialects: ["anthropic-messages"], run });
