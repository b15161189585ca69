/**
 * Keeps other users of a Windows machine out: what is made under C:\ProgramData may be read by all of them.
 * On POSIX systems the modes given at creation do this.
 */

/** The well-known SIDs of LocalSystem and of the group Administrators. */
const system = "S-1-5-18";
const administrators = "S-1-5-32-544";

/** Lets only us, LocalSystem and administrators into `path` and all that will be made in it. False when Windows won't. */
export async function keepOthersOut(path: string): Promise<boolean> {
  const ourselves = (await run("whoami", "/user", "/fo", "csv", "/nh"))?.match(/S-1-[\d-]+/)?.[0];
  if (ourselves === undefined) return false;
  const grants = [system, administrators, ourselves].map((sid) => `*${sid}:(OI)(CI)F`);
  return (await run("icacls", path, "/inheritance:r", "/grant:r", ...grants)) !== undefined;
}

/** What a tool of Windows prints; undefined when it fails or is not there. */
async function run(...command: string[]): Promise<string | undefined> {
  try {
    const tool = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "ignore", windowsHide: true });
    const printed = await new Response(tool.stdout).text();
    return (await tool.exited) === 0 ? printed : undefined;
  } catch {
    return undefined;
  }
}
