/** The app on a real port: what only the wire shows. */
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { maxBodyBytes } from "../../src/http/request.ts";
import { explainListenFault, type HttpServer, serveHttp } from "../../src/http/server.ts";
import { OperatorError } from "../../src/task/errors.ts";
import { buildApp, openUnreachableStore, postJson } from "./app-under-test.ts";

const store = openUnreachableStore();
afterAll(() => store.close());
const app = buildApp(store);

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
function serve(of = app, host = "127.0.0.1", port = 0): HttpServer {
  const server = serveHttp({ app: of, host, port });
  servers.push(server);
  return server;
}

/** Sends bytes as they are and resolves to what comes back until the server closes, or until `end` has come. */
async function exchange(port: number, request: string, end?: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = "";
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, chunk) {
        received += chunk.toString();
        if (end !== undefined && received.includes(end)) resolve(received);
      },
      close() {
        resolve(received);
      },
    },
  });
  socket.write(request);
  try {
    return await promise;
  } finally {
    socket.terminate();
  }
}

test("takes any free port and says which", async () => {
  const server = serve();
  expect(server.port).toBeGreaterThan(0);
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

test("names a server on all addresses by the loopback one", async () => {
  const server = serve(app, "0.0.0.0");
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

describe("says why it can't listen", () => {
  const faultOf = (host: string, port: number): unknown => {
    try {
      return serve(app, host, port);
    } catch (fault) {
      return fault;
    }
  };

  test("on a port that is taken", () => {
    const { port } = serve();
    const fault = faultOf("127.0.0.1", port);
    expect(fault).toBeInstanceOf(OperatorError);
    expect(fault).toMatchObject({
      kind: "failed",
      message: `port ${port} on 127.0.0.1 is taken by another program`,
      hint: "--port 0 for any free one, or stop what listens there",
    });
  });

  test("on an address that is another machine's", () => {
    expect(faultOf("192.0.2.1", 0)).toMatchObject({
      kind: "config",
      message: "192.0.2.1 is not an address of this machine",
    });
  });

  test("on a port that this user may not take, and hands other faults back as they are", () => {
    const refused = Object.assign(new Error("listen"), { code: "EACCES" });
    expect(explainListenFault(refused, "127.0.0.1", 80)).toMatchObject({
      kind: "failed",
      message: "this user may not listen on port 80 of 127.0.0.1",
    });
    const other = new Error("other");
    expect(explainListenFault(other, "127.0.0.1", 80)).toBe(other);
  });
});

describe("on the wire", () => {
  test("a POST without a body is let through, one with a form's body is not", async () => {
    const { port } = serve();
    const head = (type: string, length: number) =>
      `POST /tasks/1/retry HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n${type}Content-Length: ${length}\r\n\r\n`;
    // The database is away, so what the guard lets through is 503.
    expect(await exchange(port, head("", 0))).toStartWith("HTTP/1.1 503 ");
    expect(await exchange(port, `${head("Content-Type: text/plain\r\n", 2)}{}`)).toStartWith("HTTP/1.1 415 ");
  });

  test("a page that gave its own name the loopback address is refused by its Host", async () => {
    const { port } = serve();
    const answer = await exchange(
      port,
      `GET /tasks HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toStartWith("HTTP/1.1 403 ");
    expect(answer).toContain("application/problem+json");
  });

  test("a body that is too large is refused in our words, before it has come", async () => {
    const { url, port } = serve();
    const words = `the body is larger than ${maxBodyBytes} bytes`;
    const announced = await exchange(
      port,
      `POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${4 * maxBodyBytes}\r\n\r\n{`,
      words,
    );
    expect(announced).toStartWith("HTTP/1.1 413 ");

    const sent = await fetch(`${url}/tasks`, postJson(JSON.stringify("x".repeat(2 * maxBodyBytes))));
    expect([sent.status, sent.headers.get("content-type")]).toEqual([413, "application/problem+json"]);
  });

  test("HEAD has no body", async () => {
    const { url } = serve();
    const response = await fetch(`${url}/`, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });
});

test("stop lets an answer under way end, takes no more, and may be called again", async () => {
  const arrived = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  const slow = new Hono().get("/", async (c) => {
    arrived.resolve();
    await mayAnswer.promise;
    return c.text("whole");
  });
  const server = serve(slow);
  const answer = fetch(server.url).then((response) => response.text());
  await arrived.promise;
  const stopped = server.stop();
  expect(server.stop()).toBe(stopped);
  await expect(fetch(server.url)).rejects.toThrow();
  mayAnswer.resolve();
  expect(await answer).toBe("whole");
  await stopped;
});
