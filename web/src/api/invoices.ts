import { infiniteQueryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Invoice = components["schemas"]["InvoiceOut"];

export const invoicesQuery = () =>
  infiniteQueryOptions({
    queryKey: ["invoices"],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/invoices", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });
