import { infiniteQueryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Customer = components["schemas"]["CustomerOut"];

export const customersQuery = () =>
  infiniteQueryOptions({
    queryKey: ["customers"],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/v1/customers", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });
