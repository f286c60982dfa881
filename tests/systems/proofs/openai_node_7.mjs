import OpenAI from "openai-7";
import { show } from "./_openai.mjs";

await show(OpenAI);
