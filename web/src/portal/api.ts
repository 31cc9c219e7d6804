/** The portal's questions. The token goes with each as a header and stands in no address. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import createClient from "openapi-fetch";
import { answer, send } from "@/api/client";
import { pageAt, paged } from "@/api/pages";
import type { components, paths } from "@/api/schema.gen";

type Schemas = components["schemas"];
export type Me = Schemas["PortalMeOut"];
export type Meter = Schemas["PortalMeterOut"];
export type Usage = Schemas["UsageOut"];
export type Estimate = Schemas["EstimateOut"];
export type Line = Schemas["LineOut"];
export type Periods = Schemas["PortalPeriodsOut"];
export type Invoice = Schemas["InvoiceOut"];
export type Credits = Schemas["PortalCreditsOut"];

let token = "";

export function setPortalToken(given: string): void {
  token = given;
}

export const authorization = (): Record<string, string> => ({ Authorization: `Bearer ${token}` });

const withToken = (request: Request): Promise<Response> => {
  request.headers.set("Authorization", `Bearer ${token}`);
  if (request.method === "POST") request.headers.set("Idempotency-Key", crypto.randomUUID());
  return send(request);
};

export const portal = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "", fetch: withToken });

/** What moves with usage: asked again on each pulse. */
export const LIVE = ["live"] as const;

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: () => answer(portal.GET("/v1/portal/me")) });

export const metersQuery = queryOptions({
  queryKey: ["meters"],
  queryFn: () => answer(portal.GET("/v1/portal/meters")),
});

export const estimatesQuery = queryOptions({
  queryKey: [...LIVE, "estimates"],
  queryFn: () => answer(portal.GET("/v1/portal/estimates")),
});

export interface UsageAsked {
  meter: string;
  window: "none" | "hour" | "day";
  from?: string | undefined;
  to?: string | undefined;
  group_by?: string[] | undefined;
}

export const usageQuery = (asked: UsageAsked) =>
  queryOptions({
    queryKey: [...LIVE, "usage", asked],
    queryFn: () => answer(portal.GET("/v1/portal/usage", { params: { query: usageParameters(asked) } })),
  });

export const periodsQuery = (meter: string | undefined) =>
  queryOptions({
    queryKey: [...LIVE, "periods", meter ?? null],
    queryFn: () =>
      answer(
        portal.GET("/v1/portal/periods", {
          params: { query: { count: 12, ...(meter === undefined ? {} : { meter }) } },
        }),
      ),
  });

export const invoicesQuery = infiniteQueryOptions({
  queryKey: ["invoices"],
  queryFn: ({ pageParam }) => answer(portal.GET("/v1/portal/invoices", { params: { query: pageAt(pageParam) } })),
  ...paged,
});

export const invoiceQuery = (invoice: string) =>
  queryOptions({
    queryKey: ["invoices", invoice],
    queryFn: () => answer(portal.GET("/v1/portal/invoices/{invoice}", { params: { path: { invoice } } })),
  });

export const creditsQuery = infiniteQueryOptions({
  queryKey: ["credits"],
  queryFn: ({ pageParam }) => answer(portal.GET("/v1/portal/credits", { params: { query: pageAt(pageParam) } })),
  ...paged,
});

export const usageCsvPath = (asked: UsageAsked): string => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(usageParameters(asked))) parameters.set(name, String(value));
  return `/v1/portal/usage.csv?${parameters}`;
};

/** Saves a file of the API: fetched with the token in a header, since a link could carry it only in its address. */
export async function download(path: string, name: string): Promise<void> {
  const response = await withToken(new Request(new URL(path, globalThis.location.origin)));
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function usageParameters({ meter, window, from, to, group_by }: UsageAsked) {
  return {
    meter,
    window,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(group_by === undefined || group_by.length === 0 ? {} : { group_by }),
  };
}
