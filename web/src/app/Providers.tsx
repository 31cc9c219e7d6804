import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { type ReactNode, useState } from "react";
import { LiveFeed, LiveProvider } from "@/api/live";
import { styleNonce } from "./nonce";
import { cssVariables, theme } from "./theme";

interface Props {
  queries: QueryClient;
  children: ReactNode;
  /** Tests have no animations to wait for. */
  env?: "default" | "test";
}

const nonce = styleNonce();
if (nonce !== "") setNonce(nonce); // for the scroll lock under dialogs

export function Providers({ queries, children, env = "default" }: Props) {
  const [feed] = useState(() => new LiveFeed());
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      env={env}
      {...(nonce === "" ? {} : { getStyleNonce: () => nonce })}
    >
      <QueryClientProvider client={queries}>
        <LiveProvider value={feed}>
          <Notifications position="bottom-right" />
          {children}
        </LiveProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
