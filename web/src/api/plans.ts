import { infiniteQueryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Plan = components["schemas"]["PlanOut"];

export const plansQuery = () =>
  infiniteQueryOptions({
    queryKey: ["plans"],
    queryFn: ({ pageParam, signal }) => answer(api.GET("/v1/plans", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });
