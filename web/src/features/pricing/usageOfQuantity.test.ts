import { expect, it } from "vitest";
import { sumOf } from "./sums";
import { curveQuantities, NO_MIX, reachOf, usageOf } from "./usageOfQuantity";

const tiered = { model: "graduated", tiers: [{ up_to: "1000" }, { up_to: "40000" }, { up_to: null }] };

it("reaches past the last tier's bound", () => {
  expect(reachOf(tiered)).toBe(100_000);
  expect(reachOf({ model: "per_unit" })).toBe(1_000_000);
  expect(reachOf({ model: "package", package_size: "1000" })).toBe(10_000);
});

it("draws in even steps, never the same quantity twice", () => {
  expect(curveQuantities(100_000).slice(0, 3)).toEqual([0, 2000, 4000]);
  expect(curveQuantities(5)).toEqual([0, 1, 2, 3, 4, 5]);
});

it("counts the events of a value, and knows whose tokens they are", () => {
  expect(usageOf({ model: "percentage" }, 1050, NO_MIX)).toEqual([{ quantity: "1050", events: 11 }]);
  expect(usageOf({ model: "matrix" }, 5, { ...NO_MIX, dimensions: { model: "a" } })).toEqual([
    { quantity: "5", dimensions: { model: "a" } },
  ]);
});

it("adds up amounts exactly", () => {
  expect(sumOf(["0.10", "0.20", "99999999999999999.01"])).toBe("99999999999999999.31");
  expect(sumOf(["-0.50", "0.25"])).toBe("-0.25");
  expect(sumOf([])).toBe("0");
});
