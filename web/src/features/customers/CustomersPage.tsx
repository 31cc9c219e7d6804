import { useInfiniteQuery } from "@tanstack/react-query";
import { type Customer, customersQuery } from "@/api/customers";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { PageHeader } from "@/components/PageHeader";

const COLUMNS: Column<Customer>[] = [
  { key: "name", header: "Name", cell: (customer) => customer.name },
  { key: "external_id", header: "External id", cell: (customer) => customer.external_id, secondary: true },
  { key: "email", header: "E-mail", cell: (customer) => customer.email, secondary: true },
  { key: "currency", header: "Currency", cell: (customer) => customer.currency },
  {
    key: "created_at",
    header: "Since",
    cell: (customer) => <Instant at={customer.created_at} style="date" />,
    align: "right",
  },
];

export function CustomersPage() {
  const query = useInfiniteQuery(customersQuery());
  return (
    <>
      <PageHeader title="Customers" description="Whom you bill." />
      <DataTable
        label="Customers"
        columns={COLUMNS}
        query={query}
        rowKey={(customer) => customer.id}
        empty={
          <EmptyState title="No customers yet">
            Send events with a customer_id, then add the customer who has it.
          </EmptyState>
        }
      />
    </>
  );
}
