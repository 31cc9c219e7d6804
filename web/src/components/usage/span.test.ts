import { expect, it } from "vitest";
import { periodBefore, spanOf, windowStarts, windowsOf } from "./span";

const NOW = new Date("2026-04-17T15:19:02Z");
const told = (span: { start: Date; end: Date } | null) => span && [span.start.toISOString(), span.end.toISOString()];

it("reckons months and days in the zone, whole where its clock changes", () => {
  expect(told(spanOf("month", NOW, "Europe/Berlin"))).toEqual(["2026-03-31T22:00:00.000Z", "2026-04-30T22:00:00.000Z"]);
  expect(told(spanOf("last_month", NOW, "Europe/Berlin"))).toEqual([
    "2026-02-28T23:00:00.000Z",
    "2026-03-31T22:00:00.000Z",
  ]);
  const days = { first: "2026-03-29", last: "2026-03-29" };
  expect(told(spanOf("custom", NOW, "Europe/Berlin", days))).toEqual([
    "2026-03-28T23:00:00.000Z",
    "2026-03-29T22:00:00.000Z",
  ]);
  expect(spanOf("custom", NOW, "UTC", { first: "2026-03-29", last: "2026-03-28" })).toBeNull();
});

it("compares a running month with as much of the month before", () => {
  const month = spanOf("month", NOW, "UTC");
  expect(told(month && periodBefore("month", month, NOW, "UTC"))).toEqual([
    "2026-03-01T00:00:00.000Z",
    "2026-03-17T15:19:02.000Z",
  ]);
  const last = spanOf("last_month", NOW, "UTC");
  expect(told(last && periodBefore("last_month", last, NOW, "UTC"))).toEqual([
    "2026-02-01T00:00:00.000Z",
    "2026-03-01T00:00:00.000Z",
  ]);
});

it("cuts a span into windows that a screen has room for, up to now", () => {
  const month = spanOf("month", NOW, "UTC");
  const hour = spanOf("hour", NOW, "UTC");
  if (month === null || hour === null) throw new Error("both are spans");
  expect(windowsOf(month)).toEqual(["hour", "day", "month"]);
  expect(windowsOf(hour)).toEqual(["5m"]);
  expect(windowStarts(month, "day", NOW, "UTC")).toHaveLength(17);
  expect(windowStarts(hour, "5m", NOW, "UTC")).toHaveLength(12);
});
