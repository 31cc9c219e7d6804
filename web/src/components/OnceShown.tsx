import { Alert, Stack, Text } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { CodeBlock } from "./CodeBlock";

interface Props {
  title: string;
  /** The secret or the link. */
  value: string;
  /** What it is, for those who can't see it. */
  label: string;
  children: ReactNode;
}

/** What the server tells this one time. */
export function OnceShown({ title, value, label, children }: Props) {
  return (
    <Alert color="jade" variant="light" icon={<IconEye size={18} />} title={title}>
      <Stack gap="xs">
        <Text size="sm">{children}</Text>
        <CodeBlock code={value} label={label} />
      </Stack>
    </Alert>
  );
}
