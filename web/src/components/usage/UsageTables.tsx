import { Stack, Title } from "@mantine/core";
import { useState } from "react";
import type { Meter } from "@/api/meters";
import type { UsageRow } from "@/api/usage";
import { formatPercent } from "@/app/formats";
import { Change } from "@/components/Change";
import { type Column, DataTable } from "@/components/DataTable";
import { onePage } from "@/components/onePage";
import { Quantity } from "@/components/Quantity";
import { changeOf, type Group, groupKey, groupLabel } from "./series";

interface Query {
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

interface GroupsProps {
  meter: Meter;
  query: Query;
  groups: Group[] | undefined;
  /** Undefined where nothing is compared. */
  before: UsageRow[] | undefined;
  /** Undefined where groups do not add up. */
  total: string | undefined;
}

export function GroupsTable({ meter, query, groups, before, total }: GroupsProps) {
  const earlier = before && new Map(before.map((row) => [groupKey(row), row.value]));
  const columns: Column<Group>[] = [
    { key: "group", header: "Group", cell: (group) => group.label },
    { key: "value", header: meter.name, cell: (group) => <Quantity value={group.value} />, align: "right" },
  ];
  if (total !== undefined && Number(total) > 0) {
    columns.push({
      key: "share",
      header: "Share",
      cell: (group) => formatPercent(Number(group.value) / Number(total)),
      align: "right",
      secondary: true,
    });
  }
  if (earlier !== undefined) {
    columns.push(
      {
        key: "before",
        header: "Before",
        cell: (group) => <Quantity value={earlier.get(group.key) ?? "0"} />,
        align: "right",
        secondary: true,
      },
      {
        key: "change",
        header: "Change",
        cell: (group) => {
          const change = changeOf(group.value, earlier.get(group.key) ?? "0");
          return change === null ? "new" : <Change ratio={change} />;
        },
        align: "right",
      },
    );
  }
  return (
    <Stack gap="sm" component="section" aria-labelledby="by-group">
      <Title order={2} id="by-group">
        By group
      </Title>
      <DataTable
        label="Usage by group"
        columns={columns}
        query={onePage(query, groups)}
        rowKey={(group) => group.key}
        empty="No usage in this time"
      />
    </Stack>
  );
}

const MORE = 50;

interface WindowsProps {
  query: Query;
  rows: UsageRow[] | undefined;
  start: (at: Date) => string;
  by: string[];
}

/** The rows of the answer, latest first. */
export function WindowsTable({ query, rows, start, by }: WindowsProps) {
  const [shown, setShown] = useState(MORE);
  const columns: Column<UsageRow>[] = [
    { key: "from", header: "From", cell: (row) => start(new Date(row.from)) },
    { key: "value", header: "Quantity", cell: (row) => <Quantity value={row.value} />, align: "right" },
  ];
  if (by.length > 0) columns.splice(1, 0, { key: "group", header: "Group", cell: groupLabel });
  const latest = rows?.toReversed();
  return (
    <Stack gap="sm" component="section" aria-labelledby="by-window">
      <Title order={2} id="by-window">
        By window
      </Title>
      <DataTable
        label="Usage by window"
        columns={columns}
        query={{
          ...onePage(query, latest?.slice(0, shown)),
          hasNextPage: (latest?.length ?? 0) > shown,
          fetchNextPage: () => setShown(shown + MORE),
        }}
        rowKey={(row) => row.from + groupKey(row)}
        empty="No usage in this time"
      />
    </Stack>
  );
}
