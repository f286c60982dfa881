/**
 * Anthropic's messages, for clients whose parameters and events have that form.
 *
 * `parameters(request)` are those of `messages.create`; a `Reader` turns one event after another into ours.
 */

import { finish, other, reasoning, signature, start, text, toolCall, usage } from "harness-kit";
import { given, inputOf } from "harness-kit/chat";

export const DEFAULT_MAX_TOKENS = 4096;

export const REASONS = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
  pause_turn: "pause",
  refusal: "refusal",
  model_context_window_exceeded: "context_overflow",
};

/** The kinds behind the `type` of the API's errors. */
export const ERROR_KINDS = {
  rate_limit_error: "rate_limit",
  overloaded_error: "overloaded",
  billing_error: "quota",
  authentication_error: "auth",
  permission_error: "auth",
  not_found_error: "not_found",
  invalid_request_error: "invalid_request",
  request_too_large: "invalid_request",
  timeout_error: "timeout",
  api_error: "server",
};

const EFFORTS = { minimal: "low" };

/** Keeps what each open block is, and its signature until the block is whole. */
export class Reader {
  /** `calls` of the conversation came before this response. */
  constructor({ calls = 0 } = {}) {
    Object.assign(this, { before: calls, calls: new Map(), signatures: new Map() });
  }

  /** The events of one event of the stream. */
  read(event) {
    switch (event?.type) {
      case "message_start": {
        const { id, model, usage: counts } = event.message ?? {};
        return [start({ id, model }), ...counted(counts)];
      }
      case "content_block_start":
        return this.start(event.index, event.content_block ?? {});
      case "content_block_delta":
        return this.delta(event.index, event.delta ?? {});
      case "content_block_stop": {
        const data = this.signatures.get(event.index);
        this.signatures.delete(event.index);
        return data ? [signature(data)] : [];
      }
      case "message_delta": {
        const raw = event.delta?.stop_reason;
        return [...counted(event.usage), ...(raw ? [finish(REASONS[raw] ?? "other", { raw })] : [])];
      }
      default:
        return [];
    }
  }

  start(index, block) {
    switch (block.type) {
      case "text":
        return block.text ? [text(block.text)] : [];
      case "thinking":
        this.signatures.set(index, block.signature ?? "");
        return block.thinking ? [reasoning(block.thinking)] : [];
      case "redacted_thinking":
        return [signature(block.data ?? "", { form: "redacted" })];
      case "tool_use": {
        const number = this.before + this.calls.size;
        this.calls.set(index, number);
        const whole = Object.keys(block.input ?? {}).length ? JSON.stringify(block.input) : "";
        return [toolCall({ index: number, id: block.id, name: block.name, arguments: whole })];
      }
      default:
        return [other(String(block.type), block)];
    }
  }

  delta(index, delta) {
    switch (delta.type) {
      case "text_delta":
        return [text(delta.text ?? "")];
      case "thinking_delta":
        return [reasoning(delta.thinking ?? "")];
      case "signature_delta":
        this.signatures.set(index, (this.signatures.get(index) ?? "") + (delta.signature ?? ""));
        return [];
      case "input_json_delta":
        if (this.calls.has(index)) {
          return [toolCall({ index: this.calls.get(index), arguments: delta.partial_json ?? "" })];
        }
    }
    return [other(String(delta.type), delta)];
  }
}

/** The counts of a message; none where it has none. */
export function counted(counts) {
  if (!counts) return [];
  return [
    usage({
      input_tokens: counts.input_tokens,
      output_tokens: counts.output_tokens,
      reasoning_tokens: counts.output_tokens_details?.thinking_tokens,
      cache_read_tokens: counts.cache_read_input_tokens,
      cache_write_tokens: counts.cache_creation_input_tokens,
    }),
  ];
}

/** The parameters of a streamed request. Sampling settings are left out: the API takes none of its newest models. */
export function parameters(request) {
  const turns = request.messages.filter(({ role }) => role !== "system" && role !== "developer");
  const asides = request.messages.filter((turn) => !turns.includes(turn)).flatMap(({ content }) => content);
  return given({
    model: request.model,
    max_tokens: request.max_output_tokens ?? DEFAULT_MAX_TOKENS,
    system: [request.system, ...asides.map((part) => part.text)].filter(Boolean).join("\n\n"),
    messages: messages(turns),
    stream: true,
    tools: (request.tools ?? []).map(tool),
    tool_choice: toolChoice(request),
    stop_sequences: request.stop,
    ...thinking(request),
  });
}

/** Turns of one role in a row become one, in which the results of tools come first. */
export function messages(turns) {
  const merged = [];
  for (const turn of turns) {
    const role = turn.role === "assistant" ? "assistant" : "user";
    const blocks = turn.content.flatMap(block);
    if (merged.at(-1)?.role === role) merged.at(-1).content.push(...blocks);
    else if (blocks.length) merged.push({ role, content: blocks });
  }
  for (const { content } of merged) content.sort((a, b) => (a.type !== "tool_result") - (b.type !== "tool_result"));
  return merged;
}

/** A canonical part as content blocks; none for what the API refuses, such as empty text. */
function block(part) {
  switch (part.type) {
    case "text":
      return part.text.trim() ? [{ type: "text", text: part.text }] : [];
    case "image":
      return [{ type: "image", source: { type: "base64", media_type: part.media_type, data: part.data } }];
    case "reasoning":
      if (part.redacted) return [{ type: "redacted_thinking", data: part.redacted }];
      return part.signature ? [{ type: "thinking", thinking: part.text ?? "", signature: part.signature }] : [];
    case "tool_call":
      return [{ type: "tool_use", id: part.id, name: part.name, input: inputOf(part.arguments) }];
    case "tool_result": {
      const failed = part.is_error ? { is_error: true } : {};
      return [{ type: "tool_result", tool_use_id: part.tool_call_id, content: part.content, ...failed }];
    }
    default:
      return [];
  }
}

function tool({ name, description, parameters: schema }) {
  const described = description ? { description } : {};
  return { name, ...described, input_schema: schema ?? { type: "object", properties: {} } };
}

/** The canonical choice and `parallel_tool_calls`, which the API has in one object. */
function toolChoice({ tools, tool_choice: asked, parallel_tool_calls: parallel }) {
  if (!tools?.length || (asked == null && parallel == null)) return null;
  const type = { required: "any" }[asked ?? "auto"] ?? asked ?? "auto";
  const choice = typeof asked === "object" && asked ? { type: "tool", ...asked } : { type };
  const alone = parallel != null && choice.type !== "none" ? { disable_parallel_tool_use: !parallel } : {};
  return { ...choice, ...alone };
}

/** A budget as it is asked for, or an effort with the rest left to the model. */
function thinking({ reasoning: asked, max_output_tokens: most }) {
  const { effort, budget_tokens: budget } = asked ?? {};
  if (effort === "none") return { thinking: { type: "disabled" } };
  if (budget) {
    const room = Math.max(most ?? DEFAULT_MAX_TOKENS, budget + 1);
    return { thinking: { type: "enabled", budget_tokens: budget }, max_tokens: room };
  }
  if (!effort) return {};
  return { thinking: { type: "adaptive" }, output_config: { effort: EFFORTS[effort] ?? effort } };
}
