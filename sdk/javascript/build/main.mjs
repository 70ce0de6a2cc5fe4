#!/usr/bin/env node
// From a JavaScript or TypeScript file to a component: bundled, run once to its first line of work, and frozen with QuickJS inside.
// What the component exports is checked by the host, not here.
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { componentize } from "componentize-qjs";
import { build } from "esbuild";
import { inHalves, whole } from "./halves.mjs";

const USAGE = "usage: procession-componentize-js PROCESS.js|.ts OUT.wasm [--wit FILE]";

async function main(args) {
  const at = args.indexOf("--wit");
  const witFile = at === -1 ? beside("process.wit") : args.splice(at, 2)[1];
  if (args.length !== 2 || witFile === undefined) {
    console.error(USAGE);
    return 2;
  }
  const [entry, out] = args;
  const component = await component_(resolve(entry), await readFile(witFile, "utf8"));
  // A host may be watching the folder, so the component appears whole or not at all.
  const partial = join(dirname(resolve(out)), `.${process.pid}.partial`);
  await writeFile(partial, component);
  await rename(partial, out);
  console.log(`${out} ${Math.ceil(component.length / 1024)} KiB`);
  return 0;
}

/** The SDK may lie in the repository or, copied, in a project of its own: there the contract lies beside it. */
function beside(name) {
  return join(dirname(fileURLToPath(import.meta.url)), "../wit", name);
}

async function component_(entry, wit) {
  const folder = await mkdtemp(join(tmpdir(), "procession-js-"));
  try {
    const bundled = await build({
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      platform: "neutral",
      target: "es2022",
      write: false,
      logLevel: "error",
    });
    const witPath = join(folder, "process.wit");
    await writeFile(witPath, inHalves(wit));
    const { component } = await componentize({
      witPath,
      jsSource: bundled.outputFiles[0].text,
      world: "process",
      // Nothing of WASI is left: the host offers nothing but the contract. What is called all the same is a trap.
      stubWasi: true,
      sync: true,
    });
    return whole(component);
  } finally {
    await rm(folder, { recursive: true });
  }
}

process.exitCode = await main(process.argv.slice(2)).catch((error) => {
  console.error(`procession-componentize-js: ${error.message}`);
  return 1;
});
