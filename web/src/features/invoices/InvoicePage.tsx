import { Alert, Button, Card, Menu, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconDots, IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import {
  fileOf,
  finalizeInvoice,
  type Invoice,
  invoiceQuery,
  markUncollectible,
  refreshInvoice,
  voidInvoice,
} from "@/api/invoices";
import { organisationQuery } from "@/api/organisation";
import { useMay } from "@/api/session";
import { formatPeriod } from "@/app/formats";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { Money } from "@/components/Money";
import { PageHeader } from "@/components/PageHeader";
import { StatusBadge } from "@/components/StatusBadge";
import { CreditNoteDialog } from "./CreditNoteDialog";
import { CreditNotes } from "./CreditNotes";
import { InvoiceLines } from "./InvoiceLines";
import { InvoiceTotals } from "./InvoiceTotals";
import { ShareLinks } from "./ShareLinks";

export function InvoicePage() {
  const { invoice: reference } = useParams({ from: "/signed-in/invoices/$invoice" });
  const { data, error, refetch } = useQuery(invoiceQuery(reference));
  if (data !== undefined) return <Shown invoice={data} />;
  return (
    <>
      <PageHeader title="Invoice" />
      {error !== null ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Skeleton h={520} />}
    </>
  );
}

function Shown({ invoice }: { invoice: Invoice }) {
  const mayBill = useMay("billing:write");
  return (
    <>
      <PageHeader
        title={invoice.number ?? "Draft invoice"}
        description={
          <>
            {invoice.customer.name} · <StatusBadge status={invoice.status} />
          </>
        }
        actions={
          <>
            {(["pdf", "csv"] as const).map((kind) => (
              <Button
                key={kind}
                variant="default"
                component="a"
                href={fileOf(invoice.id, kind)}
                download={`${invoice.number ?? invoice.id}.${kind}`}
                leftSection={<IconDownload size={16} />}
              >
                {kind.toUpperCase()}
              </Button>
            ))}
            {mayBill && <Actions invoice={invoice} />}
          </>
        }
      />
      <Stack gap="lg" maw={1000}>
        <Card component="article" aria-label="Invoice" padding="xl">
          <Head invoice={invoice} />
          <InvoiceLines invoice={invoice} />
          <InvoiceTotals invoice={invoice} />
          {invoice.memo !== null && <Text mt="lg">{invoice.memo}</Text>}
        </Card>
        {invoice.number !== null && <CreditNotes invoice={invoice} />}
        {invoice.number !== null && <ShareLinks invoice={invoice} mayShare={mayBill} />}
      </Stack>
    </>
  );
}

function Head({ invoice }: { invoice: Invoice }) {
  const { data: organisation } = useQuery(organisationQuery());
  const { customer } = invoice;
  const address = customer.address ?? {};
  const street = [address.line1, address.line2, [address.postal_code, address.city].filter(Boolean).join(" ")];
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} mb="xl">
      <Part label="From">
        <Text fw={600}>{organisation?.settings?.seller?.legal_name ?? organisation?.name ?? " "}</Text>
      </Part>
      <Part label="Bill to">
        <Text fw={600}>{customer.name}</Text>
        {customer.email !== null && <Text size="sm">{customer.email}</Text>}
        {[...street, address.state, address.country].filter(Boolean).map((line) => (
          <Text key={line} size="sm">
            {line}
          </Text>
        ))}
      </Part>
      <Part label="Dates">
        {invoice.issued_at !== null && (
          <Text size="sm">
            Issued <Instant at={invoice.issued_at} style="date" timezone={invoice.timezone} />
          </Text>
        )}
        {invoice.due_at !== null && (
          <Text size="sm">
            Due <Instant at={invoice.due_at} style="date" timezone={invoice.timezone} />
          </Text>
        )}
        {invoice.period_start !== invoice.period_end && (
          <Text size="sm">{formatPeriod(invoice.period_start, invoice.period_end, invoice.timezone)}</Text>
        )}
        {invoice.po_number !== null && <Text size="sm">Order {invoice.po_number}</Text>}
      </Part>
    </SimpleGrid>
  );
}

function Part({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed" mb={4}>
        {label}
      </Text>
      {children}
    </div>
  );
}

const ACTIONS = {
  finalize: {
    act: finalizeInvoice,
    label: "Finalise",
    done: "The invoice is issued.",
    warning: "It gets its number and can't be changed any more; credit notes can.",
  },
  refresh: {
    act: refreshInvoice,
    label: "Count again",
    done: "The draft counts all usage that has come by now.",
    warning: "",
  },
  void: {
    act: voidInvoice,
    label: "Void",
    done: "The invoice is void: nothing is due.",
    warning: "Nothing is due on it any more. Its number stays taken. This can't be undone.",
  },
  uncollectible: {
    act: markUncollectible,
    label: "Mark as uncollectible",
    done: "The invoice is marked as uncollectible.",
    warning: "What is due is not expected to be paid any more.",
  },
} as const;

type Action = keyof typeof ACTIONS;

function Actions({ invoice }: { invoice: Invoice }) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Action | null>(null);
  const [crediting, dialog] = useDisclosure();
  const acting = useMutation({
    mutationFn: (action: Action) => ACTIONS[action].act(invoice.id),
    onSuccess: async (_, action) => {
      setAsked(null);
      await queries.invalidateQueries({ queryKey: ["invoices"] });
      notifications.show({ color: "jade", message: ACTIONS[action].done });
    },
  });
  const isDraft = invoice.status === "draft";
  const isOpen = invoice.status === "finalized";
  return (
    <>
      {isDraft && <Button onClick={() => setAsked("finalize")}>Finalise</Button>}
      {(isDraft || isOpen || invoice.status === "paid") && (
        <Menu position="bottom-end" shadow="md">
          <Menu.Target>
            <Button variant="default" px="xs" aria-label="More actions">
              <IconDots size={18} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {isDraft && <Menu.Item onClick={() => acting.mutate("refresh")}>Count again</Menu.Item>}
            {!isDraft && <Menu.Item onClick={dialog.open}>Make a credit note</Menu.Item>}
            {isOpen && <Menu.Item onClick={() => setAsked("uncollectible")}>Mark as uncollectible</Menu.Item>}
            {(isDraft || isOpen) && <Menu.Item onClick={() => setAsked("void")}>Void</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      )}
      {acting.error !== null && asked === null && <Alert color="red">{acting.error.message}</Alert>}
      {asked !== null && (
        <ConfirmDialog
          title={`${ACTIONS[asked].label} ${invoice.number ?? "this draft"}?`}
          action={ACTIONS[asked].label}
          danger={asked !== "finalize"}
          pending={acting.isPending}
          error={acting.error}
          onConfirm={() => acting.mutate(asked)}
          onClose={() => {
            acting.reset();
            setAsked(null);
          }}
        >
          {ACTIONS[asked].warning}
          {asked === "finalize" && (
            <>
              {" "}
              Its total is <Money amount={invoice.total} currency={invoice.currency} />.
            </>
          )}
        </ConfirmDialog>
      )}
      <CreditNoteDialog invoice={invoice} opened={crediting} onClose={dialog.close} />
    </>
  );
}
