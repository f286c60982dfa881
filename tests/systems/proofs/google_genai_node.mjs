import { GoogleGenAI } from "@google/genai";
import { show } from "./_google_genai.mjs";

await show(GoogleGenAI);
