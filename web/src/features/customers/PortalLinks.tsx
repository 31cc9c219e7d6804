import { Alert, Button, Card, CopyButton, Group, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconCheck, IconCopy, IconLink } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Customer } from "@/api/customers";
import { createPortalLink, type PortalLink, portalLinksQuery, revokePortalLink } from "@/api/portalLinks";
import { useMay } from "@/api/session";
import { type Column, DataTable } from "@/components/DataTable";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { StatusBadge } from "@/components/StatusBadge";

const DAY_S = 86_400;
const LIFETIMES = [
  { value: String(DAY_S), label: "A day" },
  { value: String(7 * DAY_S), label: "A week" },
  { value: String(30 * DAY_S), label: "30 days" },
  { value: String(365 * DAY_S), label: "A year" },
];
const THEMES: { value: PortalLink["theme"]; label: string }[] = [
  { value: "auto", label: "As the reader's device" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** Links by which the customer's own people see their usage, costs and invoices. */
export function PortalLinks({ customer }: { customer: Customer }) {
  const mayWrite = useMay("customers:write");
  const query = useInfiniteQuery(portalLinksQuery(customer.id));
  return (
    <Stack gap="lg">
      {mayWrite && <NewLink customer={customer} />}
      <DataTable
        label="Portal links"
        columns={columns(customer, mayWrite)}
        query={query}
        rowKey={(link) => link.id}
        empty={
          <EmptyState title="No portal links yet" icon={IconLink}>
            A link shows {customer.name} its own usage, costs, invoices and credits, and nothing else. It ends by itself
            and can be revoked.
          </EmptyState>
        }
      />
    </Stack>
  );
}

function NewLink({ customer }: { customer: Customer }) {
  const queries = useQueryClient();
  const [lifetime, setLifetime] = useState(String(7 * DAY_S));
  const [theme, setTheme] = useState<PortalLink["theme"]>("auto");
  const create = useMutation({
    mutationFn: () => createPortalLink({ customer_id: customer.id, expires_in_s: Number(lifetime), theme }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["portal-links"] }),
  });
  const url = create.data?.url;
  return (
    <Card component="section" aria-labelledby="new-link">
      <Title order={2} id="new-link" mb="sm">
        New portal link
      </Title>
      <Group align="flex-end" gap="sm">
        <Select
          label="Ends after"
          data={LIFETIMES}
          value={lifetime}
          onChange={(value) => setLifetime(value ?? lifetime)}
          allowDeselect={false}
          w={150}
        />
        <Select
          label="Colours"
          data={THEMES}
          value={theme}
          onChange={(value) => setTheme(value ?? theme)}
          allowDeselect={false}
          w={220}
        />
        <Button loading={create.isPending} onClick={() => create.mutate()} leftSection={<IconLink size={16} />}>
          Create link
        </Button>
      </Group>
      {create.error !== null && <ErrorState error={create.error} />}
      {typeof url === "string" && (
        <Alert color="jade" mt="md" title="Copy it now: it is not shown again" role="status">
          <Group gap="xs" mt={4} wrap="nowrap">
            <TextInput
              aria-label="Portal link"
              value={url}
              readOnly
              flex={1}
              onFocus={(event) => event.currentTarget.select()}
            />
            <CopyButton value={url}>
              {({ copied, copy }) => (
                <Button
                  variant="default"
                  onClick={copy}
                  leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
                >
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
          </Group>
        </Alert>
      )}
    </Card>
  );
}

function stateOf(link: PortalLink): string {
  if (link.revoked_at !== null) return "revoked";
  return new Date(link.expires_at) > new Date() ? "active" : "expired";
}

function columns(customer: Customer, mayWrite: boolean): Column<PortalLink>[] {
  const shown: Column<PortalLink>[] = [
    {
      key: "created_at",
      header: "Created",
      cell: (link) => <Instant at={link.created_at} timezone={customer.timezone} />,
    },
    { key: "status", header: "State", cell: (link) => <StatusBadge status={stateOf(link)} /> },
    {
      key: "expires_at",
      header: "Ends",
      cell: (link) => <Instant at={link.expires_at} timezone={customer.timezone} />,
      secondary: true,
    },
  ];
  if (mayWrite) {
    shown.push({
      key: "revoke",
      header: "",
      cell: (link) => (stateOf(link) === "active" ? <Revoke link={link} /> : null),
      align: "right",
    });
  }
  return shown;
}

function Revoke({ link }: { link: PortalLink }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokePortalLink(link.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["portal-links"] }),
  });
  return (
    <Group gap="xs" justify="flex-end">
      {revoke.error !== null && (
        <Text size="sm" role="alert">
          {revoke.error.message}
        </Text>
      )}
      <Button size="xs" variant="default" loading={revoke.isPending} onClick={() => revoke.mutate()}>
        Revoke
      </Button>
    </Group>
  );
}
