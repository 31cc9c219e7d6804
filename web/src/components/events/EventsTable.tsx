import { Anchor, Code, VisuallyHidden } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type EventSearch, eventsQuery, type UsageEvent } from "@/api/events";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { Quantity } from "@/components/Quantity";
import { StatusBadge } from "@/components/StatusBadge";

interface Props {
  search: EventSearch;
  timezone?: string | undefined;
  onOpen: (id: string) => void;
  hideCustomer?: boolean;
  empty?: ReactNode;
}

/** Events that match, latest first; each opens what became of it. */
export function EventsTable({ search, timezone, onOpen, hideCustomer = false, empty }: Props) {
  const columns: Column<UsageEvent>[] = [
    {
      key: "timestamp",
      header: "Time",
      cell: ({ id, timestamp }) => (
        <Anchor component="button" type="button" onClick={() => onOpen(id)}>
          <Instant at={timestamp} style="second" {...(timezone === undefined ? {} : { timezone })} />
          <VisuallyHidden>, event {id}</VisuallyHidden>
        </Anchor>
      ),
    },
    { key: "event", header: "Event", cell: (event) => <Code>{event.event}</Code> },
    { key: "quantity", header: "Quantity", cell: (event) => <Quantity value={event.quantity} />, align: "right" },
    { key: "properties", header: "Properties", cell: (event) => summaryOf(event.properties), secondary: true },
    { key: "status", header: "State", cell: (event) => <StatusBadge status={stateOf(event)} />, secondary: true },
  ];
  if (!hideCustomer) columns.splice(1, 0, { key: "customer", header: "Customer", cell: (event) => <Who of={event} /> });
  return (
    <DataTable
      label="Events"
      columns={columns}
      query={useInfiniteQuery(eventsQuery(search))}
      rowKey={(event) => event.id}
      empty={
        empty ?? (
          <EmptyState title="No events here">Events appear as soon as they are sent, latest time first.</EmptyState>
        )
      }
    />
  );
}

function Who({ of: { customer, customer_id } }: { of: UsageEvent }) {
  if (customer === null) return customer_id;
  return (
    <Anchor component={Link} to={`/customers/${customer}`}>
      {customer_id}
    </Anchor>
  );
}

/** Metered, but of nobody: it is in no bill. */
export function stateOf(event: Pick<UsageEvent, "status" | "customer">): string {
  return event.customer === null && event.status === "metered" ? "unattributed" : event.status;
}

const LONGEST = 60;

/** The first properties, as far as a row has room. */
function summaryOf(properties: Record<string, unknown>): string {
  const text = Object.entries(properties)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
