import { Card, Group, Skeleton, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Change } from "./Change";

interface Props {
  label: string;
  /** Undefined while it loads. */
  value: ReactNode | undefined;
  /** Compared with what, as in "vs last month". */
  comparison?: string;
  /** A ratio, "0.12" for 12 % more; null where there is nothing to compare with. */
  change?: string | null | undefined;
  hint?: ReactNode;
}

export function StatCard({ label, value, change, comparison, hint }: Props) {
  return (
    <Card component="section" aria-label={label} h="100%" p={{ base: "md", sm: "lg" }}>
      <Text c="dimmed" size="sm" fw={500}>
        {label}
      </Text>
      <Text
        component="div"
        fz={{ base: 20, sm: 28 }}
        lh={1.3}
        fw={600}
        mt={4}
        mih={36}
        style={{ letterSpacing: "-0.02em" }}
      >
        {value === undefined ? <Skeleton h={26} w={110} mt={6} /> : value}
      </Text>
      <Group gap={6} mih={20} mt={2}>
        {change !== undefined && change !== null && <Change ratio={change} />}
        {(hint ?? comparison) !== undefined && (
          <Text component="div" c="dimmed" size="sm">
            {hint ?? comparison}
          </Text>
        )}
      </Group>
    </Card>
  );
}
