// The sequence of a seed is the same in every SDK.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ids } from "../src/ids.js";

const { samples } = JSON.parse(readFileSync(new URL("../../ids.json", import.meta.url), "utf8"));

const from = (seed) => {
  const bits = BigInt(seed);
  return new Ids(Number(bits & 0xffffffffn), Number(bits >> 32n));
};

test("every sample draws what the other languages draw", () => {
  assert.ok(samples.length >= 10);
  for (const { seed, ids, fractions } of samples) {
    const drawn = from(seed);
    assert.deepEqual(ids.map(() => drawn.hex32()), ids, seed);
    const numbers = from(seed);
    assert.deepEqual(fractions.map(() => numbers.fraction()), fractions, seed);
  }
});
