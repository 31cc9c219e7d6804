import {
  Alert,
  Anchor,
  Button,
  Code,
  Drawer,
  Group,
  Skeleton,
  Stack,
  Table,
  Text,
  Timeline,
  Title,
} from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type EventFate, eventFateQuery, voidEvent } from "@/api/events";
import { useMay } from "@/api/session";
import { CodeBlock } from "@/components/CodeBlock";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { Quantity } from "@/components/Quantity";
import { StatusBadge } from "@/components/StatusBadge";
import { stateOf } from "./EventsTable";

interface Props {
  /** Closed where it is undefined. */
  id: string | undefined;
  onClose: () => void;
}

/** One event and its fate: who it is counted for, by which meters, on which invoice, or why on none. */
export function EventDrawer({ id, onClose }: Props) {
  return (
    <Drawer opened={id !== undefined} onClose={onClose} position="right" size="lg" title="What became of this event">
      {id !== undefined && <Fate id={id} />}
    </Drawer>
  );
}

function Fate({ id }: { id: string }) {
  const { data: event, error, refetch } = useQuery(eventFateQuery(id));
  if (error !== null && event === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (event === undefined) return <Skeleton h={420} />;
  return (
    <Stack gap="lg">
      <Facts event={event} />
      {event.reason !== null && (
        <Alert color="gray" icon={<IconInfoCircle size={18} />} title="Not on an invoice">
          {event.reason}
        </Alert>
      )}
      <Measures event={event} />
      <Lines event={event} />
      <Stack gap="xs">
        <Title order={3}>Properties</Title>
        <CodeBlock code={JSON.stringify(event.properties, null, 2)} label="properties of the event" />
      </Stack>
      <Versions event={event} />
      <VoidButton event={event} />
    </Stack>
  );
}

function Facts({ event }: { event: EventFate }) {
  const rows: [string, ReactNode][] = [
    ["Id", <Code key="id">{event.id}</Code>],
    ["Event", <Code key="event">{event.event}</Code>],
    ["State", <StatusBadge key="state" status={stateOf(event)} />],
    [
      "Customer",
      event.customer === null ? (
        `${event.customer_id} (no customer has this key)`
      ) : (
        <Anchor key="customer" component={Link} to={`/customers/${event.customer}`}>
          {event.customer_id}
        </Anchor>
      ),
    ],
    ["Quantity", <Quantity key="quantity" value={event.quantity} />],
    ["Time", <Instant key="at" at={event.timestamp} style="second" />],
    ["Received", <Instant key="received" at={event.received_at} style="second" />],
  ];
  return (
    <Table verticalSpacing={6} horizontalSpacing={0} withRowBorders={false} aria-label="The event">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w={110} scope="row">
              {name}
            </Table.Th>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Measures({ event }: { event: EventFate }) {
  return (
    <Stack gap="xs">
      <Title order={3}>Meters</Title>
      {event.meters.length === 0 ? (
        <Text c="dimmed">No meter counts it.</Text>
      ) : (
        event.meters.map((measure) => (
          <Group key={measure.key} justify="space-between">
            <Anchor component={Link} to={`/usage?meter=${encodeURIComponent(measure.key)}`}>
              {measure.key}
            </Anchor>
            <span>{measure.value === null ? "counted" : <Quantity value={measure.value} />}</span>
          </Group>
        ))
      )}
    </Stack>
  );
}

function Lines({ event }: { event: EventFate }) {
  if (event.lines.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={3}>Invoices</Title>
      {event.lines.map((line) => (
        <Anchor
          key={`${line.invoice_id}/${line.price_key}/${line.meter}`}
          component={Link}
          to={`/invoices/${line.invoice_id}`}
        >
          {line.invoice_number ?? "Draft"}: {line.price_key ?? line.meter}
        </Anchor>
      ))}
    </Stack>
  );
}

function Versions({ event }: { event: EventFate }) {
  if (event.versions.length < 2) return null;
  return (
    <Stack gap="xs">
      <Title order={3}>History</Title>
      <Timeline bulletSize={14} lineWidth={2}>
        {event.versions.map((version) => (
          <Timeline.Item key={version.sequence} title={version.change}>
            <Text c="dimmed" size="sm">
              <Instant at={version.at} style="second" /> · quantity <Quantity value={version.quantity} />
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
    </Stack>
  );
}

/** Asked twice: what is voided counts no more, and can't be brought back. */
function VoidButton({ event }: { event: EventFate }) {
  const mayWrite = useMay("events:write");
  const [asked, setAsked] = useState(false);
  const queries = useQueryClient();
  const voiding = useMutation({
    mutationFn: () => voidEvent(event.id),
    onSuccess: (now) => {
      queries.setQueryData(eventFateQuery(event.id).queryKey, now);
      for (const key of ["events", "usage", "customers"]) void queries.invalidateQueries({ queryKey: [key] });
      setAsked(false);
    },
  });
  if (!mayWrite || event.status === "voided" || event.status === "replaced" || event.status === "reverted") return null;
  return (
    <Stack gap="xs" align="flex-start">
      {voiding.error !== null && <ErrorState error={voiding.error} />}
      {asked ? (
        <Group gap="xs">
          <Text>It will count no more, and can't be brought back.</Text>
          <Button size="xs" color="red" loading={voiding.isPending} onClick={() => voiding.mutate()}>
            Void the event
          </Button>
          <Button size="xs" variant="default" onClick={() => setAsked(false)}>
            Keep it
          </Button>
        </Group>
      ) : (
        <Button size="xs" variant="default" onClick={() => setAsked(true)}>
          Void…
        </Button>
      )}
    </Stack>
  );
}
