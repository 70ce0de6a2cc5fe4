// A small process from the outside: what the host gets to see of what an author writes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accept, defer, defineProcess, ignore, invalid, reject } from "../src/index.js";

const door = {
  manifest: { category: "door-1.0", stream: "Door", starts: ["Open"], handles: ["Close", "Answer"], records: { Opened: 2, Closed: 1 }, sends: ["Ring"] },
  initial: () => ({ open: false }),
  evolve: (state, event) => void (state.open = event.kind === "Opened"),
  decide: (state, ctx, trigger) => trigger.data.answer(state, ctx, trigger),
  look: (state) => ({ phase: state.open ? "running" : "completed", tags: { open: state.open } }),
};
const { definition, decider } = defineProcess(door);
const context = { processId: "front", category: "door-1.0", version: 0, now: 1_000, seed: [7, 0] };

function restored(snapshot = null) {
  return decider.Process.restore(snapshot);
}

/** What the host gets for an answer. */
function answered(answer) {
  const { decider } = defineProcess({ ...door, decide: (...all) => answer(...all) });
  return decider.Process.restore(null).decide(context, { tag: "start", val: { id: "m", kind: "Open", source: null, time: 5, data: '{"by":"Ada"}' } });
}

const event = (kind, data, version = 1) => ({ version, time: 9, decidedBy: "door-0.9", event: { kind, schema: 1, data } });

test("the manifest is filled in", () => {
  const says = definition.describe();
  assert.deepEqual(says.records, [{ kind: "Opened", schema: 2 }, { kind: "Closed", schema: 1 }]);
  assert.equal(says.streamSuffix, "Door");
  assert.equal(says.sharing, "per-process");
  assert.deepEqual(says.limits, { memoryBytes: null, fuelPerCall: null });
});

test("a manifest with a name that is not known, or without one that is needed, is refused", () => {
  const changed = (manifest) => () => defineProcess({ ...door, manifest });
  assert.throws(changed({ ...door.manifest, handels: [] }), /`handels` is not known/);
  assert.throws(changed({ category: "door-1.0" }), /`stream` is missing/);
  assert.throws(() => defineProcess({ ...door, look: undefined }), /`look` is missing/);
});

test("a decision keeps the order in which it was told", () => {
  const told = answered((_, ctx) =>
    accept("Opened", { at: ctx.now }).and("Closed").send("Ring", { loud: true }, { to: "bell", expiresAfter: 5 }).setTimer("shut", ctx.now + 1).clearTimer("old").answered("Ring"));
  assert.deepEqual(told, {
    tag: "accept",
    val: {
      events: [{ kind: "Opened", schema: 2, data: '{"at":1000}' }, { kind: "Closed", schema: 1, data: "{}" }],
      effects: [
        { tag: "send", val: { kind: "Ring", data: '{"loud":true}', processId: "bell", expiresAfter: 5 } },
        { tag: "set-timer", val: { name: "shut", at: 1001, data: "null" } },
        { tag: "clear-timer", val: "old" },
        { tag: "clear-timer", val: "undelivered:Ring" },
      ],
    },
  });
});

test("what is not accepted has no effects", () => {
  assert.deepEqual(answered(() => ignore("late").send("Ring").setTimer("t", 1)), { tag: "ignore", val: "late" });
  assert.deepEqual(answered(() => defer("early")), { tag: "defer", val: "early" });
  assert.deepEqual(answered(() => reject("no", "why")), { tag: "reject", val: { reason: "not-applicable", code: "no", message: "why" } });
  assert.deepEqual(answered(() => invalid("no", "why")), { tag: "reject", val: { reason: "invalid", code: "no", message: "why" } });
});

test("a message that cannot be read is rejected before the author sees it", () => {
  const offer = (kind, data) => restored().decide(context, { tag: "message", val: { id: "m", kind, source: null, time: 5, data } });
  assert.equal(offer("Paint", "{}").val.code, "unknown-kind");
  assert.equal(offer("Close", "{").val.code, "invalid-data");
});

test("what goes wrong is a fault that says what and where", () => {
  const fault = (code, message) => (thrown) => thrown.code === code && message.test(thrown.message);
  assert.throws(() => answered(() => { throw new Error("ouch"); }), fault("broken-decide", /Error: ouch \(at /));
  assert.throws(() => answered(() => undefined), fault("unwritable-decision", /must answer with accept/));
  assert.throws(() => answered(() => accept("Painted")), fault("unwritable-decision", /does not list the event `Painted`/));
  assert.throws(() => answered(() => accept("Opened", () => 1)), fault("unwritable-decision", /cannot be said in JSON/));
  assert.throws(() => answered(() => accept("Opened").setTimer("shut", 1.5)), fault("unwritable-decision", /no whole number of milliseconds/));
  assert.throws(() => restored().evolve([event("Opened", "{", 3)]), fault("broken-history", /event 3 \(Opened\)/));
  assert.throws(() => restored("{"), fault("unreadable-snapshot", /JSON/));
});

test("a state is folded, kept and restored", () => {
  const one = restored();
  one.evolve([event("Opened", "{}"), event("Closed", "{}", 2), event("Opened", "{}", 3)]);
  assert.equal(one.snapshot(), '{"open":true}');
  assert.deepEqual(restored(one.snapshot()).look(), { phase: "running", step: null, outcome: null, tags: [{ name: "open", value: "true" }] });
});

test("ids come from the seed, each once, and the same again", () => {
  const drawn = () => answered((_, ctx) => accept("Opened", [ctx.newId(), ctx.newId()])).val.events[0].data;
  const [first, second] = JSON.parse(drawn());
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(first, second);
  assert.equal(drawn(), drawn());
});
