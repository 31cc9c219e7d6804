import {
  Anchor,
  Button,
  Card,
  Group,
  Progress,
  SegmentedControl,
  Select,
  SimpleGrid,
  Skeleton,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import {
  type BacktestCustomer,
  type BacktestSummary,
  backtestCustomersQuery,
  backtestQuery,
  cancelBacktest,
  isEnded,
  startBacktest,
} from "@/api/backtests";
import { planQuery } from "@/api/plans";
import { Problem } from "@/api/problem";
import { useMay } from "@/api/session";
import { formatMoney, formatPercent } from "@/app/formats";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { PageHeader } from "@/components/PageHeader";
import { StatCard } from "@/components/StatCard";
import { monthsBack } from "./backtestMonths";

/** A past time of real usage, priced again under a version of the plan: who would have paid less, who more. */
export function BacktestPage() {
  const { plan: key } = useParams({ from: "/signed-in/pricing/$plan/backtest" });
  const { run } = useSearch({ from: "/signed-in/pricing/$plan/backtest" });
  const plan = useQuery(planQuery(key));
  const mayWrite = useMay("catalog:write");
  return (
    <>
      <PageHeader
        title="Backtest"
        description={
          <>
            What your customers would have paid under{" "}
            <Anchor component={Link} to={`/pricing/${key}`} inherit underline="always">
              {plan.data?.name ?? key}
            </Anchor>
            , with the usage that they had.
          </>
        }
      />
      <Stack gap="lg">
        {plan.error !== null && plan.data === undefined ? (
          <ErrorState error={plan.error} onRetry={() => void plan.refetch()} />
        ) : plan.data === undefined ? (
          <Skeleton h={120} />
        ) : (
          mayWrite && <StartForm plan={key} versions={plan.data.versions.map(({ version }) => version).reverse()} />
        )}
        {run !== undefined && <Result id={run} />}
      </Stack>
    </>
  );
}

function StartForm({ plan, versions }: { plan: string; versions: number[] }) {
  const navigate = useNavigate();
  const form = useForm({ initialValues: { version: String(versions[0] ?? 1), ...monthsBack(new Date(), 3) } });
  const starting = useMutation({
    mutationFn: startBacktest,
    onSuccess: (backtest) =>
      navigate({ to: "/pricing/$plan/backtest", params: { plan }, search: { run: backtest.id }, replace: true }),
    onError: (error) => error instanceof Problem && form.setErrors(error.fields),
  });
  const submit = form.onSubmit(({ version, from, to }) =>
    starting.mutate({ plan, version: Number(version), from: `${from}T00:00:00Z`, to: `${to}T00:00:00Z` }),
  );
  return (
    <Card component="section" aria-label="What to test">
      <form onSubmit={submit} noValidate>
        <Group align="flex-end" gap="sm">
          <Select
            label="Version"
            w={110}
            allowDeselect={false}
            data={versions.map(String)}
            {...form.getInputProps("version")}
          />
          <TextInput type="date" label="From" {...form.getInputProps("from")} />
          <TextInput type="date" label="To, exclusive" {...form.getInputProps("to")} />
          <Button type="submit" loading={starting.isPending}>
            Run the backtest
          </Button>
        </Group>
      </form>
      {starting.error !== null && <ErrorState error={starting.error} />}
    </Card>
  );
}

function Result({ id }: { id: string }) {
  const { data, error } = useQuery(backtestQuery(id));
  const canceling = useMutation({ mutationFn: () => cancelBacktest(id) });
  const [sort, setSort] = useState<"change" | "-change">("change");
  if (error !== null) return <ErrorState error={error} />;
  if (data === undefined) return <Skeleton h={220} />;
  if (!isEnded(data)) {
    return (
      <Card aria-live="polite">
        <Group justify="space-between" mb="xs">
          <Text>
            {data.customers_done} of {data.customers_total} customers
          </Text>
          <Button size="xs" variant="default" loading={canceling.isPending} onClick={() => canceling.mutate()}>
            Stop
          </Button>
        </Group>
        <Progress value={Number(data.progress) * 100} aria-label="Progress of the backtest" />
      </Card>
    );
  }
  if (data.error !== null) return <Text c="var(--mantine-color-error)">{data.error}</Text>;
  return (
    <>
      {data.result?.length === 0 && (
        <Card>
          <EmptyState title="Nobody was billed in this time">Choose an earlier time, or a longer one.</EmptyState>
        </Card>
      )}
      {data.result?.map((summary) => (
        <Summary key={summary.currency} summary={summary} />
      ))}
      {data.result !== null && data.result.length > 0 && (
        <>
          <Group justify="space-between">
            <Title order={2}>Customers</Title>
            <SegmentedControl
              aria-label="Order"
              data={[
                { value: "change", label: "Winners first" },
                { value: "-change", label: "Losers first" },
              ]}
              value={sort}
              onChange={(chosen) => setSort(chosen === "change" ? "change" : "-change")}
            />
          </Group>
          <Customers id={id} sort={sort} />
        </>
      )}
    </>
  );
}

function Summary({ summary }: { summary: BacktestSummary }) {
  const money = (amount: string) => formatMoney(amount, summary.currency);
  const share = summary.change_percent;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
      <StatCard label={`Charged, ${summary.currency}`} value={money(summary.before)} hint="as it was" />
      <StatCard
        label={`Under this version, ${summary.currency}`}
        value={money(summary.after)}
        hint={`${money(summary.change)} ${share === null ? "" : `(${signedPercent(share)})`}`}
      />
      <StatCard label="Winners" value={summary.winners} hint="would have paid less" />
      <StatCard label="Losers" value={summary.losers} hint={`would have paid more; ${summary.unchanged} the same`} />
    </SimpleGrid>
  );
}

const signedPercent = (percent: string) => formatPercent(Number(percent) / 100);

const COLUMNS: Column<BacktestCustomer>[] = [
  { key: "name", header: "Customer", cell: (row) => row.name },
  { key: "before", header: "As it was", cell: (row) => formatMoney(row.before, row.currency), align: "right" },
  { key: "after", header: "Under this version", cell: (row) => formatMoney(row.after, row.currency), align: "right" },
  { key: "change", header: "Change", cell: (row) => formatMoney(row.change, row.currency), align: "right" },
  {
    key: "percent",
    header: "In percent",
    cell: (row) => row.problem ?? (row.change_percent === null ? "—" : signedPercent(row.change_percent)),
    align: "right",
    secondary: true,
  },
];

function Customers({ id, sort }: { id: string; sort: "change" | "-change" }) {
  const query = useInfiniteQuery(backtestCustomersQuery(id, sort));
  return (
    <DataTable
      label="Customers of the backtest"
      columns={COLUMNS}
      query={query}
      rowKey={(row) => `${row.customer_id} ${row.currency}`}
      empty="No customer was billed"
    />
  );
}
