import { screen, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, it } from "vitest";
import { renderSite } from "@/test/render";
import { SESSION, server } from "@/test/server";
import { user } from "@/test/user";

const step = { description: "3,000 at 0.002", quantity: "3000", unit_amount: "0.002", amount: "6" };
const line = {
  ...{ description: "Seats", price_key: "seats", meter: null, quantity: "3000", unit_amount: "0.002", amount: "6.00" },
  ...{ amount_exact: "6", discount: "0.00", tax: "0.00", taxes: [], steps: [step], groups: [] },
  ...{ period_start: "2026-03-01T00:00:00Z", period_end: "2026-04-01T00:00:00Z" },
};
const invoice = {
  ...{ id: "inv_1", kind: "subscription", number: null, status: "draft", customer_id: "cus_1", currency: "USD" },
  customer: {
    name: "<b>Acme</b>",
    email: null,
    external_id: "acme",
    address: null,
    tax_status: "taxable",
    tax_ids: [],
  },
  ...{ timezone: "UTC", period_start: "2026-03-01T00:00:00Z", period_end: "2026-04-01T00:00:00Z", lines: [line] },
  ...{ subtotal: "6.00", discount: "0.00", discounts: [], tax: "1.14", tax_included: "0.00" },
  taxes: [{ key: "vat", name: "VAT", percent: "19", inclusive: false, amount: "1.14", taxable: "6.00" }],
  ...{ carried_over: "0.00", credits_applied: "0.00", total: "7.14", amount_paid: "0.00", amount_credited: "0.00" },
  ...{ amount_due: "7.14", memo: null, po_number: null, issued_at: null, due_at: null },
};
const found = http.get("*/v1/invoices/inv_1", () => HttpResponse.json(invoice));
const as = (permissions: string[]) =>
  http.get("*/v1/auth/session", () => HttpResponse.json({ ...SESSION, permissions }));

it("adds up as the PDF does, and opens a line to its arithmetic", async () => {
  server.use(as([]), found);
  renderSite("/invoices/inv_1");
  const totals = await screen.findByRole("table", { name: "Totals" });
  expect(
    within(totals)
      .getAllByRole("row")
      .map((row) => row.textContent),
  ).toEqual([...["Subtotal$6.00", "VAT 19%$1.14", "Total$7.14", "Amount due$7.14"]]);
  await user.click(screen.getByRole("button", { name: "Arithmetic of Seats" }));
  const steps = screen.getByRole("table", { name: "Calculation of Seats" });
  expect(within(steps).getByRole("row", { name: "3,000 at 0.002 3,000 $0.002 $6.00" })).toBeInTheDocument();
  expect(screen.getByText("<b>Acme</b>")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Finalise" })).toBeNull();
});

it("asks before it finalises, and says so when it is done", async () => {
  let status = "draft";
  server.use(
    as(["billing:write"]),
    http.get("*/v1/invoices/inv_1", () => HttpResponse.json({ ...invoice, status })),
    http.post("*/v1/invoices/inv_1/finalize", () => {
      status = "finalized";
      return HttpResponse.json({ ...invoice, status });
    }),
  );
  renderSite("/invoices/inv_1");
  await user.click(await screen.findByRole("button", { name: "Finalise" }));
  expect(status).toBe("draft");
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByRole("button", { name: "Finalise" }));
  expect(await screen.findByText("The invoice is issued.")).toBeInTheDocument();
});

it("filters the list by what its address says", async () => {
  const asked: string[] = [];
  server.use(
    http.get("*/v1/customers", () => HttpResponse.json({ data: [], next_cursor: null })),
    http.get("*/v1/invoices", ({ request }) => {
      asked.push(new URL(request.url).search);
      return HttpResponse.json({ data: [], next_cursor: null });
    }),
  );
  renderSite("/invoices?status=void&to=2026-04-30");
  expect(await screen.findByText("No invoice is like this")).toBeInTheDocument();
  expect(asked[0]).toBe("?status=void&to=2026-05-01T00%3A00%3A00.000Z&limit=50");
});
