/**
 * What a route is, and how a list of them becomes an app that answers a wrong method with the right ones. The
 * list is also what `GET /` shows, so that the index can't drift from what is served.
 */
import type { Context, Hono } from "hono";
import { Problem } from "./problem.ts";

export interface Route {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /** A few words for the index. */
  about: string;
  handle(c: Context): Response | Promise<Response>;
}

/** Adds `routes`, and for each of their paths a 405 for all other methods. HEAD is answered as GET, without body. */
export function addRoutes(app: Hono, routes: Route[]): void {
  for (const route of routes) app.on(route.method, route.path, route.handle);
  for (const [path, same] of Map.groupBy(routes, (route) => route.path)) {
    const allowed = same.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
    app.all(path, (c) => {
      throw new Problem(405, `${c.req.method} is not served at ${path}, ${allowed} is`, {
        headers: { allow: allowed },
      });
    });
  }
}
