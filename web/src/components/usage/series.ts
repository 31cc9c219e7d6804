/** From usage rows to what a chart draws. Floats are for pixels only; figures that are read come from the rows. */

import type { UsageRow } from "@/api/usage";
import { seriesColor } from "@/components/seriesColors";
import type { Point, Series } from "@/components/TimeChart";

/** As many as can be told apart. */
export const MOST_SERIES = 8;

export interface Group {
  key: string;
  label: string;
  value: string;
}

export const groupKey = (row: UsageRow) => JSON.stringify(row.group);

/** An event without a dimension has an empty text there. */
export function groupLabel(row: UsageRow): string {
  const values = Object.values(row.group).map((value) => (value === "" ? "(none)" : value));
  return values.join(" · ");
}

/** Groups of undivided usage, largest first. */
export function largestFirst(rows: UsageRow[]): Group[] {
  const groups = rows.map((row) => ({ key: groupKey(row), label: groupLabel(row), value: row.value }));
  return groups.sort((a, b) => Number(b.value) - Number(a.value) || a.label.localeCompare(b.label));
}

/** One series a group; windows without events are zero. */
export function pointsByGroup(rows: UsageRow[], starts: Date[], groups: Group[], label: (at: Date) => string) {
  const shown = groups.slice(0, MOST_SERIES);
  const keys = new Map(shown.map((group, n) => [group.key, `g${n}`]));
  const series: Series[] = shown.map((group, n) => ({ key: `g${n}`, label: group.label, color: seriesColor(n) }));
  const zeros = () => Object.fromEntries(series.map((each) => [each.key, 0]));
  const found = new Map<number, Record<string, number>>(starts.map((at) => [at.getTime(), zeros()]));
  for (const row of rows) {
    const key = keys.get(groupKey(row));
    if (key === undefined) continue;
    const at = new Date(row.from).getTime();
    const values = found.get(at) ?? zeros();
    values[key] = Number(row.value);
    found.set(at, values);
  }
  return { series, points: inOrder(found, label) };
}

/** The span's own series and, where it is compared, the period before beside it, window by window. */
export function pointsBesideBefore(
  rows: UsageRow[],
  starts: Date[],
  before: { rows: UsageRow[]; starts: Date[] } | null,
  label: (at: Date) => string,
): { series: Series[]; points: Point[] } {
  const values = new Map<number, Record<string, number>>(starts.map((at) => [at.getTime(), { now: 0 }]));
  for (const row of rows) values.set(new Date(row.from).getTime(), { now: Number(row.value) });
  const points = inOrder(values, label);
  const series: Series[] = [{ key: "now", label: "This period" }];
  if (before !== null) {
    series.push({ key: "before", label: "Period before", color: "var(--jp-faint)" });
    const earlier = new Map(before.rows.map((row) => [new Date(row.from).getTime(), Number(row.value)]));
    points.forEach((point, n) => {
      const at = before.starts[n];
      point.values.before = at === undefined ? 0 : (earlier.get(at.getTime()) ?? 0);
    });
  }
  return { series, points };
}

function inOrder(values: Map<number, Record<string, number>>, label: (at: Date) => string): Point[] {
  return [...values].sort(([a], [b]) => a - b).map(([at, each]) => ({ label: label(new Date(at)), values: each }));
}

/** Growth as a ratio, "0.12" for 12 % more; null where there was nothing before. */
export function changeOf(now: string, before: string): string | null {
  return Number(before) === 0 ? null : String((Number(now) - Number(before)) / Math.abs(Number(before)));
}
