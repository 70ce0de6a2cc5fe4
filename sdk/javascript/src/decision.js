// What `decide` answers, built so that a table of decisions reads aloud.
// No text of the contract is written here; `hosted.js` does that.

/** Events to record, and what is to happen because of them. */
export class Accepted {
  events = [];
  effects = [];

  constructor(kind, data) {
    this.and(kind, data);
  }

  and(kind, data = {}) {
    this.events.push({ kind, data });
    return this;
  }

  send(kind, data = {}, { to = null, expiresAfter = null } = {}) {
    this.effects.push({ tag: "send", val: { kind, data, processId: to, expiresAfter } });
    return this;
  }

  setTimer(name, at, data = null) {
    this.effects.push({ tag: "set-timer", val: { name, at, data } });
    return this;
  }

  clearTimer(name) {
    this.effects.push({ tag: "clear-timer", val: name });
    return this;
  }

  answered(kind) {
    return this.clearTimer(`undelivered:${kind}`);
  }
}

/** An answer that records nothing: its `tag` and `val` are those of the contract. */
export class Refused {
  constructor(tag, val) {
    this.tag = tag;
    this.val = val;
  }

  // What is not accepted has no effects; the same chain may follow any answer.
  and() { return this; }
  send() { return this; }
  setTimer() { return this; }
  clearTimer() { return this; }
  answered() { return this; }
}

export const accept = (kind, data) => new Accepted(kind, data);
export const ignore = (why) => new Refused("ignore", why);
export const defer = (why) => new Refused("defer", why);
export const reject = (code, message) => new Refused("reject", { reason: "not-applicable", code, message });
export const invalid = (code, message) => new Refused("reject", { reason: "invalid", code, message });
