import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components, operations } from "./schema.gen";

export type UsageEvent = components["schemas"]["EventOut"];
export type EventFate = components["schemas"]["EventFate"];
export type Unbilled = components["schemas"]["UnbilledOut"];
type Filters = NonNullable<operations["list_events"]["parameters"]["query"]>;
export type EventSearch = Pick<Filters, "customer_id" | "event" | "from" | "to" | "unattributed">;

export const eventsQuery = (search: EventSearch = {}) =>
  infiniteQueryOptions({
    queryKey: ["events", "list", search],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/events", { params: { query: { ...pageAt(pageParam), ...search } }, signal })),
    placeholderData: keepPreviousData,
    ...paged,
  });

/** An event and what became of it. */
export const eventFateQuery = (event_id: string) =>
  queryOptions({
    queryKey: ["events", "one", event_id],
    queryFn: ({ signal }) => answer(api.GET("/v1/events/{event_id}", { params: { path: { event_id } }, signal })),
  });

export const voidEvent = (event_id: string) =>
  answer(api.POST("/v1/events/{event_id}/void", { params: { path: { event_id } } }));

/** Events that are in no bill, by reason; this month's where no time is given. */
export const unbilledQuery = (span: { from?: string; to?: string }) =>
  queryOptions({
    queryKey: ["events", "unbilled", span],
    queryFn: ({ signal }) => answer(api.GET("/v1/unbilled", { params: { query: span }, signal })),
  });
