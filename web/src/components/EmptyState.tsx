import { Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import type { ComponentType, ReactNode } from "react";

interface Props {
  title: string;
  /** What will be here, and how to get it. */
  children?: ReactNode;
  action?: ReactNode;
  icon?: ComponentType<{ size?: number | string; stroke?: number | string }>;
}

export function EmptyState({ title, children, action, icon: Icon = IconInbox }: Props) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      <ThemeIcon variant="light" color="gray" size={44} radius="xl" aria-hidden>
        <Icon size={22} stroke={1.6} />
      </ThemeIcon>
      <Title order={2}>{title}</Title>
      {children !== undefined && (
        <Text c="dimmed" maw={460}>
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}
