// A Restate server of its own: on an empty folder, on free ports of the loopback, tuned as a single machine wants it.

import { execFileSync, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import http2 from "node:http2";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as restate from "@restatedev/restate-sdk";

// The SDK counts on it, and Node 20 does not have it yet.
Promise.withResolvers ??= function () {
  const made = {};
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

const LOOPBACK = "127.0.0.1";

// The package of this system and processor holds the program itself, without the launcher of the package that chooses it.
const program = () =>
  createRequire(import.meta.url).resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`);

function freePort() {
  return new Promise((resolve, reject) => {
    const taken = createServer().once("error", reject);
    taken.listen(0, LOOPBACK, () => {
      const { port } = taken.address();
      taken.close(() => resolve(port));
    });
  });
}

/** Serves the handlers in this program. */
export async function serve(services) {
  const endpoint = http2.createServer(restate.createEndpointHandler({ services }));
  await new Promise((resolve) => endpoint.listen(0, LOOPBACK, resolve));
  return { url: `http://${LOOPBACK}:${endpoint.address().port}`, close: () => endpoint.close() };
}

/** Starts a server that knows the handlers behind `handlersUrl`. */
export async function start(handlersUrl) {
  const folder = mkdtempSync(join(tmpdir(), "compare-restate-"));
  const [ingress, admin, nodes] = [await freePort(), await freePort(), await freePort()];
  const log = join(folder, "log");
  const server = spawn(program(), ["--no-logo", "--listen-mode", "tcp"], {
    env: {
      ...process.env,
      RESTATE_BASE_DIR: join(folder, "data"),
      RESTATE_NODE_NAME: "compared",
      RESTATE_BIND_IP: LOOPBACK,
      RESTATE_BIND_PORT: String(nodes),
      RESTATE_ADVERTISED_HOST: LOOPBACK,
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      // Of all that was tried, the number of partitions is what helps a machine with two cores; 24 is the default.
      RESTATE_DEFAULT_NUM_PARTITIONS: process.env.RESTATE_DEFAULT_NUM_PARTITIONS ?? "2",
      RESTATE_LOG_FILTER: "error",
      RESTATE_DISABLE_TELEMETRY: "true",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = createWriteStream(log);
  server.stdout.pipe(lines);
  server.stderr.pipe(lines);
  const ended = new Promise((resolve) => server.once("exit", resolve));
  // However this program ends, its server ends with it.
  process.once("exit", () => server.kill("SIGKILL"));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  const stop = async () => {
    server.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await register(`http://${LOOPBACK}:${admin}`, handlersUrl, ended);
  } catch (error) {
    const said = readFileSync(log, "utf8").slice(-2000);
    await stop();
    throw new Error(`the Restate server did not start: ${error.message}\n${said}`);
  }
  const diskBytes = () => 1024 * Number(execFileSync("du", ["-sk", join(folder, "data")], { encoding: "utf8" }).split("\t")[0]);
  // It sets its files up at their full size, which no shipment is to be charged with.
  const diskBytesBefore = diskBytes();
  return {
    ingress: { host: LOOPBACK, port: ingress },
    memoryBytes: () => 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1] ?? Number.NaN),
    diskBytesMore: () => diskBytes() - diskBytesBefore,
    stop,
  };
}

// The server answers some seconds after its start; how long that takes is not measured.
async function register(admin, handlersUrl, ended) {
  let gone = false;
  ended.then(() => (gone = true));
  let reason = "no answer";
  for (const until = Date.now() + 60_000; Date.now() < until && !gone; ) {
    try {
      const answer = await fetch(`${admin}/deployments`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ uri: handlersUrl }),
      });
      if (answer.ok) return;
      reason = `${answer.status} ${await answer.text()}`;
    } catch (error) {
      reason = error.cause?.message ?? error.message;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(gone ? "it ended" : reason);
}
