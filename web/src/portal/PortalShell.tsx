import { Badge, Box, Group, Stack, Text } from "@mantine/core";
import { lazy, type MouseEvent, Suspense } from "react";
import type { StreamState } from "@/api/eventStream";
import { ColorSchemeToggle } from "@/app/shell/ColorSchemeToggle";
import { ErrorState } from "@/components/ErrorState";
import { PageSkeleton } from "@/components/PageSkeleton";
import type { Me } from "./api";
import { useLiveUsage } from "./live";
import classes from "./PortalShell.module.css";
import { open, pathOf, useView, VIEWS, type View, type ViewKey } from "./views";

const UsageView = lazy(() => import("./UsageView"));
const PeriodsView = lazy(() => import("./PeriodsView"));
const InvoicesView = lazy(() => import("./InvoicesView"));
const InvoiceView = lazy(() => import("./InvoiceView"));
const AlertsView = lazy(() => import("./AlertsView"));
const CreditsView = lazy(() => import("./CreditsView"));

interface Props {
  me: Me | undefined;
  error: unknown;
  /** In a frame the page around it says whose it is. */
  embedded: boolean;
  schemeIsFixed: boolean;
}

export function PortalShell({ me, error, embedded, schemeIsFixed }: Props) {
  const view = useView();
  return (
    <>
      <header className={classes.header}>
        <div className={classes.inner}>
          {(!embedded || !schemeIsFixed) && (
            <Group justify="space-between" wrap="nowrap" mih={60} gap="sm">
              {embedded ? <span /> : <Sender me={me} />}
              {!schemeIsFixed && <ColorSchemeToggle />}
            </Group>
          )}
          <Views current={view.key} />
        </div>
      </header>
      <main className={classes.main}>
        {me === undefined ? (
          error === null ? (
            <PageSkeleton />
          ) : (
            <ErrorState error={error} />
          )
        ) : (
          <Opened me={me} view={view} />
        )}
      </main>
    </>
  );
}

function Sender({ me }: { me: Me | undefined }) {
  if (me === undefined) return <span />;
  const { name, logo, mode } = me.organisation;
  return (
    <Group gap="sm" wrap="nowrap" miw={0}>
      {logo !== null && <img src={logo} alt="" className={classes.logo} />}
      <Stack gap={0} miw={0}>
        <Text fw={600} truncate>
          {name}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {me.customer.name}
        </Text>
      </Stack>
      {mode === "test" && (
        <Badge c="var(--jp-test)" bg="var(--jp-test-ground)" miw="max-content">
          Test data
        </Badge>
      )}
    </Group>
  );
}

function Views({ current }: { current: ViewKey }) {
  const follow = (key: ViewKey) => (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(key);
  };
  return (
    <nav aria-label="Views" className={classes.views}>
      {VIEWS.map(({ key, label }) => (
        <a
          key={key}
          href={pathOf(key)}
          onClick={follow(key)}
          className={classes.view}
          aria-current={key === current ? "page" : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

function Opened({ me, view }: { me: Me; view: View }) {
  const stream = useLiveUsage();
  return (
    <Suspense fallback={<PageSkeleton />}>
      <Box key={view.key + view.record}>
        {view.key === "usage" && <UsageView me={me} line={<Line state={stream} />} />}
        {view.key === "periods" && <PeriodsView me={me} />}
        {view.key === "invoices" && view.record === null && <InvoicesView me={me} />}
        {view.key === "invoices" && view.record !== null && <InvoiceView me={me} invoice={view.record} />}
        {view.key === "alerts" && <AlertsView me={me} />}
        {view.key === "credits" && <CreditsView me={me} />}
      </Box>
    </Suspense>
  );
}

const LINES: Record<StreamState, [word: string, text: string, ground: string]> = {
  open: ["Live", "var(--jp-accent-text)", "var(--jp-accent-ground)"],
  connecting: ["Connecting", "var(--mantine-color-dimmed)", "var(--jp-surface)"],
  lost: ["Connection lost: figures may be old", "var(--jp-test)", "var(--jp-test-ground)"],
  refused: ["Not live", "var(--mantine-color-dimmed)", "var(--jp-surface)"],
};

function Line({ state }: { state: StreamState }) {
  const [word, text, ground] = LINES[state];
  return (
    <Badge role="status" c={text} bg={ground} miw="max-content">
      {word}
    </Badge>
  );
}
