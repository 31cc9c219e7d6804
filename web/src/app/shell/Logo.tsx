import { Group, Text, UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";

export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#047857" />
      <path
        d="M8 22.5v-5M13.3 22.5v-8M18.7 22.5v-11M24 22.5v-14"
        stroke="#fff"
        strokeWidth="3.2"
        strokeLinecap="round"
      />
    </svg>
  );
}

export function Logo() {
  return (
    <UnstyledButton component={Link} to="/" aria-label="JustPaid: overview" visibleFrom="xs">
      <Group gap={8} wrap="nowrap">
        <Mark />
        <Text fw={650} fz="lg" visibleFrom="sm" style={{ letterSpacing: "-0.02em" }}>
          JustPaid
        </Text>
      </Group>
    </UnstyledButton>
  );
}
