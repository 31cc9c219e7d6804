import { Card, Select, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatDay, formatPeriod, formatQuantity, formatShort } from "@/app/formats";
import { Change } from "@/components/Change";
import { ErrorState } from "@/components/ErrorState";
import { Money } from "@/components/Money";
import { Quantity } from "@/components/Quantity";
import { StatusBadge } from "@/components/StatusBadge";
import { TimeChart } from "@/components/TimeChart";
import { type Me, metersQuery, type Periods, periodsQuery } from "./api";
import classes from "./LineItems.module.css";
import { ViewHeader } from "./ViewHeader";

const NEVER = "—";

/** Periods beside each other, and the days that stand out. */
export default function PeriodsView({ me }: { me: Me }) {
  const meters = useQuery(metersQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  const meter = meters.data?.data.find((each) => each.key === chosen) ?? meters.data?.data[0];
  const periods = useQuery({
    ...periodsQuery(meter?.key),
    enabled: meters.data !== undefined,
    placeholderData: keepPreviousData,
  });
  const failed = meters.error ?? periods.error;
  return (
    <>
      <ViewHeader
        me={me}
        title="Periods"
        description="While a period runs, it is compared with as much of the one before as has passed of it."
        actions={
          meter !== undefined && (
            <Select
              aria-label="Meter"
              data={meters.data?.data.map(({ key: value, name: label }) => ({ value, label })) ?? []}
              value={meter.key}
              onChange={setChosen}
              allowDeselect={false}
            />
          )
        }
      />
      {failed !== null && periods.data === undefined ? (
        <ErrorState error={failed} onRetry={() => void periods.refetch()} />
      ) : periods.data === undefined ? (
        <Stack gap="lg">
          <Skeleton h={320} />
          <Skeleton h={340} />
        </Stack>
      ) : (
        <Stack gap="lg">
          {meter !== undefined && <Days days={periods.data.days} name={meter.name} />}
          <Comparison periods={periods.data} timezone={me.customer.timezone} />
        </Stack>
      )}
    </>
  );
}

const SERIES = [
  { key: "usage", label: "Usage" },
  { key: "spike", label: "Spike", color: "#d9480f" },
];

function Days({ days, name }: { days: Periods["days"]; name: string }) {
  const spikes = days.filter((day) => day.spike);
  return (
    <Card component="section" aria-labelledby="days">
      <Title order={2} id="days" mb="md">
        {name}, day by day
      </Title>
      <TimeChart
        label={`${name}, the last ${days.length} days`}
        points={days.map(({ date, usage, spike }) => ({
          label: formatDay(date),
          values: { [spike ? "spike" : "usage"]: Number(usage) },
        }))}
        series={SERIES}
        stacked
        format={days.some((day) => Number(day.usage) >= 100_000) ? formatShort : formatQuantity}
      />
      <Text size="sm" c="dimmed" mt="sm">
        {spikes.length === 0
          ? "No day stands out from the four weeks before it."
          : `Far above the four weeks before: ${spikes.map((day) => `${formatDay(day.date)} (${formatQuantity(day.usage)})`).join(", ")}.`}
      </Text>
    </Card>
  );
}

function Comparison({ periods, timezone }: { periods: Periods; timezone: string }) {
  return (
    <Card p={0}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section className={classes.scroll ?? ""} aria-label="Periods beside each other" tabIndex={0}>
        <Table aria-label="Periods beside each other">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Period</Table.Th>
              <Table.Th ta="right">Usage</Table.Th>
              <Table.Th ta="right">Before</Table.Th>
              <Table.Th ta="right">Change</Table.Th>
              <Table.Th ta="right">Cost</Table.Th>
              <Table.Th ta="right">At the end</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {periods.data.map((period) => (
              <Table.Tr key={period.from}>
                <Table.Td>
                  {formatPeriod(period.from, period.to, timezone)} {period.running && <StatusBadge status="running" />}
                </Table.Td>
                <Table.Td ta="right">{period.usage === null ? NEVER : <Quantity value={period.usage} />}</Table.Td>
                <Table.Td ta="right">
                  {period.previous_usage === null ? NEVER : <Quantity value={period.previous_usage} />}
                </Table.Td>
                <Table.Td ta="right">{period.change === null ? NEVER : <Change ratio={period.change} />}</Table.Td>
                <Table.Td ta="right">
                  <Money amount={period.cost} currency={period.currency} />
                </Table.Td>
                <Table.Td ta="right">
                  {period.projected === null ? NEVER : <Money amount={period.projected} currency={period.currency} />}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </section>
    </Card>
  );
}
