/**
 * OpenAI's chat completions, for clients whose parameters and chunks have that form.
 *
 * `parameters(request)` are those of `chat.completions.create`; a `Reader` turns one chunk after another into events.
 */

import { finish, reasoning, refusal, start, text, toolCall, usage } from "harness-kit";

export const REASONS = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "content_filter",
};

/** The parameters that say something: neither null nor an empty list, text or object. */
export function given(parameters) {
  const empty = (value) =>
    value === undefined || value === null || value === "" || (typeof value === "object" && !Object.keys(value).length);
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => !empty(value)));
}

/** Reads the chunks of one response. `reasoning` names the delta's field that the client's types have for it. */
export class Reader {
  /** `calls` of the conversation came before this response. */
  constructor({ reasoning = null, calls = 0 } = {}) {
    Object.assign(this, { begun: false, keys: [], reasoning, calls });
  }

  /** The events of one chunk. */
  read(chunk) {
    const events = [];
    if (!this.begun) {
      this.begun = true;
      events.push(start({ id: chunk?.id, model: chunk?.model }));
    }
    for (const choice of chunk?.choices ?? []) events.push(...this.choice(choice));
    if (chunk?.usage) events.push(counted(chunk.usage));
    return events;
  }

  choice(choice) {
    const delta = choice?.delta ?? {};
    const number = choice?.index || undefined;
    const events = [];
    if (this.reasoning && delta[this.reasoning]) events.push(reasoning(delta[this.reasoning], { choice: number }));
    if (delta.content) events.push(text(delta.content, { choice: number }));
    if (delta.refusal) events.push(refusal(delta.refusal, { choice: number }));
    for (const call of delta.tool_calls ?? []) events.push(this.call(call, number));
    const raw = choice?.finish_reason;
    if (raw) events.push(finish(REASONS[raw] ?? "other", { raw, choice: number }));
    return events;
  }

  call(call, choice) {
    const key = `${choice ?? 0}/${call?.index}`;
    if (!this.keys.includes(key)) this.keys.push(key);
    const before = this.keys.slice(0, this.keys.indexOf(key)).filter((each) => each.startsWith(`${choice ?? 0}/`));
    const { name, arguments: pieces } = call?.function ?? {};
    const index = this.calls + before.length;
    return toolCall({ index, id: call?.id || null, name: name || null, arguments: pieces ?? "", choice });
  }
}

/** A chunk's `usage`. */
export function counted(counts) {
  return usage({
    input_tokens: counts.prompt_tokens,
    output_tokens: counts.completion_tokens,
    reasoning_tokens: counts.completion_tokens_details?.reasoning_tokens,
    cache_read_tokens: counts.prompt_tokens_details?.cached_tokens,
  });
}

/** The parameters of a streamed request; usage is asked for. */
export function parameters(request) {
  return given({
    model: request.model,
    messages: messages(request),
    stream: true,
    stream_options: { include_usage: true },
    tools: tools(request),
    tool_choice: toolChoice(request.tool_choice),
    parallel_tool_calls: request.parallel_tool_calls,
    max_completion_tokens: request.max_output_tokens,
    reasoning_effort: request.reasoning?.effort,
    temperature: request.temperature,
    top_p: request.top_p,
    stop: request.stop,
  });
}

/** The system text and all turns as messages. */
export function messages(request) {
  const system = request.system ? [{ role: "system", content: request.system }] : [];
  return [...system, ...request.messages.flatMap(turn)];
}

function turn({ role, content: parts }) {
  const made = parts
    .filter((part) => part.type === "tool_result")
    .map((part) => ({ role: "tool", tool_call_id: part.tool_call_id, content: part.content }));
  const content = parts.filter((part) => part.type === "text" || part.type === "image").map(spoken);
  const calls = parts
    .filter((part) => part.type === "tool_call")
    .map(({ id, name, arguments: json }) => ({ id, type: "function", function: { name, arguments: json } }));
  if (calls.length) made.push({ role, ...(content.length ? { content } : {}), tool_calls: calls });
  else if (content.length) {
    const plain = content.length === 1 && content[0].type === "text" ? content[0].text : content;
    made.push({ role: role === "tool" ? "user" : role, content: plain });
  }
  return made;
}

function spoken(part) {
  if (part.type === "image") return { type: "image_url", image_url: { url: dataUrl(part) } };
  return { type: "text", text: part.text };
}

/** A canonical image part as a data URL. */
export function dataUrl(image) {
  return `data:${image.media_type};base64,${image.data}`;
}

/** The tools as functions. */
export function tools(request) {
  return (request.tools ?? []).map((tool) => ({ type: "function", function: tool }));
}

function toolChoice(choice) {
  return typeof choice === "object" && choice ? { type: "function", function: choice } : choice;
}

/** Arguments as an object, for APIs that take nothing else. */
export function inputOf(json) {
  try {
    const parsed = JSON.parse(json || "{}");
    if (parsed && typeof parsed === "object" && !Array.isArray(parsed)) return parsed;
  } catch {
    // what does not parse is handed on as it is
  }
  return { arguments: json };
}
