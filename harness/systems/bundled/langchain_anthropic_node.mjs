/** LangChain's ChatAnthropic for Node. Its client is Anthropic's SDK. See `_langchain.mjs`. */

import { ChatAnthropic } from "@langchain/anthropic";
import { serve } from "harness-kit";
import { given } from "harness-kit/chat";
import { ERROR_KINDS, REASONS, parameters } from "harness-kit/messages";
import * as langchain from "./_langchain.mjs";

async function* run(asked) {
  yield* langchain.talk(model(asked), asked, { provider: "anthropic", reasons: REASONS });
}

function model({ base_url: base, api_key: apiKey, request, options }) {
  const { timeout_s: timeout, max_retries: maxRetries } = options;
  const { thinking, max_tokens: maxTokens, stop_sequences: stopSequences } = parameters(request);
  return new ChatAnthropic({
    model: request.model,
    apiKey,
    anthropicApiUrl: base,
    maxTokens,
    clientOptions: given({ timeout: timeout == null ? null : timeout * 1000 }),
    ...given({ maxRetries, stopSequences, thinking, temperature: request.temperature, topP: request.top_p }),
  });
}

function classify(error) {
  return langchain.classify(error) ?? ERROR_KINDS[error?.type] ?? ERROR_KINDS[error?.error?.error?.type] ?? null;
}

serve({
  name: "langchain-anthropic-node",
  distribution: "@langchain/anthropic",
  dialects: ["anthropic-messages"],
  features: [
    ...["retries", "timeouts", "cancel"],
    ...["tool_calls", "tool_loop", "usage", "reasoning", "signatures"],
  ],
  defaultRetries: 6,
  run,
  classify,
});
