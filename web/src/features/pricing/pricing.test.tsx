import { screen, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, it } from "vitest";
import { renderSite } from "@/test/render";
import { problem, SESSION, server } from "@/test/server";
import { fill, user } from "@/test/user";

const STEP = { description: "3,000 at 0.002", quantity: "3000", unit_amount: "0.002", amount: "6" };
const calculator = [
  http.post("*/v1/prices/evaluate", () =>
    HttpResponse.json({ amount: "6.00", amount_exact: "6", currency: "USD", effective_rate: "0.002", steps: [STEP] }),
  ),
  http.post("*/v1/prices/curve", () =>
    HttpResponse.json({
      currency: "USD",
      points: [
        { quantity: "0", amount: "0.00", effective_rate: null },
        { quantity: "3000", amount: "6.00", effective_rate: "0.002" },
      ],
    }),
  ),
];
const terms = {
  version: 1,
  status: "published",
  currency: "USD",
  interval: "month",
  prices: [{ model: "per_unit", key: "calls", name: "API calls", meter: "calls", unit_amount: "0.002" }],
  currencies: {},
  trial_days: 0,
  minimum_commitment: null,
  billing_thresholds: [],
  published_at: "2026-04-01T00:00:00Z",
  created_at: "2026-04-01T00:00:00Z",
};
const draft = { ...terms, version: 2, status: "draft", published_at: null };
const plan = { ...terms, id: "plan_1", key: "scale", name: "Scale", kind: "plan", archived_at: null };
const onePlan = http.get("*/v1/plans/scale", () => HttpResponse.json({ ...plan, versions: [terms, draft] }));
const as = (permissions: string[]) =>
  http.get("*/v1/auth/session", () => HttpResponse.json({ ...SESSION, permissions }));

it("shows what is wrong where it is, in the server's words", async () => {
  const errors = [{ field: "prices.0.unit_amount", message: "must not be negative", code: "invalid" }];
  server.use(
    as(["catalog:write"]),
    ...calculator,
    http.get("*/v1/organisation", () => HttpResponse.json({ currency: "USD" })),
    http.get("*/v1/meters", () => HttpResponse.json({ data: [], next_cursor: null })),
    http.post("*/v1/plans", () =>
      HttpResponse.json(
        { type: "", title: "No", status: 422, detail: "Look below.", code: "x", errors },
        { status: 422 },
      ),
    ),
  );
  renderSite("/pricing/new");
  await fill(/^Plan name/, "Scale up");
  expect(screen.getByLabelText(/^Plan key/)).toHaveValue("scale_up");
  await user.click(screen.getByRole("button", { name: "Publish" }));
  expect(await screen.findByText("must not be negative")).toBeInTheDocument();
  expect(screen.getByLabelText(/^Rate for a unit/)).toHaveAttribute("aria-invalid", "true");
});

it("shows the calculation of a price, and publishes a draft", async () => {
  let published = false;
  server.use(
    as(["catalog:write"]),
    ...calculator,
    onePlan,
    http.post("*/v1/plans/scale/versions/2/publish", () => {
      published = true;
      return HttpResponse.json(plan);
    }),
  );
  renderSite("/pricing/scale");
  const steps = await screen.findByRole("table", { name: "Calculation of API calls" });
  expect(within(steps).getByRole("row", { name: "3,000 at 0.002 3,000 $0.002 $6.00" })).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Publish version 2" }));
  expect(await screen.findByText(/Version 2 is published/)).toBeInTheDocument();
  expect(published).toBe(true);
});

it("has no buttons for what a viewer may not do", async () => {
  server.use(as([]), ...calculator, onePlan);
  renderSite("/pricing/scale");
  expect(await screen.findByText("Version 2 is a draft")).toBeInTheDocument();
  for (const name of ["Subscribe a customer", "Publish version 2", "More actions"]) {
    expect(screen.queryByRole("button", { name })).toBeNull();
  }
});

it("says that there is no such plan", async () => {
  server.use(http.get("*/v1/plans/gone", () => problem(404, "not_found", "There is no plan gone.")));
  renderSite("/pricing/gone");
  expect(await screen.findByRole("alert")).toHaveTextContent("There is no plan gone.");
});
