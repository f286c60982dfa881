/** What the proofs of two majors share: the parts of `fullStream`, as its documentation shows. */

globalThis.AI_SDK_LOG_WARNINGS = false;
const say = (line) => console.log(JSON.stringify(line));

export async function show(packages) {
  const { streamText, createOpenAICompatible, createOpenAI, createAnthropic, createGoogleGenerativeAI } = packages;
  const [base, dialect, maxRetries = 0, timeout = "{}"] = process.argv.slice(2);
  const given = { apiKey: "k", baseURL: `${base}/v1` };
  const models = {
    "openai-chat": () => createOpenAICompatible({ name: "p", ...given })("m"),
    "openai-responses": () => createOpenAI(given).responses("m"),
    "anthropic-messages": () => createAnthropic(given)("m"),
    gemini: () => createGoogleGenerativeAI({ apiKey: "k", baseURL: `${base}/v1beta` })("m"),
  };
  const asked = { prompt: "Hi", maxRetries: Number(maxRetries), timeout: JSON.parse(timeout), onError() {} };
  for await (const part of streamText({ model: models[dialect](), ...asked }).fullStream) {
    if (part.type === "text-delta") say({ text: part.text });
    if (part.type === "reasoning-delta") say({ reasoning: part.text });
    if (part.type === "tool-call") say({ tool_call: { id: part.toolCallId, name: part.toolName, input: part.input } });
    if (part.type === "finish-step") say({ finish: part.finishReason, raw: part.rawFinishReason ?? null });
    if (part.type === "error") say({ raised: part.error?.name ?? typeof part.error, message: part.error?.message });
    if (part.type === "abort") say({ aborted: String(part.reason) });
  }
  say({ returned: true });
}
