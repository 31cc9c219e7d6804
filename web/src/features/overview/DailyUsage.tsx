import { Card, Group, Skeleton, Text, Title } from "@mantine/core";
import type { Overview } from "@/api/overview";
import { formatDay, formatQuantity, formatShort } from "@/app/formats";
import { Change } from "@/components/Change";
import { TimeChart } from "@/components/TimeChart";

const HEIGHT = 350;
const SERIES = [{ key: "events", label: "Events" }];

export function DailyUsage({ overview }: { overview: Overview | undefined }) {
  const change = overview?.events.change_vs_last_month ?? null;
  return (
    <Card component="section" aria-labelledby="daily-usage" h="100%">
      <Group justify="space-between" mb="md" mih={24}>
        <Title order={2} id="daily-usage">
          Daily usage
        </Title>
        {change === null ? (
          <Text c="dimmed" size="sm">
            Last 14 days
          </Text>
        ) : (
          <Group gap={6}>
            <Change ratio={change} />
            <Text c="dimmed" size="sm">
              vs last month
            </Text>
          </Group>
        )}
      </Group>
      {overview === undefined ? (
        <Skeleton h={HEIGHT} />
      ) : (
        <TimeChart
          label="Events a day, last 14 days"
          height={HEIGHT}
          points={overview.daily.map((day) => ({ label: formatDay(day.date), values: { events: day.events } }))}
          series={SERIES}
          format={overview.daily.some((day) => day.events >= 100_000) ? formatShort : formatQuantity}
        />
      )}
    </Card>
  );
}
