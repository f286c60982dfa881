/**
 * Ollama's JavaScript library: `chat({stream: true})`, which its README shows.
 *
 * It repeats nothing and has no time-out. Its types know no ids of calls, but hand on what comes; after tool calls the
 * stop reason is told as `tool_calls`, which the API calls `stop`. A stream is stopped with the client's `abort`.
 */

import { finish, reasoning, serve, start, text, toolCall, usage } from "harness-kit";
import { given, inputOf, tools } from "harness-kit/chat";
import { Ollama } from "ollama";

const EFFORTS = { none: false, minimal: "low", xhigh: "high", max: "high" };
const REASONS = { stop: "stop", length: "length" };

async function* run({ base_url: host, api_key: key, request, options, signal }) {
  const client = new Ollama({ host, headers: { authorization: `Bearer ${key}` } });
  signal.addEventListener("abort", () => client.abort());
  const results = options.tool_results ?? {};
  const looped = Object.keys(results).length > 0;
  const asked = parameters(request);
  for (let calls = 0, goOn = true; goOn; ) {
    const reader = new Reader(calls);
    for await (const chunk of await client.chat(asked)) yield* reader.read(chunk);
    asked.messages.push(reader.message(), ...reader.calls.map((call) => answer(call, results)));
    calls += reader.calls.length;
    goOn = looped && reader.calls.length > 0;
  }
}

/** Turns the chunks of one answer into events, and keeps the message that they amount to for the next turn. */
class Reader {
  constructor(before) {
    Object.assign(this, { before, begun: false, content: "", thinking: "", calls: [] });
  }

  read(chunk) {
    const { message = {} } = chunk;
    const events = this.begun ? [] : [start({ model: chunk.model })];
    this.begun = true;
    if (message.thinking) events.push(reasoning(message.thinking));
    if (message.content) events.push(text(message.content));
    this.thinking += message.thinking ?? "";
    this.content += message.content ?? "";
    for (const call of message.tool_calls ?? []) {
      const index = this.before + this.calls.length;
      this.calls.push(call);
      const { name, arguments: input } = call.function ?? {};
      events.push(toolCall({ index, id: call.id, name, arguments: JSON.stringify(input ?? {}) }));
    }
    return chunk.done ? [...events, ...this.done(chunk)] : events;
  }

  done({ prompt_eval_count: input, eval_count: output, done_reason: raw }) {
    const reason = REASONS[raw] ?? "other";
    const told = reason === "stop" && this.calls.length ? "tool_calls" : reason;
    return [usage({ input_tokens: input, output_tokens: output }), ...(raw ? [finish(told, { raw })] : [])];
  }

  message() {
    const said = { thinking: this.thinking, content: this.content, tool_calls: this.calls };
    return { role: "assistant", content: "", ...given(said) };
  }
}

function answer(call, results) {
  const name = call.function?.name;
  return { role: "tool", tool_name: name, content: results[name] ?? `there is no tool ${name}` };
}

/** No tools where none may be called: the API has no other choice to offer. */
function parameters(request) {
  const { effort, budget_tokens: budget } = request.reasoning ?? {};
  const think = effort ? (EFFORTS[effort] ?? effort) : budget == null ? null : Boolean(budget);
  const { max_output_tokens: num_predict, temperature, top_p, stop } = request;
  return given({
    model: request.model,
    messages: messages(request),
    stream: true,
    tools: request.tool_choice === "none" ? null : tools(request),
    think,
    options: given({ num_predict, temperature, top_p, stop }),
  });
}

function messages(request) {
  const calls = request.messages.flatMap(({ content }) => content).filter((part) => part.type === "tool_call");
  const names = Object.fromEntries(calls.map(({ id, name }) => [id, name]));
  const system = request.system ? [{ role: "system", content: request.system }] : [];
  return [...system, ...request.messages.flatMap((turn) => spoken(turn, names))];
}

function spoken({ role, content: parts }, names) {
  const of = (type) => parts.filter((part) => part.type === type);
  const said = given({
    content: of("text").map((part) => part.text).join("\n\n"),
    thinking: of("reasoning").map((part) => part.text ?? "").join("\n\n"),
    images: of("image").map((part) => part.data),
    tool_calls: of("tool_call").map((part) => ({ function: { name: part.name, arguments: inputOf(part.arguments) } })),
  });
  const results = of("tool_result").map(({ tool_call_id: id, content }) => {
    return { role: "tool", tool_name: names[id] ?? id, content };
  });
  const own = { role: role === "developer" ? "system" : role, content: "", ...said };
  return Object.keys(said).length ? [own, ...results] : results;
}

serve({
  name: "ollama-node",
  distribution: "ollama",
  dialects: ["ollama"],
  features: [
    ...["cancel", "tool_calls", "tool_loop", "usage", "reasoning"],
    ...["history", "images", "settings"],
  ],
  run,
});
