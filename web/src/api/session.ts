/** Who is signed in, for which organisation, and the ways in and out. */

import { type QueryClient, queryOptions, useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { ask, setCsrfToken } from "./client";
import type { Session } from "./contract";
import { Problem } from "./problem";

export interface Credentials {
  email: string;
  password: string;
}

export interface FirstOwner extends Credentials {
  name: string;
  organisation_name: string;
  /** Where `setup_code_needed`: what the server printed. */
  code?: string;
}

export interface NewPassword {
  /** Left out by one who has none yet. */
  current_password?: string;
  new_password: string;
}

/** The session, or null where nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return remember(await ask<Session>("GET", "/v1/auth/session", undefined, signal));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** Whether the installation waits for its first owner. */
export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: ({ signal }) =>
    ask<{ setup_needed: boolean; setup_code_needed?: boolean }>("GET", "/v1/auth/state", undefined, signal),
});

/** Within signed-in pages only. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  if (data === null) throw new Error("This page is for signed-in people; its route must be under the signed-in one.");
  return data;
}

/** Whether the session's role may do `permission`, such as `invoices:write`. */
export function useMay(permission: string): boolean {
  return useSession().permissions.includes(permission);
}

export const signIn = (credentials: Credentials) => ask<Session>("POST", "/v1/auth/sign-in", credentials);
export const setUp = (owner: FirstOwner) => ask<Session>("POST", "/v1/auth/setup", owner);
export const redeemLink = (token: string) => ask<Session>("POST", "/v1/auth/link", { token });

export const switchOrganisation = (id: string) =>
  ask<Session>("POST", "/v1/auth/organisation", { organisation_id: id });
export const signOut = () => ask<void>("POST", "/v1/auth/sign-out");
export const changePassword = (change: NewPassword) => ask<void>("POST", "/v1/auth/password", change);

/** A mutation whose answer is the session that begins: what was shown of another one is forgotten. */
export function useEntry<Input>(enter: (input: Input) => Promise<Session>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: enter, onSuccess: (session) => begin(queries, session) });
}

function begin(queries: QueryClient, session: Session): void {
  queries.clear();
  queries.setQueryData(sessionQuery.queryKey, remember(session));
}

function remember(session: Session): Session {
  setCsrfToken(session.csrf_token);
  return session;
}
