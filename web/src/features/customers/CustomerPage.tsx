import { Anchor, Breadcrumbs, Group, Skeleton, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Customer, customerQuery } from "@/api/customers";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { PageHeader } from "@/components/PageHeader";
import { PageSkeleton } from "@/components/PageSkeleton";
import { Contacts } from "./Contacts";
import { Credits } from "./Credits";
import { CustomersEvents } from "./CustomersEvents";
import { CustomerUsage } from "./CustomerUsage";
import { PortalLinks } from "./PortalLinks";
import { InvoicesOf, SubscriptionsOf } from "./records";
import { CUSTOMER_TABS, type CustomerTab } from "./search";

const PANELS: Record<CustomerTab, (props: { customer: Customer }) => ReactNode> = {
  usage: CustomerUsage,
  subscriptions: SubscriptionsOf,
  invoices: InvoicesOf,
  credits: Credits,
  events: CustomersEvents,
  contacts: Contacts,
  portal: PortalLinks,
};

export function CustomerPage() {
  const { customer: id } = useParams({ from: "/signed-in/customers/$customer" });
  const { tab = "usage" } = useSearch({ from: "/signed-in/customers/$customer" });
  const navigate = useNavigate({ from: "/customers/$customer" });
  const { data: customer, error, refetch } = useQuery(customerQuery(id));
  if (error !== null && customer === undefined) {
    return (
      <>
        <PageHeader title="Customer" />
        <ErrorState error={error} onRetry={() => void refetch()} />
      </>
    );
  }
  return (
    <>
      <Breadcrumbs mb="xs" aria-label="Breadcrumb" component="nav">
        <Anchor component={Link} to="/customers" size="sm">
          Customers
        </Anchor>
        <Text size="sm" c="dimmed" truncate maw={320}>
          {customer?.name ?? "…"}
        </Text>
      </Breadcrumbs>
      <PageHeader
        title={customer?.name ?? "Customer"}
        description={customer === undefined ? <Skeleton h={14} w={260} my={4} /> : <Facts customer={customer} />}
      />
      <Tabs
        value={tab}
        onChange={(chosen) =>
          void navigate({
            search: chosen === null || chosen === "usage" ? {} : { tab: chosen as CustomerTab },
            resetScroll: false,
          })
        }
        keepMounted={false}
      >
        <Tabs.List mb="lg" aria-label="About this customer" style={{ overflowX: "auto", flexWrap: "nowrap" }}>
          {Object.entries(CUSTOMER_TABS).map(([key, label]) => (
            <Tabs.Tab key={key} value={key} miw="max-content">
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {Object.entries(PANELS).map(([key, Panel]) => (
          <Tabs.Panel key={key} value={key}>
            {customer === undefined ? <PageSkeleton /> : <Panel customer={customer} />}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}

function Facts({ customer }: { customer: Customer }) {
  return (
    <Group gap={6} component="span">
      {customer.external_id !== null && <span>{customer.external_id} ·</span>}
      <span>{customer.currency} ·</span>
      <span>{customer.timezone} ·</span>
      <span>
        since <Instant at={customer.created_at} style="date" timezone={customer.timezone} />
      </span>
    </Group>
  );
}
