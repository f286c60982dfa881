/**
 * The `ai` package as the server of chat front ends: `ai_sdk_server.mjs <package> <situation>` lets a model of its own
 * test kit answer, and prints the body that the package's server would send.
 */

const [, , name, situation] = process.argv;
const { streamText, stepCountIs, jsonSchema, tool } = await import(name);
const { MockLanguageModelV3, simulateReadableStream } = await import(`${name}/test`);

const usage = {
  inputTokens: { total: 9, noCache: 9, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 4, text: 4, reasoning: 0 },
};
const finish = (unified) => ({ type: "finish", finishReason: { unified, raw: unified }, usage });
const said = (text) => [
  { type: "text-start", id: "0" },
  ...text.map((delta) => ({ type: "text-delta", id: "0", delta })),
  { type: "text-end", id: "0" },
];
const thought = [
  { type: "reasoning-start", id: "r" },
  { type: "reasoning-delta", id: "r", delta: "Add." },
  { type: "reasoning-end", id: "r", providerMetadata: { anthropic: { signature: "c2ln" } } },
];
const call = [
  { type: "tool-input-start", id: "c1", toolName: "add" },
  { type: "tool-input-delta", id: "c1", delta: '{"a":' },
  { type: "tool-input-delta", id: "c1", delta: " 1}" },
  { type: "tool-input-end", id: "c1" },
  { type: "tool-call", toolCallId: "c1", toolName: "add", input: '{"a": 1}' },
];
const ANSWERS = {
  text: [[...said(["Hel", "lo"]), finish("stop")]],
  talk: [
    [...thought, ...call, finish("tool-calls")],
    [...said(["It is 2."]), finish("stop")],
  ],
  error: [[...said(["so f"]), { type: "error", error: new Error("busy") }, finish("error")]],
};
const answers = ANSWERS[situation];
let turn = 0;
const model = new MockLanguageModelV3({
  doStream: async () => ({
    stream: simulateReadableStream({
      chunks: [{ type: "stream-start", warnings: [] }, ...answers[turn++]],
      initialDelayInMs: null,
      chunkDelayInMs: null,
    }),
  }),
});
const add = tool({
  inputSchema: jsonSchema({ type: "object", properties: { a: { type: "number" } } }),
  execute: async ({ a }) => ({ sum: a + 1 }),
});
const result = streamText({ model, prompt: "1 + 1?", tools: { add }, stopWhen: stepCountIs(3), onError: () => {} });
process.stdout.write(await result.toUIMessageStreamResponse({ onError: (error) => error.message }).text());
