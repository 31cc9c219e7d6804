/** What there is of one customer in the lists of other domains; `customer_id` is its id. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Subscription = components["schemas"]["SubscriptionOut"];
export type CustomersInvoice = components["schemas"]["InvoiceOut"];
export type CreditBalance = components["schemas"]["BalanceOut"];
export type LedgerEntry = components["schemas"]["LedgerEntryOut"];
export type CreditGrant = components["schemas"]["CreditGrantOut"];

export const subscriptionsOfQuery = (customer_id: string) =>
  infiniteQueryOptions({
    queryKey: ["subscriptions", "of", customer_id],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/subscriptions", { params: { query: { ...pageAt(pageParam), customer_id } }, signal })),
    ...paged,
  });

export const invoicesOfQuery = (customer_id: string) =>
  infiniteQueryOptions({
    queryKey: ["invoices", "of", customer_id],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/invoices", { params: { query: { ...pageAt(pageParam), customer_id } }, signal })),
    ...paged,
  });

export const creditBalancesQuery = (customer_id: string) =>
  queryOptions({
    queryKey: ["credits", "balance", customer_id],
    queryFn: ({ signal }) => answer(api.GET("/v1/credits/balance", { params: { query: { customer_id } }, signal })),
  });

export const creditGrantsQuery = (customer_id: string) =>
  infiniteQueryOptions({
    queryKey: ["credits", "grants", customer_id],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/credit-grants", { params: { query: { ...pageAt(pageParam), customer_id } }, signal })),
    ...paged,
  });

export const creditLedgerQuery = (customer_id: string) =>
  infiniteQueryOptions({
    queryKey: ["credits", "ledger", customer_id],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/credits/ledger", { params: { query: { ...pageAt(pageParam), customer_id } }, signal })),
    ...paged,
  });
