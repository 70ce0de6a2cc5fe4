// Between the contract's text and the author's values: what a call of the host comes down to.
// It is the same under Node and in a component, so a test runs exactly what the host will run.
import { Accepted, Refused } from "./decision.js";
import { Ids } from "./ids.js";
import { manifest } from "./manifest.js";

/** The exports of the contract's world `process`. */
export function hosted(process) {
  const says = manifest(process.manifest);
  const schemas = new Map(says.records.map(({ kind, schema }) => [kind, schema]));
  const takes = new Set([...says.starts, ...says.handles]);

  class Process {
    #state;

    static restore(snapshot) {
      const restored = new Process();
      restored.#state = guarded("unreadable-snapshot", () => (snapshot == null ? process.initial() : restoredState(process, snapshot)));
      return restored;
    }

    evolve(events) {
      for (const recorded of events) {
        const event = guarded("broken-history", () => ownEvent(recorded));
        // A state that is changed in place need not be returned.
        this.#state = guarded("broken-evolve", () => process.evolve(this.#state, event)) ?? this.#state;
      }
    }

    decide(ctx, trigger) {
      const offered = guarded("broken-history", () => readTrigger(takes, trigger));
      if (offered instanceof Refused) return { tag: offered.tag, val: offered.val };
      const decision = guarded("broken-decide", () => process.decide(this.#state, context(ctx), offered));
      return guarded("unwritable-decision", () => written(schemas, decision));
    }

    look() {
      const { phase, step = null, outcome, tags = {} } = process.look(this.#state);
      return {
        phase,
        step,
        outcome: outcome == null ? null : JSON.stringify(outcome),
        tags: Object.entries(tags).map(([name, value]) => ({ name, value: String(value) })),
      };
    }

    snapshot() {
      const kept = process.snapshot === undefined ? this.#state : process.snapshot(this.#state);
      return kept == null ? null : JSON.stringify(kept);
    }
  }

  return { definition: { describe: () => says }, decider: { Process } };
}

function restoredState(process, snapshot) {
  const kept = JSON.parse(snapshot);
  return process.restore === undefined ? kept : process.restore(kept);
}

/** The host hands the seed over in two halves (see `build/halves.mjs`). */
function context({ processId, category, version, now, seed: [low, high] }) {
  const ids = new Ids(low, high);
  return { processId, category, version, now, newId: () => ids.hex32(), random: () => ids.fraction() };
}

function ownEvent({ version, time, decidedBy, event }) {
  let data;
  try {
    data = JSON.parse(event.data);
  } catch (error) {
    throw new Error(`event ${version} (${event.kind}) cannot be read: ${error.message}`);
  }
  return { kind: event.kind, schema: event.schema, data, version, time, decidedBy };
}

function readTrigger(takes, { tag, val }) {
  switch (tag) {
    case "start":
    case "message":
      return readMessage(takes, tag, val);
    case "recorded":
      return { type: tag, ...ownEvent(val) };
    case "timer":
    case "undelivered":
      return { type: tag, ...val, data: JSON.parse(val.data) };
    case "cancel":
      return { type: tag, reason: val };
    default:
      return { type: tag, from: val };
  }
}

function readMessage(takes, type, { id, kind, source, time, data }) {
  const refused = (code, message) => new Refused("reject", { reason: "invalid", code, message });
  if (!takes.has(kind)) return refused("unknown-kind", `\`${kind}\` is not a message that this definition takes`);
  try {
    return { type, id, kind, source, time, data: JSON.parse(data) };
  } catch (error) {
    return refused("invalid-data", error.message);
  }
}

function written(schemas, decision) {
  if (decision instanceof Refused) return { tag: decision.tag, val: decision.val };
  if (!(decision instanceof Accepted)) throw new Error("decide must answer with accept, ignore, reject, invalid or defer");
  const events = decision.events.map(({ kind, data }) => {
    if (!schemas.has(kind)) throw new Error(`the manifest does not list the event \`${kind}\``);
    return { kind, schema: schemas.get(kind), data: text(data, kind) };
  });
  return { tag: "accept", val: { events, effects: decision.effects.map(effect) } };
}

function effect({ tag, val }) {
  if (tag === "clear-timer") return { tag, val };
  if (tag === "send") return { tag, val: { ...val, expiresAfter: val.expiresAfter && whole(val.expiresAfter, val.kind), data: text(val.data, val.kind) } };
  return { tag, val: { name: val.name, at: whole(val.at, val.name), data: text(val.data, val.name) } };
}

function text(value, what) {
  const written = JSON.stringify(value);
  if (written === undefined) throw new Error(`the data of \`${what}\` cannot be said in JSON`);
  return written;
}

function whole(value, what) {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`a time of \`${what}\` is no whole number of milliseconds: ${value}`);
  return value;
}

/** A fault of the contract instead of a trap: the host then knows what was thrown, and where. */
function guarded(code, run) {
  try {
    return run();
  } catch (error) {
    throw { code, message: error instanceof Error ? `${error.name}: ${error.message}${place(error)}` : String(error) };
  }
}

function place(error) {
  const line = error.stack?.split("\n").map((each) => each.trim()).find((each) => each.startsWith("at "));
  return line === undefined ? "" : ` (${line})`;
}
