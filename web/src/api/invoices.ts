import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Invoice = components["schemas"]["InvoiceOut"];
export type InvoiceStatus = Invoice["status"];
export type Line = components["schemas"]["LineOut"];
export type CreditNote = components["schemas"]["CreditNoteOut"];
export type NewCreditNote = components["schemas"]["CreditNoteIn"];
export type ShareLink = components["schemas"]["ShareLinkOut"];

export interface InvoiceFilters {
  status?: InvoiceStatus;
  customer_id?: string;
  subscription_id?: string;
  /** Instants; `to` is exclusive. */
  from?: string;
  to?: string;
}

export const invoicesQuery = (filters: InvoiceFilters = {}) =>
  infiniteQueryOptions({
    queryKey: ["invoices", "list", filters],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/invoices", { params: { query: { ...filters, ...pageAt(pageParam) } }, signal })),
    ...paged,
  });

/** By id or number. */
export const invoiceQuery = (invoice: string) =>
  queryOptions({
    queryKey: ["invoices", invoice],
    queryFn: ({ signal }) => answer(api.GET("/v1/invoices/{invoice}", { params: { path: { invoice } }, signal })),
  });

export const creditNotesQuery = (invoice: string) =>
  queryOptions({
    queryKey: ["invoices", invoice, "credit-notes"],
    queryFn: ({ signal }) => answer(api.GET("/v1/credit-notes", { params: { query: { invoice, limit: 50 } }, signal })),
  });

export const shareLinksQuery = (invoice: string) =>
  queryOptions({
    queryKey: ["invoices", invoice, "share-links"],
    queryFn: ({ signal }) =>
      answer(api.GET("/v1/invoices/{invoice}/share-links", { params: { path: { invoice } }, signal })),
  });

const line = (invoice: string, position: number) => ({ invoice, position });

/** How the line at `position`, from 1, came about. */
export const explanationQuery = (invoice: string, position: number) =>
  queryOptions({
    queryKey: ["invoices", invoice, "lines", position, "explain"],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/v1/invoices/{invoice}/lines/{position}/explain", {
          params: { path: line(invoice, position) },
          signal,
        }),
      ),
  });

/** The first events that the line's quantity was counted from, oldest first. */
export const lineEventsQuery = (invoice: string, position: number, limit: number) =>
  queryOptions({
    queryKey: ["invoices", invoice, "lines", position, "events", limit],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/v1/invoices/{invoice}/lines/{position}/events", {
          params: { path: line(invoice, position), query: { limit } },
          signal,
        }),
      ) as Promise<components["schemas"]["LineEventPage"]>,
  });

const at = (invoice: string) => ({ params: { path: { invoice } } });

export const finalizeInvoice = (invoice: string) => answer(api.POST("/v1/invoices/{invoice}/finalize", at(invoice)));
export const refreshInvoice = (invoice: string) => answer(api.POST("/v1/invoices/{invoice}/refresh", at(invoice)));
export const voidInvoice = (invoice: string) => answer(api.POST("/v1/invoices/{invoice}/void", at(invoice)));
export const markUncollectible = (invoice: string) =>
  answer(api.POST("/v1/invoices/{invoice}/mark-uncollectible", at(invoice)));
export const createCreditNote = (body: NewCreditNote) => answer(api.POST("/v1/credit-notes", { body }));
export const createShareLink = (invoice: string, expires_in_days: number) =>
  answer(api.POST("/v1/invoices/{invoice}/share-links", { ...at(invoice), body: { expires_in_days } }));
export const revokeShareLink = (invoice: string, link_id: string) =>
  answer(api.DELETE("/v1/invoices/{invoice}/share-links/{link_id}", { params: { path: { invoice, link_id } } }));

/** Where a file of the invoice is; the session's cookie opens it. */
export const fileOf = (invoice: string, kind: "pdf" | "csv") => `/v1/invoices/${encodeURIComponent(invoice)}/${kind}`;
