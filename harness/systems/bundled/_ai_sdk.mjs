/**
 * What the adapters of Vercel's AI SDK share; they differ in its major version alone.
 *
 * `streamText` with `fullStream`, whose parts a user reads, and the provider packages: openai-compatible for chat, as
 * for every endpoint that is not OpenAI's own, openai for responses, anthropic, and google. An `error` part is what the
 * SDK tells its user instead of throwing, so it is thrown here, unless the stream goes on behind it and the SDK says in
 * the end that the model stopped of itself. Tools that answer run in the SDK's own loop.
 */

import { Failed, end, finish, other, reasoning, serve, signature, start, text, toolCall, usage } from "harness-kit";
import { given, inputOf } from "harness-kit/chat";
import { ERROR_KINDS } from "harness-kit/messages";

const REASONS = { stop: "stop", length: "length", "tool-calls": "tool_calls", "content-filter": "content_filter" };

export function serveAI(packages, { name, distribution }) {
  serve({
    name,
    distribution,
    dialects: ["openai-chat", "openai-responses", "anthropic-messages", "gemini"],
    features: [
      ...["retries", "retry_after", "timeouts", "cancel", "tool_calls", "tool_loop", "usage", "reasoning"],
      ...["history", "images", "settings"],
    ],
    featuresIn: {
      "openai-responses": ["signatures"],
      "anthropic-messages": ["signatures"],
      gemini: ["signatures"],
    },
    defaultRetries: 2,
    run: (given) => run(packages, given),
    classify: (error) => (packages.RetryError.isInstance(error) ? error.lastError : ERROR_KINDS[error?.type]),
  });
}

async function* run(packages, given) {
  const result = packages.streamText({
    model: model(packages, given),
    ...settings(packages, given),
    abortSignal: given.signal,
    onError() {},  // else the SDK prints it; the error part says the same
  });
  const reader = new Reader();
  for await (const part of result.fullStream) {
    if (part.type === "abort") {
      if (given.signal.aborted) yield end("cancelled");
      else throw new Failed("timeout", String(part.reason ?? "the stream was aborted"));
    }
    yield* reader.read(part);
  }
  if (reader.error !== undefined && !reader.finished) throw reader.error;
}

/** The model of the dialect's provider. */
function model(packages, { dialect, base_url: base, api_key: apiKey, request }) {
  switch (dialect) {
    case "openai-chat": {
      const settings = { name: "provider", apiKey, baseURL: `${base}/v1`, includeUsage: true };
      return packages.createOpenAICompatible(settings)(request.model);
    }
    case "openai-responses":
      return packages.createOpenAI({ apiKey, baseURL: `${base}/v1` }).responses(request.model);
    case "anthropic-messages":
      return packages.createAnthropic({ apiKey, baseURL: `${base}/v1` })(request.model);
    default:
      return packages.createGoogleGenerativeAI({ apiKey, baseURL: `${base}/v1beta` })(request.model);
  }
}

function settings(packages, { dialect, request, options }) {
  const results = options.tool_results ?? {};
  const looped = Object.keys(results).length > 0;
  return given({
    ...packages.instructions(request.system),
    messages: request.messages.flatMap((turn) => messages(turn, request)),
    tools: tools(packages, request, results),
    toolChoice: toolChoice(request.tool_choice),
    stopWhen: looped ? packages.isStepCount(10) : null,
    maxOutputTokens: request.max_output_tokens,
    temperature: request.temperature,
    topP: request.top_p,
    stopSequences: request.stop,
    maxRetries: options.max_retries,
    timeout: options.timeout_s == null ? null : packages.timeout(options.timeout_s * 1000),
    providerOptions: providerOptions(dialect, request),
  });
}

function tools(packages, request, results) {
  const entries = (request.tools ?? []).map(({ name, description, parameters }) => {
    const inputSchema = packages.jsonSchema(parameters ?? { type: "object", properties: {} });
    const execute = name in results ? { execute: async () => results[name] } : {};
    return [name, packages.tool({ description, inputSchema, ...execute })];
  });
  return Object.fromEntries(entries);
}

function toolChoice(choice) {
  return typeof choice === "object" && choice ? { type: "tool", toolName: choice.name } : choice;
}

function providerOptions(dialect, request) {
  const { effort, budget_tokens: budget } = request.reasoning ?? {};
  const parallel = request.parallel_tool_calls;
  switch (dialect) {
    case "openai-chat":
      return { provider: given({ reasoningEffort: effort, parallel_tool_calls: parallel }) };
    case "openai-responses": {
      const thinking = effort ? { reasoningEffort: effort, reasoningSummary: "auto", forceReasoning: true } : {};
      return { openai: given({ store: false, parallelToolCalls: parallel, ...thinking }) };
    }
    case "anthropic-messages": {
      const alone = parallel == null ? {} : { disableParallelToolUse: !parallel };
      return { anthropic: { ...thinking(request), ...alone } };
    }
    default: {
      if (!effort && !budget) return {};
      const asked = budget ? { thinkingBudget: budget } : { thinkingLevel: effort };
      return { google: { thinkingConfig: { includeThoughts: true, ...asked } } };
    }
  }
}

function thinking({ reasoning: asked }) {
  const { effort, budget_tokens: budget } = asked ?? {};
  if (effort === "none") return { thinking: { type: "disabled" } };
  if (budget) return { thinking: { type: "enabled", budgetTokens: budget } };
  return effort ? { thinking: { type: "adaptive" }, effort: effort === "minimal" ? "low" : effort } : {};
}

/** A canonical turn as the SDK's messages. */
function messages({ role, content: parts }, request) {
  if (role === "system" || role === "developer") {
    return [{ role: "system", content: parts.map((part) => part.text).join("") }];
  }
  const results = parts.filter((part) => part.type === "tool_result").map((part) => result(part, request));
  const content = parts.flatMap((part) => spoken(part));
  const said = content.length ? [{ role: role === "tool" ? "user" : role, content }] : [];
  return results.length ? [{ role: "tool", content: results }, ...said] : said;
}

function result({ tool_call_id: toolCallId, content: value, is_error: failed }, request) {
  const calls = request.messages.flatMap((turn) => turn.content).filter((part) => part.type === "tool_call");
  const toolName = calls.find((call) => call.id === toolCallId)?.name ?? toolCallId;
  return { type: "tool-result", toolCallId, toolName, output: { type: failed ? "error-text" : "text", value } };
}

function spoken(part) {
  switch (part.type) {
    case "text":
      return [{ type: "text", text: part.text }];
    case "image":
      return [{ type: "file", data: part.data, mediaType: part.media_type }];
    case "tool_call": {
      const call = { toolCallId: part.id, toolName: part.name, input: inputOf(part.arguments) };
      return [{ type: "tool-call", ...call, ...signed(part) }];
    }
    case "reasoning":
      return [{ type: "reasoning", text: part.text ?? "", ...signed(part) }];
    default:
      return [];
  }
}

/** What each provider wants back with reasoning, where the last answer's metadata had it. */
function signed({ signature: data, redacted, encrypted, id }) {
  const options = given({
    anthropic: given({ signature: data, redactedData: redacted }),
    google: given({ thoughtSignature: data }),
    openai: given({ reasoningEncryptedContent: encrypted, itemId: encrypted ? id : null }),
  });
  return Object.keys(options).length ? { providerOptions: options } : {};
}

/**
 * Reads the parts of `fullStream`: fragments of a call as they come, and the call that they came to. What the provider
 * runs itself is no call to the user.
 */
class Reader {
  constructor() {
    Object.assign(this, { calls: [], inputs: new Map(), told: new Set(), elsewhere: new Set() });
    Object.assign(this, { error: undefined, finished: false });
  }

  read(part) {
    const id = part.toolCallId ?? part.id;
    if (part.providerExecuted) this.elsewhere.add(id);
    if (this.elsewhere.has(id)) return part.type === "tool-call" ? [other("tool-call", part)] : [];
    switch (part.type) {
      case "text-delta":
        return [text(part.text ?? ""), ...this.signed(part)];
      case "reasoning-delta":
        return [...(part.text ? [reasoning(part.text)] : []), ...this.signed(part)];
      case "text-end":
      case "reasoning-start":
      case "reasoning-end":
        return this.signed(part);
      case "tool-input-start":
        return [toolCall({ index: this.index(part.id), id: part.id, name: part.toolName })];
      case "tool-input-delta":
        this.inputs.set(part.id, (this.inputs.get(part.id) ?? "") + part.delta);
        return [toolCall({ index: this.index(part.id), arguments: part.delta })];
      case "tool-call":
        return [...this.call(part), ...this.signed(part, this.index(part.toolCallId))];
      case "finish-step":
        return this.finish(part);
      case "error":
        this.error ??= part.error;
        return [other("error", String(part.error?.message ?? part.error))];
      case "tool-error":
        return [other("tool-error", { toolName: part.toolName, error: String(part.error) })];
      default:
        return [];
    }
  }

  index(id) {
    if (!this.calls.includes(id)) this.calls.push(id);
    return this.calls.indexOf(id);
  }

  /** The whole call. Where its fragments were others than its input, the user has two calls that differ. */
  call({ toolCallId: id, toolName: name, input }) {
    const whole = typeof input === "string" ? input : JSON.stringify(input ?? {});
    const pieces = this.inputs.get(id);
    if (pieces === undefined) return [toolCall({ index: this.index(id), id, name, arguments: whole })];
    if (pieces === whole || JSON.stringify(inputOf(pieces)) === whole) return [];
    return [toolCall({ index: this.index(`${id} as called`), id, name, arguments: whole })];
  }

  /** Signatures, each once: the SDK repeats a part's metadata at its start, its deltas and its end. */
  signed({ id, providerMetadata }, index = null) {
    const { anthropic = {}, google = {}, openai = {} } = providerMetadata ?? {};
    const found = [
      [anthropic.signature, {}],
      [anthropic.redactedData, { form: "redacted" }],
      [google.thoughtSignature, { tool_index: index }],
      [openai.reasoningEncryptedContent, { form: "encrypted", id: openai.itemId }],
    ].filter(([data]) => data && !this.told.has(`${id} ${data}`));
    for (const [data] of found) this.told.add(`${id} ${data}`);
    return found.map(([data, more]) => signature(data, more));
  }

  /** The newest major says `interrupted` of an answer that was cut off. */
  reason(given, raw) {
    this.finished = Boolean(given) && (given !== "error" || this.error === undefined);
    if (given === "interrupted") return [end("truncated")];
    return this.finished ? [finish(REASONS[given] ?? "other", { raw })] : [];
  }

  finish({ response, usage: counts, finishReason, rawFinishReason: raw }) {
    const input = counts?.inputTokenDetails ?? {};
    const output = counts?.outputTokenDetails ?? {};
    return [
      start({ id: response?.id, model: response?.modelId }),
      usage({
        input_tokens: counts?.inputTokens,
        output_tokens: counts?.outputTokens,
        reasoning_tokens: output.reasoningTokens,
        cache_read_tokens: input.cacheReadTokens,
        cache_write_tokens: input.cacheWriteTokens,
      }),
      ...this.reason(finishReason, raw ?? finishReason),
    ];
  }
}
