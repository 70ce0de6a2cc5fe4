// Hands the seed to JavaScript without loss: QuickJS takes a 64-bit integer as a number, which holds only 53 of its bits.
// The component is built against a contract where the seed is two 32-bit halves, and told to be of the real contract afterwards:
// both lie in the same eight bytes of memory, so only the types differ, and the host checks those when it loads the module.

const WHOLE = "seed: u64,";
const HALVES = "seed: tuple<u32, u32>,";
const U64 = 0x77;
const SECTION_COMPONENT = 4;
const SECTION_TYPE = 7;
const NAME = Buffer.from("\x04seed");

/** The contract with the seed in two halves. */
export function inHalves(wit) {
  if (wit.split(WHOLE).length !== 2) throw new Error(`the contract must have one \`${WHOLE}\``);
  return wit.replace(WHOLE, HALVES);
}

/** The component with the seed's type as the contract has it. */
export function whole(component) {
  const patched = Buffer.from(component);
  if (typeSections(patched, 8, patched.length) === 0) throw new Error("the component has no seed; was it built against another contract?");
  return patched;
}

/** Looks through the sections between two places; the types may also stand in components inside. */
function typeSections(bytes, from, to) {
  let found = 0;
  for (let at = from; at < to; ) {
    const id = bytes[at];
    const { value: size, next } = leb(bytes, at + 1);
    if (id === SECTION_TYPE) found += seeds(bytes, next, next + size);
    if (id === SECTION_COMPONENT) found += typeSections(bytes, next + 8, next + size);
    at = next + size;
  }
  return found;
}

/** A field is its name and then its type: here an index, which must be small enough to be one byte. */
function seeds(bytes, from, to) {
  let found = 0;
  for (let at = bytes.indexOf(NAME, from); at !== -1 && at < to; at = bytes.indexOf(NAME, at + 1)) {
    const type = at + NAME.length;
    if (bytes[type] >= 0x40) throw new Error("the seed's type is not where it was expected");
    bytes[type] = U64;
    found += 1;
  }
  return found;
}

function leb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    value |= (bytes[at] & 0x7f) << shift;
    if (bytes[at] < 0x80) return { value, next: at + 1 };
  }
}
