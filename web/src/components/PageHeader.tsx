import { Group, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";

interface Props {
  title: string;
  /** One sentence on what the page is for. */
  description?: ReactNode;
  actions?: ReactNode;
}

/** The head of every page: its only h1, and the title of the browser's tab. */
export function PageHeader({ title, description, actions }: Props) {
  useDocumentTitle(`${title} · JustPaid`);
  return (
    <Group justify="space-between" align="flex-start" gap="md" mb="lg">
      <Stack gap={4}>
        <Title order={1}>{title}</Title>
        {description !== undefined && (
          <Text component="div" c="dimmed" maw={640}>
            {description}
          </Text>
        )}
      </Stack>
      {actions !== undefined && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
