import { SimpleGrid, Skeleton, Stack, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import {
  type CreditBalance,
  type CreditGrant,
  creditBalancesQuery,
  creditGrantsQuery,
  creditLedgerQuery,
  type LedgerEntry,
} from "@/api/customerRecords";
import type { Customer } from "@/api/customers";
import { formatMoney } from "@/app/formats";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { Money } from "@/components/Money";
import { StatCard } from "@/components/StatCard";
import { StatusBadge } from "@/components/StatusBadge";

const words = (text: string) => text.replaceAll("_", " ");

export function Credits({ customer }: { customer: Customer }) {
  return (
    <Stack gap="lg">
      <Balances customer={customer} />
      <Stack gap="sm" component="section" aria-labelledby="grants">
        <Title order={2} id="grants">
          Grants
        </Title>
        <DataTable
          label="Credit grants"
          columns={grantColumns(customer.timezone)}
          query={useInfiniteQuery(creditGrantsQuery(customer.id))}
          rowKey={(grant) => grant.id}
          empty={
            <EmptyState title="No credits granted">Prepaid and promotional credits pay invoices first.</EmptyState>
          }
        />
      </Stack>
      <Stack gap="sm" component="section" aria-labelledby="ledger">
        <Title order={2} id="ledger">
          History
        </Title>
        <DataTable
          label="Credit history"
          columns={ledgerColumns(customer.timezone)}
          query={useInfiniteQuery(creditLedgerQuery(customer.id))}
          rowKey={(entry) => entry.id}
          empty="Nothing has moved yet"
        />
      </Stack>
    </Stack>
  );
}

function Balances({ customer }: { customer: Customer }) {
  const { data, error, refetch } = useQuery(creditBalancesQuery(customer.id));
  if (error !== null && data === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton h={124} />;
  return data.data.map((balance) => <BalanceIn key={balance.currency} balance={balance} />);
}

function BalanceIn({ balance }: { balance: CreditBalance }) {
  const money = (amount: string) => formatMoney(amount, balance.currency);
  return (
    <SimpleGrid cols={{ base: 2, lg: 4 }} spacing={{ base: "sm", sm: "lg" }}>
      <StatCard
        label={`Balance in ${balance.currency}`}
        value={money(balance.balance)}
        hint={`${money(balance.prepaid)} prepaid`}
      />
      <StatCard label="Spoken for" value={money(balance.pending)} hint="by drafts and running periods" />
      <StatCard label="Left then" value={money(balance.available)} />
      <StatCard label="Not covered" value={money(balance.uncovered)} hint="asked for beyond the balance" />
    </SimpleGrid>
  );
}

const grantColumns = (zone: string): Column<CreditGrant>[] => [
  { key: "name", header: "Name", cell: (grant) => grant.name },
  { key: "kind", header: "Kind", cell: (grant) => words(grant.kind), secondary: true },
  { key: "status", header: "State", cell: (grant) => <StatusBadge status={grant.status} /> },
  {
    key: "expires",
    header: "Expires",
    cell: (grant) =>
      grant.expires_at === null ? "Never" : <Instant at={grant.expires_at} style="date" timezone={zone} />,
    secondary: true,
  },
  {
    key: "amount",
    header: "Granted",
    cell: (grant) => <Money amount={grant.amount} currency={grant.currency} />,
    align: "right",
  },
  {
    key: "remaining",
    header: "Remaining",
    cell: (grant) => <Money amount={grant.remaining} currency={grant.currency} />,
    align: "right",
  },
];

const ledgerColumns = (zone: string): Column<LedgerEntry>[] => [
  { key: "at", header: "Time", cell: (entry) => <Instant at={entry.effective_at} timezone={zone} /> },
  { key: "reason", header: "What", cell: (entry) => words(entry.reason) },
  { key: "reference", header: "About", cell: (entry) => entry.reference, secondary: true },
  {
    key: "change",
    header: "Change",
    cell: (entry) => <Money amount={entry.change} currency={entry.currency} />,
    align: "right",
  },
];
