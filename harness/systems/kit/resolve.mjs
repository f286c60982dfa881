/**
 * Where an adapter's imports are found, though it lies nowhere near them: "harness-kit" and its modules are the files
 * beside this one, and bare names come from HARNESS_NODE_ENVIRONMENT, the folder that its packages were installed in.
 * Loaded by `node --import`, ahead of the adapter.
 */

import { existsSync } from "node:fs";
import * as modules from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const KIT = path.dirname(fileURLToPath(import.meta.url));
const environment = process.env.HARNESS_NODE_ENVIRONMENT;
const home = environment ? pathToFileURL(path.join(environment, "package.json")).href : undefined;

/** A resolve hook, for both kinds of hooks that Node has: it returns what the next one does, promise or not. */
export function resolve(specifier, context, next) {
  const kit = /^harness-kit(?:\/(\w+))?$/.exec(specifier);
  if (kit) {
    const file = path.join(KIT, kit[1] ? `harness_kit_${kit[1]}.mjs` : "harness_kit.mjs");
    if (existsSync(file)) return { url: pathToFileURL(file).href, format: "module", shortCircuit: true };
  }
  const bare = !/^(?:[./#]|[a-z][a-z\d+.-]*:)/i.test(specifier) && !modules.isBuiltin(specifier);
  if (!bare || !home || context.parentURL?.includes("/node_modules/")) return next(specifier, context);
  return next(specifier, { ...context, parentURL: home });
}

/** Hooks of the older kind run in a thread of their own, which loads this file a second time. */
const { isMainThread } = await import("node:worker_threads");
if (modules.registerHooks) modules.registerHooks({ resolve });
else if (isMainThread) modules.register(import.meta.url);
