/**
 * The token of a one-time link, `/sign-in#token=…`. It stands behind the # so that it reaches no server log.
 */
export function linkToken(): string | null {
  const token = new URLSearchParams(window.location.hash.slice(1)).get("token");
  return token === "" ? null : token;
}

/** Keeps a used token out of the history and of what is copied from the address bar. */
export function forgetLinkToken(): void {
  window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
}
