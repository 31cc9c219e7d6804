import { Badge } from "@mantine/core";

type Tone = "good" | "busy" | "warn" | "bad" | "calm";

const TONES: Record<string, Tone> = {
  paid: "good",
  active: "good",
  published: "good",
  metered: "good",
  completed: "good",
  succeeded: "good",
  finalized: "busy",
  open: "busy",
  running: "busy",
  pending: "busy",
  accepted: "busy",
  trialing: "busy",
  draft: "calm",
  held: "warn",
  paused: "warn",
  unattributed: "warn",
  scheduled: "calm",
  void: "calm",
  voided: "calm",
  archived: "calm",
  ended: "calm",
  canceled: "calm",
  revoked: "calm",
  expired: "calm",
  uploaded: "calm",
  skipped: "calm",
  uncollectible: "bad",
  rejected: "bad",
  failed: "bad",
  overdue: "bad",
};

const COLORS: Record<Tone, [text: string, ground: string]> = {
  good: ["var(--jp-accent-text)", "var(--jp-accent-ground)"],
  busy: ["light-dark(#1c5fb8, #8ebdff)", "light-dark(#eaf2fd, rgba(80, 150, 255, 0.14))"],
  warn: ["var(--jp-test)", "var(--jp-test-ground)"],
  bad: ["light-dark(#b42318, #ff9c94)", "light-dark(#fdeceb, rgba(255, 90, 80, 0.14))"],
  calm: ["var(--mantine-color-dimmed)", "light-dark(#eef1f4, rgba(255, 255, 255, 0.07))"],
};

/** A record's state, in the API's own word. */
export function StatusBadge({ status }: { status: string }) {
  const [c, bg] = COLORS[TONES[status] ?? "calm"];
  return (
    <Badge c={c} bg={bg} miw="max-content">
      {status.replaceAll("_", " ")}
    </Badge>
  );
}
