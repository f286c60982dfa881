/** What the proofs of two majors share: the plain stream of `create`, as its README shows. */

const say = (line) => console.log(JSON.stringify(line));

export async function show(OpenAI) {
  const [base, dialect, maxRetries = 0, timeout = 60000] = process.argv.slice(2);
  const sdk = new OpenAI({ apiKey: "k", baseURL: `${base}/v1`, maxRetries: Number(maxRetries), timeout: Number(timeout) });
  try {
    await { "openai-chat": chat, "openai-responses": responses }[dialect](sdk);
    say({ returned: true });
  } catch (error) {
    say({ raised: error.constructor.name, message: error.message });
  }
}

async function chat(sdk) {
  const messages = [{ role: "user", content: "Hi" }];
  for await (const { choices } of await sdk.chat.completions.create({ model: "m", messages, stream: true })) {
    for (const { delta, finish_reason: reason } of choices ?? []) {
      if (delta?.content) say({ text: delta.content });
      for (const { index = null, function: called } of delta?.tool_calls ?? []) say({ tool_call: { index, ...called } });
      if (reason) say({ finish: reason });
    }
  }
}

async function responses(sdk) {
  for await (const event of await sdk.responses.create({ model: "m", input: "Hi", stream: true })) {
    if (event.type === "response.output_text.delta") say({ text: event.delta });
    if (event.type === "response.completed") say({ finish: event.response.status });
  }
}
