import { Code } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type Plan, plansQuery } from "@/api/plans";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/PageHeader";
import { StatusBadge } from "@/components/StatusBadge";

const COLUMNS: Column<Plan>[] = [
  { key: "name", header: "Plan", cell: (plan) => plan.name },
  { key: "key", header: "Key", cell: (plan) => <Code>{plan.key}</Code>, secondary: true },
  { key: "status", header: "State", cell: (plan) => <StatusBadge status={plan.status} /> },
  { key: "version", header: "Version", cell: (plan) => plan.version, align: "right", secondary: true },
  { key: "interval", header: "Billed", cell: (plan) => `every ${plan.interval}` },
  { key: "prices", header: "Prices", cell: (plan) => plan.prices.length, align: "right" },
];

export function PricingPage() {
  const query = useInfiniteQuery(plansQuery());
  return (
    <>
      <PageHeader title="Pricing" description="Your plans and what they charge." />
      <DataTable
        label="Plans"
        columns={COLUMNS}
        query={query}
        rowKey={(plan) => plan.id}
        empty={<EmptyState title="No plans yet">A plan says what is charged for, and by which price model.</EmptyState>}
      />
    </>
  );
}
