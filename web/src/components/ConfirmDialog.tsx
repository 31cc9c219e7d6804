import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { ErrorState } from "./ErrorState";

interface Props {
  title: string;
  /** What happens, and what can't be undone. */
  children: ReactNode;
  /** The button's word: the act itself, not "OK". */
  action: string;
  danger?: boolean;
  pending: boolean;
  error?: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before what can't be taken back. */
export function ConfirmDialog({ title, children, action, danger = false, pending, error, onConfirm, onClose }: Props) {
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack>
        <Text component="div">{children}</Text>
        {error !== null && error !== undefined && <ErrorState error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button {...(danger ? { color: "red.8" } : {})} loading={pending} onClick={onConfirm}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
