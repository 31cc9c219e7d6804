import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import type { components, operations } from "./schema.gen";

export type Usage = components["schemas"]["UsageOut"];
export type UsageRow = components["schemas"]["UsageRow"];
export type Window = NonNullable<NonNullable<operations["get_usage"]["parameters"]["query"]>["window"]>;

export interface UsageQuestion {
  meter: string;
  /** Id, external id or alias; everyone's usage without it. */
  customer_id?: string;
  /** `[from, to)`, RFC 3339. */
  from: string;
  to: string;
  window: Window;
  group_by: string[];
  timezone: string;
}

export const usageQuery = (asked: UsageQuestion) =>
  queryOptions({
    queryKey: ["usage", asked],
    queryFn: ({ signal }) => answer(api.GET("/v1/usage", { params: { query: asked }, signal })),
    placeholderData: keepPreviousData,
  });

/** Where the browser downloads the answer as a table. */
export function usageCsvAddress({ group_by, ...asked }: UsageQuestion): string {
  const query = new URLSearchParams(asked);
  for (const dimension of group_by) query.append("group_by", dimension);
  return `/v1/usage.csv?${query}`;
}
