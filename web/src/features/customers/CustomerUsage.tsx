import { Anchor, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Customer, type CustomerSummary, customerSummaryQuery } from "@/api/customers";
import { metersQuery } from "@/api/meters";
import { formatMoney } from "@/app/formats";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { onePage } from "@/components/onePage";
import { Quantity } from "@/components/Quantity";
import { StatCard } from "@/components/StatCard";
import { MeterUsage } from "@/components/usage/MeterUsage";
import { questionOf } from "@/components/usage/question";
import { useMinute } from "@/components/usage/useMinute";

type MeterUsed = CustomerSummary["usage"][number];
type Amount = CustomerSummary["balance"][number];

const REFRESH_MS = 10_000;

/** Money of each currency on its own line: they don't add up. */
function Amounts({ of }: { of: Amount[] }) {
  if (of.length === 0) return "—";
  return of.map((each) => <div key={each.currency}>{formatMoney(each.amount, each.currency)}</div>);
}

/** What is used and what it costs, as it stands now. */
export function CustomerUsage({ customer }: { customer: Customer }) {
  const summary = useQuery({ ...customerSummaryQuery(customer.id), refetchInterval: REFRESH_MS });
  const [chosen, choose] = useState<string>();
  const { data } = summary;
  if (summary.error !== null && data === undefined) {
    return <ErrorState error={summary.error} onRetry={() => void summary.refetch()} />;
  }
  const costs = (which: "so_far" | "projected") =>
    data?.cost.map((each) => ({ currency: each.currency, amount: each[which] }));
  const meter = chosen ?? data?.usage[0]?.meter;
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 2, lg: 4 }} spacing={{ base: "sm", sm: "lg" }}>
        <StatCard label="Cost so far" value={data && <Amounts of={costs("so_far") ?? []} />} hint="running periods" />
        <StatCard
          label="Projected"
          value={data && <Amounts of={costs("projected") ?? []} />}
          hint="at the periods' ends, at this rate"
        />
        <StatCard
          label="Open invoices"
          value={data && <Amounts of={data.open_invoices.amounts} />}
          hint={data && `${data.open_invoices.count} with something due`}
        />
        <StatCard label="Credits" value={data && <Amounts of={data.balance} />} hint="that can be drawn now" />
      </SimpleGrid>
      <Stack gap="sm" component="section" aria-labelledby="usage-of-meters">
        <Title order={2} id="usage-of-meters">
          This month by meter
        </Title>
        <DataTable
          label="Usage by meter"
          columns={columns(customer, choose)}
          query={onePage(summary, data?.usage)}
          rowKey={(each) => each.meter}
          empty={
            <EmptyState title="No usage this month or last">
              Events count here as soon as they name this customer
              {customer.external_id !== null && ` as ${customer.external_id}`}.
            </EmptyState>
          }
        />
      </Stack>
      {meter !== undefined && <Month customer={customer} meter={meter} />}
    </Stack>
  );
}

function columns(customer: Customer, choose: (meter: string) => void): Column<MeterUsed>[] {
  return [
    {
      key: "meter",
      header: "Meter",
      cell: (each) => (
        <Anchor component="button" type="button" onClick={() => choose(each.meter)}>
          {each.name}
        </Anchor>
      ),
    },
    {
      key: "month_to_date",
      header: "This month",
      cell: (each) => <Quantity value={each.month_to_date} />,
      align: "right",
    },
    { key: "last_month", header: "Last month", cell: (each) => <Quantity value={each.last_month} />, align: "right" },
    {
      key: "open",
      header: "",
      cell: (each) => (
        <Anchor
          component={Link}
          to={`/usage?meter=${encodeURIComponent(each.meter)}&customer=${customer.id}`}
          size="sm"
        >
          Open in Usage
        </Anchor>
      ),
      align: "right",
      secondary: true,
    },
  ];
}

/** The days of one meter, in the customer's time zone. */
function Month({ customer, meter: key }: { customer: Customer; meter: string }) {
  const now = useMinute();
  const meters = useInfiniteQuery(metersQuery());
  const meter = meters.data?.pages.flatMap((page) => page.data).find((each) => each.key === key);
  if (meters.isPending) return <Skeleton h={320} />;
  if (meter === undefined) return <Text c="dimmed">The meter {key} is not there any more.</Text>;
  const question = questionOf({ customer: customer.id }, meter, now, customer.timezone);
  return <MeterUsage meter={meter} question={question} now={now} zone={customer.timezone} ready tables={false} />;
}
