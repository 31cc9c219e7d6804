import { Anchor, Container, Title, VisuallyHidden } from "@mantine/core";
import { IconLinkOff } from "@tabler/icons-react";
import { EmptyState } from "@/components/EmptyState";

interface Props {
  /** Whether there was a token at all. */
  given: boolean;
  supportEmail: string | null;
}

/** The server does not say whether a link was revoked, has expired or never was: who has none learns nothing. */
export function LinkEnded({ given, supportEmail }: Props) {
  return (
    <Container component="main" size="sm" py={80}>
      <Title order={1}>
        <VisuallyHidden>Usage and billing</VisuallyHidden>
      </Title>
      <EmptyState
        icon={IconLinkOff}
        title={given ? "This link no longer opens anything" : "This page opens by a link of its own"}
      >
        {given ? "It has expired or was revoked. " : "Use the whole link that you were sent, with what follows the #. "}
        {supportEmail === null ? (
          "Ask whoever sent it to you for a new one."
        ) : (
          <>
            Ask for a new one at <Anchor href={`mailto:${supportEmail}`}>{supportEmail}</Anchor>.
          </>
        )}
      </EmptyState>
    </Container>
  );
}
