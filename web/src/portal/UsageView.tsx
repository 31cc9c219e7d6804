import { Card, Group, Select, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { formatMoney, formatPeriod, formatQuantity, formatShort } from "@/app/formats";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Quantity } from "@/components/Quantity";
import { StatCard } from "@/components/StatCard";
import { TimeChart } from "@/components/TimeChart";
import { type Estimate, estimatesQuery, type Me, type Meter, metersQuery, usageCsvPath, usageQuery } from "./api";
import { DownloadButton } from "./DownloadButton";
import { LineItems } from "./LineItems";
import classes from "./LineItems.module.css";
import { chartOf, groupTotals } from "./usageChart";
import { ViewHeader } from "./ViewHeader";

/** What runs now: cost, usage by meter and dimension, the lines of the next invoice. */
export default function UsageView({ me, line }: { me: Me; line: ReactNode }) {
  const estimates = useQuery(estimatesQuery);
  const meters = useQuery(metersQuery);
  const running = estimates.data?.data[0];
  if (estimates.error !== null && estimates.data === undefined) {
    return <ErrorState error={estimates.error} onRetry={() => void estimates.refetch()} />;
  }
  return (
    <>
      <ViewHeader
        me={me}
        title="Usage and cost"
        description={
          running === undefined
            ? undefined
            : formatPeriod(running.period_start, running.period_end, me.customer.timezone)
        }
        actions={line}
      />
      <Stack gap="lg">
        <Costs me={me} cost={estimates.data?.cost} running={running} />
        {estimates.data !== undefined && meters.data !== undefined && (
          <UsageByMeter meters={meters.data.data} running={running} />
        )}
        {estimates.data?.data.map((estimate) => (
          <LineItems key={estimate.subscription_id} estimate={estimate} timezone={me.customer.timezone} />
        ))}
      </Stack>
    </>
  );
}

interface CostsProps {
  me: Me;
  cost: { currency: string; so_far: string; projected: string }[] | undefined;
  running: Estimate | undefined;
}

function Costs({ me, cost, running }: CostsProps) {
  if (cost !== undefined && cost.length === 0) {
    return (
      <Card>
        <EmptyState title="Nothing is billed at the moment">
          Once a subscription runs, its cost so far and at the period's end stand here.
        </EmptyState>
      </Card>
    );
  }
  const ends =
    running === undefined
      ? "at the period's end"
      : formatPeriod(running.period_start, running.period_end, me.customer.timezone);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      {(cost ?? [undefined]).flatMap((each) => [
        <StatCard
          key={`${each?.currency} so far`}
          label="Cost so far"
          value={each && formatMoney(each.so_far, each.currency)}
          hint="In this period"
        />,
        <StatCard
          key={`${each?.currency} projected`}
          label="At the period's end"
          value={each && formatMoney(each.projected, each.currency)}
          hint={`If usage goes on as it did, ${ends}`}
        />,
      ])}
    </SimpleGrid>
  );
}

const CHART_HEIGHT = 260;

function UsageByMeter({ meters, running }: { meters: Meter[]; running: Estimate | undefined }) {
  const [key, setKey] = useState(meters[0]?.key);
  const [dimension, setDimension] = useState<string | null>(null);
  const meter = meters.find((each) => each.key === key);
  if (meter === undefined) {
    return (
      <Card>
        <EmptyState title="No usage is measured yet">
          What you use appears here within a second of being used.
        </EmptyState>
      </Card>
    );
  }
  const by = dimension !== null && meter.dimensions.includes(dimension) ? dimension : null;
  return (
    <Card component="section" aria-labelledby="usage-of">
      <Group justify="space-between" align="flex-end" mb="md">
        <Title order={2} id="usage-of">
          Usage of {meter.name}
        </Title>
        <Group align="flex-end" gap="sm">
          <Select
            label="Meter"
            data={meters.map(({ key: value, name: label }) => ({ value, label }))}
            value={meter.key}
            onChange={(chosen) => chosen !== null && setKey(chosen)}
            allowDeselect={false}
          />
          {meter.dimensions.length > 0 && (
            <Select
              label="By"
              placeholder="All together"
              data={meter.dimensions}
              value={by}
              onChange={setDimension}
              clearable
              clearButtonProps={{ "aria-label": "All together" }}
            />
          )}
        </Group>
      </Group>
      <MeterUsage key={`${meter.key} ${by}`} meter={meter} by={by} running={running} />
    </Card>
  );
}

function MeterUsage({ meter, by, running }: { meter: Meter; by: string | null; running: Estimate | undefined }) {
  const span = { meter: meter.key, from: running?.period_start, to: running?.period_end };
  const group_by = by === null ? undefined : [by];
  const total = useQuery({ ...usageQuery({ ...span, window: "none", group_by }), placeholderData: keepPreviousData });
  const daily = { ...span, window: "day" as const, group_by };
  const days = useQuery({ ...usageQuery(daily), placeholderData: keepPreviousData });
  const failed = total.error ?? days.error;
  if (failed !== null && days.data === undefined)
    return <ErrorState error={failed} onRetry={() => void days.refetch()} />;
  if (total.data === undefined || days.data === undefined) return <Skeleton h={CHART_HEIGHT + 120} />;
  const { points, series } = chartOf(days.data, by);
  return (
    <Stack gap="md">
      <section aria-label={`Usage of ${meter.name} in this period`}>
        <dl className={classes.figures}>
          {groupTotals(total.data, by).map(({ name, value }) => (
            <div key={name}>
              <Text component="dt" size="sm" c="dimmed">
                {name}
              </Text>
              <Text component="dd" m={0} fz={by === null ? 24 : "lg"} fw={600}>
                <Quantity value={value} />
              </Text>
            </div>
          ))}
        </dl>
      </section>
      <TimeChart
        label={`${meter.name} a day`}
        points={points}
        series={series}
        height={CHART_HEIGHT}
        stacked
        format={
          points.some((point) => Object.values(point.values).some((one) => one >= 100_000))
            ? formatShort
            : formatQuantity
        }
      />
      <Group>
        <DownloadButton path={usageCsvPath(daily)} name={`usage-${meter.key}.csv`}>
          Usage as CSV
        </DownloadButton>
      </Group>
    </Stack>
  );
}
