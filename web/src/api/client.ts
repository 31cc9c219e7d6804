/**
 * The one way to the API. `api` is typed by `schema.gen.ts`; it adds the CSRF token and turns each error into a `Problem`.
 *
 *     const page = await answer(api.GET("/v1/customers", { params: { query: { limit: 50 } } }));
 */

import createClient, { type Middleware } from "openapi-fetch";
import { Problem, problemOf, unreachable } from "./problem";
import type { paths } from "./schema.gen";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

let csrfToken: string | undefined;
const onSignedOut = new Set<() => void>();

/** The token of the session in use; undefined once signed out. */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** Called whenever the server says that there is no session (any more). */
export function whenSignedOut(listener: () => void): () => void {
  onSignedOut.add(listener);
  return () => onSignedOut.delete(listener);
}

export function tellSignedOut(): void {
  for (const listener of onSignedOut) listener();
}

/** `fetch` with our credentials and errors. Raises: Problem. */
export async function send(request: Request): Promise<Response> {
  if (!SAFE.has(request.method) && csrfToken !== undefined) request.headers.set("X-CSRF-Token", csrfToken);
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  // A wrong password is 401 too, but says nothing about a session.
  if (problem.status === 401 && !new URL(request.url).pathname.startsWith("/v1/auth/")) tellSignedOut();
  throw problem;
}

const idempotency: Middleware = {
  onRequest({ request }) {
    // A write that is sent again after a lost answer must not act twice.
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", crypto.randomUUID());
    }
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "", fetch: send });
api.use(idempotency);

/** The data of an answer of `api`. Raises: Problem, as `send`. */
export async function answer<T>(response: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data } = await response;
  return data as T;
}

/** For routes that the committed OpenAPI document does not list. Raises: Problem. */
export async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(
    new Request(new URL(path, globalThis.location.origin), {
      method,
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    }),
  );
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Whether asking again may help: not where the server understood and refused. */
export function isPassing(error: unknown): boolean {
  return !(error instanceof Problem) || error.status === 0 || error.status === 429 || error.status >= 500;
}
