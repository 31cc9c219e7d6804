import { Stack } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import classes from "./Navigation.module.css";
import { NAVIGATION } from "./navigation";

export function Navigation({ onNavigate }: { onNavigate: () => void }) {
  return (
    <Stack component="nav" aria-label="Main" gap={2}>
      {NAVIGATION.map(({ to, label, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          className={classes.link ?? ""}
          activeOptions={{ exact: to === "/" }}
          onClick={onNavigate}
        >
          <Icon size={18} stroke={1.7} aria-hidden />
          {label}
        </Link>
      ))}
    </Stack>
  );
}
