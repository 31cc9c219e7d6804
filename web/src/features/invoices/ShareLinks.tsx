import { Button, Card, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createShareLink, type Invoice, revokeShareLink, type ShareLink, shareLinksQuery } from "@/api/invoices";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";
import { OnceShown } from "@/components/OnceShown";
import { StatusBadge } from "@/components/StatusBadge";

const DAYS = 30;

/** Links by which whoever has one sees this invoice. */
export function ShareLinks({ invoice, mayShare }: { invoice: Invoice; mayShare: boolean }) {
  const queries = useQueryClient();
  const { data, error } = useQuery(shareLinksQuery(invoice.id));
  const again = () => queries.invalidateQueries(shareLinksQuery(invoice.id));
  const making = useMutation({ mutationFn: () => createShareLink(invoice.id, DAYS), onSuccess: again });
  const revoking = useMutation({ mutationFn: (link: string) => revokeShareLink(invoice.id, link), onSuccess: again });
  const failed = error ?? making.error ?? revoking.error;
  const path = making.data?.path;
  return (
    <Card component="section" aria-label="Share links">
      <Group justify="space-between" mb="xs">
        <Title order={2}>Share links</Title>
        {mayShare && (
          <Button size="xs" variant="default" loading={making.isPending} onClick={() => making.mutate()}>
            Create a link
          </Button>
        )}
      </Group>
      <Stack gap="sm">
        <Text c="dimmed" size="sm">
          Whoever has a link downloads this invoice, without signing in, for {DAYS} days.
        </Text>
        {typeof path === "string" && (
          <OnceShown
            title="Copy the link now"
            value={`${globalThis.location.origin}${path}/pdf`}
            label="link to the invoice"
          >
            It is not shown again.
          </OnceShown>
        )}
        {failed !== null && <ErrorState error={failed} />}
        {data !== undefined && data.data.length > 0 && (
          <Table aria-label="Share links of the invoice">
            <Table.Tbody>
              {data.data.map((link) => (
                <Table.Tr key={link.id}>
                  <Table.Td>
                    <StatusBadge status={stateOf(link)} />
                  </Table.Td>
                  <Table.Td>
                    until <Instant at={link.expires_at} style="date" />
                  </Table.Td>
                  <Table.Td ta="right">
                    {mayShare && stateOf(link) === "active" && (
                      <Button
                        size="compact-sm"
                        variant="subtle"
                        loading={revoking.isPending && revoking.variables === link.id}
                        onClick={() => revoking.mutate(link.id)}
                      >
                        Revoke
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Stack>
    </Card>
  );
}

function stateOf(link: ShareLink): string {
  if (link.revoked_at !== null) return "revoked";
  return new Date(link.expires_at) <= new Date() ? "ended" : "active";
}
