/** Takes passwords out of URLs before anybody sees them. Lines of the log are cleaned by `log/redactor.ts`. */

const secretParameter = /([?&][^=&#]*(?:password|token|secret|api[-_]?key)[^=&#]*=)[^&#]*/gi;

/** `scheme://user:password@` or, without the slashes, `user:password@`; a password may hold an `@` itself. */
const mistypedPassword = /^([^/\s:@]*(?::\/\/[^/\s:@]*)?):\S*@/;

/**
 * The URL with `***` for its password and for query parameters that carry one. Text that is no proper URL loses
 * what looks like a password too, so a slip of the pen doesn't give it away; other text comes back as it is.
 */
export function redactUrl(url: string): string {
  const hidden = url.replace(secretParameter, "$1***");
  const parsed = URL.parse(hidden);
  if (parsed?.password) {
    parsed.password = "***";
    return parsed.href;
  }
  return parsed?.host ? hidden : hidden.replace(mistypedPassword, "$1:***@");
}
