import { ChatOpenAI } from "@langchain/openai";

const [base, dialect] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));
const model = new ChatOpenAI({
  model: "m",
  apiKey: "k",
  maxRetries: 0,
  useResponsesApi: dialect === "openai-responses",
  configuration: { baseURL: `${base}/v1` },
});
try {
  for await (const chunk of await model.stream("Hi")) {
    for (const block of chunk.contentBlocks) {
      if (block.type === "text" && block.text) say({ text: block.text });
      if (block.type === "reasoning" && block.reasoning) say({ reasoning: block.reasoning });
    }
    const { finish_reason: reason, status } = chunk.response_metadata;
    if (reason ?? status) say({ finish: reason ?? status });
  }
  say({ returned: true });
} catch (error) {
  say({ raised: error.constructor.name, message: error.message });
}
