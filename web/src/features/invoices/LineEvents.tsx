import { Skeleton, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { explanationQuery, type Invoice, type Line, lineEventsQuery } from "@/api/invoices";
import { formatMoney, formatQuantity } from "@/app/formats";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";

const SHOWN = 10;

interface Props {
  invoice: Invoice;
  line: Line;
  /** From 1. */
  position: number;
}

/** How a line's quantity was counted, and the events it was counted from, as of the invoice's cut-off. */
export function LineEvents({ invoice, line, position }: Props) {
  const explained = useQuery(explanationQuery(invoice.id, position));
  const { data, error } = useQuery(lineEventsQuery(invoice.id, position, SHOWN));
  const failed = explained.error ?? error;
  if (failed !== null) return <ErrorState error={failed} />;
  if (data === undefined || explained.data === undefined) return <Skeleton h={150} />;
  const { metered, proration, total } = explained.data;
  return (
    <Stack gap={4}>
      {metered !== null && (
        <Text size="sm" c="dimmed">
          {metered.aggregation} of {metered.property ?? metered.event}: {formatQuantity(metered.value)}
          {proration !== null && ` · share of the period ${formatQuantity(proration.share)}`}
          {` · with discounts and tax ${formatMoney(total, invoice.currency)}`}
        </Text>
      )}
      <Text size="sm" fw={500}>
        {data.data.length === 0 ? "No events of this meter in the period" : "Events that were counted"}
      </Text>
      {data.data.length > 0 && (
        <Table fz="sm" verticalSpacing={4} horizontalSpacing="sm" aria-label={`Events of ${line.description}`}>
          <Table.Tbody>
            {data.data.map((event) => (
              <Table.Tr key={event.id}>
                <Table.Td>
                  <Instant at={event.timestamp} style="second" timezone={invoice.timezone} />
                </Table.Td>
                <Table.Td>{event.event}</Table.Td>
                <Table.Td>{event.id}</Table.Td>
                <Table.Td ta="right">{event.part === null ? event.value : formatQuantity(event.part)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {data.next_cursor !== null && (
        <Text size="xs" c="dimmed">
          The first {SHOWN} are shown.
        </Text>
      )}
    </Stack>
  );
}
