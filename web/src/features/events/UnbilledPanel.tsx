import { Accordion, Anchor, Badge, Card, Group, Skeleton, Stack, Table, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Unbilled, unbilledQuery } from "@/api/events";
import { formatPeriod, formatQuantity } from "@/app/formats";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";

type Reason = Unbilled["data"][number];
type Group_ = Reason["groups"][number];

const TITLES: Record<Reason["reason"], string> = {
  no_customer: "No customer has their key",
  no_meter: "No meter counts them",
  filters_exclude: "Left out by meters' filters",
  no_value: "Without the value that the meter takes",
  no_subscription: "Customer without a subscription",
  no_price: "No price for the meter",
  late: "Too late for their invoice",
};

/** This month's events that are in no bill, by reason, with what to do about each. */
export function UnbilledPanel({ onOpen }: { onOpen: (id: string) => void }) {
  const { data, error, refetch } = useQuery(unbilledQuery({}));
  if (error !== null && data === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton h={320} />;
  const reasons = data.data.filter((reason) => reason.events > 0);
  if (reasons.length === 0) {
    return (
      <Card>
        <EmptyState title="Every event of this month can be billed" icon={IconCircleCheck}>
          {formatPeriod(data.from, data.to, data.timezone)}: each has a customer, a meter and a price.
        </EmptyState>
      </Card>
    );
  }
  return (
    <Stack gap="sm">
      <Text c="dimmed">{formatPeriod(data.from, data.to, data.timezone)}. An event may have several reasons.</Text>
      <Accordion variant="separated" multiple defaultValue={reasons.slice(0, 1).map((each) => each.reason)} order={2}>
        {reasons.map((reason) => (
          <Accordion.Item key={reason.reason} value={reason.reason}>
            <Accordion.Control>
              <Group justify="space-between" pr="sm" wrap="nowrap">
                <Text fw={500}>{TITLES[reason.reason]}</Text>
                <Badge c="var(--jp-test)" bg="var(--jp-test-ground)" miw="max-content">
                  {formatQuantity(reason.events)} {reason.events === 1 ? "event" : "events"}
                </Badge>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <Text mb="sm">{reason.meaning}</Text>
              <Groups reason={reason} timezone={data.timezone} onOpen={onOpen} />
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </Stack>
  );
}

interface GroupsProps {
  reason: Reason;
  timezone: string;
  onOpen: (id: string) => void;
}

function Groups({ reason, timezone, onOpen }: GroupsProps) {
  return (
    <Table.ScrollContainer minWidth={280}>
      <Table aria-label={TITLES[reason.reason]}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Cause</Table.Th>
            <Table.Th ta="right">Events</Table.Th>
            <Table.Th visibleFrom="sm">Latest</Table.Th>
            <Table.Th>Example</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {reason.groups.map((group) => (
            <Table.Tr key={causeKey(group)}>
              <Table.Td>
                <Cause of={group} />
              </Table.Td>
              <Table.Td ta="right">{formatQuantity(group.events)}</Table.Td>
              <Table.Td visibleFrom="sm">
                <Instant at={group.last_at} timezone={timezone} />
              </Table.Td>
              <Table.Td>
                {group.sample.slice(0, 1).map((id) => (
                  <Anchor key={id} component="button" type="button" onClick={() => onOpen(id)}>
                    {id}
                  </Anchor>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

const causeKey = ({ customer_key, event, meter, invoice_id }: Group_) =>
  JSON.stringify([customer_key, event, meter, invoice_id]);

function Cause({ of: { customer_key, event, meter, invoice_id } }: { of: Group_ }) {
  return (
    <Group gap={8}>
      {customer_key !== null && <span>customer {customer_key}</span>}
      {event !== null && <span>event {event}</span>}
      {meter !== null && <span>meter {meter}</span>}
      {invoice_id !== null && (
        <Anchor component={Link} to={`/invoices/${invoice_id}`}>
          its invoice
        </Anchor>
      )}
    </Group>
  );
}
