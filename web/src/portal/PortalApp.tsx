import { MantineProvider } from "@mantine/core";
import { type QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { useEffect, useState } from "react";
import { whenSignedOut } from "@/api/client";
import { styleNonce } from "@/app/nonce";
import { meQuery } from "./api";
import { brandTheme, brandVariables } from "./brand";
import { LinkEnded } from "./LinkEnded";
import { PortalShell } from "./PortalShell";
import type { Handover } from "./token";

interface Props {
  handover: Handover;
  queries: QueryClient;
  /** Tests have no animations to wait for. */
  env?: "default" | "test";
}

const nonce = styleNonce();
if (nonce !== "") setNonce(nonce); // for the scroll lock under dialogs

export function PortalApp({ handover, queries, env = "default" }: Props) {
  return (
    <QueryClientProvider client={queries}>
      <Branded handover={handover} env={env} />
    </QueryClientProvider>
  );
}

const PLAIN = { accent_colour: null, background_colour: null };

function Branded({ handover, env }: { handover: Handover; env: "default" | "test" }) {
  const [ended, setEnded] = useState(handover.token === null);
  const { data: me, error } = useQuery({ ...meQuery, enabled: !ended });
  useEffect(() => whenSignedOut(() => setEnded(true)), []);
  const colours = me?.organisation ?? PLAIN;
  const scheme = handover.theme ?? (me === undefined || me.theme === "auto" ? undefined : me.theme);
  return (
    <MantineProvider
      theme={brandTheme(colours)}
      cssVariablesResolver={brandVariables(colours)}
      defaultColorScheme="auto"
      {...(scheme === undefined ? {} : { forceColorScheme: scheme })}
      {...(nonce === "" ? {} : { getStyleNonce: () => nonce })}
      env={env}
    >
      {ended ? (
        <LinkEnded given={handover.token !== null} supportEmail={me?.organisation.support_email ?? null} />
      ) : (
        <PortalShell me={me} error={error} embedded={handover.embedded} schemeIsFixed={scheme !== undefined} />
      )}
    </MantineProvider>
  );
}
