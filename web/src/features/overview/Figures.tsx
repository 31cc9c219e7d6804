import { SimpleGrid } from "@mantine/core";
import { useLive } from "@/api/live";
import type { Overview } from "@/api/overview";
import { formatMilliseconds, formatMoneyShort } from "@/app/formats";
import { Quantity } from "@/components/Quantity";
import { StatCard } from "@/components/StatCard";

interface Props {
  overview: Overview | undefined;
}

export function Figures({ overview }: Props) {
  return (
    <SimpleGrid cols={{ base: 2, lg: 4 }} spacing={{ base: "sm", sm: "lg" }}>
      <EventsToday overview={overview} />
      <StatCard
        label="Active customers"
        value={overview && <Quantity value={overview.active_customers} short />}
        hint="with usage this month"
      />
      <Revenue overview={overview} />
      <Latency overview={overview} />
    </SimpleGrid>
  );
}

function EventsToday({ overview }: Props) {
  const live = useLive((view) => view.pulse?.events_today);
  const today = live ?? overview?.events.today;
  return (
    <StatCard
      label="Events today"
      value={today === undefined ? undefined : <Quantity value={today} short />}
      hint="since midnight"
    />
  );
}

function Revenue({ overview }: Props) {
  const [first, ...others] = overview?.revenue ?? [];
  const further = others.map((each) => formatMoneyShort(each.month_to_date, each.currency)).join(" · ");
  return (
    <StatCard
      label="Revenue this month"
      value={overview && (first ? formatMoneyShort(first.month_to_date, first.currency) : "—")}
      change={first?.change}
      comparison={first?.change == null ? "as issued, before tax" : "vs last month"}
      hint={further === "" ? undefined : `and ${further}`}
    />
  );
}

function Latency({ overview }: Props) {
  const { p50, p99 } = overview?.latency_ms ?? {};
  return (
    <StatCard
      label="Typical latency"
      value={overview && (p50 == null ? "—" : formatMilliseconds(p50))}
      hint={p99 == null ? "no requests yet" : `99 % within ${formatMilliseconds(p99)}`}
    />
  );
}
