/** The customer's subscriptions and invoices. */

import { Code, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type CustomersInvoice, invoicesOfQuery, type Subscription, subscriptionsOfQuery } from "@/api/customerRecords";
import type { Customer } from "@/api/customers";
import { estimateQuery } from "@/api/estimates";
import { formatPeriod } from "@/app/formats";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { invoiceColumns } from "@/components/invoiceColumns";
import { Money } from "@/components/Money";
import { StatusBadge } from "@/components/StatusBadge";

const SUBSCRIPTIONS: Column<Subscription>[] = [
  {
    key: "plan",
    header: "Plan",
    cell: (each) => (
      <>
        <Code>{each.plan}</Code>{" "}
        <Text span c="dimmed" size="sm">
          version {each.plan_version}
        </Text>
      </>
    ),
  },
  { key: "status", header: "State", cell: (each) => <StatusBadge status={each.status} /> },
  {
    key: "period",
    header: "Current period",
    cell: (each) =>
      each.current_period_start === null || each.current_period_end === null
        ? "—"
        : formatPeriod(each.current_period_start, each.current_period_end, each.timezone),
    secondary: true,
  },
  { key: "seats", header: "Seats", cell: (each) => each.seats, align: "right", secondary: true },
  { key: "so_far", header: "Cost so far", cell: (each) => <Estimate of={each} />, align: "right" },
  { key: "projected", header: "Projected", cell: (each) => <Estimate of={each} projected />, align: "right" },
];

function Estimate({ of, projected = false }: { of: Subscription; projected?: boolean }) {
  const { data } = useQuery({ ...estimateQuery(of.id), enabled: of.current_period_start !== null });
  if (data === undefined) return "—";
  return <Money amount={projected ? data.projected.total : data.total} currency={data.currency} />;
}

export function SubscriptionsOf({ customer }: { customer: Customer }) {
  return (
    <DataTable
      label="Subscriptions"
      columns={SUBSCRIPTIONS}
      query={useInfiniteQuery(subscriptionsOfQuery(customer.id))}
      rowKey={(each) => each.id}
      empty={
        <EmptyState title="No subscription">
          Usage is counted, and billed once the customer subscribes to a plan; a start in the past bills it, too.
        </EmptyState>
      }
    />
  );
}

const { number, period, status, due, total, amountDue } = invoiceColumns;
const INVOICES: Column<CustomersInvoice>[] = [number, period, status, due, total, amountDue];

export function InvoicesOf({ customer }: { customer: Customer }) {
  return (
    <DataTable
      label="Invoices"
      columns={INVOICES}
      query={useInfiniteQuery(invoicesOfQuery(customer.id))}
      rowKey={(invoice) => invoice.id}
      empty={<EmptyState title="No invoices">They are made by themselves at the end of each period.</EmptyState>}
    />
  );
}
