import { Anchor, Button, Code } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Plan, plansQuery } from "@/api/plans";
import { useMay } from "@/api/session";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { PageHeader } from "@/components/PageHeader";
import { StatusBadge } from "@/components/StatusBadge";
import { priceSummary } from "./priceSummary";

const COLUMNS: Column<Plan>[] = [
  {
    key: "name",
    header: "Plan",
    cell: (plan) => (
      <Anchor component={Link} to={`/pricing/${plan.key}`}>
        {plan.name}
      </Anchor>
    ),
  },
  { key: "key", header: "Key", cell: (plan) => <Code>{plan.key}</Code>, secondary: true },
  {
    key: "status",
    header: "State",
    cell: (plan) => <StatusBadge status={plan.archived_at === null ? plan.status : "archived"} />,
  },
  { key: "version", header: "Version", cell: (plan) => plan.version, align: "right", secondary: true },
  { key: "interval", header: "Billed", cell: (plan) => `every ${plan.interval}` },
  {
    key: "prices",
    header: "Prices",
    cell: (plan) =>
      plan.prices.length === 1 && plan.prices[0] !== undefined
        ? priceSummary(plan.prices[0], plan.currency)
        : `${plan.prices.length} prices`,
    secondary: true,
  },
];

export function PricingPage() {
  const query = useInfiniteQuery(plansQuery());
  const mayWrite = useMay("catalog:write");
  const create = mayWrite && (
    <Button component={Link} to="/pricing/new">
      New plan
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Pricing"
        description="Your plans and what they charge."
        actions={
          <>
            <Button variant="default" component={Link} to="/pricing/compare">
              Compare
            </Button>
            {create}
          </>
        }
      />
      <DataTable
        label="Plans"
        columns={COLUMNS}
        query={query}
        rowKey={(plan) => plan.id}
        empty={
          <EmptyState title="No plans yet" action={create}>
            A plan says what is charged for, and by which price model.
          </EmptyState>
        }
      />
    </>
  );
}
