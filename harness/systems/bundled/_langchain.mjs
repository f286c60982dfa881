/**
 * What the adapters of LangChain's chat models for Node share: the canonical turns as its messages, its chunks as
 * events.
 *
 * `stream` of a model, with tools bound to it. Text and reasoning are those of each chunk's standard content blocks,
 * and fragments of calls those of `tool_call_chunks`. With tools that answer, the message that the chunks add up to
 * goes into the history with a ToolMessage for each of its calls, as its documentation has it.
 */

import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { finish, reasoning, refusal, signature, start, text, toolCall, usage } from "harness-kit";
import { dataUrl, given, inputOf, tools } from "harness-kit/chat";

/** The events of the talk: of one answer, or of all turns where the caller's tools answer. */
export async function* talk(model, { request, options, signal }, { provider, reasons }) {
  const history = messages(request, provider);
  const results = options.tool_results ?? {};
  const bound = withTools(model, request);
  for (let calls = 0, goOn = true; goOn; ) {
    const reader = new Reader(calls, reasons);
    for await (const chunk of await bound.stream(history, { signal })) yield* reader.read(chunk);
    const asked = Object.keys(results).length ? (reader.message?.tool_calls ?? []) : [];
    history.push(...(asked.length ? [reader.message] : []), ...asked.map((call) => answer(call, results)));
    calls += reader.keys.length;
    goOn = asked.length > 0;
  }
}

function answer({ id, name }, results) {
  return new ToolMessage({ content: results[name] ?? `there is no tool ${name}`, tool_call_id: id ?? "", name });
}

function withTools(model, request) {
  if (!request.tools?.length) return model;
  const { tool_choice: choice, parallel_tool_calls: parallel } = request;
  const asked = typeof choice === "object" && choice ? choice.name : { required: "any" }[choice] ?? choice;
  const more = parallel == null ? {} : { parallel_tool_calls: parallel };
  return model.bindTools(tools(request), { ...given({ tool_choice: asked }), ...more });
}

/** Reads the chunks of one answer, and adds them up. */
class Reader {
  constructor(before, reasons) {
    Object.assign(this, { before, reasons, keys: [], message: undefined });
  }

  read(chunk) {
    const begun = this.message ? [] : [start({ id: chunk.id, model: chunk.response_metadata?.model_name })];
    this.message = this.message ? this.message.concat(chunk) : chunk;
    const refused = chunk.additional_kwargs?.refusal;
    return [
      ...begun,
      ...(chunk.contentBlocks ?? []).flatMap(standard),
      ...(refused ? [refusal(refused)] : []),
      ...(chunk.tool_call_chunks ?? []).map((fragment) => this.fragment(fragment)),
      ...(chunk.usage_metadata ? counted(this.message.usage_metadata) : []),  // a chunk's counts are what it adds
      ...this.finish({ ...chunk.response_metadata, ...chunk.additional_kwargs }),
    ];
  }

  fragment({ index, id, name, args }) {
    if (!this.keys.includes(index)) this.keys.push(index);
    return toolCall({ index: this.before + this.keys.indexOf(index), id, name: name || null, arguments: args ?? "" });
  }

  finish({ finish_reason: chat, stop_reason: messages, status, incomplete_details: details }) {
    const raw = chat ?? messages ?? details?.reason ?? status;
    if (!raw || raw === "in_progress") return [];
    const reason = raw === "completed" ? (this.keys.length ? "tool_calls" : "stop") : (this.reasons[raw] ?? "other");
    return [finish(reason, { raw })];
  }
}

function standard(block) {
  switch (block.type) {
    case "text":
      return block.text ? [text(block.text)] : [];
    case "reasoning": {
      const sealed = block.encrypted_content ?? block.extras?.encrypted_content;
      return [
        ...(block.reasoning ? [reasoning(block.reasoning)] : []),
        ...(block.signature ? [signature(block.signature)] : []),
        ...(sealed ? [signature(sealed, { form: "encrypted", id: block.id })] : []),
      ];
    }
    case "non_standard":
      return vendors(block.value ?? {});
    default:
      return [];
  }
}

function vendors({ type, data, signature: signed }) {
  if (type === "redacted_thinking") return [signature(data ?? "", { form: "redacted" })];
  return signed ? [signature(signed)] : [];
}

function counted(counts) {
  if (!counts) return [];
  const { input_token_details: read = {}, output_token_details: written = {} } = counts;
  return [
    usage({
      input_tokens: counts.input_tokens,
      output_tokens: counts.output_tokens,
      reasoning_tokens: written.reasoning,
      cache_read_tokens: read.cache_read,
      cache_write_tokens: read.cache_creation,
    }),
  ];
}

function messages(request, provider) {
  const system = request.system ? [new SystemMessage(request.system)] : [];
  return [...system, ...request.messages.flatMap((turn) => spoken(turn, provider))];
}

function spoken({ role, content: parts }, provider) {
  const results = parts.filter((part) => part.type === "tool_result").map((part) => {
    const { tool_call_id, content, is_error: failed } = part;
    return new ToolMessage({ content, tool_call_id, status: failed ? "error" : "success" });
  });
  const content = parts.flatMap((part) => block(part, provider));
  const calls = parts.filter((part) => part.type === "tool_call").map(({ id, name, arguments: json }) => {
    return { type: "tool_call", id, name, args: inputOf(json) };
  });
  if (!content.length && !calls.length) return results;
  if (role === "assistant") return [...results, new AIMessage({ content, tool_calls: calls })];
  const kind = role === "system" || role === "developer" ? SystemMessage : HumanMessage;
  const plain = content.length === 1 && content[0].type === "text" ? content[0].text : content;
  return [...results, new kind({ content: plain })];
}

function block(part, provider) {
  switch (part.type) {
    case "text":
      return part.text ? [{ type: "text", text: part.text }] : [];
    case "image":
      return [{ type: "image_url", image_url: { url: dataUrl(part) } }];
    case "reasoning":
      if (provider !== "anthropic") return [];
      if (part.redacted) return [{ type: "redacted_thinking", data: part.redacted }];
      return part.signature ? [{ type: "thinking", thinking: part.text ?? "", signature: part.signature }] : [];
    default:
      return [];
  }
}

/** LangChain marks some errors with a code of its own. */
export function classify(error) {
  return error?.name === "ContextOverflowError" ? "context_overflow" : null;
}
