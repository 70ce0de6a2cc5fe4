// Closes what would make a decision depend on anything but its arguments.
// Loaded before the author's module, so that even a call while the module is loaded is found.

function closed(what, instead) {
  return () => {
    throw new Error(`${what} is not available in a process: use ${instead}, which is recorded and comes out the same again`);
  };
}

/** Only inside a component: tests run under Node, where the test runner needs its clock. */
export function closeWhatIsNotPure(world = globalThis) {
  world.Math.random = closed("Math.random", "ctx.random() or ctx.newId()");
  const now = closed("the clock", "ctx.now");
  const Original = world.Date;
  class Date extends Original {
    constructor(...args) {
      if (args.length === 0) now();
      super(...args);
    }
    static now() { now(); }
  }
  world.Date = new Proxy(Date, { apply: now });
  for (const name of ["setTimeout", "setInterval"]) world[name] = closed(name, "accept(…).setTimer()");
  for (const name of ["performance", "crypto"]) delete world[name];
}
