/** Loaded by `TimeChart` once it is shown. */

import { AreaChart, BarChart, LineChart } from "@mantine/charts";
import { useReducedMotion } from "@mantine/hooks";
import type { TimeChartProps } from "./TimeChart";

const ACCENT = "var(--jp-bar)";

export default function TimeChartDrawing({
  label,
  kind = "bar",
  points,
  series,
  format,
  height = 220,
  stacked = false,
}: TimeChartProps) {
  const still = useReducedMotion();
  const common = {
    h: height,
    data: points.map((point) => ({ label: point.label, ...point.values })),
    dataKey: "label",
    series: series.map((each) => ({ name: each.key, label: each.label, color: each.color ?? ACCENT })),
    valueFormatter: format,
    withLegend: series.length > 1,
    gridAxis: "x" as const,
    tickLine: "none" as const,
    strokeDasharray: "0",
    textColor: "dimmed",
    gridColor: "var(--jp-line)",
    xAxisProps: { minTickGap: 24 },
    yAxisProps: { width: "auto" as const },
  };
  const chart = { title: label, margin: { top: 6, right: 4, bottom: 0, left: 0 } };
  const animation = { isAnimationActive: false };
  if (kind === "line")
    return <LineChart {...common} curveType="linear" withDots={false} lineProps={animation} lineChartProps={chart} />;
  if (kind === "area") {
    return (
      <AreaChart
        {...common}
        type={stacked ? "stacked" : "default"}
        curveType="linear"
        withDots={false}
        areaProps={animation}
        areaChartProps={chart}
      />
    );
  }
  return (
    <BarChart
      {...common}
      type={stacked ? "stacked" : "default"}
      maxBarWidth={36}
      barProps={{ radius: [3, 3, 0, 0], isAnimationActive: !still && points.length < 40, animationDuration: 250 }}
      barChartProps={chart}
    />
  );
}
