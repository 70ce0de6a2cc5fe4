// The shipment as one would write it for Restate: one handler that awaits 11 calls, each of which records its own step.

import * as restate from "@restatedev/restate-sdk";
import { carrier, collection, process, record, shipment, startOf } from "./shipment.js";

const last = (stream) => stream.at(-1);

export function services() {
  const processes = restate.object({
    name: "Process",
    handlers: {
      run: async (ctx) => {
        const shipments = ctx.objectClient({ name: "Shipment" }, ctx.key);
        const collections = ctx.objectClient({ name: "Collection" }, ctx.key);
        const carriers = ctx.serviceClient({ name: "Carrier" });
        const start = await ctx.run("classify", () => startOf(ctx.key));

        await record(ctx, process.start(start));
        await shipments.create({ legs: start.legs });
        await shipments.manifest();
        const manifested = await shipments.legManifested(await carriers.manifest(ctx.key));
        await record(ctx, process.manifested(manifested));
        await record(ctx, process.labelled(await shipments.labels()));
        await record(ctx, process.receipted(await shipments.receipt()));
        const stream = await record(ctx, process.combined(await shipments.combine()));
        await collections.create(process.toCollect(stream));
        await collections.book();
        const booked = await collections.booked(await carriers.book(ctx.key));
        await record(ctx, process.collected(booked));
      },
    },
  });

  const shipments = restate.object({
    name: "Shipment",
    handlers: {
      create: async (ctx, command) => last(await record(ctx, shipment.create(command))),
      manifest: async (ctx) => last(await record(ctx, shipment.manifest())),
      legManifested: async (ctx, answer) => last(await record(ctx, shipment.legManifested(await ctx.get("stream"), answer))),
      labels: async (ctx) => last(await record(ctx, shipment.labels(ctx.key))),
      receipt: async (ctx) => last(await record(ctx, shipment.receipt(ctx.key))),
      combine: async (ctx) => last(await record(ctx, shipment.combine(ctx.key))),
    },
  });

  const collections = restate.object({
    name: "Collection",
    handlers: {
      create: async (ctx, command) => last(await record(ctx, collection.create(command))),
      book: async (ctx) => last(await record(ctx, collection.book())),
      booked: async (ctx, answer) => last(await record(ctx, collection.booked(answer))),
    },
  });

  const carriers = restate.service({
    name: "Carrier",
    handlers: {
      manifest: (ctx) => ctx.run("manifest", carrier.manifest),
      book: (ctx) => ctx.run("book", carrier.book),
    },
  });

  return [processes, shipments, collections, carriers];
}

export const trigger = (id) => ({ path: `/Process/${id}/run`, body: undefined, endsWithAnswer: true });
