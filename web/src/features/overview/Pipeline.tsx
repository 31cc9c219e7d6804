import { Card, Skeleton, Text } from "@mantine/core";
import { IconCalculator, IconFileInvoice, IconGauge, IconInbox } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ComponentType, ReactNode } from "react";
import { useLive } from "@/api/live";
import type { Overview } from "@/api/overview";
import { type Plan, plansQuery } from "@/api/plans";
import { formatMilliseconds, formatMoneyShort, formatQuantity } from "@/app/formats";
import classes from "./Pipeline.module.css";

interface Props {
  overview: Overview | undefined;
}

/** Ingest, meter, price, invoice: what each stage does at this moment. */
export function Pipeline({ overview }: Props) {
  return (
    <Card component="section" aria-label="Billing pipeline" p={0}>
      <ol className={classes.stages}>
        <Ingest overview={overview} />
        <Meter overview={overview} />
        <Price />
        <Invoice overview={overview} />
      </ol>
    </Card>
  );
}

function Ingest({ overview }: Props) {
  const live = useLive((view) => view.pulse?.events_per_minute);
  const perMinute = live ?? overview?.events.per_minute;
  return (
    <Stage
      name="Ingest"
      icon={IconInbox}
      running={(perMinute ?? 0) > 0}
      figure={perMinute === undefined ? undefined : formatQuantity(perMinute)}
      unit="events/min"
    >
      {overview &&
        (overview.events.per_minute_series.length > 1 ? (
          <Spark series={overview.events.per_minute_series} />
        ) : (
          "API, CSV, webhooks"
        ))}
    </Stage>
  );
}

function Meter({ overview }: Props) {
  const behind = useLive((view) => view.pulse?.metered_behind) ?? overview?.metering.behind;
  const lag = useLive((view) => view.pulse?.lag_ms) ?? overview?.metering.lag_ms;
  return (
    <Stage
      name="Meter"
      icon={IconGauge}
      running={behind !== undefined}
      figure={lag === undefined ? undefined : formatMilliseconds(lag)}
      unit="behind"
    >
      {behind !== undefined && (behind === 0 ? "All events are in usage" : `${formatQuantity(behind)} events to go`)}
    </Stage>
  );
}

function Price() {
  const plans = useInfiniteQuery(plansQuery()).data?.pages.flatMap((page) => page.data);
  const published = plans?.filter((plan) => plan.status === "published");
  return (
    <Stage
      name="Price"
      icon={IconCalculator}
      running={(published?.length ?? 0) > 0}
      figure={published === undefined ? undefined : formatQuantity(published.length)}
      unit={published?.length === 1 ? "plan" : "plans"}
    >
      {published && (modelsOf(published) || "No plan is published")}
    </Stage>
  );
}

function Invoice({ overview }: Props) {
  const [open, ...further] = overview?.invoices.open_amounts ?? [];
  return (
    <Stage
      name="Invoice"
      icon={IconFileInvoice}
      running={(overview?.invoices.issued_this_month ?? 0) > 0}
      figure={
        overview === undefined ? undefined : open ? formatMoneyShort(open.amount, open.currency) : formatQuantity(0)
      }
      unit={further.length === 0 ? "open" : `open, and ${further.length} more`}
    >
      {overview && `${formatQuantity(overview.invoices.issued_this_month)} issued this month`}
    </Stage>
  );
}

interface StageProps {
  name: string;
  icon: ComponentType<{ size?: number; stroke?: number; className?: string | undefined }>;
  running: boolean;
  figure: string | undefined;
  unit: string;
  children: ReactNode;
}

function Stage({ name, icon: Icon, running, figure, unit, children }: StageProps) {
  return (
    <li className={classes.stage} data-running={running}>
      <Text className={classes.name ?? ""} component="h2">
        <Icon size={16} stroke={1.8} />
        {name}
      </Text>
      <div className={classes.figure}>
        {figure === undefined ? <Skeleton h={22} w={90} /> : <strong>{figure}</strong>}
        {figure !== undefined && <span>{unit}</span>}
      </div>
      <div className={classes.note}>{figure === undefined ? <Skeleton h={12} w={120} /> : children}</div>
    </li>
  );
}

/** The last hour, minute by minute; its figures are those of the chart below, so it is only for the eye. */
function Spark({ series }: { series: { count: number }[] }) {
  const highest = Math.max(1, ...series.map((each) => each.count));
  const step = 100 / (series.length - 1);
  const path = series.map(
    (each, n) => `${n === 0 ? "M" : "L"}${(n * step).toFixed(2)} ${(19 - (each.count / highest) * 18).toFixed(2)}`,
  );
  return (
    <svg className={classes.spark} viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">
      <path d={path.join("")} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

const MODEL_NAMES: Record<string, string> = {
  flat: "flat",
  seats: "seats",
  per_unit: "per unit",
  graduated: "graduated",
  volume: "volume",
  package: "package",
  percentage: "percentage",
  matrix: "matrix",
  cost_plus: "cost plus",
};

/** The price models in use, the most used first. */
export function modelsOf(plans: Pick<Plan, "prices">[]): string {
  const counts = new Map<string, number>();
  for (const price of plans.flatMap((plan) => plan.prices)) counts.set(price.model, (counts.get(price.model) ?? 0) + 1);
  const models = [...counts.entries()].sort((a, b) => b[1] - a[1]).map(([model]) => MODEL_NAMES[model] ?? model);
  return models.slice(0, 3).join(" · ");
}
