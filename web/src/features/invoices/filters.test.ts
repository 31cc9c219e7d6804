import { expect, it } from "vitest";
import { filtersOf, validateFilters } from "./filters";

it("takes from an address what it knows", () => {
  expect(validateFilters({ status: "open", customer: "", from: "yesterday", to: "2026-04-30" })).toEqual({
    to: "2026-04-30",
  });
});

it("has days as instants, the last one whole", () => {
  expect(filtersOf({ status: "draft", customer: "cus_1", from: "2026-04-01", to: "2026-04-30" })).toEqual({
    status: "draft",
    customer_id: "cus_1",
    from: "2026-04-01T00:00:00.000Z",
    to: "2026-05-01T00:00:00.000Z",
  });
});
