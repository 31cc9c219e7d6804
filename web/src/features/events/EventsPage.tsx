import { Code } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { eventsQuery, type UsageEvent } from "@/api/events";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { PageHeader } from "@/components/PageHeader";
import { Quantity } from "@/components/Quantity";
import { StatusBadge } from "@/components/StatusBadge";

const COLUMNS: Column<UsageEvent>[] = [
  { key: "timestamp", header: "Time", cell: (event) => <Instant at={event.timestamp} style="second" /> },
  { key: "customer", header: "Customer", cell: (event) => event.customer_id },
  { key: "event", header: "Event", cell: (event) => <Code>{event.event}</Code> },
  { key: "quantity", header: "Quantity", cell: (event) => <Quantity value={event.quantity} />, align: "right" },
  { key: "status", header: "State", cell: (event) => <StatusBadge status={event.status} />, secondary: true },
];

export function EventsPage() {
  const query = useInfiniteQuery(eventsQuery());
  return (
    <>
      <PageHeader title="Events" description="What your customers did, latest first." />
      <DataTable
        label="Events"
        columns={COLUMNS}
        query={query}
        rowKey={(event) => event.id}
        empty={<EmptyState title="No events yet">Send one with POST /v1/events, or upload a CSV file.</EmptyState>}
      />
    </>
  );
}
