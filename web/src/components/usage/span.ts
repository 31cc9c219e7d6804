/**
 * The times that usage is asked about: named spans such as "this month", reckoned in one time zone and half-open. What a
 * span runs over now ends with the window that is running, so that a chart has no empty future.
 */

import dayjs from "dayjs";
import timezonePlugin from "dayjs/plugin/timezone";
import utcPlugin from "dayjs/plugin/utc";
import type { Window } from "@/api/usage";

dayjs.extend(utcPlugin);
dayjs.extend(timezonePlugin);

export const SPANS = {
  hour: "Last hour",
  day: "Last 24 hours",
  week: "Last 7 days",
  days: "Last 30 days",
  month: "This month",
  last_month: "Last month",
  year: "Last 12 months",
  custom: "Chosen days",
} as const;

export type SpanName = keyof typeof SPANS;
export const SPAN_NAMES = Object.keys(SPANS) as SpanName[];

export interface Span {
  start: Date;
  end: Date;
}

/** Chosen days, "2026-04-17", both included. */
export interface Days {
  first?: string | undefined;
  last?: string | undefined;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Calendar days are plain dates, so that months and zones with a changing clock come out whole. */
const dayOf = (at: Date, zone: string) => dayjs(at).tz(zone).format("YYYY-MM-DD");
const addToDay = (day: string, count: number, unit: "day" | "month") =>
  dayjs.utc(day).add(count, unit).format("YYYY-MM-DD");
const startOf = (day: string, zone: string) => dayjs.tz(`${day} 00:00`, zone).toDate();
const monthOf = (day: string) => `${day.slice(0, 7)}-01`;

/** Null where days are to be chosen and are not, or end before they start. */
export function spanOf(name: SpanName, now: Date, zone: string, days: Days = {}): Span | null {
  const today = dayOf(now, zone);
  const month = monthOf(today);
  const between = (first: string, end: string) => ({ start: startOf(first, zone), end: startOf(end, zone) });
  const upTo = (step: number, length: number) => {
    const end = (Math.floor(now.getTime() / step) + 1) * step;
    return { start: new Date(end - length), end: new Date(end) };
  };
  switch (name) {
    case "hour":
      return upTo(5 * MINUTE, HOUR);
    case "day":
      return upTo(HOUR, DAY);
    case "week":
      return between(addToDay(today, -6, "day"), addToDay(today, 1, "day"));
    case "days":
      return between(addToDay(today, -29, "day"), addToDay(today, 1, "day"));
    case "month":
      return between(month, addToDay(month, 1, "month"));
    case "last_month":
      return between(addToDay(month, -1, "month"), month);
    case "year":
      return between(addToDay(month, -11, "month"), addToDay(month, 1, "month"));
    case "custom": {
      const { first, last } = days;
      if (first === undefined || last === undefined || last < first) return null;
      return between(first, addToDay(last, 1, "day"));
    }
  }
}

/**
 * The period before, as far into it as `now` is into this one: the month before for months, else the same length of time
 * right before it.
 */
export function periodBefore(name: SpanName, span: Span, now: Date, zone: string): Span {
  const length = span.end.getTime() - span.start.getTime();
  const monthly = name === "month" || name === "last_month";
  const start = monthly
    ? startOf(addToDay(dayOf(span.start, zone), -1, "month"), zone)
    : name === "year"
      ? startOf(addToDay(dayOf(span.start, zone), -12, "month"), zone)
      : new Date(span.start.getTime() - length);
  if (now >= span.end) return { start, end: span.start };
  const elapsed = now.getTime() - span.start.getTime();
  return { start, end: new Date(Math.min(start.getTime() + elapsed, span.start.getTime())) };
}

/** More points than a screen has room for tell nothing. */
const MOST_POINTS = 800;
const LENGTHS: [Exclude<Window, "none">, number][] = [
  ["5m", 5 * MINUTE],
  ["hour", HOUR],
  ["day", DAY],
  ["month", 28 * DAY],
];

/** The windows that a span can be cut into, finest first. */
export function windowsOf(span: Span): Exclude<Window, "none">[] {
  const length = span.end.getTime() - span.start.getTime();
  const fitting = LENGTHS.filter(([, each]) => each < length && length / each <= MOST_POINTS);
  return fitting.map(([window]) => window);
}

export const DEFAULT_WINDOWS: Record<SpanName, Exclude<Window, "none">> = {
  hour: "5m",
  day: "hour",
  week: "day",
  days: "day",
  month: "day",
  last_month: "day",
  year: "month",
  custom: "day",
};

/** Where the windows of a span start, up to `now`. */
export function windowStarts(span: Span, window: Exclude<Window, "none">, now: Date, zone: string): Date[] {
  const end = Math.min(span.end.getTime(), now.getTime());
  const starts: Date[] = [];
  if (window === "5m" || window === "hour") {
    const step = window === "5m" ? 5 * MINUTE : HOUR;
    for (let at = span.start.getTime(); at < end; at += step) starts.push(new Date(at));
    return starts;
  }
  let day = dayOf(span.start, zone);
  for (let at = span.start; at.getTime() < end; at = startOf(day, zone)) {
    starts.push(at);
    day = window === "day" ? addToDay(day, 1, "day") : addToDay(monthOf(day), 1, "month");
  }
  return starts;
}
