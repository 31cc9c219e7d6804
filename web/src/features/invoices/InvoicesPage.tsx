import { useInfiniteQuery } from "@tanstack/react-query";
import { type Invoice, invoicesQuery } from "@/api/invoices";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Money } from "@/components/Money";
import { PageHeader } from "@/components/PageHeader";
import { StatusBadge } from "@/components/StatusBadge";

const COLUMNS: Column<Invoice>[] = [
  { key: "number", header: "Number", cell: (invoice) => invoice.number ?? "Draft" },
  { key: "customer", header: "Customer", cell: (invoice) => invoice.customer.name },
  { key: "status", header: "State", cell: (invoice) => <StatusBadge status={invoice.status} /> },
  {
    key: "total",
    header: "Total",
    cell: (invoice) => <Money amount={invoice.total} currency={invoice.currency} />,
    align: "right",
  },
];

export function InvoicesPage() {
  const query = useInfiniteQuery(invoicesQuery());
  return (
    <>
      <PageHeader title="Invoices" description="What you billed." />
      <DataTable
        label="Invoices"
        columns={COLUMNS}
        query={query}
        rowKey={(invoice) => invoice.id}
        empty={<EmptyState title="No invoices yet">They are made by themselves at the end of each period.</EmptyState>}
      />
    </>
  );
}
