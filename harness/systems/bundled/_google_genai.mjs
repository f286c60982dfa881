/** What the adapters of Google's Gen AI SDK for Node share; they differ in its major version alone. */

import { serve } from "harness-kit";
import * as gemini from "harness-kit/gemini";

/**
 * `models.generateContentStream`, as its README shows first; with tools that answer, a chat whose history the SDK
 * keeps. A stop after calls is `STOP` in this API, and told as `tool_calls`. The documentation names five attempts as
 * what `retryOptions` are without a number of their own; without `retryOptions` the SDK repeats nothing. It looks at no
 * Retry-After.
 */
export function serveGoogle({ GoogleGenAI, ApiError }, { name, distribution }) {
  serve({
    name,
    distribution,
    dialects: ["gemini"],
    features: [
      ...["retries", "timeouts", "cancel", "parallel_choices"],
      ...["tool_calls", "tool_loop", "usage", "reasoning", "signatures"],
      ...["history", "images", "settings"],
    ],
    run: (given) => run(GoogleGenAI, given),
    classify: (error) => (error instanceof ApiError ? gemini.kindOf(error.message) : null),
  });
}

async function* run(GoogleGenAI, { base_url: baseUrl, api_key: apiKey, request, options, signal }) {
  const { timeout_s: timeout, max_retries: retries, tool_results: results = {} } = options;
  const httpOptions = {
    baseUrl,
    ...(timeout == null ? {} : { timeout: timeout * 1000 }),
    ...(retries == null ? {} : { retryOptions: { attempts: retries + 1 } }),
  };
  const sdk = new GoogleGenAI({ apiKey, httpOptions });
  const { contents, ...asked } = gemini.parameters(request);
  asked.config.abortSignal = signal;
  if (!Object.keys(results).length) {
    const reader = new gemini.Reader();
    for await (const chunk of await sdk.models.generateContentStream({ contents, ...asked })) yield* reader.read(chunk);
    return;
  }
  const chat = sdk.chats.create({ history: contents.slice(0, -1), ...asked });
  for (let message = contents.at(-1).parts, calls = 0; message.length; ) {
    const reader = new gemini.Reader({ calls });
    const { config } = asked;
    for await (const chunk of await chat.sendMessageStream({ message, config })) yield* reader.read(chunk);
    calls += reader.calls.length;
    message = reader.calls.map((call) => answer(call, results));
  }
}

/** What the caller's tool says, under the call's id where the model gave one. */
function answer({ id, name }, results) {
  const response = name in results ? { output: results[name] } : { error: `there is no tool ${name}` };
  return { functionResponse: { ...(id ? { id } : {}), name, response } };
}
