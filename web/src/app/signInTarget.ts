/** Where to go once signed in: only paths of this site, since the address can be written by anyone. */

export interface SignInSearch {
  to?: string;
}

export function validateSignInSearch(search: Record<string, unknown>): SignInSearch {
  return typeof search.to === "string" && isOwnPath(search.to) ? { to: search.to } : {};
}

export function afterSignIn(href: string): SignInSearch {
  return href === "/" || !isOwnPath(href) ? {} : { to: href };
}

function isOwnPath(path: string): boolean {
  // "//host" and "/\host" lead to another site.
  return /^\/(?![/\\])/.test(path) && !path.startsWith("/sign-in");
}
