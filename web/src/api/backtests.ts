import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { answer, api } from "./client";
import { pageAt, paged } from "./pages";
import type { components } from "./schema.gen";

export type Backtest = components["schemas"]["BacktestOut"];
export type BacktestCustomer = components["schemas"]["BacktestCustomerOut"];
export type BacktestSummary = components["schemas"]["SummaryOut"];
export type NewBacktest = components["schemas"]["BacktestIn"];

const POLL_MS = 1000;
const ENDED = new Set(["completed", "failed", "canceled"]);

export const isEnded = (backtest: Backtest) => ENDED.has(backtest.status);

/** Asked for again until it has ended. */
export const backtestQuery = (backtest_id: string) =>
  queryOptions({
    queryKey: ["backtests", backtest_id],
    queryFn: ({ signal }) =>
      answer(api.GET("/v1/backtests/{backtest_id}", { params: { path: { backtest_id } }, signal })),
    refetchInterval: ({ state }) => (state.data !== undefined && isEnded(state.data) ? false : POLL_MS),
  });

/** Winners come first by `change`, losers by `-change`. */
export const backtestCustomersQuery = (backtest_id: string, sort: "change" | "-change") =>
  infiniteQueryOptions({
    queryKey: ["backtests", backtest_id, "customers", sort],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET("/v1/backtests/{backtest_id}/customers", {
          params: { path: { backtest_id }, query: { sort, ...pageAt(pageParam) } },
          signal,
        }),
      ),
    ...paged,
  });

export const startBacktest = (body: NewBacktest) => answer(api.POST("/v1/backtests", { body: body as never }));
export const cancelBacktest = (backtest_id: string) =>
  answer(api.POST("/v1/backtests/{backtest_id}/cancel", { params: { path: { backtest_id } } }));
