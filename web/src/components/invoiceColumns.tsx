import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Invoice } from "@/api/invoices";
import { formatPeriod } from "@/app/formats";
import type { Column } from "@/components/DataTable";
import { Instant } from "@/components/Instant";
import { Money } from "@/components/Money";
import { StatusBadge } from "@/components/StatusBadge";

type Listed = Pick<
  Invoice,
  | "id"
  | "number"
  | "status"
  | "period_start"
  | "period_end"
  | "timezone"
  | "issued_at"
  | "due_at"
  | "total"
  | "amount_due"
  | "currency"
>;

const day = (at: string | null, { timezone }: Listed) =>
  at === null ? "—" : <Instant at={at} style="date" timezone={timezone} />;

/** Of lists of invoices; each list picks those that it shows. */
export const invoiceColumns = {
  number: {
    key: "number",
    header: "Number",
    cell: (invoice) => (
      <Anchor component={Link} to={`/invoices/${invoice.id}`}>
        {invoice.number ?? "Draft"}
      </Anchor>
    ),
  },
  status: { key: "status", header: "State", cell: (invoice) => <StatusBadge status={invoice.status} /> },
  period: {
    key: "period",
    header: "Period",
    cell: (invoice) =>
      invoice.period_start === invoice.period_end
        ? day(invoice.period_start, invoice)
        : formatPeriod(invoice.period_start, invoice.period_end, invoice.timezone),
    secondary: true,
  },
  issued: { key: "issued", header: "Issued", cell: (invoice) => day(invoice.issued_at, invoice), secondary: true },
  due: { key: "due", header: "Due", cell: (invoice) => day(invoice.due_at, invoice), secondary: true },
  total: {
    key: "total",
    header: "Total",
    cell: (invoice) => <Money amount={invoice.total} currency={invoice.currency} />,
    align: "right",
  },
  amountDue: {
    key: "amount_due",
    header: "Amount due",
    cell: (invoice) => <Money amount={invoice.amount_due} currency={invoice.currency} />,
    align: "right",
  },
} satisfies Record<string, Column<Listed>>;
