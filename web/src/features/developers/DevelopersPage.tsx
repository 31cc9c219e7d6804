import { Code } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ApiKey, apiKeysQuery } from "@/api/apiKeys";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { PageHeader } from "@/components/PageHeader";
import { StatusBadge } from "@/components/StatusBadge";

const COLUMNS: Column<ApiKey>[] = [
  { key: "name", header: "Name", cell: (key) => key.name },
  { key: "hint", header: "Secret", cell: (key) => <Code>…{key.hint}</Code> },
  {
    key: "status",
    header: "State",
    cell: (key) => <StatusBadge status={key.revoked_at === null ? "active" : "revoked"} />,
  },
  { key: "created_at", header: "Made", cell: (key) => <Instant at={key.created_at} style="date" />, align: "right" },
];

export function DevelopersPage() {
  const query = useInfiniteQuery(apiKeysQuery());
  return (
    <>
      <PageHeader title="Developers" description="API keys of this organisation." />
      <DataTable
        label="API keys"
        columns={COLUMNS}
        query={query}
        rowKey={(key) => key.id}
        empty={<EmptyState title="No API keys yet">A key lets a program send events.</EmptyState>}
      />
    </>
  );
}
