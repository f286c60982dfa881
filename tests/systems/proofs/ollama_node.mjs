import { Ollama } from "ollama";

const [host] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));
try {
  const asked = { model: "m", messages: [{ role: "user", content: "Hi" }], stream: true };
  for await (const { message, done_reason: reason } of await new Ollama({ host }).chat(asked)) {
    if (message.content) say({ text: message.content });
    for (const { id = null, function: called } of message.tool_calls ?? []) say({ tool_call: { id, ...called } });
    if (reason) say({ finish: reason });
  }
  say({ returned: true });
} catch (error) {
  say({ raised: error.constructor.name, message: error.message });
}
