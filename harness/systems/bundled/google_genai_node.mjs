/** Google's Gen AI SDK for Node, the newest major that runs on Node 20. See `_google_genai.mjs`. */

import { ApiError, GoogleGenAI } from "@google/genai";
import { serveGoogle } from "./_google_genai.mjs";

serveGoogle({ ApiError, GoogleGenAI }, { name: "google-genai-node", distribution: "@google/genai" });
