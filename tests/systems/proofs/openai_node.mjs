import OpenAI from "openai";
import { show } from "./_openai.mjs";

await show(OpenAI);
