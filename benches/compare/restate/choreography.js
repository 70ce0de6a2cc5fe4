// The shipment as Procession runs it: every hop is an invocation of its own that records and sends on, 18 for a shipment.

import * as restate from "@restatedev/restate-sdk";
import { carrier, collection, process, record, shipment, startOf } from "./shipment.js";

const last = (stream) => stream.at(-1);

/** The services; `ended` is told of each shipment that has come to its end. */
export function services(ended) {
  const to = {
    process: (ctx) => ctx.objectSendClient({ name: "Process" }, ctx.key),
    shipment: (ctx) => ctx.objectSendClient({ name: "Shipment" }, ctx.key),
    collection: (ctx) => ctx.objectSendClient({ name: "Collection" }, ctx.key),
    carrier: (ctx) => ctx.serviceSendClient({ name: "Carrier" }),
  };

  const classifier = restate.service({
    name: "Classifier",
    handlers: {
      start: async (ctx, id) => {
        const start = await ctx.run("classify", () => startOf(id));
        ctx.objectSendClient({ name: "Process" }, id).start(start);
      },
    },
  });

  const processes = restate.object({
    name: "Process",
    handlers: {
      start: async (ctx, start) => {
        await record(ctx, process.start(start));
        to.shipment(ctx).create({ legs: start.legs });
        to.shipment(ctx).manifest();
      },
      manifested: async (ctx, answer) => {
        await record(ctx, process.manifested(answer));
        to.shipment(ctx).labels();
      },
      labelled: async (ctx, answer) => {
        await record(ctx, process.labelled(answer));
        to.shipment(ctx).receipt();
      },
      receipted: async (ctx, answer) => {
        await record(ctx, process.receipted(answer));
        to.shipment(ctx).combine();
      },
      combined: async (ctx, answer) => {
        to.collection(ctx).create(process.toCollect(await record(ctx, process.combined(answer))));
      },
      collected: async (ctx, answer) => {
        await record(ctx, process.collected(answer));
        ended(ctx.key);
      },
    },
  });

  const shipments = restate.object({
    name: "Shipment",
    handlers: {
      create: async (ctx, command) => {
        await record(ctx, shipment.create(command));
      },
      manifest: async (ctx) => {
        await record(ctx, shipment.manifest());
        to.carrier(ctx).manifest(ctx.key);
      },
      legManifested: async (ctx, answer) => {
        to.process(ctx).manifested(last(await record(ctx, shipment.legManifested(await ctx.get("stream"), answer))));
      },
      labels: async (ctx) => to.process(ctx).labelled(last(await record(ctx, shipment.labels(ctx.key)))),
      receipt: async (ctx) => to.process(ctx).receipted(last(await record(ctx, shipment.receipt(ctx.key)))),
      combine: async (ctx) => to.process(ctx).combined(last(await record(ctx, shipment.combine(ctx.key)))),
    },
  });

  const collections = restate.object({
    name: "Collection",
    handlers: {
      create: async (ctx, command) => {
        await record(ctx, collection.create(command));
        to.collection(ctx).book();
      },
      book: async (ctx) => {
        await record(ctx, collection.book());
        to.carrier(ctx).book(ctx.key);
      },
      booked: async (ctx, answer) => to.process(ctx).collected(last(await record(ctx, collection.booked(answer)))),
    },
  });

  const carriers = restate.service({
    name: "Carrier",
    handlers: {
      manifest: async (ctx, id) => {
        const answer = await ctx.run("manifest", carrier.manifest);
        ctx.objectSendClient({ name: "Shipment" }, id).legManifested(answer);
      },
      book: async (ctx, id) => {
        const answer = await ctx.run("book", carrier.book);
        ctx.objectSendClient({ name: "Collection" }, id).booked(answer);
      },
    },
  });

  return [classifier, processes, shipments, collections, carriers];
}

/** Where a shipment is triggered, and with what. */
export const trigger = (id) => ({ path: "/Classifier/start/send", body: id, endsWithAnswer: false });
