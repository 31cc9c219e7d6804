import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import type { components } from "./schema.gen";

export type Overview = components["schemas"]["OverviewOut"];

const REFRESH_MS = 5_000;

/** Days and months are those of `timezone`, an IANA name. */
export const overviewQuery = (timezone: string) =>
  queryOptions({
    queryKey: ["overview", timezone],
    queryFn: ({ signal }) => answer(api.GET("/v1/overview", { params: { query: { timezone } }, signal })),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
