// One row: shipments on Restate in a closed loop, and a report with the fields of `procession load-test --json`.
//
//   node main.js choreography|orchestration IN_FLIGHT SECONDS WARM_UP_SECONDS

import { randomBytes } from "node:crypto";
import http from "node:http";
import { serve, start } from "./server.js";

const [style, inFlight, seconds, warmUp] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const { services, trigger } = await import(`./${style}.js`);

// The end of a shipment is heard in this program: the last handler runs here, so that asking for it costs Restate nothing.
const waiting = new Map();
const ended = (id) => waiting.get(id)?.();

const handlers = await serve(services(ended));
const server = await start(handlers.url);
const agent = new http.Agent({ keepAlive: true, maxSockets: inFlight });

function post(path, body) {
  const content = body === undefined ? "" : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(content) };
    const request = http.request({ ...server.ingress, method: "POST", path, agent, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.once("error", reject);
      answer.once("end", () => {
        if (answer.statusCode < 300) resolve();
        else reject(new Error(`${path}: ${answer.statusCode} ${Buffer.concat(parts)}`));
      });
    });
    request.once("error", reject);
    request.end(content);
  });
}

async function shipment() {
  const id = `1${randomBytes(8).toString("hex")}0`;
  const { path, body, endsWithAnswer } = trigger(id);
  const end = endsWithAnswer ? undefined : new Promise((resolve) => waiting.set(id, resolve));
  await post(path, body);
  await end;
  waiting.delete(id);
}

const times = [];
let [errors, complaint, memoryBytesMax] = [0, null, 0];
const begun = performance.now();
const [measuredFrom, until] = [begun + warmUp * 1000, begun + (warmUp + seconds) * 1000];
const look = setInterval(() => (memoryBytesMax = Math.max(memoryBytesMax, server.memoryBytes())), 1000);
let completed = 0;

async function one() {
  while (performance.now() < until) {
    const sent = performance.now();
    try {
      await shipment();
    } catch (error) {
      errors += 1;
      complaint ??= error.message;
      continue;
    }
    completed += 1;
    const now = performance.now();
    if (now >= measuredFrom && now < until) times.push(now - sent);
  }
}

// What has not ended half a minute after the last trigger is lost; waiting longer would be waiting for ever.
const patience = new Promise((resolve) => setTimeout(resolve, (warmUp + seconds + 30) * 1000).unref());
await Promise.race([Promise.all(Array.from({ length: inFlight }, one)), patience]);
clearInterval(look);
times.sort((a, b) => a - b);
const percentile = (p) => times[Math.min(times.length - 1, Math.floor(times.length * p))] ?? null;
const report = {
  completed,
  errors,
  lost: waiting.size,
  complaint,
  completedPerSecond: times.length / seconds,
  p50Ms: percentile(0.5),
  p90Ms: percentile(0.9),
  p99Ms: percentile(0.99),
  memoryBytesMax,
  diskBytesPerShipment: server.diskBytesMore() / Math.max(completed, 1),
};
console.log(JSON.stringify(report, null, 2));
await server.stop();
handlers.close();
agent.destroy();
process.exit(errors + waiting.size > 0 ? 1 : 0);
