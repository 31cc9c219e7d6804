import { expect, it } from "vitest";
import type { Usage } from "./api";
import { chartOf, groupTotals, REST } from "./usageChart";
import { pathOf, viewAt } from "./views";

function usage(rows: [day: number, model: string, value: string][]): Usage {
  const data = rows.map(([day, model, value]) => ({
    from: `2026-04-0${day}T22:00:00Z`,
    to: `2026-04-0${day + 1}T22:00:00Z`,
    value,
    group: { model },
  }));
  return { meter: "tokens", from: "2026-04-01T22:00:00Z", to: "2026-05-01T22:00:00Z", timezone: "Europe/Berlin", data };
}

it("tells the exact figures, the largest first", () => {
  const told = groupTotals(
    usage([
      [1, "a", "1.000000000000000001"],
      [1, "", "9007199254740993"],
    ]),
    "model",
  );
  expect(told).toEqual([
    { name: "(none)", value: "9007199254740993" },
    { name: "a", value: "1.000000000000000001" },
  ]);
});

it("draws a bar a day in the customer's days, with a part for each value", () => {
  const { points, series } = chartOf(
    usage([
      [2, "b", "1"],
      [1, "a", "5"],
      [1, "b", "2"],
    ]),
    "model",
  );
  expect(series.map(({ label }) => label)).toEqual(["a", "b"]);
  expect(points).toEqual([
    { label: "Apr 2", values: { part0: 5, part1: 2 } },
    { label: "Apr 3", values: { part1: 1 } },
  ]);
});

it("puts the smallest of many together, and takes any name", () => {
  const names = ["__proto__", "constructor", "a", "b", "c", "d", "e", "f", "g"];
  const { points, series } = chartOf(usage(names.map((name, at) => [1, name, `${100 - at}`])), "model");
  expect(series.map(({ label }) => label)).toEqual([...names.slice(0, 6), REST]);
  expect(points).toHaveLength(1);
  expect(points[0]?.values.part6).toBe(94 + 93 + 92);
});

it("knows its views by their addresses", () => {
  expect(viewAt("/portal")).toEqual({ key: "usage", record: null });
  expect(viewAt(pathOf("invoices", "a/b?c"))).toEqual({ key: "invoices", record: "a/b?c" });
  expect(viewAt("/portal/nothing")).toEqual({ key: "usage", record: null });
});
