import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import { show } from "./_ai_sdk.mjs";

await show({ streamText, createAnthropic, createGoogleGenerativeAI, createOpenAI, createOpenAICompatible });
