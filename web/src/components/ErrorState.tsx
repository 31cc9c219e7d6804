import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { isPassing } from "@/api/client";
import { Problem } from "@/api/problem";

interface Props {
  error: unknown;
  onRetry?: (() => void) | undefined;
}

/** What went wrong in the server's own words, which say what to do; and another try where one may help. */
export function ErrorState({ error, onRetry }: Props) {
  const problem = error instanceof Problem ? error : null;
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title={problem?.title ?? "This part of the page failed"}
    >
      <Stack gap="xs" align="flex-start">
        <Text>{problem?.message ?? "Try again; if it fails again, reload the page."}</Text>
        {problem?.incidentId !== undefined && (
          <Text size="sm" ff="monospace">
            {problem.incidentId}
          </Text>
        )}
        {onRetry !== undefined && isPassing(error) && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
