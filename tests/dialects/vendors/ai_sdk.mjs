/**
 * The `ai` package over its providers: reads JSON lines `{dialect, tools, pieces}` from standard input, gives each body
 * to `streamText` by a `fetch` of its own, piece by piece (base64), and prints what it makes of it, one JSON line each.
 */

import { createInterface } from "node:readline";

import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { jsonSchema, streamText, tool } from "ai";

globalThis.AI_SDK_LOG_WARNINGS = false;

const baseURL = "http://vendor/v1";
const models = {
  "openai-chat": (fetch) => createOpenAICompatible({ name: "vendor", apiKey: "k", baseURL, fetch })("m"),
  "openai-responses": (fetch) => createOpenAI({ apiKey: "k", baseURL, fetch }).responses("m"),
  "anthropic-messages": (fetch) => createAnthropic({ apiKey: "k", baseURL, fetch })("m"),
  gemini: (fetch) => createGoogleGenerativeAI({ apiKey: "k", baseURL, fetch })("m"),
};

function answering(pieces) {
  const body = new ReadableStream({
    pull(controller) {
      if (pieces.length) controller.enqueue(new Uint8Array(Buffer.from(pieces.shift(), "base64")));
      else controller.close();
    },
  });
  return async () => new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function read({ dialect, tools, pieces }) {
  const said = { text: "", reasoning: "", calls: [], finish: null, error: null };
  const any = tool({ inputSchema: jsonSchema({ type: "object" }) });
  const result = streamText({
    model: models[dialect](answering(pieces)),
    prompt: "Hi",
    tools: Object.fromEntries(tools.map((name) => [name, any])),
    maxRetries: 0,
    onError() {},
  });
  for await (const part of result.fullStream) {
    if (part.type === "text-delta") said.text += part.text;
    else if (part.type === "reasoning-delta") said.reasoning += part.text;
    else if (part.type === "tool-call") said.calls.push([part.toolName, part.input]);
    else if (part.type === "finish") said.finish = part.finishReason;
    else if (part.type === "error") said.error ??= String(part.error?.message ?? JSON.stringify(part.error));
  }
  return said;
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = await read(JSON.parse(line));
  } catch (error) {
    said = { thrown: String(error?.message ?? error) };
  }
  console.log(JSON.stringify(said));
}
