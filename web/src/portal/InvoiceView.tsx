import { Anchor, Card, Group, Skeleton, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Fragment, type ReactNode } from "react";
import { formatInstant, formatMoney, formatPeriod } from "@/app/formats";
import { ErrorState } from "@/components/ErrorState";
import { Money } from "@/components/Money";
import { Quantity } from "@/components/Quantity";
import { StatusBadge } from "@/components/StatusBadge";
import { type Invoice, invoiceQuery, type Line, type Me } from "./api";
import { DownloadButton } from "./DownloadButton";
import classes from "./LineItems.module.css";
import { ViewHeader } from "./ViewHeader";
import { open, pathOf } from "./views";

export default function InvoiceView({ me, invoice: id }: { me: Me; invoice: string }) {
  const { data: invoice, error, refetch } = useQuery(invoiceQuery(id));
  const path = `/v1/portal/invoices/${encodeURIComponent(id)}`;
  return (
    <>
      <Anchor
        href={pathOf("invoices")}
        size="sm"
        c="var(--jp-accent-text)"
        onClick={(event) => {
          event.preventDefault();
          open("invoices");
        }}
      >
        All invoices
      </Anchor>
      {invoice === undefined ? (
        <Stack mt="md">
          {error === null ? <Skeleton h={420} /> : <ErrorState error={error} onRetry={() => void refetch()} />}
        </Stack>
      ) : (
        <>
          <ViewHeader
            me={me}
            title={`Invoice ${invoice.number}`}
            description={<About invoice={invoice} />}
            actions={
              <>
                <DownloadButton path={`${path}/pdf`} name={`${invoice.number}.pdf`}>
                  PDF
                </DownloadButton>
                <DownloadButton path={`${path}/csv`} name={`${invoice.number}.csv`}>
                  CSV
                </DownloadButton>
              </>
            }
          />
          <Lines invoice={invoice} />
        </>
      )}
    </>
  );
}

function About({ invoice }: { invoice: Invoice }) {
  const { period_start: start, period_end: end, timezone } = invoice;
  return (
    <>
      <StatusBadge status={invoice.status} /> {start !== end && formatPeriod(start, end, timezone)}
      {invoice.due_at !== null && `, due ${formatInstant(invoice.due_at, "date", timezone)}`}
    </>
  );
}

/** With names that people know; those that are zero are left out, but for the total and what is due. */
const TOTALS: [keyof Invoice & string, string][] = [
  ["subtotal", "Subtotal"],
  ["discount", "Discount"],
  ["tax", "Tax"],
  ["carried_over", "Carried over to your balance"],
  ["credits_applied", "Paid by credits"],
  ["total", "Total"],
  ["amount_paid", "Paid"],
  ["amount_credited", "Credited"],
  ["amount_due", "Amount due"],
];
const ALWAYS = new Set(["subtotal", "total", "amount_due"]);

function Lines({ invoice }: { invoice: Invoice }) {
  const label = `Lines of invoice ${invoice.number}`;
  return (
    <Card p={0}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section className={classes.scroll ?? ""} aria-label={label} tabIndex={0}>
        <Table aria-label={label}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Item</Table.Th>
              <Table.Th ta="right">Quantity</Table.Th>
              <Table.Th ta="right">Rate</Table.Th>
              <Table.Th ta="right">Amount</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {invoice.lines.map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines of an issued invoice never move.
              <Fragment key={at}>
                <Row line={line} currency={invoice.currency} />
                {line.steps.length > 1 &&
                  line.steps.map((step) => <Row key={step.description} line={step} currency={invoice.currency} step />)}
              </Fragment>
            ))}
          </Table.Tbody>
        </Table>
      </section>
      <Group justify="flex-end" p="lg">
        <dl style={{ margin: 0, minWidth: 240 }}>
          {TOTALS.filter(([name]) => ALWAYS.has(name) || Number(invoice[name]) !== 0).map(([name, words]) => (
            <Total key={name} words={words} strong={name === "total" || name === "amount_due"}>
              {formatMoney(invoice[name] as string, invoice.currency)}
            </Total>
          ))}
        </dl>
      </Group>
    </Card>
  );
}

interface RowProps {
  line: Pick<Line, "description" | "quantity" | "unit_amount" | "amount">;
  currency: string;
  /** A part of the arithmetic of the line above. */
  step?: boolean;
}

function Row({ line, currency, step = false }: RowProps) {
  return (
    <Table.Tr className={step ? (classes.step ?? "") : ""}>
      <Table.Td className={classes.words ?? ""} pl={step ? "xl" : "md"}>
        {line.description}
      </Table.Td>
      <Table.Td ta="right">
        <Quantity value={line.quantity} />
      </Table.Td>
      <Table.Td ta="right">
        {line.unit_amount === null ? "" : <Money amount={line.unit_amount} currency={currency} rate />}
      </Table.Td>
      <Table.Td ta="right">
        <Money amount={line.amount} currency={currency} rate={step} />
      </Table.Td>
    </Table.Tr>
  );
}

function Total({ words, strong, children }: { words: string; strong: boolean; children: ReactNode }) {
  return (
    <Group justify="space-between" gap="xl" py={3}>
      <Text component="dt" c={strong ? "" : "dimmed"} fw={strong ? 600 : 400}>
        {words}
      </Text>
      <Text component="dd" m={0} fw={strong ? 600 : 400}>
        {children}
      </Text>
    </Group>
  );
}
