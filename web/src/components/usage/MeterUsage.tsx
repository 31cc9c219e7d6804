import { Card, SimpleGrid, Skeleton, Text, Title } from "@mantine/core";
import { IconCalendar, IconChartBar } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { Meter } from "@/api/meters";
import { type Usage, type UsageQuestion, usageQuery } from "@/api/usage";
import { formatPeriod, formatQuantity, formatShort, formatWindow } from "@/app/formats";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Quantity } from "@/components/Quantity";
import { StatCard } from "@/components/StatCard";
import { TimeChart } from "@/components/TimeChart";
import type { Question } from "./question";
import { changeOf, largestFirst, MOST_SERIES, pointsBesideBefore, pointsByGroup } from "./series";
import { windowStarts } from "./span";
import { GroupsTable, WindowsTable } from "./UsageTables";

const HEIGHT = 320;
const REFRESH_MS = 5_000;

/** What one event adds can be stacked; a highest or an average of parts is not that of the whole. */
const ADDS_UP = new Set(["count", "sum"]);

interface Props {
  meter: Meter;
  question: Question;
  now: Date;
  zone: string;
  /** Whether the time zone is known, so that nothing is asked twice. */
  ready: boolean;
  /** Whether the figures are listed under the chart. */
  tables?: boolean;
}

export function MeterUsage(props: Props) {
  const { asked } = props.question;
  if (asked === null) {
    return (
      <Card>
        <EmptyState title="Choose the days" icon={IconCalendar}>
          A first and a last day, both included.
        </EmptyState>
      </Card>
    );
  }
  return <Answers {...props} asked={asked} />;
}

/** All figures are the server's own: a meter that does not add up over windows is asked for each of them. */
function Answers({ meter, question, now, zone, ready, asked, tables = true }: Props & { asked: UsageQuestion }) {
  const { span, window, by } = question;
  const live = span !== null && now < span.end ? { refetchInterval: REFRESH_MS } : {};
  const earlier = { enabled: ready && question.before !== null };
  const beforeOf = question.before ?? asked;
  const series = useQuery({ ...usageQuery(asked), enabled: ready, ...live });
  const total = useQuery({ ...usageQuery({ ...asked, window: "none", group_by: [] }), enabled: ready, ...live });
  const groups = useQuery({
    ...usageQuery({ ...asked, window: "none" }),
    enabled: ready && by.length > 0,
    ...live,
  });
  const totalBefore = useQuery({ ...usageQuery({ ...beforeOf, group_by: [] }), ...earlier });
  const groupsBefore = useQuery({ ...usageQuery(beforeOf), enabled: earlier.enabled && by.length > 0 });
  const seriesBefore = useQuery({
    ...usageQuery({ ...beforeOf, window, group_by: [] }),
    enabled: earlier.enabled && by.length === 0,
  });

  const failed = [series, total, groups].find((query) => query.error !== null && query.data === undefined);
  if (failed !== undefined) return <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />;

  const start = (at: Date) => formatWindow(at, window, zone);
  const before = question.before === null ? undefined : totalOf(totalBefore.data);
  const change = before === undefined ? null : changeOf(totalOf(total.data) ?? "0", before);
  const starts = span === null ? [] : windowStarts(span, window, now, zone);
  const ranked = largestFirst(groups.data?.data ?? []);
  const drawn =
    by.length > 0
      ? pointsByGroup(series.data?.data ?? [], starts, ranked, start)
      : pointsBesideBefore(
          series.data?.data ?? [],
          starts,
          question.before === null || seriesBefore.data === undefined
            ? null
            : {
                rows: seriesBefore.data.data,
                starts: windowStarts(spanIn(question.before), window, new Date(question.before.to), zone),
              },
          start,
        );
  const isEmpty = series.data?.data.length === 0;
  const peak = largest(series.data);
  const addsUp = ADDS_UP.has(meter.aggregation);
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} spacing={{ base: "sm", sm: "lg" }}>
        <StatCard
          label={addsUp ? "Total" : sentence(meter.aggregation)}
          value={total.data && <Quantity value={totalOf(total.data) ?? "0"} short />}
          change={change}
          hint={change === null ? formatPeriod(asked.from, asked.to, zone) : "on the period before"}
        />
        <StatCard
          label="Period before"
          value={
            question.before === null
              ? "—"
              : totalBefore.data && <Quantity value={totalOf(totalBefore.data) ?? "0"} short />
          }
          hint={
            question.before === null ? "not compared" : formatPeriod(question.before.from, question.before.to, zone)
          }
        />
        <StatCard
          label={by.length > 0 ? "Largest group in a window" : "Highest window"}
          value={series.data && (peak === undefined ? "—" : <Quantity value={peak.value} short />)}
          hint={peak === undefined ? "no usage" : start(new Date(peak.from))}
        />
      </SimpleGrid>
      <Card component="section" aria-labelledby="usage-chart">
        <Title order={2} id="usage-chart" mb="md">
          {meter.name}
          {by.length > 0 && ` by ${by.join(" and ")}`}
        </Title>
        {series.data === undefined || (by.length > 0 && groups.data === undefined) ? (
          <Skeleton h={HEIGHT} />
        ) : isEmpty && (seriesBefore.data?.data.length ?? 0) === 0 ? (
          <EmptyState title="No usage in this time" icon={IconChartBar}>
            Choose another time or customer, or send events named {meter.event}.
          </EmptyState>
        ) : (
          <TimeChart
            label={`${meter.name}, by ${window === "5m" ? "5 minutes" : window}`}
            kind={by.length > 0 && !addsUp ? "line" : "bar"}
            stacked={by.length > 0}
            height={HEIGHT}
            points={drawn.points}
            series={drawn.series}
            format={drawn.points.some(isLarge) ? formatShort : formatQuantity}
          />
        )}
        {ranked.length > MOST_SERIES && (
          <Text c="dimmed" size="sm" mt="xs">
            The {MOST_SERIES} largest of {ranked.length} groups; the table has all.
          </Text>
        )}
      </Card>
      {tables && by.length > 0 && (
        <GroupsTable
          meter={meter}
          query={groups}
          groups={groups.data === undefined ? undefined : ranked}
          before={question.before === null ? undefined : groupsBefore.data?.data}
          total={addsUp ? totalOf(total.data) : undefined}
        />
      )}
      {tables && <WindowsTable query={series} rows={series.data?.data} start={start} by={by} />}
    </>
  );
}

const totalOf = (usage: Usage | undefined) => usage?.data[0]?.value;
const spanIn = (asked: UsageQuestion) => ({ start: new Date(asked.from), end: new Date(asked.to) });
const sentence = (word: string) => (word.charAt(0).toUpperCase() + word.slice(1)).replaceAll("_", " ");
const isLarge = (point: { values: Record<string, number> }) => Object.values(point.values).some((each) => each >= 1e5);

function largest(usage: Usage | undefined) {
  return usage?.data.reduce<Usage["data"][number] | undefined>(
    (most, row) => (most === undefined || Number(row.value) > Number(most.value) ? row : most),
    undefined,
  );
}
