/**
 * Google's Gemini API, for clients whose parameters and chunks have the form of its own SDK.
 *
 * `parameters(request)` are those of `generateContentStream`; a `Reader` turns one chunk after another into events.
 */

import { finish, other, reasoning, signature, start, text, toolCall, usage } from "harness-kit";
import { given, inputOf } from "harness-kit/chat";

export const REASONS = { STOP: "stop", MAX_TOKENS: "length", CONTINUATION: "pause" };
const FILTERS = ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"];
const LEVELS = { minimal: "MINIMAL", low: "LOW", medium: "MEDIUM", high: "HIGH", xhigh: "HIGH", max: "HIGH" };
const MODES = { auto: "AUTO", required: "ANY", none: "NONE" };

/** The kinds behind the `status` of the API's errors. */
export const ERROR_KINDS = {
  RESOURCE_EXHAUSTED: "rate_limit",
  UNAVAILABLE: "overloaded",
  DEADLINE_EXCEEDED: "timeout",
  INTERNAL: "server",
  UNAUTHENTICATED: "auth",
  PERMISSION_DENIED: "auth",
  NOT_FOUND: "not_found",
  INVALID_ARGUMENT: "invalid_request",
};

/** The kind of an error whose message is the API's answer as JSON; null where it is not. */
export function kindOf(message) {
  try {
    return ERROR_KINDS[JSON.parse(message)?.error?.status] ?? null;
  } catch {
    return null;
  }
}

/** Reads the chunks of one answer; `calls` are those that it made. */
export class Reader {
  /** `calls` of the conversation came before this answer. */
  constructor({ calls = 0 } = {}) {
    Object.assign(this, { before: calls, calls: [], begun: false });
  }

  /** The events of one chunk. */
  read(chunk) {
    const events = [];
    if (!this.begun) {
      this.begun = true;
      events.push(start({ id: chunk?.responseId, model: chunk?.modelVersion }));
    }
    for (const candidate of chunk?.candidates ?? []) {
      const choice = candidate.index || undefined;
      for (const part of candidate.content?.parts ?? []) events.push(...this.part(part, choice));
      if (candidate.finishReason) events.push(this.finish(candidate.finishReason, choice));
    }
    const blocked = chunk?.promptFeedback?.blockReason;
    if (blocked) events.push(finish("content_filter", { raw: blocked }));
    if (chunk?.usageMetadata) events.push(counted(chunk.usageMetadata));
    return events;
  }

  part(part, choice) {
    const events = [];
    if (part.text) events.push(part.thought ? reasoning(part.text, { choice }) : text(part.text, { choice }));
    let index;
    if (part.functionCall) {
      const { id, name, args } = part.functionCall;
      index = this.before + this.calls.length;
      this.calls.push(part.functionCall);
      events.push(toolCall({ index, id, name, arguments: JSON.stringify(args ?? {}), choice }));
    }
    if (part.thoughtSignature) events.push(signature(part.thoughtSignature, { choice, tool_index: index }));
    if (part.executableCode || part.codeExecutionResult || part.inlineData) events.push(other("part", part));
    return events;
  }

  finish(raw, choice) {
    const filtered = FILTERS.includes(raw) || raw.startsWith("IMAGE_");
    const reason = filtered ? "content_filter" : (REASONS[raw] ?? "other");
    return finish(reason === "stop" && this.calls.length ? "tool_calls" : reason, { raw, choice });
  }
}

/** A chunk's `usageMetadata`. */
export function counted(counts) {
  return usage({
    input_tokens: counts.promptTokenCount,
    output_tokens: counts.candidatesTokenCount,
    reasoning_tokens: counts.thoughtsTokenCount,
    cache_read_tokens: counts.cachedContentTokenCount,
  });
}

/** The parameters of a streamed request: model, contents and config. */
export function parameters(request) {
  const asides = request.messages.filter(({ role }) => role === "system" || role === "developer");
  const system = [request.system, ...asides.flatMap(({ content }) => content.map((part) => part.text))];
  const declared = (request.tools ?? []).map(({ name, description, parameters: schema }) =>
    given({ name, description, parametersJsonSchema: schema }),
  );
  const config = given({
    systemInstruction: system.filter(Boolean).join("\n\n"),
    tools: declared.length ? [{ functionDeclarations: declared }] : null,
    toolConfig: toolConfig(request.tool_choice),
    maxOutputTokens: request.max_output_tokens,
    temperature: request.temperature,
    topP: request.top_p,
    stopSequences: request.stop,
    thinkingConfig: thinking(request.reasoning ?? {}),
  });
  return { model: request.model, contents: contents(request), config };
}

function toolConfig(choice) {
  if (choice == null) return null;
  const named = typeof choice === "object" ? { allowedFunctionNames: [choice.name] } : {};
  return { functionCallingConfig: { mode: MODES[choice] ?? "ANY", ...named } };
}

/** A budget as it is asked for, or else a level: the API refuses both at once. */
function thinking({ effort, budget_tokens: budget }) {
  if (budget != null || effort === "none") return { includeThoughts: Boolean(budget), thinkingBudget: budget ?? 0 };
  return effort ? { includeThoughts: true, thinkingLevel: LEVELS[effort] } : null;
}

/** The turns; the results of tools in a row are one, since a turn's calls are answered together. */
function contents({ messages }) {
  const turns = messages.filter(({ role }) => role !== "system" && role !== "developer");
  const calls = turns.flatMap(({ content }) => content).filter((part) => part.type === "tool_call");
  const names = Object.fromEntries(calls.map(({ id, name }) => [id, name]));
  const made = [];
  turns.forEach(({ role, content }, position) => {
    const parts = content.flatMap((part) => spoken(part, names));
    if (role === "tool" && turns[position - 1]?.role === "tool") made.at(-1).parts.push(...parts);
    else if (parts.length) made.push({ role: role === "assistant" ? "model" : "user", parts });
  });
  return made;
}

function spoken(part, names) {
  const signed = part.signature ? { thoughtSignature: part.signature } : {};
  switch (part.type) {
    case "text":
      return part.text ? [{ text: part.text }] : [];
    case "image":
      return [{ inlineData: { data: part.data, mimeType: part.media_type } }];
    case "reasoning":
      if (part.text) return [{ text: part.text, thought: true, ...signed }];
      return part.signature ? [{ text: "", ...signed }] : [];
    case "tool_call":
      return [{ functionCall: { id: part.id, name: part.name, args: inputOf(part.arguments) }, ...signed }];
    case "tool_result": {
      const response = { [part.is_error ? "error" : "output"]: part.content };
      const name = names[part.tool_call_id] ?? part.tool_call_id;
      return [{ functionResponse: { id: part.tool_call_id, name, response } }];
    }
    default:
      return [];
  }
}
