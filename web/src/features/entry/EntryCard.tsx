import { Card, Center, Group, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import { ColorSchemeToggle } from "@/app/shell/ColorSchemeToggle";
import { Mark } from "@/app/shell/Logo";
import classes from "./EntryCard.module.css";

interface Props {
  title: string;
  description: string;
  children: ReactNode;
}

export function EntryCard({ title, description, children }: Props) {
  useDocumentTitle(`${title} · JustPaid`);
  return (
    <Center component="main" className={classes.page ?? ""}>
      <Card className={classes.card ?? ""} padding="xl">
        <Group justify="space-between" mb="lg">
          <Mark size={36} />
          <ColorSchemeToggle />
        </Group>
        <Stack gap={4} mb="lg">
          <Title order={1}>{title}</Title>
          <Text c="dimmed">{description}</Text>
        </Stack>
        {children}
      </Card>
    </Center>
  );
}
