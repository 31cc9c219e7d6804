import { infiniteQueryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type LoggedRequest = components["schemas"]["LoggedRequestOut"];

export const requestLogQuery = () =>
  infiniteQueryOptions({
    queryKey: ["request-log"],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/request-log", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });
