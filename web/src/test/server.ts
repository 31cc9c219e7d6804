/** A stand-in for the API: what a signed-in owner of an organisation with a little of everything gets. */

import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import type { Session } from "@/api/contract";
import type { Overview } from "@/api/overview";

export const SESSION: Session = {
  user: { id: "usr_1", name: "Ada Larkspur", email: "ada@larkspur.example", has_password: true },
  organisation: { id: "org_test", name: "Larkspur AI", mode: "test", role: "owner" },
  organisations: [
    { id: "org_test", name: "Larkspur AI", mode: "test", role: "owner" },
    { id: "org_live", name: "Larkspur AI", mode: "live", role: "owner" },
  ],
  csrf_token: "csrf-1",
  permissions: ["customers:write", "events:write"],
};

export const OVERVIEW: Overview = {
  as_of: "2026-04-17T15:19:02Z",
  timezone: "UTC",
  events: {
    today: 1_200_000,
    per_minute: 12_847,
    per_minute_series: [
      { at: "2026-04-17T15:17:00Z", count: 12_000 },
      { at: "2026-04-17T15:18:00Z", count: 12_847 },
    ],
    change_vs_last_month: "0.12",
  },
  metering: { position: 100, head: 100, behind: 0, lag_ms: 40 },
  active_customers: 847,
  revenue: [{ currency: "USD", month_to_date: "284127.33", last_month_to_same_day: "253000", change: "0.123" }],
  latency_ms: { p50: 3.2, p99: 48 },
  daily: Array.from({ length: 14 }, (_, n) => ({
    date: `2026-04-${String(n + 4).padStart(2, "0")}`,
    events: 1000 * n,
  })),
  invoices: { open: 3, open_amounts: [{ currency: "USD", amount: "3215.00" }], issued_this_month: 12 },
};

export const problem = (status: number, code: string, detail: string) =>
  HttpResponse.json({ type: "", title: "No", status, detail, code }, { status });

export const signedOut = http.get("*/v1/auth/session", () => problem(401, "not_signed_in", "Sign in."));

export const server = setupServer(
  http.get("*/v1/auth/session", () => HttpResponse.json(SESSION)),
  http.get("*/v1/auth/state", () => HttpResponse.json({ setup_needed: false })),
  http.get("*/v1/overview", () => HttpResponse.json(OVERVIEW)),
  http.get("*/v1/organisation", () => HttpResponse.json({ id: "org_test", name: "Larkspur AI", timezone: "UTC" })),
  http.get("*/v1/plans", () =>
    HttpResponse.json({
      data: [{ id: "plan_1", status: "published", prices: [{ model: "per_unit" }, { model: "graduated" }] }],
      next_cursor: null,
    }),
  ),
  http.get(
    "*/v1/events/stream",
    () => new HttpResponse(new ReadableStream(), { headers: { "Content-Type": "text/event-stream" } }),
  ),
);
