/** The HTTP server. */
import * as kind from "../value-kinds.ts";
import { define, none } from "./setting.ts";

export const httpSettings = {
  host: define({
    property: "host",
    kind: kind.host,
    env: "FISCAUT_TASKS_HOST",
    flag: true,
    default: "127.0.0.1",
    about: "Address of the HTTP server. Anything but loopback needs `http-token`.",
  }),
  port: define({
    property: "port",
    kind: kind.integer("port", 0, 65535),
    env: "FISCAUT_TASKS_PORT",
    flag: true,
    default: "8430",
    about: "Port of the HTTP server; 0 takes any free one.",
  }),
  "http-token": define({
    property: "httpToken",
    kind: kind.bearerToken(16),
    env: "FISCAUT_TASKS_HTTP_TOKEN",
    flag: false,
    secret: true,
    default: none("none", "change-me-16-characters"),
    about: "Bearer token that HTTP callers must send.",
  }),
};
