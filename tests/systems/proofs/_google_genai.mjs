/** What the proofs of two majors share: the chunks of `generateContentStream`, as its README shows. */

const say = (line) => console.log(JSON.stringify(line));

export async function show(GoogleGenAI) {
  const [base, , attempts = 1, timeout = 60000] = process.argv.slice(2);
  const httpOptions = { baseUrl: base, timeout: Number(timeout) };
  if (Number(attempts) > 1) httpOptions.retryOptions = { attempts: Number(attempts) };
  const sdk = new GoogleGenAI({ apiKey: "k", httpOptions });
  try {
    for await (const chunk of await sdk.models.generateContentStream({ model: "m", contents: "Hi" })) {
      const [candidate] = chunk.candidates ?? [];
      for (const part of candidate?.content?.parts ?? []) if (part.text) say({ text: part.text });
      if (candidate?.finishReason) say({ finish: candidate.finishReason });
    }
    say({ returned: true });
  } catch (error) {
    say({ raised: error.constructor.name, message: error.message });
  }
}
