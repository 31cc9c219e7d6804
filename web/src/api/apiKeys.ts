import { infiniteQueryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type ApiKey = components["schemas"]["ApiKeyOut"];

export const apiKeysQuery = () =>
  infiniteQueryOptions({
    queryKey: ["api-keys"],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/api-keys", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });

/** Its answer has the secret, this once. */
export const createApiKey = (name: string) => answer(api.POST("/v1/api-keys", { body: { name } }));
export const revokeApiKey = (key_id: string) =>
  answer(api.DELETE("/v1/api-keys/{key_id}", { params: { path: { key_id } } }));
