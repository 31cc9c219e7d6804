import { infiniteQueryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type UsageEvent = components["schemas"]["EventOut"];

export const eventsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["events"],
    queryFn: ({ pageParam, signal }) => answer(api.GET("/v1/events", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });
