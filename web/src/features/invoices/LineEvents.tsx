import { Skeleton, Stack, Table, Text } from "@mantine/core";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { answer, api } from "@/api/client";
import type { Invoice, Line } from "@/api/invoices";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";

const SHOWN = 10;

/** The newest events that a line's meter counts in its period. */
const lineEventsQuery = (customer_id: string, meter: string, from: string, to: string) =>
  queryOptions({
    queryKey: ["events", "of-line", customer_id, meter, from, to],
    queryFn: async ({ signal }) => {
      const { event } = await answer(api.GET("/v1/meters/{meter}", { params: { path: { meter } }, signal }));
      const query = { customer_id, event, from, to, limit: SHOWN };
      return await answer(api.GET("/v1/events", { params: { query }, signal }));
    },
  });

export function LineEvents({ invoice, line, meter }: { invoice: Invoice; line: Line; meter: string }) {
  const { data, error } = useQuery(lineEventsQuery(invoice.customer_id, meter, line.period_start, line.period_end));
  if (error !== null) return <ErrorState error={error} />;
  if (data === undefined) return <Skeleton h={120} />;
  return (
    <Stack gap={4}>
      <Text size="sm" fw={500}>
        {data.data.length === 0 ? "No events of this meter in the period" : "Newest events of the period"}
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
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {data.next_cursor !== null && (
        <Text size="xs" c="dimmed">
          The newest {SHOWN} are shown.
        </Text>
      )}
    </Stack>
  );
}
