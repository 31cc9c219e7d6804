import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Customer = components["schemas"]["CustomerOut"];
export type NewCustomer = components["schemas"]["CustomerIn"];
export type CustomerChange = components["schemas"]["CustomerPatch"];
export type CustomerSummary = components["schemas"]["CustomerSummaryOut"];

export const CUSTOMER_ORDERS = ["-created_at", "created_at", "name", "-name"] as const;
export type CustomerOrder = (typeof CUSTOMER_ORDERS)[number];

interface Wanted {
  search?: string | undefined;
  sort?: CustomerOrder | undefined;
}

export const customersQuery = ({ search, sort }: Wanted = {}) => {
  const wanted = { ...(search === undefined ? {} : { search }), ...(sort === undefined ? {} : { sort }) };
  return infiniteQueryOptions({
    queryKey: ["customers", "list", wanted],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/customers", { params: { query: { ...pageAt(pageParam), ...wanted } }, signal })),
    placeholderData: keepPreviousData,
    ...paged,
  });
};

/** `customer` is an id, external id or alias. */
export const customerQuery = (customer: string) =>
  queryOptions({
    queryKey: ["customers", "one", customer],
    queryFn: ({ signal }) => answer(api.GET("/v1/customers/{customer}", { params: { path: { customer } }, signal })),
  });

/** Usage, cost, what is open and what is left in credits; its estimates cost the server some work. */
export const customerSummaryQuery = (customer: string) =>
  queryOptions({
    queryKey: ["customers", "summary", customer],
    queryFn: ({ signal }) =>
      answer(api.GET("/v1/customers/{customer}/summary", { params: { path: { customer } }, signal })),
    staleTime: 60_000,
  });

export const createCustomer = (body: NewCustomer) => answer(api.POST("/v1/customers", { body }));

export const changeCustomer = (customer: string, body: CustomerChange) =>
  answer(api.PATCH("/v1/customers/{customer}", { params: { path: { customer } }, body }));
