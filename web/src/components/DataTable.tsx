import { Box, Button, Card, Group, Skeleton, Table, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./DataTable.module.css";
import { EmptyState } from "./EmptyState";
import { ErrorState } from "./ErrorState";

export interface Column<Row> {
  key: string;
  header: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Figures stand on the right. */
  align?: "left" | "right";
  /** Left out on narrow screens. */
  secondary?: boolean;
  width?: number | string;
}

/** The parts of an infinite query that a table needs. */
interface Pages<Row> {
  data: { pages: { data: Row[] }[] } | undefined;
  error: unknown;
  isPending: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
}

interface Props<Row> {
  /** What the table holds, for those who can't see it. */
  label: string;
  columns: Column<Row>[];
  query: Pages<Row>;
  rowKey: (row: Row) => string;
  empty: ReactNode;
}

const PLACEHOLDERS = ["a", "b", "c", "d", "e", "f"];

/** A list of records with all its states: loading, failed, empty, and more pages to come. */
export function DataTable<Row>({ label, columns, query, rowKey, empty }: Props<Row>) {
  const rows = query.data?.pages.flatMap((page) => page.data) ?? [];
  if (query.error !== null && query.data === undefined) {
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (!query.isPending && rows.length === 0) {
    return <Card>{typeof empty === "string" ? <EmptyState title={empty} /> : empty}</Card>;
  }
  return (
    <Card p={0}>
      <Box className={classes.scroll ?? ""} role="region" aria-label={`${label}, as a table`} tabIndex={0}>
        <Table aria-busy={query.isPending}>
          <Table.Caption className={classes.caption ?? ""}>
            <VisuallyHidden>{label}</VisuallyHidden>
          </Table.Caption>
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column.key} ta={column.align ?? "left"} w={column.width} {...narrow(column)}>
                  {column.header === "" ? <VisuallyHidden>Actions</VisuallyHidden> : column.header}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {query.isPending
              ? PLACEHOLDERS.map((key) => <PlaceholderRow key={key} columns={columns} />)
              : rows.map((row) => (
                  <Table.Tr key={rowKey(row)}>
                    {columns.map((column) => (
                      <Table.Td key={column.key} ta={column.align ?? "left"} {...narrow(column)}>
                        {column.cell(row)}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))}
          </Table.Tbody>
        </Table>
      </Box>
      {query.error !== null && <ErrorState error={query.error} onRetry={() => void query.fetchNextPage()} />}
      {query.hasNextPage && (
        <Group justify="center" p="md" className={classes.more ?? ""}>
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show more
          </Button>
        </Group>
      )}
    </Card>
  );
}

function PlaceholderRow<Row>({ columns }: { columns: Column<Row>[] }) {
  return (
    <Table.Tr>
      {columns.map((column) => (
        <Table.Td key={column.key} {...narrow(column)}>
          <Skeleton
            h={14}
            my={3}
            w={column.align === "right" ? 60 : "70%"}
            ml={column.align === "right" ? "auto" : 0}
          />
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

const narrow = (column: { secondary?: boolean }) => (column.secondary ? { visibleFrom: "sm" as const } : {});
