// What would make a decision depend on anything but its arguments is closed, and says what to use instead.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeWhatIsNotPure } from "../src/pure.js";

const world = { Math: { random: () => 4 }, Date, performance: {}, crypto: {} };
closeWhatIsNotPure(world);

test("randomness and clocks throw", () => {
  assert.throws(() => world.Math.random(), /use ctx.random\(\)/);
  for (const clock of [() => new world.Date(), () => world.Date(), () => world.Date.now()]) assert.throws(clock, /use ctx.now/);
  assert.throws(() => world.setTimeout(() => {}, 1), /setTimer/);
  assert.equal(world.crypto, undefined);
});

test("a time that is given can be read and written", () => {
  assert.equal(new world.Date(0).toISOString(), "1970-01-01T00:00:00.000Z");
  assert.equal(world.Date.parse("1970-01-01T00:00:01Z"), 1_000);
  assert.ok(new world.Date(0) instanceof world.Date);
});
