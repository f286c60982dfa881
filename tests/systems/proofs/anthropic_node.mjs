import Anthropic from "@anthropic-ai/sdk";

const [base, , maxRetries = 0, timeout = 60000] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));
const sdk = new Anthropic({ apiKey: "k", baseURL: base, maxRetries: Number(maxRetries), timeout: Number(timeout) });
const asked = { model: "m", max_tokens: 64, messages: [{ role: "user", content: "Hi" }], stream: true };
try {
  for await (const event of await sdk.messages.create(asked)) {
    if (event.type === "content_block_delta" && event.delta.type === "text_delta") say({ text: event.delta.text });
    if (event.type === "message_delta") say({ finish: event.delta.stop_reason });
  }
  say({ returned: true });
} catch (error) {
  say({ raised: error.constructor.name, message: error.message });
}
