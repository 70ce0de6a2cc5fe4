// Numbers and ids from the seed of a decision: the same sequence as in every other SDK (`sdk/ids.json` has samples).
// Nothing random lives here: the same seed draws the same again, which is what makes a decision repeatable.

const BITS_64 = (1n << 64n) - 1n;

/** Draws from a seed that comes in two halves, because a number of this language holds only 53 bits. */
export class Ids {
  #state;

  constructor(low, high) {
    this.#state = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }

  /** The next 64 bits. SplitMix64: a bijection of a counter, so no number comes twice before all have come once. */
  #bits() {
    this.#state = (this.#state + 0x9e3779b97f4a7c15n) & BITS_64;
    let z = this.#state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & BITS_64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & BITS_64;
    return z ^ (z >> 31n);
  }

  /** The next id: 32 hex digits. */
  hex32() {
    const first = this.#bits();
    return first.toString(16).padStart(16, "0") + this.#bits().toString(16).padStart(16, "0");
  }

  /** The next number from 0 to below 1: the upper 53 of the next 64 bits. */
  fraction() {
    return Number(this.#bits() >> 11n) / 2 ** 53;
  }
}
