/** From the rows of usage to bars: a day each, with a part for each value of the dimension. */

import { formatInstant } from "@/app/formats";
import type { Point, Series } from "@/components/TimeChart";
import type { Usage } from "./api";

/** More parts of a bar than these can't be told apart; the smallest become one. */
const MOST_PARTS = 6;
export const REST = "Others";
const ALL = "Total";
/** Each has 3:1 with both grounds and differs from its neighbours in lightness too. */
const COLOURS = ["var(--jp-bar)", "#2f7de1", "#c2730c", "#a35bd6", "#d6457f", "#708090", "#8a8f98"];

export interface GroupTotal {
  name: string;
  value: string;
}

const nameOf = (group: Record<string, string>, by: string) => group[by] || "(none)";

/** As the server told it, the largest first. */
export function groupTotals(usage: Usage, by: string | null): GroupTotal[] {
  if (by === null) return usage.data.map((row) => ({ name: ALL, value: row.value }));
  return usage.data
    .map((row) => ({ name: nameOf(row.group, by), value: row.value }))
    .sort((a, b) => Number(b.value) - Number(a.value));
}

export function chartOf(usage: Usage, by: string | null): { points: Point[]; series: Series[] } {
  const sums = new Map<string, number>();
  for (const row of usage.data) {
    const name = by === null ? ALL : nameOf(row.group, by);
    sums.set(name, (sums.get(name) ?? 0) + Number(row.value));
  }
  const names = [...sums].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const shown = names.length > MOST_PARTS + 1 ? names.slice(0, MOST_PARTS) : names;
  const labels = shown.length === names.length ? shown : [...shown, REST];
  // A name comes from events and may be anything, "__proto__" too; the chart's keys are ours.
  const keyOf = (name: string) => `part${Math.max(shown.includes(name) ? shown.indexOf(name) : shown.length, 0)}`;
  const days = new Map<string, Record<string, number>>();
  for (const row of usage.data) {
    const day = days.get(row.from) ?? {};
    const key = keyOf(by === null ? ALL : nameOf(row.group, by));
    day[key] = (day[key] ?? 0) + Number(row.value);
    days.set(row.from, day);
  }
  return {
    points: [...days].sort().map(([from, values]) => ({ label: formatInstant(from, "day", usage.timezone), values })),
    series: (labels.length === 0 ? [ALL] : labels).map((label, at) => ({
      key: `part${at}`,
      label,
      color: COLOURS[at % COLOURS.length] as string,
    })),
  };
}
