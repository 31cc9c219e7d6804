import { Button, Card, Group, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { endSession, ownSessionsQuery } from "@/api/ownSessions";
import { useSession } from "@/api/session";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";

/** The reader's password, and where they are signed in. */
export function OwnSessions() {
  const { user } = useSession();
  const queries = useQueryClient();
  const { data, error } = useQuery(ownSessionsQuery());
  const ending = useMutation({
    mutationFn: endSession,
    onSuccess: () => queries.invalidateQueries(ownSessionsQuery()),
  });
  const failed = error ?? ending.error;
  return (
    <Card component="section" aria-label="Your sign-in">
      <Group justify="space-between" mb="xs">
        <Title order={2}>Your sign-in</Title>
        <Button size="xs" variant="default" component={Link} to="/password">
          {user.has_password ? "Change password" : "Choose a password"}
        </Button>
      </Group>
      {failed !== null && <ErrorState error={failed} />}
      {data === undefined && error === null && <Skeleton h={60} />}
      {data !== undefined && (
        <Table aria-label="Your sessions">
          <Table.Tbody>
            {data.data.map((session) => (
              <Table.Tr key={session.id}>
                <Table.Td>
                  <Stack gap={0}>
                    <Text size="sm">{browserOf(session.user_agent)}</Text>
                    <Text size="xs" c="dimmed">
                      {session.address} · seen <Instant at={session.last_seen_at} />
                    </Text>
                  </Stack>
                </Table.Td>
                <Table.Td ta="right">
                  {session.current ? (
                    <Text size="sm" c="dimmed">
                      this one
                    </Text>
                  ) : (
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      loading={ending.isPending && ending.variables === session.id}
                      onClick={() => ending.mutate(session.id)}
                    >
                      End
                    </Button>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Card>
  );
}

/** A name that people know, from what the browser says of itself. */
function browserOf(agent: string): string {
  const known = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(name));
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  return known === undefined ? agent.slice(0, 60) || "Unknown browser" : (names[known] ?? known);
}
