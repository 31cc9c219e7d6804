import { Group, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import type { Me } from "./api";

interface Props {
  me: Me;
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
}

/** The head of every view: its only h1, and the title of the browser's tab in the organisation's name. */
export function ViewHeader({ me, title, description, actions }: Props) {
  useDocumentTitle(`${title} · ${me.organisation.name}`);
  return (
    <Group justify="space-between" align="flex-start" gap="md" mb="lg">
      <Stack gap={4}>
        <Title order={1}>{title}</Title>
        {description !== undefined && (
          <Text c="dimmed" maw={640}>
            {description}
          </Text>
        )}
      </Stack>
      {actions !== undefined && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
