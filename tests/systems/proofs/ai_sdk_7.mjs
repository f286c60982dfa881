import { createAnthropic } from "@ai-sdk/anthropic-4";
import { createGoogleGenerativeAI } from "@ai-sdk/google-4";
import { createOpenAI } from "@ai-sdk/openai-4";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible-3";
import { streamText } from "ai-7";
import { show } from "./_ai_sdk.mjs";

await show({ streamText, createAnthropic, createGoogleGenerativeAI, createOpenAI, createOpenAICompatible });
