/**
 * The `ai` package as a chat front end: `ai_sdk.mjs <package> <base URL> <count> [<messages>]` posts a chat to
 * `<base URL>/<n>` for each n below count (with messages: to the gateway's own path), reads the answer with the package's
 * own transport and schema, and prints for each the message that its reader makes of it, or what it threw: one JSON line.
 */

const [, , name, base, count, chat] = process.argv;
const { DefaultChatTransport, readUIMessageStream } = await import(name);
const said = [{ id: "m1", role: "user", parts: [{ type: "text", text: "Hi" }] }];

async function read(api) {
  const shown = { message: null, errors: [], aborted: false, data: [] };
  try {
    const stream = await new DefaultChatTransport({ api }).sendMessages({
      trigger: "submit-message",
      chatId: "chat-1",
      messageId: undefined,
      messages: chat ? JSON.parse(chat) : said,
      abortSignal: undefined,
    });
    const seen = stream.pipeThrough(
      new TransformStream({
        transform(chunk, controller) {
          if (chunk.type === "abort") shown.aborted = true;
          if (chunk.transient) shown.data.push(chunk.type);
          controller.enqueue(chunk);
        },
      }),
    );
    const onError = (error) => shown.errors.push(String(error?.message ?? error));
    for await (const message of readUIMessageStream({ stream: seen, onError })) shown.message = message;
  } catch (error) {
    shown.errors.push(`${error?.name}: ${error?.message}`);
  }
  return shown;
}

for (let n = 0; n < Number(count); n++) console.log(JSON.stringify(await read(chat ? `${base}/v1/ui/chat` : `${base}/${n}`)));
