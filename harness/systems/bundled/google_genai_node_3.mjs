// node: >=22
/** Google's Gen AI SDK for Node, the major that needs Node 22. See `_google_genai.mjs`. */

import { ApiError, GoogleGenAI } from "@google/genai-3";
import { serveGoogle } from "./_google_genai.mjs";

serveGoogle({ ApiError, GoogleGenAI }, { name: "google-genai-node-3", distribution: "@google/genai-3" });
