import { Button, Group, Select, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { customersQuery } from "@/api/customers";
import { type Invoice, invoicesQuery } from "@/api/invoices";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { invoiceColumns } from "@/components/invoiceColumns";
import { PageHeader } from "@/components/PageHeader";
import { filtersOf, type Search, STATUSES } from "./filters";

const { number, status, period, issued, total, amountDue } = invoiceColumns;
const COLUMNS: Column<Invoice>[] = [
  number,
  { key: "customer", header: "Customer", cell: (invoice) => invoice.customer.name },
  status,
  period,
  issued,
  total,
  { ...amountDue, secondary: true },
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
