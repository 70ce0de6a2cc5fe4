// The domestic shipment as both styles record and send it: the same 26 events with the same fields as the components write.
// A step is a list of what it records and of what it asks for; who calls whom is the style's.

import { randomBytes } from "node:crypto";

const CATEGORY = "domestic-1.0";
const CARRIER = "c62bee76-3e7a-4ce3-87dd-a5eb11678815";
const reference = () => randomBytes(16).toString("hex");
const document = (id, name) => `https://shipment-documents.net/${id}/${name}`;
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);

/** What a bare trigger stands for. */
export const startOf = (id) => ({
  shipmentId: id,
  legs: [{ carrierId: CARRIER, sender: "GB-sender1", receiver: "GB-receiver1", collection: "GB-collection1" }],
  collectionDate: tomorrow(),
  timeZone: "Europe/London",
});

/** Appends what a step has decided to the stream, and keeps it: the one write of each step. */
export async function record(ctx, events) {
  const stream = (await ctx.get("stream")) ?? [];
  for (const [kind, fields] of events) {
    stream.push({ kind, version: stream.length + 1, shipmentId: ctx.key, processCategory: CATEGORY, ...fields });
  }
  ctx.set("stream", stream);
  return stream;
}

const found = (stream, kind) => stream.find((event) => event.kind === kind);

// ---- The process: 15 events in 6 steps ----
export const process = {
  start: ({ legs, collectionDate, timeZone }) => [
    ["ShipmentProcessStarted", { legs, collectionDate, timeZone }],
    ["ManifestationAndDocumentsStarted"],
    ["ShipmentManifestationStarted"],
  ],
  manifested: ({ manifestedLegs }) => [["ShipmentManifestationCompleted", { manifestedLegs }], ["ShipmentLabelsGenerationStarted"]],
  labelled: ({ documentLocation }) => [["ShipmentLabelsGenerationCompleted", { shipmentLabels: documentLocation }], ["ReceiptGenerationStarted"]],
  receipted: ({ documentLocation }) => [["ReceiptGenerationCompleted", { receipt: documentLocation }], ["CombinedDocumentGenerationStarted"]],
  combined: ({ documentLocation }) => [
    ["CombinedDocumentGenerationCompleted", { combinedDocument: documentLocation }],
    ["ManifestationAndDocumentsCompleted"],
    ["CollectionBookingStarted"],
  ],
  collected: ({ bookingReference }) => [
    ["CollectionBookingCompleted", { bookingReference }],
    ["ShipmentProcessCompletionChecked"],
    ["ShipmentProcessCompleted"],
  ],
  /** The command that the collection is booked with. */
  toCollect: (stream) => {
    const { collectionDate, timeZone } = found(stream, "ShipmentProcessStarted");
    return { collectionLeg: found(stream, "ShipmentManifestationCompleted").manifestedLegs[0], collectionDate, timeZone };
  },
};

// ---- The shipment: 7 events in 6 steps ----
export const shipment = {
  create: ({ legs }) => [["ShipmentInitialized", { legs }]],
  manifest: () => [["ShipmentLegManifestationStarted", { carrierId: CARRIER }]],
  legManifested: (stream, { trackingNumber }) => [
    ["ShipmentLegManifested", { carrierId: CARRIER, trackingNumber }],
    ["ShipmentManifested", { manifestedLegs: [{ leg: found(stream, "ShipmentInitialized").legs[0], trackingNumber }] }],
  ],
  labels: (id) => [["ShipmentLabelsGenerated", { documentLocation: document(id, "labels") }]],
  receipt: (id) => [["ShipmentReceiptGenerated", { documentLocation: document(id, "receipt") }]],
  combine: (id) => [["ShipmentCombinedDocumentGenerated", { documentLocation: document(id, "combined-document") }]],
};

// ---- The collection: 4 events in 3 steps ----
export const collection = {
  create: (command) => [["CollectionBookingInitialized", command], ["CollectionBookingScheduled", { bookAt: new Date().toISOString() }]],
  book: () => [["CollectionBookingWithCarrierStarted"]],
  booked: ({ bookingReference }) => [["CollectionBooked", { bookingReference }]],
};

// ---- The carrier: no stream, no delay ----
export const carrier = {
  manifest: () => ({ trackingNumber: reference() }),
  book: () => ({ bookingReference: reference() }),
};
