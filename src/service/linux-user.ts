/** The account of a service on Linux, made when it is missing. */
import type { ServiceDefinition } from "./definition.ts";
import type { Step } from "./manager.ts";

/**
 * An account of /etc/passwd, where the embedded Postgres has to find its user, rather than systemd's DynamicUser, which only
 * libnss-systemd shows to programs: with this one the data folder has one owner, whoever supervises the service.
 */
export const addUserSteps = ({ user, dataFolder, title }: ServiceDefinition, hasUser: boolean): Step[] =>
  user === undefined || hasUser
    ? []
    : [
        {
          kind: "run",
          argv: [
            "useradd",
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            dataFolder,
            "--shell",
            "/usr/sbin/nologin",
            "--comment",
            title,
            user,
          ],
        },
      ];
