import { infiniteQueryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Meter = components["schemas"]["MeterOut"];

export const metersQuery = () =>
  infiniteQueryOptions({
    queryKey: ["meters"],
    queryFn: ({ pageParam, signal }) => answer(api.GET("/v1/meters", { params: { query: pageAt(pageParam) }, signal })),
    ...paged,
  });
