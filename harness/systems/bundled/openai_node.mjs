/** OpenAI's Node SDK, the newest major that runs on Node 20. See `_openai.mjs`. */

import OpenAI from "openai";
import { serveOpenAI } from "./_openai.mjs";

serveOpenAI(OpenAI, { name: "openai-node", distribution: "openai" });
