/** What the adapters of OpenAI's Node SDK share; they differ in its version alone. */

import { serve } from "harness-kit";
import * as chat from "harness-kit/chat";
import * as responses from "harness-kit/responses";

/**
 * The plain stream of `create({stream: true})`, which the README shows first: chat completions and responses. With
 * tools that answer, chat runs in the SDK's own loop, `runTools`; for responses the output's items are appended to the
 * input, as the vendor's guide has it. `reasoning_content` is no part of the SDK's types, so reasoning is claimed for
 * responses alone.
 */
export function serveOpenAI(OpenAI, { name, distribution }) {
  serve({
    name,
    distribution,
    dialects: ["openai-chat", "openai-responses"],
    features: [
      ...["retries", "retry_after", "timeouts", "cancel", "tool_calls", "tool_loop", "usage", "refusals"],
      ...["history", "images", "settings"],
    ],
    featuresIn: { "openai-chat": ["parallel_choices"], "openai-responses": ["reasoning", "signatures"] },
    defaultRetries: 2,
    async *run(given) {
      const drive = given.dialect === "openai-chat" ? chatEvents : responseEvents;
      yield* drive(client(OpenAI, given), given);
    },
  });
}

function client(OpenAI, { base_url: base, api_key: apiKey, options }) {
  const { timeout_s: timeout, max_retries: maxRetries } = options;
  return new OpenAI({
    apiKey,
    baseURL: `${base}/v1`,
    ...(timeout == null ? {} : { timeout: timeout * 1000 }),
    ...(maxRetries == null ? {} : { maxRetries }),
  });
}

async function* chatEvents(sdk, { request, options, signal }) {
  const parameters = chat.parameters(request);
  const results = options.tool_results ?? {};
  const looped = Object.keys(results).length > 0;
  const tools = () => parameters.tools.map((tool) => runnable(tool, results));
  const chunks = looped
    ? sdk.chat.completions.runTools({ ...parameters, tools: tools() }, { signal })
    : await sdk.chat.completions.create(parameters, { signal });
  let reader = new chat.Reader();
  let over = false;
  for await (const chunk of chunks) {
    if (looped && over && chunk.choices?.length) reader = new chat.Reader({ calls: reader.calls + reader.keys.length });
    over = chunk.choices?.some((choice) => choice.finish_reason) || (over && !chunk.choices?.length);
    yield* reader.read(chunk);
  }
}

function runnable(tool, results) {
  const { name } = tool.function;
  return { ...tool, function: { ...tool.function, function: () => results[name] ?? `there is no tool ${name}` } };
}

async function* responseEvents(sdk, { request, options, signal }) {
  const { input, ...parameters } = responses.parameters(request);
  const results = options.tool_results ?? {};
  for (let calls = 0, goOn = true; goOn; ) {
    const reader = new responses.Reader({ calls });
    let output = [];
    for await (const event of await sdk.responses.create({ ...parameters, input }, { signal })) {
      if (event.type === "response.completed") output = event.response?.output ?? [];
      yield* reader.read(event);
    }
    calls += reader.calls.length;
    const answers = output.filter((item) => item.type === "function_call" && item.name in results);
    input.push(...output, ...answers.map((item) => answer(item, results)));
    goOn = answers.length > 0;
  }
}

function answer(item, results) {
  return { type: "function_call_output", call_id: item.call_id, output: results[item.name] };
}
