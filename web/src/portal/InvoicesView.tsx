import { Anchor } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { formatPeriod } from "@/app/formats";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { Money } from "@/components/Money";
import { StatusBadge } from "@/components/StatusBadge";
import { type Invoice, invoicesQuery, type Me } from "./api";
import { ViewHeader } from "./ViewHeader";
import { open, pathOf } from "./views";

export default function InvoicesView({ me }: { me: Me }) {
  const zone = me.customer.timezone;
  const columns: Column<Invoice>[] = [
    {
      key: "number",
      header: "Number",
      cell: (invoice) => (
        <Anchor
          href={pathOf("invoices", invoice.id)}
          fw={500}
          c="var(--jp-accent-text)"
          onClick={(event) => {
            event.preventDefault();
            open("invoices", invoice.id);
          }}
        >
          {invoice.number}
        </Anchor>
      ),
    },
    { key: "status", header: "Status", cell: (invoice) => <StatusBadge status={invoice.status} /> },
    {
      key: "period",
      header: "Period",
      cell: (invoice) => formatPeriod(invoice.period_start, invoice.period_end, invoice.timezone),
      secondary: true,
    },
    {
      key: "due",
      header: "Due",
      cell: (invoice) => (invoice.due_at === null ? "—" : <Instant at={invoice.due_at} style="date" timezone={zone} />),
      secondary: true,
    },
    {
      key: "total",
      header: "Total",
      align: "right",
      cell: (invoice) => <Money amount={invoice.total} currency={invoice.currency} />,
    },
  ];
  return (
    <>
      <ViewHeader me={me} title="Invoices" />
      <DataTable
        label="Invoices"
        columns={columns}
        query={useInfiniteQuery(invoicesQuery)}
        rowKey={(invoice) => invoice.id}
        empty={
          <EmptyState title="No invoices yet">The first one stands here once a period has been billed.</EmptyState>
        }
      />
    </>
  );
}
