import { Anchor, Button, Group, Modal, Progress, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type BillingRun, billingRunsQuery, newestRunQuery, startRun } from "@/api/billingRuns";
import { useMay } from "@/api/session";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { PageHeader } from "@/components/PageHeader";
import { Quantity } from "@/components/Quantity";
import { StatusBadge } from "@/components/StatusBadge";

const COLUMNS: Column<BillingRun>[] = [
  { key: "started", header: "Started", cell: (run) => <Instant at={run.created_at} /> },
  { key: "as_of", header: "Bills what ended by", cell: (run) => <Instant at={run.as_of} /> },
  { key: "status", header: "State", cell: (run) => <StatusBadge status={run.status} /> },
  { key: "created", header: "Made", cell: (run) => <Quantity value={run.invoices_created} />, align: "right" },
  { key: "finalized", header: "Issued", cell: (run) => <Quantity value={run.invoices_finalized} />, align: "right" },
];

export function RunsPage() {
  const query = useInfiniteQuery(billingRunsQuery());
  const mayBill = useMay("billing:write");
  const [opened, dialog] = useDisclosure();
  const start = mayBill && <Button onClick={dialog.open}>Start a billing run</Button>;
  return (
    <>
      <PageHeader
        title="Billing runs"
        description={
          <>
            Each makes the{" "}
            <Anchor component={Link} to="/invoices" inherit underline="always">
              invoices
            </Anchor>{" "}
            of the periods that have ended. They also run by themselves.
          </>
        }
        actions={start}
      />
      <DataTable
        label="Billing runs"
        columns={COLUMNS}
        query={query}
        rowKey={(run) => run.id}
        empty={
          <EmptyState title="No billing runs yet" action={start}>
            Start one to bill now what has ended.
          </EmptyState>
        }
      />
      <Modal opened={opened} onClose={dialog.close} title="Start a billing run">
        <StartForm onClose={dialog.close} />
      </Modal>
    </>
  );
}

function StartForm({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [finalize, setFinalize] = useState(true);
  const [asOf, setAsOf] = useState("");
  const running = useMutation({
    mutationFn: startRun,
    onSuccess: async (run) => {
      await Promise.all(["billing-runs", "invoices"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
      notifications.show({
        color: "jade",
        message: `${run.invoices_created} invoices made, ${run.invoices_finalized} issued.`,
      });
      onClose();
    },
  });
  const progress = useQuery({ ...newestRunQuery(running.isPending), enabled: running.isPending });
  const run = progress.data?.data[0];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        running.mutate({ finalize, ...(asOf === "" ? {} : { as_of: new Date(asOf).toISOString() }) });
      }}
    >
      <Stack>
        <TextInput
          type="datetime-local"
          label="Bill what has ended by"
          description="Now, where it is left empty. Later than now in test mode only."
          value={asOf}
          onChange={(event) => setAsOf(event.currentTarget.value)}
        />
        <Switch
          label="Issue the invoices"
          description="Otherwise they stay drafts, which you finalise one by one."
          checked={finalize}
          onChange={(event) => setFinalize(event.currentTarget.checked)}
        />
        {running.isPending && (
          <Stack gap={4} aria-live="polite">
            <Progress value={100} animated aria-label="The run is at work" />
            <Text size="sm" c="dimmed">
              {run?.status === "running" ? `${run.invoices_created} invoices made so far` : "The run is at work"}
            </Text>
          </Stack>
        )}
        {running.error !== null && <ErrorState error={running.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={running.isPending}>
            Start
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
