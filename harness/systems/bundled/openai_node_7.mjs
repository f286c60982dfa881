// node: >=22
/** OpenAI's Node SDK, the major that needs Node 22. See `_openai.mjs`. */

import OpenAI from "openai-7";
import { serveOpenAI } from "./_openai.mjs";

serveOpenAI(OpenAI, { name: "openai-node-7", distribution: "openai-7" });
