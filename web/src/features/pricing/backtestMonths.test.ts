import { expect, it } from "vitest";
import { monthsBack } from "./backtestMonths";

it("is whole months, over the year's end too", () => {
  expect(monthsBack(new Date("2026-02-17T10:00:00Z"), 3)).toEqual({ from: "2025-11-01", to: "2026-02-01" });
});
