import { Anchor, Button, Group, Select, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { customersQuery } from "@/api/customers";
import { type Invoice, invoicesQuery } from "@/api/invoices";
import { formatPeriod } from "@/app/formats";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { Money } from "@/components/Money";
import { PageHeader } from "@/components/PageHeader";
import { StatusBadge } from "@/components/StatusBadge";
import { filtersOf, type Search, STATUSES } from "./filters";

const COLUMNS: Column<Invoice>[] = [
  {
    key: "number",
    header: "Number",
    cell: (invoice) => (
      <Anchor component={Link} to={`/invoices/${invoice.id}`}>
        {invoice.number ?? "Draft"}
      </Anchor>
    ),
  },
  { key: "customer", header: "Customer", cell: (invoice) => invoice.customer.name },
  { key: "status", header: "State", cell: (invoice) => <StatusBadge status={invoice.status} /> },
  {
    key: "period",
    header: "Period",
    cell: (invoice) =>
      invoice.period_start === invoice.period_end ? (
        <Instant at={invoice.period_start} style="date" timezone={invoice.timezone} />
      ) : (
        formatPeriod(invoice.period_start, invoice.period_end, invoice.timezone)
      ),
    secondary: true,
  },
  {
    key: "issued",
    header: "Issued",
    cell: (invoice) =>
      invoice.issued_at === null ? "—" : <Instant at={invoice.issued_at} style="date" timezone={invoice.timezone} />,
    secondary: true,
  },
  {
    key: "total",
    header: "Total",
    cell: (invoice) => <Money amount={invoice.total} currency={invoice.currency} />,
    align: "right",
  },
  {
    key: "due",
    header: "Due",
    cell: (invoice) => <Money amount={invoice.amount_due} currency={invoice.currency} />,
    align: "right",
    secondary: true,
  },
];

export function InvoicesPage() {
  const search = useSearch({ from: "/signed-in/invoices" });
  const navigate = useNavigate();
  const query = useInfiniteQuery(invoicesQuery(filtersOf(search)));
  const customers = useInfiniteQuery(customersQuery());
  const filter = (changed: Search) =>
    void navigate({ to: "/invoices", search: { ...search, ...changed }, replace: true });
  const isFiltered = Object.keys(search).length > 0;
  return (
    <>
      <PageHeader
        title="Invoices"
        description="What you billed."
        actions={
          <Button variant="default" component={Link} to="/invoices/runs">
            Billing runs
          </Button>
        }
      />
      <Group mb="md" gap="sm" align="flex-end">
        <Select
          label="State"
          placeholder="Any"
          clearable
          w={150}
          data={STATUSES}
          value={search.status ?? null}
          onChange={(status) => filter({ status: STATUSES.find((each) => each === status) })}
        />
        <Select
          label="Customer"
          placeholder="Any"
          clearable
          searchable
          w={220}
          data={(customers.data?.pages.flatMap((page) => page.data) ?? []).map((customer) => ({
            value: customer.id,
            label: customer.name,
          }))}
          value={search.customer ?? null}
          onChange={(customer) => filter({ customer: customer ?? undefined })}
        />
        <TextInput
          type="date"
          label="Issued from"
          w={150}
          value={search.from ?? ""}
          onChange={(event) => filter({ from: event.currentTarget.value || undefined })}
        />
        <TextInput
          type="date"
          label="Until"
          w={150}
          value={search.to ?? ""}
          onChange={(event) => filter({ to: event.currentTarget.value || undefined })}
        />
        {isFiltered && (
          <Button variant="subtle" onClick={() => void navigate({ to: "/invoices", search: {}, replace: true })}>
            Clear
          </Button>
        )}
      </Group>
      <DataTable
        label="Invoices"
        columns={COLUMNS}
        query={query}
        rowKey={(invoice) => invoice.id}
        empty={
          isFiltered ? (
            <EmptyState title="No invoice is like this">Clear the filters to see all of them.</EmptyState>
          ) : (
            <EmptyState title="No invoices yet">
              They are made by themselves at the end of each period, or by a billing run.
            </EmptyState>
          )
        }
      />
    </>
  );
}
