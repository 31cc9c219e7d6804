import { ActionIcon, Anchor, Badge, Card, Group, Table, Title, Tooltip } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { type SampledEvent, type StreamState, useLive, useLiveFeed } from "@/api/live";
import { formatInstant, formatQuantity, formatShort } from "@/app/formats";
import { EmptyState } from "@/components/EmptyState";
import { StatusBadge } from "@/components/StatusBadge";
import classes from "./LiveEvents.module.css";

interface Props {
  timezone: string;
  /** How many are shown at once. */
  rows?: number;
  /** Makes each event's time a way to that event. */
  onOpen?: (id: string) => void;
}

/** Events as they are accepted, newest first; a sample where more come than can be read. */
export function LiveEvents({ timezone, rows = 9, onOpen }: Props) {
  const events = useLive((view) => view.events);
  return (
    <Card component="section" aria-labelledby="live-events" p={0} h="100%">
      <Group justify="space-between" px="lg" pt="lg" pb="sm" wrap="nowrap">
        <Group gap="sm">
          <Title order={2} id="live-events">
            Live event stream
          </Title>
          <Line />
        </Group>
        <PauseButton />
      </Group>
      <div className={classes.window}>
        {events.length === 0 ? (
          <EmptyState title="Waiting for events">The next event that you send appears here within a second.</EmptyState>
        ) : (
          <EventRows events={events.slice(0, rows)} timezone={timezone} onOpen={onOpen} />
        )}
      </div>
    </Card>
  );
}

interface RowsProps {
  events: readonly SampledEvent[];
  timezone: string;
  onOpen: ((id: string) => void) | undefined;
}

function EventRows({ events, timezone, onOpen }: RowsProps) {
  return (
    <Table className={classes.table ?? ""} horizontalSpacing="xs" aria-labelledby="live-events">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={130}>Time</Table.Th>
          <Table.Th>Customer</Table.Th>
          <Table.Th visibleFrom="sm">Event</Table.Th>
          <Table.Th ta="right" w={92}>
            Quantity
          </Table.Th>
          <Table.Th visibleFrom="sm">Model</Table.Th>
          <Table.Th w={136} visibleFrom="xs">
            State
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {events.map((event) => (
          <Table.Tr key={event.id} className={classes.row ?? ""}>
            <Table.Td c="dimmed">
              {onOpen === undefined ? (
                formatInstant(event.at, "clock", timezone)
              ) : (
                <Anchor component="button" type="button" onClick={() => onOpen(event.id)}>
                  {formatInstant(event.at, "clock", timezone)}
                </Anchor>
              )}
            </Table.Td>
            <Table.Td fw={500}>{event.customer_name ?? event.customer}</Table.Td>
            <Table.Td visibleFrom="sm">{event.event}</Table.Td>
            <Table.Td ta="right">{amountOf(event)}</Table.Td>
            <Table.Td visibleFrom="sm" c="dimmed">
              {event.model ?? "—"}
            </Table.Td>
            <Table.Td visibleFrom="xs">
              <StatusBadge status={event.state} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Tokens where an event has them, as AI companies count; else its quantity. */
function amountOf(event: SampledEvent): string {
  return event.tokens === null || event.tokens === undefined
    ? formatQuantity(event.quantity)
    : `${formatShort(event.tokens)} tok`;
}

const LINES: Record<StreamState, [word: string, text: string, ground: string]> = {
  open: ["Live", "var(--jp-accent-text)", "var(--jp-accent-ground)"],
  connecting: ["Connecting", "var(--mantine-color-dimmed)", "var(--jp-ground)"],
  lost: ["Reconnecting", "var(--jp-test)", "var(--jp-test-ground)"],
  refused: ["Not available", "var(--mantine-color-dimmed)", "var(--jp-ground)"],
};

function Line() {
  const state = useLive((view) => view.state);
  const paused = useLive((view) => view.paused);
  const [word, text, ground] = LINES[state];
  return (
    <Badge c={text} bg={ground}>
      {paused && state === "open" ? "Paused" : word}
    </Badge>
  );
}

function PauseButton() {
  const feed = useLiveFeed();
  const paused = useLive((view) => view.paused);
  const label = paused ? "Go on with the stream" : "Pause the stream";
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} aria-pressed={paused} onClick={() => feed.pause(!paused)}>
        {paused ? <IconPlayerPlay size={16} /> : <IconPlayerPause size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}
