import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type BillingRun = components["schemas"]["BillingRunOut"];
export type NewBillingRun = components["schemas"]["BillingRunIn"];

const POLL_MS = 1000;

export const billingRunsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["billing-runs"],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/billing-runs", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });

/** The newest run, asked for again while one is at work. */
export const newestRunQuery = (isAtWork: boolean) =>
  queryOptions({
    queryKey: ["billing-runs", "newest"],
    queryFn: ({ signal }) => answer(api.GET("/v1/billing-runs", { params: { query: { limit: 1 } }, signal })),
    refetchInterval: isAtWork ? POLL_MS : false,
  });

export const startRun = (body: NewBillingRun) => answer(api.POST("/v1/billing-runs", { body }));
