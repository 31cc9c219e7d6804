import { Button, Card, Group, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { advanceClock, releaseClock, testClockQuery } from "@/api/testClock";
import { ErrorState } from "@/components/ErrorState";
import { Instant } from "@/components/Instant";

/** In test mode time can be moved on, to see what is billed. */
export function TestClock({ mayWrite }: { mayWrite: boolean }) {
  const queries = useQueryClient();
  const [to, setTo] = useState("");
  const { data, error } = useQuery(testClockQuery());
  const advancing = useMutation({
    mutationFn: advanceClock,
    onSuccess: async ({ invoices_created }) => {
      notifications.show({ color: "jade", message: `Time has moved on; ${invoices_created} invoices were made.` });
      await queries.invalidateQueries();
    },
  });
  const releasing = useMutation({ mutationFn: releaseClock, onSuccess: () => queries.invalidateQueries() });
  const failed = error ?? advancing.error ?? releasing.error;
  return (
    <Card component="section" aria-label="Test clock">
      <Stack gap="sm">
        <Title order={2}>Test clock</Title>
        {data === undefined && error === null ? (
          <Skeleton h={20} w={260} />
        ) : (
          data !== undefined && (
            <Text>
              It is <Instant at={data.now} style="second" />
              {data.frozen ? ", and time stands still." : ", the real time."}
            </Text>
          )
        )}
        {failed !== null && <ErrorState error={failed} />}
        {mayWrite && (
          <Group align="flex-end" gap="sm">
            <TextInput
              type="datetime-local"
              label="Move on to"
              description="What is due on the way is billed on its day."
              value={to}
              onChange={(event) => setTo(event.currentTarget.value)}
            />
            <Button
              disabled={to === ""}
              loading={advancing.isPending}
              onClick={() => advancing.mutate(new Date(to).toISOString())}
            >
              Move on
            </Button>
            {data?.frozen && (
              <Button variant="default" loading={releasing.isPending} onClick={() => releasing.mutate()}>
                Follow the real time
              </Button>
            )}
          </Group>
        )}
      </Stack>
    </Card>
  );
}
