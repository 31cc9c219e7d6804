import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  formatChange,
  formatDay,
  formatInstant,
  formatMilliseconds,
  formatMoney,
  formatMoneyShort,
  formatPeriod,
  formatQuantity,
  formatRate,
  formatShort,
  setLocales,
} from "./formats";

/** Intl writes several kinds of space. */
const plain = (text: string) => text.replace(/\s/gu, " ");

beforeEach(() => setLocales(["en-US"]));
afterEach(() => setLocales(undefined));

describe("money", () => {
  it("keeps every digit that a float would lose", () => {
    expect(formatMoney("12345678901234567.89", "USD")).toBe("$12,345,678,901,234,567.89");
    expect(formatQuantity("99999999999999999.000000000001")).toBe("99,999,999,999,999,999.000000000001");
  });

  it.each([
    ["1234.5", "USD", "$1,234.50"],
    ["1234", "JPY", "¥1,234"],
    ["1.2345", "KWD", "KWD 1.235"],
    ["-3.5", "USD", "-$3.50"],
  ])("%s %s has the currency's places", (amount, currency, shown) => {
    expect(plain(formatMoney(amount, currency))).toBe(shown);
  });

  it("shows rates to their last place", () => {
    expect(formatRate("0.000002", "USD")).toBe("$0.000002");
    expect(formatRate("0.1", "USD")).toBe("$0.10");
  });

  it("writes as the reader does", () => {
    setLocales(["de-DE"]);
    expect(plain(formatMoney("1234.5", "EUR"))).toBe("1.234,50 €");
  });

  it("is short only where it is long", () => {
    expect(formatMoneyShort("3215", "USD")).toBe("$3,215.00");
    expect(formatMoneyShort("284127.33", "USD")).toBe("$284.1K");
  });
});

it("shortens large figures and keeps small ones", () => {
  expect([formatShort("847"), formatShort("12847"), formatShort("1200000")]).toEqual(["847", "12,847", "1.2M"]);
});

it("signs changes, except none", () => {
  expect([formatChange("0.12"), formatChange("-0.034"), formatChange("0")]).toEqual(["+12%", "-3.4%", "0%"]);
});

it("measures time in the unit that fits", () => {
  expect([formatMilliseconds(3.21), formatMilliseconds(48), formatMilliseconds(1500)]).toEqual([
    "3.2 ms",
    "48 ms",
    "1.5 sec",
  ]);
});

describe("time", () => {
  it("shows an instant in the zone asked for", () => {
    expect(formatInstant("2026-04-17T23:30:00Z", "date", "Asia/Tokyo")).toBe("Apr 18, 2026");
    expect(formatInstant("2026-04-17T15:19:02.847Z", "clock", "UTC")).toBe("15:19:02.847");
  });

  it("does not move a calendar day", () => {
    expect(formatDay("2026-04-17")).toBe("Apr 17");
  });

  it("ends a period on its last day", () => {
    expect(plain(formatPeriod("2026-04-01T04:00:00Z", "2026-05-01T04:00:00Z", "America/New_York"))).toBe(
      "Apr 1 – 30, 2026",
    );
  });
});
