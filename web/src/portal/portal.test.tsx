import { render, screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, it } from "vitest";
import { makeQueryClient } from "@/api/queryClient";
import { problem, server } from "@/test/server";
import { user } from "@/test/user";
import { setPortalToken } from "./api";
import { PortalApp } from "./PortalApp";

const ME = {
  customer: { id: "cus_1", external_id: "acme", name: "Acme Corp", email: null, currency: "EUR", timezone: "UTC" },
  organisation: {
    name: "Larkspur AI",
    mode: "live",
    locale: "en",
    logo: null,
    accent_colour: "#ffd400",
    background_colour: null,
    support_email: "help@larkspur.example",
  },
  theme: "auto",
  expires_at: "2026-05-01T00:00:00Z",
  now: "2026-04-17T00:00:00Z",
};
const BILL = { subtotal: "0", discount: "0", tax: "0", tax_included: "0" };
const LINE = { price_key: "calls", description: "Calls", quantity: "1000", unit_amount: "0.01", amount: "10.00" };
const ESTIMATE = {
  ...BILL,
  subscription_id: "sub_1",
  currency: "EUR",
  period_start: "2026-04-01T00:00:00Z",
  period_end: "2026-05-01T00:00:00Z",
  lines: [LINE],
  total: "10.00",
  projected: { ...BILL, lines: [{ ...LINE, quantity: "1800", amount: "18.00" }], total: "18.00" },
};

let asked: Request[] = [];

beforeEach(() => {
  asked = [];
  window.history.replaceState(null, "", "/portal");
  setPortalToken("pt_1");
  const answers: Record<string, unknown> = {
    me: ME,
    meters: { data: [{ key: "calls", name: "API calls", aggregation: "sum", dimensions: ["model"] }] },
    estimates: {
      as_of: ME.now,
      cost: [{ currency: "EUR", so_far: "10.00", projected: "18.00" }],
      data: [ESTIMATE],
    },
    invoices: { data: [], next_cursor: null },
    alerts: { data: [], next_cursor: null },
  };
  server.use(
    http.get("*/v1/portal/stream", () => new HttpResponse(new ReadableStream())),
    http.get("*/v1/portal/usage", () =>
      HttpResponse.json({
        meter: "calls",
        from: ESTIMATE.period_start,
        to: ESTIMATE.period_end,
        timezone: "UTC",
        data: [{ from: ESTIMATE.period_start, to: "2026-04-02T00:00:00Z", value: "1000", group: {} }],
      }),
    ),
    http.get("*/v1/portal/:what", ({ params, request }) => {
      asked.push(request);
      const answer = answers[String(params.what)];
      return answer === undefined ? problem(500, "internal", "Try again.") : HttpResponse.json(answer as object);
    }),
  );
});

const show = (token: string | null = "pt_1") =>
  render(<PortalApp handover={{ token, embedded: false, theme: null }} queries={makeQueryClient()} env="test" />);

it("shows cost, usage and the next invoice in the customer's currency", async () => {
  show();
  expect(await screen.findByText("Larkspur AI")).toBeInTheDocument();
  await waitFor(() => expect(screen.getByRole("region", { name: "Cost so far" })).toHaveTextContent("€10.00"));
  expect(screen.getByRole("region", { name: "At the period's end" })).toHaveTextContent("€18.00");
  expect(await screen.findByLabelText("Usage of API calls in this period")).toHaveTextContent("1,000");
  expect(screen.getByRole("table", { name: /Next invoice/ })).toHaveTextContent("Calls1,000€10.00€18.00");
  for (const request of asked) {
    expect(request.headers.get("Authorization")).toBe("Bearer pt_1");
    expect(request.url).not.toContain("pt_1");
  }
});

it("says what an empty view will hold", async () => {
  show();
  await user.click(await screen.findByText("Invoices"));
  expect(await screen.findByText("No invoices yet")).toBeInTheDocument();
  expect(window.location.pathname).toBe("/portal/invoices");
});

it("sets an alert on a share of what the plan includes", async () => {
  let sent: unknown;
  server.use(
    http.post("*/v1/portal/alerts", async ({ request }) => {
      sent = await request.json();
      const errors = [{ field: "percent", message: "must be more than 0", code: "invalid_value" }];
      return HttpResponse.json(
        { title: "Invalid request", status: 422, code: "invalid_request", detail: "Look at the fields.", errors },
        { status: 422 },
      );
    }),
  );
  show();
  await user.click(await screen.findByText("Alerts"));
  await user.click(await screen.findByRole("combobox", { name: "On" }));
  await user.click(await screen.findByRole("option", { name: "Usage of API calls" }));
  await user.click(screen.getByRole("combobox", { name: "Threshold" }));
  await user.click(await screen.findByRole("option", { name: "% of the included quantity" }));
  await user.type(screen.getByRole("textbox", { name: /Reaches/ }), "80");
  await user.click(screen.getByRole("button", { name: "Set alert" }));
  expect(await screen.findByText("must be more than 0")).toBeInTheDocument();
  expect(sent).toEqual({
    name: "API calls at 80 % of the included quantity",
    measure: "usage",
    meter: "calls",
    percent: "80",
    of: "included_quantity",
    recipients: [],
  });
});

it("says in words that a link has ended, and that there is none", async () => {
  server.use(http.get("*/v1/portal/me", () => problem(401, "unauthenticated", "The token opens nothing.")));
  const view = show();
  expect(await screen.findByText("This link no longer opens anything")).toBeInTheDocument();
  view.unmount();
  show(null);
  expect(screen.getByText("This page opens by a link of its own")).toBeInTheDocument();
});
