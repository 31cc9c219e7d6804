import { Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type LoggedRequest, requestLogQuery } from "@/api/requestLog";
import { formatMilliseconds } from "@/app/formats";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { Quantity } from "@/components/Quantity";

const COLUMNS: Column<LoggedRequest>[] = [
  { key: "at", header: "When", cell: (entry) => <Instant at={entry.at} style="second" /> },
  {
    key: "request",
    header: "Request",
    cell: (entry) => (
      <Text component="span" ff="monospace" size="sm">
        {entry.method} {entry.path}
      </Text>
    ),
  },
  {
    key: "status",
    header: "Answer",
    cell: (entry) => (
      <Text component="span" size="sm" fw={entry.status >= 400 ? 600 : 400}>
        {entry.status}
        {entry.error_code !== null && ` ${entry.error_code}`}
      </Text>
    ),
  },
  { key: "count", header: "Times", cell: (entry) => <Quantity value={entry.count} />, align: "right", secondary: true },
  {
    key: "duration",
    header: "Took",
    cell: (entry) => formatMilliseconds(entry.duration_ms),
    align: "right",
    secondary: true,
  },
  { key: "by", header: "By", cell: (entry) => entry.key ?? entry.member, secondary: true },
];

export function RequestLog() {
  const query = useInfiniteQuery(requestLogQuery());
  return (
    <Stack gap="sm" component="section" aria-label="Request log">
      <Title order={2}>Request log</Title>
      <DataTable
        label="Requests"
        columns={COLUMNS}
        query={query}
        rowKey={(entry) => entry.id}
        empty={<EmptyState title="No requests yet">Those of your programs and people appear here.</EmptyState>}
      />
    </Stack>
  );
}
