import { Card, Grid, NumberInput, Select, SimpleGrid, Skeleton, Stack, Table, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQueries } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { type Plan, plansQuery } from "@/api/plans";
import { evaluationQuery, type SentPrice } from "@/api/prices";
import { formatMoney } from "@/app/formats";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { PageHeader } from "@/components/PageHeader";
import { isMetered, modelLabel } from "./models";
import { calculatedPrice } from "./priceDraft";
import { sumOf } from "./sums";
import { NO_MIX, usageOf } from "./usageOfQuantity";

/** What two plans make of the same usage. */
export function ComparePage() {
  const search = useSearch({ from: "/signed-in/pricing/compare" });
  const navigate = useNavigate();
  const query = useInfiniteQuery(plansQuery());
  const plans = query.data?.pages.flatMap((page) => page.data) ?? [];
  const left = plans.find((plan) => plan.key === search.left) ?? plans[0];
  const right = plans.find((plan) => plan.key === search.right) ?? plans.find((plan) => plan !== left);
  const choose = (side: "left" | "right", key: string | null) =>
    void navigate({
      to: "/pricing/compare",
      search: { left: left?.key, right: right?.key, [side]: key ?? undefined },
      replace: true,
    });
  const options = plans.map((plan) => ({ value: plan.key, label: plan.name }));
  return (
    <>
      <PageHeader title="Compare plans" description="What two plans make of the same usage in one period." />
      {query.error !== null && query.data === undefined ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Skeleton h={420} />
      ) : left === undefined || right === undefined ? (
        <Card>
          <EmptyState title="There are not two plans yet">Make a second plan to compare it with the first.</EmptyState>
        </Card>
      ) : (
        <Stack gap="lg">
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <Select
              label="First plan"
              allowDeselect={false}
              data={options}
              value={left.key}
              onChange={(key) => choose("left", key)}
            />
            <Select
              label="Second plan"
              allowDeselect={false}
              data={options}
              value={right.key}
              onChange={(key) => choose("right", key)}
            />
          </SimpleGrid>
          <Comparison key={`${left.key} ${right.key}`} left={left} right={right} />
        </Stack>
      )}
    </>
  );
}

/** What the quantities are of: meters, and seats. */
function measuresOf(plans: Plan[]): string[] {
  const metered = plans.flatMap((plan) => plan.prices.map((price) => measureOf(price)));
  return [...new Set(metered)].filter((measure) => measure !== "");
}

const measureOf = (price: Plan["prices"][number]) =>
  price.model === "seats" ? "seats" : isMetered(price.model) ? (price.meter ?? "") : "";

function Comparison({ left, right }: { left: Plan; right: Plan }) {
  const measures = measuresOf([left, right]);
  const [written, setWritten] = useState<Record<string, number>>({});
  const [settled] = useDebouncedValue(written, 150);
  const filled = (some: Record<string, number>): Record<string, number> =>
    Object.fromEntries(measures.map((measure) => [measure, some[measure] ?? (measure === "seats" ? 10 : 100_000)]));
  const quantities = filled(written);
  return (
    <Grid gap="lg">
      {measures.length > 0 && (
        <Grid.Col span={12}>
          <Card component="section" aria-label="Usage">
            <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
              {measures.map((measure) => (
                <NumberInput
                  key={measure}
                  label={measure}
                  min={0}
                  max={1e15}
                  allowDecimal={false}
                  thousandSeparator=","
                  value={quantities[measure] ?? 0}
                  onChange={(value) => setWritten({ ...written, [measure]: Number(value) || 0 })}
                />
              ))}
            </SimpleGrid>
          </Card>
        </Grid.Col>
      )}
      {[left, right].map((plan) => (
        <Grid.Col key={plan.key} span={{ base: 12, md: 6 }}>
          <Bill plan={plan} quantities={filled(settled)} />
        </Grid.Col>
      ))}
    </Grid>
  );
}

function Bill({ plan, quantities }: { plan: Plan; quantities: Record<string, number> }) {
  const results = useQueries({
    queries: plan.prices.map((price) => {
      const sent = calculatedPrice(price as SentPrice);
      return evaluationQuery(sent, plan.currency, usageOf(sent, quantities[measureOf(price)] ?? 0, NO_MIX));
    }),
  });
  const failed = results.find((result) => result.error !== null);
  const amounts = results.map((result) => result.data?.amount);
  const isWhole = amounts.every((amount) => amount !== undefined);
  return (
    <Card component="section" aria-label={plan.name} h="100%">
      <Text fw={600} mb="xs">
        {plan.name}
      </Text>
      {failed !== undefined && <ErrorState error={failed.error} />}
      <Table>
        <Table.Tbody>
          {plan.prices.map((price, at) => (
            <Table.Tr key={price.key}>
              <Table.Td>
                {price.name ?? price.key}
                <Text size="xs" c="dimmed">
                  {modelLabel(price.model)}
                </Text>
              </Table.Td>
              <Table.Td ta="right">
                {amounts[at] === undefined ? (
                  <Skeleton h={14} w={70} ml="auto" />
                ) : (
                  formatMoney(amounts[at], plan.currency)
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
        <Table.Tfoot>
          <Table.Tr>
            <Table.Th>A {plan.interval}</Table.Th>
            <Table.Th ta="right" fz={20} c="var(--mantine-color-text)">
              {isWhole ? formatMoney(sumOf(amounts as string[]), plan.currency) : "…"}
            </Table.Th>
          </Table.Tr>
        </Table.Tfoot>
      </Table>
    </Card>
  );
}
