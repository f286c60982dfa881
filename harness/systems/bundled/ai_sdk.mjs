/** Vercel's AI SDK, the newest major that runs on Node 20, with its providers. See `_ai_sdk.mjs`. */

import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { RetryError, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { serveAI } from "./_ai_sdk.mjs";

const providers = { createAnthropic, createGoogleGenerativeAI, createOpenAI, createOpenAICompatible };
const given = {
  isStepCount: stepCountIs,
  instructions: (system) => ({ system }),
  timeout: (most) => ({ chunkMs: most }),  // the others that it has cap the whole answer, however lively it is
};

const packages = { RetryError, jsonSchema, streamText, tool, ...providers, ...given };

serveAI(packages, { name: "ai-sdk", distribution: "ai" });
