import { EventSourceParserStream } from "eventsource-parser/stream";

const [base] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));
try {
  const { body } = await fetch(`${base}/v1/chat/completions`, { method: "POST", body: "{}" });
  const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) {
    const [choice] = data === "[DONE]" ? [] : (JSON.parse(data).choices ?? []);
    if (choice?.delta.content) say({ text: choice.delta.content });
    if (choice?.finish_reason) say({ finish: choice.finish_reason });
  }
  say({ returned: true });
} catch (error) {
  say({ raised: error.constructor.name, message: error.message });
}
