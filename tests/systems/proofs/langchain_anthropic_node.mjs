import { ChatAnthropic } from "@langchain/anthropic";

const [base] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));
const model = new ChatAnthropic({ model: "m", apiKey: "k", maxRetries: 0, anthropicApiUrl: base });
let message;
try {
  for await (const chunk of await model.stream("Hi")) {
    for (const block of chunk.contentBlocks) if (block.type === "text" && block.text) say({ text: block.text });
    message = message ? message.concat(chunk) : chunk;
  }
  if (message?.usage_metadata) say({ usage: message.usage_metadata });
  say({ finish: message?.additional_kwargs.stop_reason ?? null });
  say({ returned: true });
} catch (error) {
  say({ raised: error.constructor.name, message: error.message });
}
