/**
 * OpenAI's responses, for clients whose parameters and events have that form.
 *
 * `parameters(request)` are those of `responses.create`; a `Reader` turns one event after another into ours. An error
 * of the stream, which the vendor's SDK hands to its caller as an event, is thrown as `Failed`.
 */

import { Failed, finish, other, reasoning, refusal, signature, start, text, toolCall, usage } from "harness-kit";
import { dataUrl, given } from "harness-kit/chat";

export const KINDS = {
  server_error: "server",
  rate_limit_exceeded: "rate_limit",
  invalid_prompt: "invalid_request",
};

const WORDS = {
  "response.output_text": ["text", text],
  "response.refusal": ["refusal", refusal],
  "response.reasoning_text": ["text", reasoning],
  "response.reasoning_summary_text": ["text", (words) => reasoning(words, { summary: true })],
};

/** Keeps which call an item is, and what came in deltas: the rest comes only when it is done. */
export class Reader {
  /** `calls` of the conversation came before this response. */
  constructor({ calls = 0 } = {}) {
    Object.assign(this, { before: calls, withDeltas: new Set(), calls: [], withArguments: new Set() });
  }

  /** The events of one event of the stream; throws Failed for an error of the stream. */
  read(event) {
    const type = event?.type ?? "";
    const channel = type.slice(0, type.lastIndexOf("."));
    if (WORDS[channel]) return this.words(event, channel, ...WORDS[channel]);
    switch (type) {
      case "response.created":
        return [start({ id: event.response?.id, model: event.response?.model })];
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        this.withArguments.add(event.item_id);
        return [toolCall({ index: this.index(event.item_id), arguments: event.delta ?? "" })];
      case "response.output_item.added":
      case "response.output_item.done":
        return this.item(event.item ?? {}, type.endsWith("done"));
      case "response.completed":
      case "response.incomplete":
        return this.end(event.response ?? {});
      case "response.failed":
        throw failed(event.response?.error?.code, event.response?.error?.message ?? "the response failed");
      case "error":
        throw failed(event.code, event.message ?? "the stream failed");
      default:
        return [];
    }
  }

  /** A delta, or the whole of an item of which no delta came. */
  words(event, channel, field, made) {
    const key = `${channel} ${event.item_id}`;
    if (event.type.endsWith(".delta")) {
      this.withDeltas.add(key);
      return [made(event.delta ?? "")];
    }
    return event.type.endsWith(".done") && !this.withDeltas.has(key) ? [made(event[field] ?? "")] : [];
  }

  index(id) {
    if (!this.calls.includes(id)) this.calls.push(id);
    return this.before + this.calls.indexOf(id);
  }

  item(item, done) {
    if (item.type === "function_call" || item.type === "custom_tool_call") {
      const json = (item.type === "function_call" ? item.arguments : item.input) ?? "";
      if (this.withArguments.has(item.id) || (done && this.calls.includes(item.id) && !json)) return [];
      if (json) this.withArguments.add(item.id);
      return [toolCall({ index: this.index(item.id), id: item.call_id, name: item.name, arguments: json })];
    }
    if (item.type === "reasoning") {
      const encrypted = item.encrypted_content;
      return done && encrypted ? [signature(encrypted, { form: "encrypted", id: item.id })] : [];
    }
    return item.type === "message" || !done ? [] : [other(String(item.type), item)];
  }

  end(response) {
    const raw = response.incomplete_details?.reason ?? response.status;
    let reason = this.calls.length ? "tool_calls" : "stop";
    if (response.status === "incomplete") {
      reason = { max_output_tokens: "length", content_filter: "content_filter" }[raw] ?? "other";
    }
    return [...(response.usage ? [counted(response.usage)] : []), finish(reason, { raw })];
  }
}

/** An error that the stream itself tells of. */
export function failed(code, message) {
  return new Failed(KINDS[code] ?? "unknown", message, { code });
}

/** A response's `usage`. */
export function counted(counts) {
  return usage({
    input_tokens: counts.input_tokens,
    output_tokens: counts.output_tokens,
    reasoning_tokens: counts.output_tokens_details?.reasoning_tokens,
    cache_read_tokens: counts.input_tokens_details?.cached_tokens,
  });
}

/** The parameters of a streamed request that the vendor does not store; reasoning comes back encrypted. */
export function parameters(request) {
  const effort = request.reasoning?.effort;
  return given({
    model: request.model,
    instructions: request.system,
    input: request.messages.flatMap(turn),
    stream: true,
    store: false,
    tools: (request.tools ?? []).map((tool) => ({ type: "function", strict: false, ...tool })),
    tool_choice: toolChoice(request.tool_choice),
    parallel_tool_calls: request.parallel_tool_calls,
    max_output_tokens: request.max_output_tokens,
    reasoning: effort ? { effort, summary: "auto" } : null,
    include: effort ? ["reasoning.encrypted_content"] : null,
    temperature: request.temperature,
    top_p: request.top_p,
  });
}

function turn({ role, content }) {
  return content.flatMap((part) => item(part, role === "tool" ? "user" : role));
}

function item(part, role) {
  switch (part.type) {
    case "text": {
      const type = role === "assistant" ? "output_text" : "input_text";
      return [{ type: "message", role, content: [{ type, text: part.text }] }];
    }
    case "image":
      return [{ type: "message", role, content: [{ type: "input_image", detail: "auto", image_url: dataUrl(part) }] }];
    case "tool_call":
      return [{ type: "function_call", call_id: part.id, name: part.name, arguments: part.arguments }];
    case "tool_result":
      return [{ type: "function_call_output", call_id: part.tool_call_id, output: part.content }];
    case "reasoning": {
      if (!part.encrypted) return [];
      const summary = part.text ? [{ type: "summary_text", text: part.text }] : [];
      return [{ type: "reasoning", summary, encrypted_content: part.encrypted, ...(part.id ? { id: part.id } : {}) }];
    }
    default:
      return [];
  }
}

function toolChoice(choice) {
  return typeof choice === "object" && choice ? { type: "function", ...choice } : choice;
}
