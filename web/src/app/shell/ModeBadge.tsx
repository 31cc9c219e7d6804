import { Badge } from "@mantine/core";
import type { Mode } from "@/api/contract";

/** Test or live, in words as well as in colour. */
export function ModeBadge({ mode, short = false }: { mode: Mode; short?: boolean }) {
  return mode === "test" ? (
    <Badge c="var(--jp-test)" bg="var(--jp-test-ground)" style={{ flexShrink: 0 }}>
      {short ? "Test" : "Test mode"}
    </Badge>
  ) : (
    <Badge c="var(--jp-accent-text)" bg="var(--jp-accent-ground)" style={{ flexShrink: 0 }}>
      Live
    </Badge>
  );
}
