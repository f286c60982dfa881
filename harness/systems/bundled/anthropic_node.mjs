/**
 * Anthropic's Node SDK: the plain stream of `messages.create({stream: true})`.
 *
 * Its events are the wire's own, and the caller puts the blocks together; with tools that answer, the SDK's helper
 * `messages.stream` does that, and its final message goes into the history. What the SDK throws is not caught.
 */

import Anthropic from "@anthropic-ai/sdk";
import { serve } from "harness-kit";
import * as messages from "harness-kit/messages";

async function* run({ base_url: baseURL, api_key: apiKey, request, options, signal }) {
  const { timeout_s: timeout, max_retries: maxRetries, tool_results: results = {} } = options;
  const sdk = new Anthropic({
    apiKey,
    baseURL,
    ...(timeout == null ? {} : { timeout: timeout * 1000 }),
    ...(maxRetries == null ? {} : { maxRetries }),
  });
  const parameters = messages.parameters(request);
  const looped = Object.keys(results).length > 0;
  for (let calls = 0, goOn = true; goOn; ) {
    const reader = new messages.Reader({ calls });
    const stream = looped
      ? sdk.messages.stream(parameters, { signal })
      : await sdk.messages.create(parameters, { signal });
    for await (const event of stream) yield* reader.read(event);
    if (!looped) return;
    const { role, content } = await stream.finalMessage();
    const answers = content.filter((block) => block.type === "tool_use").map((block) => answer(block, results));
    parameters.messages.push({ role, content }, { role: "user", content: answers });
    calls += reader.calls.size;
    goOn = answers.length > 0;
  }
}

function answer({ id, name }, results) {
  const said = name in results ? { content: results[name] } : { content: `there is no tool ${name}`, is_error: true };
  return { type: "tool_result", tool_use_id: id, ...said };
}

/** The SDK reads the broad category of an error for its caller, also where the status is 200. */
function classify(error) {
  return error instanceof Anthropic.APIError ? messages.ERROR_KINDS[error.type] : null;
}

serve({
  name: "anthropic-node",
  distribution: "@anthropic-ai/sdk",
  dialects: ["anthropic-messages"],
  features: [
    ...["retries", "retry_after", "timeouts", "cancel"],
    ...["tool_calls", "tool_loop", "usage", "reasoning", "signatures"],
    ...["history", "images", "settings"],
  ],
  defaultRetries: 2,
  run,
  classify,
});
