import { Anchor, Button, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { type Customer, type CustomerOrder, customersQuery } from "@/api/customers";
import { useMay } from "@/api/session";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { PageHeader } from "@/components/PageHeader";
import { Spend, UsageThisMonth } from "./AtAGlance";
import { NewCustomer } from "./NewCustomer";

const COLUMNS: Column<Customer>[] = [
  {
    key: "name",
    header: "Name",
    cell: (customer) => (
      <Anchor component={Link} to={`/customers/${customer.id}`} fw={500}>
        {customer.name}
      </Anchor>
    ),
  },
  { key: "external_id", header: "External id", cell: (customer) => customer.external_id ?? "—", secondary: true },
  { key: "email", header: "E-mail", cell: (customer) => customer.email ?? "—", secondary: true },
  { key: "usage", header: "Usage this month", cell: (customer) => <UsageThisMonth customer={customer.id} /> },
  {
    key: "spend",
    header: "Cost so far",
    cell: (customer) => <Spend customer={customer.id} />,
    align: "right",
    width: 150,
  },
  {
    key: "created_at",
    header: "Since",
    cell: (customer) => <Instant at={customer.created_at} style="date" />,
    align: "right",
    secondary: true,
  },
];

const ORDERS: { value: CustomerOrder; label: string }[] = [
  { value: "-created_at", label: "Newest first" },
  { value: "created_at", label: "Oldest first" },
  { value: "name", label: "Name, A to Z" },
  { value: "-name", label: "Name, Z to A" },
];

export function CustomersPage() {
  const wanted = useSearch({ from: "/signed-in/customers" });
  const navigate = useNavigate({ from: "/customers" });
  const query = useInfiniteQuery(customersQuery(wanted));
  const mayWrite = useMay("customers:write");
  const [adding, { open, close }] = useDisclosure();
  const [typed, setTyped] = useState(wanted.search ?? "");
  const search = useDebouncedCallback(
    (text: string) => void navigate({ search: (now) => ({ ...now, search: text || undefined }), replace: true }),
    200,
  );
  const add = mayWrite ? (
    <Button leftSection={<IconPlus size={16} />} onClick={open}>
      New customer
    </Button>
  ) : undefined;
  return (
    <>
      <PageHeader title="Customers" description="Whom you bill, what they use and what it comes to." actions={add} />
      <Group mb="md" gap="sm">
        <TextInput
          aria-label="Search customers"
          placeholder="Name, external id or e-mail"
          type="search"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            search(event.currentTarget.value);
          }}
          flex={1}
          miw={200}
          maw={420}
        />
        <Select
          aria-label="Order"
          data={ORDERS}
          value={wanted.sort ?? "-created_at"}
          onChange={(sort) => void navigate({ search: (now) => ({ ...now, sort: sort ?? undefined }), replace: true })}
          allowDeselect={false}
          w={170}
        />
      </Group>
      <DataTable
        label="Customers"
        columns={COLUMNS}
        query={query}
        rowKey={(customer) => customer.id}
        empty={
          wanted.search === undefined ? (
            <EmptyState title="No customers yet" action={add}>
              Add the customers that your events name in customer_id; what was sent before is counted, too.
            </EmptyState>
          ) : (
            <EmptyState title={`No customer matches “${wanted.search}”`} icon={IconSearch}>
              The search looks in names, external ids and e-mail addresses.
            </EmptyState>
          )
        }
      />
      <NewCustomer opened={adding} onClose={close} />
    </>
  );
}
