import { queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";

/** The invoice of a running period as it would be now, and projected to the period's end. */
export const estimateQuery = (subscription_id: string) =>
  queryOptions({
    queryKey: ["subscriptions", "estimate", subscription_id],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/v1/subscriptions/{subscription_id}/estimate", { params: { path: { subscription_id } }, signal }),
      ),
    staleTime: 30_000,
  });
