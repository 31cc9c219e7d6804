import { Button, Code, Group, Modal, Stack, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type ApiKey, apiKeysQuery, createApiKey, revokeApiKey } from "@/api/apiKeys";
import { Problem } from "@/api/problem";
import { useMay } from "@/api/session";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { OnceShown } from "@/components/OnceShown";
import { StatusBadge } from "@/components/StatusBadge";

const COLUMNS: Column<ApiKey>[] = [
  { key: "name", header: "Name", cell: (key) => key.name },
  { key: "hint", header: "Secret", cell: (key) => <Code>…{key.hint}</Code> },
  {
    key: "status",
    header: "State",
    cell: (key) => <StatusBadge status={key.revoked_at === null ? "active" : "revoked"} />,
  },
  {
    key: "created_at",
    header: "Made",
    cell: (key) => <Instant at={key.created_at} style="date" />,
    align: "right",
    secondary: true,
  },
];

export function ApiKeys() {
  const query = useInfiniteQuery(apiKeysQuery());
  const mayWrite = useMay("api_keys:write");
  const [opened, dialog] = useDisclosure();
  const [doomed, setDoomed] = useState<ApiKey | null>(null);
  const queries = useQueryClient();
  const revoking = useMutation({
    mutationFn: revokeApiKey,
    onSuccess: async () => {
      setDoomed(null);
      await queries.invalidateQueries({ queryKey: ["api-keys"] });
    },
  });
  const revoke: Column<ApiKey> = {
    key: "revoke",
    header: "Action",
    align: "right",
    cell: (key) =>
      key.revoked_at === null && (
        <Button size="compact-sm" variant="subtle" onClick={() => setDoomed(key)} aria-label={`Revoke ${key.name}`}>
          Revoke
        </Button>
      ),
  };
  const create = mayWrite && (
    <Button size="xs" onClick={dialog.open}>
      Create a key
    </Button>
  );
  return (
    <Stack gap="sm" component="section" aria-label="API keys">
      <Group justify="space-between">
        <Title order={2}>API keys</Title>
        {create}
      </Group>
      <DataTable
        label="API keys"
        columns={mayWrite ? [...COLUMNS, revoke] : COLUMNS}
        query={query}
        rowKey={(key) => key.id}
        empty={
          <EmptyState title="No API keys yet" action={create}>
            A key lets a program send events.
          </EmptyState>
        }
      />
      <Modal opened={opened} onClose={dialog.close} title="Create an API key">
        <CreateForm onClose={dialog.close} />
      </Modal>
      {doomed !== null && (
        <ConfirmDialog
          title={`Revoke ${doomed.name}?`}
          action="Revoke"
          danger
          pending={revoking.isPending}
          error={revoking.error}
          onConfirm={() => revoking.mutate(doomed.id)}
          onClose={() => setDoomed(null)}
        >
          Programs that use the key ending in {doomed.hint} are refused from now on. This can't be undone.
        </ConfirmDialog>
      )}
    </Stack>
  );
}

function CreateForm({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const form = useForm({ initialValues: { name: "" } });
  const creating = useMutation({
    mutationFn: createApiKey,
    onSuccess: () => queries.invalidateQueries({ queryKey: ["api-keys"] }),
    onError: (error) => error instanceof Problem && form.setErrors(error.fields),
  });
  const secret = creating.data?.secret;
  if (typeof secret === "string") {
    return (
      <Stack>
        <OnceShown title="Copy the key now" value={secret} label="API key">
          It is stored as a digest only: nobody can show it again.
        </OnceShown>
        <Button onClick={onClose}>I have it</Button>
      </Stack>
    );
  }
  return (
    <form onSubmit={form.onSubmit(({ name }) => creating.mutate(name))} noValidate>
      <Stack>
        <TextInput
          label="Name of the key"
          description="What it is for, so that you know which one to revoke."
          placeholder="backend"
          required
          {...form.getInputProps("name")}
        />
        {creating.error !== null && <ErrorState error={creating.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={creating.isPending}>
            Create
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
