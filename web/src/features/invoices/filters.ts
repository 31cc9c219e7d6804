/** The filters of the list, in its address, so that a filtered list can be passed on. */

import type { InvoiceFilters, InvoiceStatus } from "@/api/invoices";

export const STATUSES: InvoiceStatus[] = ["draft", "finalized", "paid", "void", "uncollectible", "skipped"];

export interface Search {
  status?: InvoiceStatus | undefined;
  customer?: string | undefined;
  /** Days, both inclusive. */
  from?: string | undefined;
  to?: string | undefined;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function validateFilters(search: Record<string, unknown>): Search {
  const day = (value: unknown) => (typeof value === "string" && DAY.test(value) ? value : undefined);
  const status = STATUSES.find((each) => each === search.status);
  const customer = typeof search.customer === "string" && search.customer !== "" ? search.customer : undefined;
  const all = { status, customer, from: day(search.from), to: day(search.to) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** As the API has them: instants, in the reader's time zone, and an exclusive end. */
export function filtersOf({ status, customer, from, to }: Search): InvoiceFilters {
  return {
    ...(status === undefined ? {} : { status }),
    ...(customer === undefined ? {} : { customer_id: customer }),
    ...(from === undefined ? {} : { from: startOf(from, 0) }),
    ...(to === undefined ? {} : { to: startOf(to, 1) }),
  };
}

function startOf(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}
