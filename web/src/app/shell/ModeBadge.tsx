import { Badge } from "@mantine/core";
import type { Mode } from "@/api/contract";

/** Test or live, in words as well as in colour. */
export function ModeBadge({ mode }: { mode: Mode }) {
  return mode === "test" ? (
    <Badge c="var(--jp-test)" bg="var(--jp-test-ground)" miw="max-content">
      Test
    </Badge>
  ) : (
    <Badge c="var(--jp-accent-text)" bg="var(--jp-accent-ground)" miw="max-content">
      Live
    </Badge>
  );
}
