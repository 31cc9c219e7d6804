import { Text } from "@mantine/core";
import { formatChange } from "@/app/formats";

interface Props {
  /** "0.12" for 12 % more. */
  ratio: string;
}

/** The sign says the direction, so that nothing hangs on colour. */
export function Change({ ratio }: Props) {
  const direction = Math.sign(Number(ratio));
  const color = direction > 0 ? "var(--jp-accent-text)" : direction < 0 ? "var(--mantine-color-error)" : "dimmed";
  return (
    <Text component="span" size="sm" fw={600} c={color}>
      {formatChange(ratio)}
    </Text>
  );
}
