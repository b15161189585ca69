/** Connection strings of ODBC as text: their secrets found and blanked. What the keys mean is the driver's affair. */

/** Of the drivers an operator may meet; `ENP` and `DBKEY` are SQL Anywhere's. */
const secretKey =
  /^(pwd|password|enp|encryptedpassword|dbkey|newpwd|token|.*secret.*|sslpassword|authtoken)$/i;

/** A shorter one would blank out half of every message, and protects nothing anyway; where its key stands it is blanked. */
const minSecretLength = 4;

interface Part {
  /** As it stands, with what ends it. */
  text: string;
  key: string;
  value: string;
}

/** The string with `***` for each secret, fit for logs and messages. */
export function redactConnectionString(text: string): string {
  return splitParts(text)
    .map((part) => (isSecret(part) ? `${part.key}=***${part.text.endsWith(";") ? ";" : ""}` : part.text))
    .join("");
}

/** Blanks the secrets of a connection string wherever another text repeats them: a driver may quote what it was given. */
export function hideSecrets(connectionString: string): (text: string) => string {
  const secrets = splitParts(connectionString)
    .filter(isSecret)
    .flatMap(({ value }) => [value, value.replace(/^\{(.*)\}$/s, "$1").replaceAll("}}", "}")])
    .filter((secret) => secret.length >= minSecretLength)
    .sort((a, b) => b.length - a.length);
  return (text) =>
    secrets.reduce((clean, secret) => clean.replaceAll(secret, "***"), redactAssignments(text));
}

/** `PWD=...` in a driver's words, whosever it is: a DSN may hold a password that we never saw. */
function redactAssignments(text: string): string {
  return text.replace(/\b(pwd|password)=(\{[^}]*\}|[^;\s]*)/gi, "$1=***");
}

const isSecret = ({ key, value }: Part) => secretKey.test(key.trim()) && value !== "";

/** `KEY=value;KEY={a value; with }} for a brace};`: a value in braces may hold what would end it. */
function splitParts(text: string): Part[] {
  const pattern = /([^=;]*)(?:=(\s*\{(?:[^}]|\}\})*\}?[^;]*|[^;]*))?(?:;|$)/g;
  return [...text.matchAll(pattern)]
    .filter(([whole]) => whole !== "")
    .map(([whole, key = "", value = ""]) => ({ text: whole, key, value: value.trim() }));
}
