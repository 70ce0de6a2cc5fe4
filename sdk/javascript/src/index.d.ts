/**
 * Write a Procession process in JavaScript or TypeScript.
 *
 * Times are milliseconds since 1970, spans of time are milliseconds; both are numbers.
 */

/** Kinds with the shape of their data: `{ OrderPlaced: { item: string } }`. */
export type Kinds = Record<string, unknown>;

/** One of the kinds, with its data. */
export type OneOf<K extends Kinds> = { [Kind in keyof K & string]: { kind: Kind; data: K[Kind] } }[keyof K & string];

/** What a definition says of itself. */
export interface Manifest<Event extends Kinds = Kinds, Message extends Kinds = Kinds, Command extends Kinds = Kinds> {
  /** Name and version, such as `order-1.0`. */
  category: string;
  /** Suffix of the stream: `Order` gives `{process-id}-Order`. */
  stream: string;
  /** Kinds of messages that begin a process. */
  starts: readonly (keyof Message & string)[];
  /** Kinds of messages that it takes once it has begun. */
  handles?: readonly (keyof Message & string)[];
  /** Kinds of its own events that are offered to `decide` again in the same commit. */
  reactsTo?: readonly (keyof Event & string)[];
  /** Kinds of events that it records: a list where every schema is 1, or each kind with its schema. */
  records: readonly (keyof Event & string)[] | Partial<Record<keyof Event & string, number>>;
  /** Kinds of commands that it sends. */
  sends?: readonly (keyof Command & string)[];
  /** Version of the state's shape; raise it whenever the shape changes. 1 by default. */
  stateFormat?: number;
  /** Categories whose running processes it can carry on. */
  takesOver?: readonly string[];
  /** How its processes share instances. `per-process` by default. */
  sharing?: "per-process" | "shared" | "fresh";
  /** What it wishes for; the operator's limits are never exceeded. */
  limits?: { memoryBytes?: number; fuelPerCall?: number };
}

/** What a decision may depend on besides the state and the trigger; all of it is recorded. */
export interface Context {
  readonly processId: string;
  readonly category: string;
  /** Version of the last event that the state contains; 0 before the first. */
  readonly version: number;
  /** The time of this decision, in milliseconds since 1970. */
  readonly now: number;
  /** A new id of 32 hex digits, drawn from the recorded seed: different each time, and the same when the decision is repeated. */
  newId(): string;
  /** A number from 0 to below 1, drawn from the recorded seed. */
  random(): number;
}

/** A message, with what is known about its way. */
export type Incoming<Message extends Kinds> = OneOf<Message> & { readonly id: string; readonly source: string | null; readonly time: number };

/** An event that stands in the stream. */
export type Recorded<Event extends Kinds> = OneOf<Event> & {
  readonly schema: number;
  readonly version: number;
  readonly time: number;
  readonly decidedBy: string;
};

/** Why `decide` is called. */
export type Trigger<Event extends Kinds, Message extends Kinds> =
  | ({ readonly type: "start" } & Incoming<Message>)
  | ({ readonly type: "message" } & Incoming<Message>)
  | ({ readonly type: "recorded" } & Recorded<Event>)
  | { readonly type: "timer"; readonly name: string; readonly due: number; readonly data: any }
  | { readonly type: "undelivered"; readonly id: string; readonly kind: string; readonly reason: string; readonly data: any }
  | { readonly type: "cancel"; readonly reason: string }
  | { readonly type: "migrated"; readonly from: string };

/** What `decide` answers; what is added to an answer that is not accepted changes nothing. */
export interface Decision<Event extends Kinds = any, Command extends Kinds = any> {
  /** Records one more event. */
  and<Kind extends keyof Event & string>(kind: Kind, data?: Event[Kind]): this;
  /** Sends a command: to its own process, or to another one; `expiresAfter` says how many milliseconds an answer may take. */
  send<Kind extends keyof Command & string>(kind: Kind, data?: Command[Kind], how?: { to?: string; expiresAfter?: number }): this;
  /** Sets a timer, or moves the one of this name; `data` comes back when it fires. */
  setTimer(name: string, at: number, data?: unknown): this;
  /** Clears a timer; clearing one that is not set does nothing. */
  clearTimer(name: string): this;
  /** Lifts the deadline of the oldest command of this kind. */
  answered(kind: keyof Command & string): this;
}

/** Records an event. */
export function accept(kind: string, data?: unknown): Decision;
/** Passes over a duplicate or a late message. */
export function ignore(why: string): Decision;
/** Turns down a message that is right, but not in the present state. */
export function reject(code: string, message: string): Decision;
/** Turns down a message that is wrong in itself and will never be taken. */
export function invalid(code: string, message: string): Decision;
/** Puts a message off until after the next event of this stream. */
export function defer(why: string): Decision;

/** What a query sees. */
export interface View {
  phase: "running" | "compensating" | "completed" | "failed" | "cancelled";
  step?: string;
  /** What the process has brought about so far; anything that JSON can say. */
  outcome?: unknown;
  /** Searchable names and values. */
  tags?: Record<string, string | number | boolean>;
}

/** A process: two pure functions over a stream of events, and how its state looks from outside. */
export interface Process<State, Event extends Kinds, Message extends Kinds, Command extends Kinds> {
  manifest: Manifest<Event, Message, Command>;
  /** The state before the first event. */
  initial(): State;
  /** Takes a recorded event in: returns the new state, or changes the one that it is given. Must not decide anything. */
  evolve(state: State, event: Recorded<Event>): State | void;
  /** Answers a trigger from its arguments alone; must not change the state. */
  decide(state: Readonly<State>, ctx: Context, trigger: Trigger<Event, Message>): Decision;
  /** What a query sees of a state. */
  look(state: Readonly<State>): View;
  /** What is kept of a state, as anything that JSON can say; by default the state itself, `null` for nothing. */
  snapshot?(state: Readonly<State>): unknown;
  /** The state that a snapshot holds; by default the snapshot itself. */
  restore?(kept: any): State;
}

/** The exports of a component; they are for the host, and for tests that play the host. */
export interface Exports {
  definition: { describe(): unknown };
  decider: { Process: { restore(snapshot: string | null): any } };
}

/** Makes of a process what a component exports: `export const { definition, decider } = defineProcess({ … })`. */
export function defineProcess<State, Event extends Kinds, Message extends Kinds, Command extends Kinds = {}>(
  process: Process<State, Event, Message, Command>,
): Exports;
