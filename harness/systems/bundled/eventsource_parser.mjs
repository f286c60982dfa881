/**
 * The parser eventsource-parser: its stream variant behind fetch, as its README shows; each event's data is JSON.
 *
 * It knows frames and no answers. Its caller is who knows that an answer without a stop reason was cut off.
 */

import { EventSourceParserStream } from "eventsource-parser/stream";
import { Failed, end, serve } from "harness-kit";
import * as chat from "harness-kit/chat";
import * as messages from "harness-kit/messages";
import * as responses from "harness-kit/responses";

const VENDORS = {
  "openai-chat": [chat, "/v1/chat/completions"],
  "openai-responses": [responses, "/v1/responses"],
  "anthropic-messages": [messages, "/v1/messages"],
};

async function* run({ dialect, base_url: base, api_key: key, request, signal }) {
  const [vendor, path] = VENDORS[dialect];
  const anthropic = { "x-api-key": key, "anthropic-version": "2023-06-01" };
  const keys = vendor === messages ? anthropic : { authorization: `Bearer ${key}` };
  const response = await fetch(base + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...keys },
    body: JSON.stringify(vendor.parameters(request)),
    signal,
  });
  if (!response.ok) throw new Failed(response.status === 401 ? "auth" : "unknown", await response.text(), response);
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = new vendor.Reader();
  let finished = false;
  for await (const { data } of events) {
    if (data === "[DONE]") break;
    for (const event of data ? reader.read(parsed(data)) : []) {
      finished ||= event.type === "finish";
      yield event;
    }
  }
  yield end(finished ? "completed" : "truncated");
}

function parsed(data) {
  let value;
  try {
    value = JSON.parse(data);
  } catch (error) {
    throw new Failed("protocol", `the data of an event is no JSON: ${error.message}`);
  }
  if (value?.error) throw new Failed("unknown", String(value.error.message ?? value.error));
  return value;
}

serve({
  name: "eventsource-parser",
  distribution: "eventsource-parser",
  kind: "parser",
  dialects: Object.keys(VENDORS),
  run,
});
