import { GoogleGenAI } from "@google/genai-3";
import { show } from "./_google_genai.mjs";

await show(GoogleGenAI);
