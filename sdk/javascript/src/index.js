// Write a Procession process in JavaScript or TypeScript; `index.d.ts` describes what is here.
// What you do not write: JSON text, 64-bit integers, exports of the contract, clocks or random numbers.
import { closeWhatIsNotPure } from "./pure.js";
import { hosted } from "./hosted.js";

if (globalThis.process?.versions?.node === undefined) closeWhatIsNotPure();

export { accept, defer, ignore, invalid, reject } from "./decision.js";

/** Makes of a process what a component exports: `export const { definition, decider } = defineProcess({ … })`. */
export function defineProcess(process) {
  for (const name of ["manifest", "initial", "evolve", "decide", "look"]) {
    if (process[name] === undefined) throw new TypeError(`defineProcess: \`${name}\` is missing`);
  }
  return hosted(process);
}
