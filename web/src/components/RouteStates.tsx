/** What stands in a page's place: an error, or nothing at its address. */

import { Anchor, Container } from "@mantine/core";
import { IconMapOff } from "@tabler/icons-react";
import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { EmptyState } from "./EmptyState";
import { ErrorState } from "./ErrorState";

export function RouteError({ error }: { error: unknown }) {
  const router = useRouter();
  const { reset } = useQueryErrorResetBoundary();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Container size="sm" py="xl">
      <ErrorState error={error} onRetry={retry} />
    </Container>
  );
}

export function NotFound() {
  return (
    <EmptyState icon={IconMapOff} title="There is no page at this address">
      It may have moved, or belong to another organisation.{" "}
      <Anchor component={Link} to="/">
        Go to the overview
      </Anchor>
      .
    </EmptyState>
  );
}
