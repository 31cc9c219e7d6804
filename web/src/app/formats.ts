/**
 * Numbers, money and instants as the reader writes them. Amounts and quantities are exact decimal strings from the API
 * and are never made floats on the way: Intl formats the strings themselves.
 */

export type Decimal = string | number;

let locales: readonly string[] | undefined;

/** The reader's languages, where nothing else is set. */
export function setLocales(chosen: readonly string[] | undefined): void {
  locales = chosen;
  cache.clear();
}

const cache = new Map<string, Intl.NumberFormat>();

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(locales as string[] | undefined, options);
  cache.set(key, made);
  return made;
}

const format = (value: Decimal, options: Intl.NumberFormatOptions) =>
  numberFormat(options).format(value as Intl.StringNumericLiteral);

/** To the currency's minor unit: "1234.5", "USD" → $1,234.50. */
export function formatMoney(amount: Decimal, currency: string): string {
  return format(amount, { style: "currency", currency });
}

/** For figures in big type: $284K. */
export function formatMoneyShort(amount: Decimal, currency: string): string {
  return Math.abs(Number(amount)) < 100_000
    ? formatMoney(amount, currency)
    : format(amount, { style: "currency", currency, notation: "compact", maximumFractionDigits: 1 });
}

/** Rates have up to 12 places: $0.000002. */
export function formatRate(amount: Decimal, currency: string): string {
  return format(amount, { style: "currency", currency, maximumFractionDigits: 12 });
}

export function formatQuantity(value: Decimal): string {
  return format(value, { maximumFractionDigits: 12 });
}

/** For figures in big type: 1.2M. Small ones stay whole. */
export function formatShort(value: Decimal): string {
  return Math.abs(Number(value)) < 100_000
    ? format(value, { maximumFractionDigits: 2 })
    : format(value, { notation: "compact", maximumFractionDigits: 1 });
}

/** A ratio as a signed percentage: "0.12" → +12%. */
export function formatChange(ratio: Decimal): string {
  return format(ratio, { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 1 });
}

export function formatPercent(ratio: Decimal): string {
  return format(ratio, { style: "percent", maximumFractionDigits: 1 });
}

export function formatMilliseconds(value: number): string {
  return value < 1000
    ? format(value, { style: "unit", unit: "millisecond", maximumFractionDigits: value < 10 ? 1 : 0 })
    : format(value / 1000, { style: "unit", unit: "second", maximumFractionDigits: 1 });
}

export type InstantStyle = "day" | "date" | "minute" | "second" | "clock";

const INSTANTS: Record<InstantStyle, Intl.DateTimeFormatOptions> = {
  day: { month: "short", day: "numeric" },
  date: { dateStyle: "medium" },
  minute: { dateStyle: "medium", timeStyle: "short" },
  second: { dateStyle: "medium", timeStyle: "medium" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" },
};

/** `timezone` is an IANA name; without it the reader's own. */
export function formatInstant(at: string | Date, style: InstantStyle = "minute", timezone?: string): string {
  const instant = new Date(at);
  if (Number.isNaN(instant.getTime())) return "—";
  const zone = timezone === undefined ? {} : { timeZone: timezone };
  return new Intl.DateTimeFormat(locales as string[] | undefined, { ...INSTANTS[style], ...zone }).format(instant);
}

/** A calendar day, "2026-04-17", which has no time zone: Apr 17. */
export function formatDay(
  day: string,
  options: Intl.DateTimeFormatOptions = { month: "short", day: "numeric" },
): string {
  return new Intl.DateTimeFormat(locales as string[] | undefined, { ...options, timeZone: "UTC" }).format(
    new Date(`${day}T00:00:00Z`),
  );
}

/** `[start, end)` as people say it: its last day is the one before the end. */
export function formatPeriod(start: string, end: string, timezone: string): string {
  const formatter = new Intl.DateTimeFormat(locales as string[] | undefined, {
    dateStyle: "medium",
    timeZone: timezone,
  });
  return formatter.formatRange(new Date(start), new Date(new Date(end).getTime() - 1));
}

export function readersTimezone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Where a window of usage starts, as short as it can be told: Apr 17, 03:05 PM; Apr 17; Apr 2026. */
export function formatWindow(at: Date, window: "5m" | "hour" | "day" | "month", timezone: string): string {
  const options: Intl.DateTimeFormatOptions =
    window === "month"
      ? { month: "short", year: "numeric" }
      : window === "day"
        ? { month: "short", day: "numeric" }
        : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(locales as string[] | undefined, { ...options, timeZone: timezone }).format(at);
}
