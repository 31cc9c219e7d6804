import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ask } from "./client";

export interface Overview {
  as_of: string;
  events: {
    today: number;
    per_minute: number;
    per_minute_series: { at: string; count: number }[];
    /** A ratio, as "0.12" for 12 % more. */
    change_vs_last_month: string | null;
  };
  metering: { position: number; head: number; behind: number; lag_ms: number };
  active_customers: number;
  revenue: { currency: string; month_to_date: string; last_month_to_same_day: string; change: string | null }[];
  latency_ms: { p50: number | null; p99: number | null };
  daily: { date: string; events: number }[];
  invoices: { open: number; open_amounts: { currency: string; amount: string }[]; issued_this_month: number };
}

const REFRESH_MS = 5_000;

/** Days and months are those of `timezone`, an IANA name. */
export const overviewQuery = (timezone: string) =>
  queryOptions({
    queryKey: ["overview", timezone],
    queryFn: ({ signal }) =>
      ask<Overview>("GET", `/v1/overview?timezone=${encodeURIComponent(timezone)}`, undefined, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
