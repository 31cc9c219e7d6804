/** The page's choices, as its address keeps them. */

import type { Window } from "@/api/usage";
import { SPANS, type SpanName } from "./span";

export interface UsageSearch {
  meter?: string | undefined;
  customer?: string | undefined;
  span?: SpanName | undefined;
  /** Of chosen days: "2026-04-01". */
  first?: string | undefined;
  last?: string | undefined;
  window?: Exclude<Window, "none"> | undefined;
  /** Dimensions, separated by commas. */
  by?: string | undefined;
  compare?: boolean | undefined;
}

const WINDOWS = ["5m", "hour", "day", "month"] as const;

/** What is not understood is left out: addresses are written by people too. */
export function validateUsageSearch(search: Record<string, unknown>): UsageSearch {
  const found: UsageSearch = {};
  const { meter, customer, span, first, last, window, by, compare } = search;
  if (isText(meter)) found.meter = String(meter);
  if (isText(customer)) found.customer = String(customer);
  if (typeof span === "string" && Object.hasOwn(SPANS, span)) found.span = span as SpanName;
  if (isDay(first)) found.first = first;
  if (isDay(last)) found.last = last;
  const known = WINDOWS.find((each) => each === window);
  if (known !== undefined) found.window = known;
  if (isText(by)) found.by = String(by);
  if (typeof compare === "boolean") found.compare = compare;
  return found;
}

/** An address `?customer=42` is read as a number. */
const isText = (value: unknown) => (typeof value === "string" && value !== "") || typeof value === "number";

function isDay(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value));
}
