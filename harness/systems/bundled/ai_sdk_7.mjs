// node: >=22
/** Vercel's AI SDK, the major that needs Node 22, with its providers. See `_ai_sdk.mjs`. */

import { createAnthropic } from "@ai-sdk/anthropic-4";
import { createGoogleGenerativeAI } from "@ai-sdk/google-4";
import { createOpenAI } from "@ai-sdk/openai-4";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible-3";
import { RetryError, isStepCount, jsonSchema, streamText, tool } from "ai-7";
import { serveAI } from "./_ai_sdk.mjs";

const providers = { createAnthropic, createGoogleGenerativeAI, createOpenAI, createOpenAICompatible };
const given = {
  isStepCount,
  instructions: (instructions) => ({ instructions }),
  timeout: (most) => ({ firstChunkMs: most, chunkMs: most }),
};

const packages = { RetryError, jsonSchema, streamText, tool, ...providers, ...given };

serveAI(packages, { name: "ai-sdk-7", distribution: "ai-7" });
