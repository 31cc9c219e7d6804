import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import type { components } from "./schema.gen";

export type OpenSession = components["schemas"]["OpenSessionOut"];

/** Where the reader is signed in. */
export const ownSessionsQuery = () =>
  queryOptions({
    queryKey: ["own-sessions"],
    queryFn: ({ signal }) => answer(api.GET("/v1/auth/sessions", { signal })),
  });

export const endSession = (session_id: string) =>
  answer(api.DELETE("/v1/auth/sessions/{session_id}", { params: { path: { session_id } } }));
