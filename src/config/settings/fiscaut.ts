/** The Fiscaut API, and the source of what is sent there. */
import * as kind from "../value-kinds.ts";
import { define, hourMs, none } from "./setting.ts";

export const fiscautSettings = {
  "fiscaut-source": define({
    property: "fiscautSource",
    kind: kind.source,
    env: "FISCAUT_SOURCE",
    flag: false,
    secret: true,
    default: none("none", "csv:records"),
    about: "Where accounting records are read from, for tasks and commands that name no source themselves.",
  }),
  "fiscaut-api-url": define({
    property: "fiscautApiUrl",
    kind: kind.httpUrl,
    env: "FISCAUT_API_URL",
    flag: true,
    default: none("none", "https://fiscaut.example/api/v1"),
    about: "Base URL of the Fiscaut API.",
  }),
  "fiscaut-api-key": define({
    property: "fiscautApiKey",
    kind: kind.bearerToken(1),
    env: "FISCAUT_API_KEY",
    flag: false,
    secret: true,
    default: none("none", "api-key-of-the-office"),
    about: "Bearer token for the Fiscaut API.",
  }),
  "fiscaut-rate": define({
    property: "fiscautRate",
    kind: kind.rateOrOff,
    env: "FISCAUT_RATE",
    flag: true,
    default: "1/1s",
    about:
      "How often records are sent, all workers together: the rate of queue `fiscaut`. The worker that started last sets it for all.",
  }),
  "fiscaut-timeout": define({
    property: "fiscautTimeoutMs",
    kind: kind.duration(100, hourMs),
    env: "FISCAUT_TIMEOUT",
    flag: true,
    default: "30s",
    about: "How long a call to the Fiscaut API may take.",
  }),
};
