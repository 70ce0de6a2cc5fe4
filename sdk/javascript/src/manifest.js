// What a definition says of itself, with everything that need not be said filled in.
// A name that does not exist in the contract is refused while the module is loaded, which is while it is built.

const KNOWN = [
  "category", "stream", "starts", "handles", "reactsTo", "records", "sends", "stateFormat", "takesOver", "sharing", "limits",
];

/** The manifest of the contract. `records` is a list of kinds, or an object that gives each kind its schema. */
export function manifest(said) {
  for (const name of Object.keys(said)) {
    if (!KNOWN.includes(name)) throw new TypeError(`manifest: \`${name}\` is not known; known are ${KNOWN.join(", ")}`);
  }
  for (const name of ["category", "stream", "starts", "records"]) {
    if (said[name] === undefined) throw new TypeError(`manifest: \`${name}\` is missing`);
  }
  const { memoryBytes = null, fuelPerCall = null } = said.limits ?? {};
  return {
    category: said.category,
    streamSuffix: said.stream,
    starts: [...said.starts],
    handles: [...(said.handles ?? [])],
    reactsTo: [...(said.reactsTo ?? [])],
    records: schemas(said.records),
    sends: [...(said.sends ?? [])],
    stateFormat: said.stateFormat ?? 1,
    takesOver: [...(said.takesOver ?? [])],
    sharing: said.sharing ?? "per-process",
    limits: { memoryBytes, fuelPerCall },
  };
}

function schemas(records) {
  if (Array.isArray(records)) return records.map((kind) => ({ kind, schema: 1 }));
  return Object.entries(records).map(([kind, schema]) => ({ kind, schema }));
}
