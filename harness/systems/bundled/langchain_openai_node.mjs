/** LangChain's ChatOpenAI for Node: chat completions and responses, over OpenAI's SDK. See `_langchain.mjs`. */

import { ChatOpenAI } from "@langchain/openai";
import { serve } from "harness-kit";
import { REASONS, given } from "harness-kit/chat";
import { classify, talk } from "./_langchain.mjs";

const reasons = { ...REASONS, max_output_tokens: "length" };

async function* run(asked) {
  yield* talk(model(asked), asked, { provider: "openai", reasons });
}

function model({ dialect, base_url: base, api_key: apiKey, request, options }) {
  const { timeout_s: timeout, max_retries: maxRetries } = options;
  const effort = request.reasoning?.effort;
  return new ChatOpenAI({
    model: request.model,
    apiKey,
    configuration: { baseURL: `${base}/v1` },
    useResponsesApi: dialect === "openai-responses",
    streamUsage: true,
    ...given({
      maxRetries,
      timeout: timeout == null ? null : timeout * 1000,
      maxTokens: request.max_output_tokens,
      temperature: request.temperature,
      topP: request.top_p,
      stop: request.stop,
      reasoning: effort ? { effort, summary: "auto" } : null,
      zdrEnabled: dialect === "openai-responses" ? true : null,
    }),
  });
}

serve({
  name: "langchain-openai-node",
  distribution: "@langchain/openai",
  dialects: ["openai-chat", "openai-responses"],
  features: ["retries", "timeouts", "cancel", "tool_calls", "tool_loop", "usage"],
  featuresIn: { "openai-responses": ["reasoning"] },
  defaultRetries: 6,
  run,
  classify,
});
