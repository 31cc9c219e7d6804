/** What a price makes of a quantity. Nothing is kept, so no request has an idempotency key. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ask } from "./client";
import type { components } from "./schema.gen";

export type Evaluation = components["schemas"]["EvaluationOut"];
export type Step = components["schemas"]["StepOut"];
export type Usage = components["schemas"]["Usage"];
export type Curve = components["schemas"]["CurveOut"];

/** A price as it is sent, which may be wrong yet: the server says where. */
export type SentPrice = Record<string, unknown>;

/** The last answer stays until the next one is there. */
export const evaluationQuery = (price: SentPrice, currency: string, usage: Usage[]) =>
  queryOptions({
    queryKey: ["prices", "evaluate", price, currency, usage],
    queryFn: ({ signal }) => ask<Evaluation>("POST", "/v1/prices/evaluate", { price, currency, usage }, signal),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });

export const curveQuery = (price: SentPrice, currency: string, points: Usage[][]) =>
  queryOptions({
    queryKey: ["prices", "curve", price, currency, points],
    queryFn: ({ signal }) => ask<Curve>("POST", "/v1/prices/curve", { price, currency, points }, signal),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
