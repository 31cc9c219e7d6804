import { SimpleGrid, Stack } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { formatMoney } from "@/app/formats";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { Instant } from "@/components/Instant";
import { Money } from "@/components/Money";
import { StatCard } from "@/components/StatCard";
import { type Credits, creditsQuery, type Me } from "./api";
import { ViewHeader } from "./ViewHeader";

type Entry = Credits["data"][number];

export default function CreditsView({ me }: { me: Me }) {
  const query = useInfiniteQuery(creditsQuery);
  const balances = query.data?.pages[0]?.balances;
  const columns: Column<Entry>[] = [
    {
      key: "at",
      header: "When",
      cell: (entry) => <Instant at={entry.effective_at} timezone={me.customer.timezone} />,
    },
    { key: "reason", header: "What", cell: (entry) => inWords(entry.reason) },
    {
      key: "change",
      header: "Change",
      align: "right",
      cell: (entry) => <Money amount={entry.change} currency={entry.currency} />,
    },
  ];
  return (
    <>
      <ViewHeader me={me} title="Credits" description="Credits pay your invoices before anything else does." />
      <Stack gap="lg">
        {query.error === null && (
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            {(balances ?? [undefined]).flatMap((balance) => [
              <StatCard
                key={`${balance?.currency} balance`}
                label="Balance"
                value={balance && formatMoney(balance.balance, balance.currency)}
              />,
              <StatCard
                key={`${balance?.currency} available`}
                label="Left after running usage"
                value={balance && formatMoney(balance.available, balance.currency)}
                hint={balance && `${formatMoney(balance.pending, balance.currency)} is spoken for`}
              />,
            ])}
          </SimpleGrid>
        )}
        <DataTable
          label="History of credits"
          columns={columns}
          query={query}
          rowKey={(entry) => entry.id}
          empty={<EmptyState title="No credits yet">When you are given or buy credits, they stand here.</EmptyState>}
        />
      </Stack>
    </>
  );
}

function inWords(reason: string): string {
  const words = reason.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
