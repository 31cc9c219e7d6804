import { Box, Skeleton, VisuallyHidden } from "@mantine/core";
import { lazy, Suspense } from "react";
import classes from "./TimeChart.module.css";

export interface Series {
  /** Of the points' `values`. */
  key: string;
  label: string;
  /** A theme colour or CSS variable; the accent where left out. */
  color?: string;
}

export interface Point {
  label: string;
  /** Pixels have no more digits than a float; what is read out or written beside the chart is exact. */
  values: Record<string, number>;
}

export interface TimeChartProps {
  /** What the chart shows, as its name for those who can't see it. */
  label: string;
  kind?: "bar" | "line" | "area";
  points: Point[];
  series: Series[];
  format: (value: number) => string;
  height?: number;
  stacked?: boolean;
  /** What the points are told apart by, where it is not time. */
  axis?: string;
}

// The drawing is most of the page's code; the figures around it need not wait for it.
const Drawing = lazy(() => import("./TimeChartDrawing"));

/**
 * A chart over time. Arrow keys move from point to point once it has the focus, and a screen reader gets its table.
 */
export function TimeChart(props: TimeChartProps) {
  const { label, points, series, format, height = 220, axis = "Time" } = props;
  return (
    <Box component="figure" className={classes.figure ?? ""} h={height}>
      <Suspense fallback={<Skeleton h={height} />}>
        <Drawing {...props} />
      </Suspense>
      <VisuallyHidden>
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th scope="col">{axis}</th>
              {series.map((each) => (
                <th key={each.key} scope="col">
                  {each.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {points.map((point) => (
              <tr key={point.label}>
                <th scope="row">{point.label}</th>
                {series.map((each) => (
                  <td key={each.key}>{format(point.values[each.key] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </Box>
  );
}
