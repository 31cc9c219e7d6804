import { ActionIcon, Box, Stack, Table, Text } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { Fragment, useState } from "react";
import type { Invoice } from "@/api/invoices";
import { formatMoney, formatPeriod, formatQuantity, formatRate } from "@/app/formats";
import { Steps } from "@/components/Steps";
import classes from "./InvoiceLines.module.css";
import { LineEvents } from "./LineEvents";

/** The lines as the PDF has them; each opens to its arithmetic and its events. */
export function InvoiceLines({ invoice }: { invoice: Invoice }) {
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const toggle = (line: number) => {
    const next = new Set(opened);
    if (!next.delete(line)) next.add(line);
    setOpened(next);
  };
  return (
    <Box className={classes.scroll ?? ""} role="region" aria-label="Lines" tabIndex={0}>
      <Table aria-label="Lines of the invoice">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={36}>
              <Text component="span" className={classes.unseen ?? ""}>
                Details
              </Text>
            </Table.Th>
            <Table.Th>Item</Table.Th>
            <Table.Th ta="right">Quantity</Table.Th>
            <Table.Th ta="right">Rate</Table.Th>
            <Table.Th ta="right">Amount</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {invoice.lines.map((line, at) => {
            const isOpen = opened.has(at);
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
              <Fragment key={at}>
                <Table.Tr>
                  <Table.Td>
                    <ActionIcon
                      aria-expanded={isOpen}
                      aria-label={`Arithmetic of ${line.description}`}
                      onClick={() => toggle(at)}
                    >
                      {isOpen ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
                    </ActionIcon>
                  </Table.Td>
                  <Table.Td>
                    {line.description}
                    {line.period_start !== line.period_end && (
                      <Text size="xs" c="dimmed">
                        {formatPeriod(line.period_start, line.period_end, invoice.timezone)}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td ta="right">{formatQuantity(line.quantity)}</Table.Td>
                  <Table.Td ta="right">
                    {line.unit_amount === null ? "see steps" : formatRate(line.unit_amount, invoice.currency)}
                  </Table.Td>
                  <Table.Td ta="right">{formatMoney(line.amount, invoice.currency)}</Table.Td>
                </Table.Tr>
                {isOpen && (
                  <Table.Tr>
                    <Table.Td colSpan={5} className={classes.details ?? ""}>
                      <Stack gap="md" py="xs">
                        <Steps
                          label={`Calculation of ${line.description}`}
                          steps={line.steps}
                          currency={invoice.currency}
                          amount={line.amount}
                        />
                        {line.groups.length > 0 && (
                          <Text size="sm" c="dimmed">
                            {line.groups
                              .map(({ label, quantity }) => `${label}: ${formatQuantity(quantity)}`)
                              .join(" · ")}
                          </Text>
                        )}
                        {line.meter !== null && <LineEvents invoice={invoice} line={line} position={at + 1} />}
                      </Stack>
                    </Table.Td>
                  </Table.Tr>
                )}
              </Fragment>
            );
          })}
        </Table.Tbody>
      </Table>
    </Box>
  );
}
