import { Group, Loader, Paper, Text } from "@mantine/core";
import { onlineManager } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { useLive } from "@/api/live";
import classes from "./ConnectionNotice.module.css";

/** Shown on every page while figures can't change: what is on the screen may be old. */
export function ConnectionNotice() {
  const stream = useLive((view) => view.state);
  const online = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  );
  const lost = !online || stream === "lost";
  return (
    <div role="status" className={classes.place}>
      {lost && (
        <Paper shadow="md" withBorder px="md" py="xs">
          <Group gap="xs" wrap="nowrap">
            <Loader size={14} color="orange" aria-hidden />
            <Text size="sm" fw={500}>
              {online ? "Connection lost. Reconnecting…" : "You are offline. Figures may be old."}
            </Text>
          </Group>
        </Paper>
      )}
    </div>
  );
}
